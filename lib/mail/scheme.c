/* SPDX-License-Identifier: ISC */
/*
 * scheme - the table of schemes, by the names that Dovecot has for them
 */
#include <crypt.h>
#include <stdlib.h>

#include <bsd/string.h>

#include "lib/mail/encode.h"
#include "lib/mail/scheme.h"
#include "lib/mail/scheme_check.h"

#define DEFAULT_PREFIX "$y$"

static char nobody[CRYPT_OUTPUT_SIZE];

static bool
check_plain(struct view password, struct view hash)
{
	return view_eq_secret(password, hash);
}

#define SERVES_ALL	(SERVES_SCRAM_SHA_1 | SERVES_SCRAM_SHA_256 |           \
	SERVES_CRAM_MD5)

/* The first one is that of secrets without a name. */
static const struct scheme schemes[] = {
	{ "CRYPT", true, SCHEME_AS_IS, 0, scheme_check_crypt },
	{ "SHA512-CRYPT", true, SCHEME_AS_IS, 0, scheme_check_crypt },
	{ "SHA256-CRYPT", true, SCHEME_AS_IS, 0, scheme_check_crypt },
	{ "BLF-CRYPT", true, SCHEME_AS_IS, 0, scheme_check_crypt },
	{ "MD5-CRYPT", true, SCHEME_AS_IS, 0, scheme_check_crypt },
	{ "ARGON2ID", true, SCHEME_AS_IS, 0, scheme_check_argon2 },
	{ "ARGON2I", true, SCHEME_AS_IS, 0, scheme_check_argon2 },
	{ "SCRAM-SHA-256", true, SCHEME_AS_IS, SERVES_SCRAM_SHA_256,
	    scheme_check_scram_sha256 },
	{ "SCRAM-SHA-1", true, SCHEME_AS_IS, SERVES_SCRAM_SHA_1,
	    scheme_check_scram_sha1 },
	{ "PBKDF2", true, SCHEME_AS_IS, 0, scheme_check_pbkdf2 },
	{ "SSHA512", false, SCHEME_BASE64, 0, scheme_check_ssha512 },
	{ "SSHA256", false, SCHEME_BASE64, 0, scheme_check_ssha256 },
	{ "SSHA", false, SCHEME_BASE64, 0, scheme_check_ssha1 },
	{ "SHA512", false, SCHEME_BASE64, 0, scheme_check_sha512 },
	{ "SHA256", false, SCHEME_BASE64, 0, scheme_check_sha256 },
	{ "SHA1", false, SCHEME_BASE64, 0, scheme_check_sha1 },
	{ "SHA", false, SCHEME_BASE64, 0, scheme_check_sha1 },
	{ "PAM", false, SCHEME_AS_IS, 0, NULL },
	{ "PLAIN", false, SCHEME_AS_IS, SERVES_ALL, check_plain },
	{ "CLEARTEXT", false, SCHEME_AS_IS, SERVES_ALL, check_plain },
};

static const struct {
	const char *name;
	enum scheme_encoding encoding;
} encodings[] = {
	{ "b64", SCHEME_BASE64 },
	{ "base64", SCHEME_BASE64 },
	{ "hex", SCHEME_HEX },
};

/* The encoding behind the dot of a name, or that of the scheme. */
static bool
take_encoding(struct secret *s, struct view suffix)
{
	s->encoding = s->scheme->encoding;
	if (suffix.p == NULL)
		return true;
	for (size_t i = 0; i < nitems(encodings); i++)
		if (view_isi(suffix, encodings[i].name)) {
			s->encoding = encodings[i].encoding;
			return true;
		}
	return false;
}

static const struct scheme *
find(struct view name)
{
	for (size_t i = 0; i < nitems(schemes); i++)
		if (view_isi(name, schemes[i].name))
			return &schemes[i];
	return NULL;
}

bool
scheme_of(struct view stored, struct secret *s)
{
	struct view name, suffix = { NULL, 0 };
	size_t dot;

	*s = (struct secret){ &schemes[0], SCHEME_AS_IS, view_trim(stored) };
	if (s->hash.n == 0 || s->hash.p[0] != '{')
		return true;
	s->hash = view_skip(stored, view_find(stored, '{') + 1);
	name = view_cut(&s->hash, '}');
	dot = view_find(name, '.');
	if (dot < name.n) {
		suffix = view_skip(name, dot + 1);
		name.n = dot;
	}
	s->scheme = find(name);
	if (s->scheme == NULL || !take_encoding(s, suffix))
		return false;
	if (s->scheme->check != check_plain || s->encoding != SCHEME_AS_IS)
		s->hash = view_trim(s->hash);
	return true;
}

static bool
decode_hex(struct str *out, struct view in)
{
	static const char digits[] = "0123456789abcdef";

	if (in.n % 2 != 0)
		return false;
	for (size_t i = 0; i < in.n; i += 2) {
		const char *high = memchr(digits, to_lower(in.p[i]), 16);
		const char *low = memchr(digits, to_lower(in.p[i + 1]), 16);

		if (high == NULL || low == NULL)
			return false;
		str_addc(out, (char)((high - digits) << 4 | (low - digits)));
	}
	return true;
}

bool
scheme_decode(const struct secret *s, struct str *out)
{
	if (s->encoding == SCHEME_BASE64)
		return decode_base64(out, s->hash);
	if (s->encoding == SCHEME_HEX)
		return decode_hex(out, s->hash);
	str_add(out, s->hash);
	return true;
}

bool
scheme_check(const struct secret *s, struct view password)
{
	struct str hash = { 0 };
	bool same = s->scheme->check != NULL && scheme_decode(s, &hash) &&
	    s->scheme->check(password, str_view(&hash));

	str_wipe(&hash);
	str_free(&hash);
	return same;
}

void
scheme_prepare(void)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *made;

	if (crypt_gensalt_rn(DEFAULT_PREFIX, 0, NULL, 0, setting,
		sizeof(setting)) == NULL)
		fatal("crypt(3) cannot make a salt");
	made = crypt_r("", setting, data);
	must(made != NULL && made[0] != '*');
	strlcpy(nobody, made, sizeof(nobody));
	free(data);
}

void
scheme_pretend(struct view password)
{
	(void)scheme_check_crypt(password, view_of(nobody));
}
