/* SPDX-License-Identifier: ISC */
/*
 * scheme - plain and crypt(3)
 *
 * libxcrypt's crypt_r knows yescrypt, SHA-512, SHA-256, bcrypt and older ones
 * by the prefix of the hash; the names that Dovecot has for them are accepted.
 */
#include <crypt.h>
#include <stdlib.h>

#include <bsd/string.h>

#include "lib/mail/scheme.h"

#define DEFAULT_PREFIX "$y$"

static char nobody[CRYPT_OUTPUT_SIZE];

static bool
check_plain(struct view password, struct view hash)
{
	return view_eq_secret(password, hash);
}

static bool
check_crypt(struct view password, struct view hash)
{
	struct crypt_data *data;
	char setting[CRYPT_OUTPUT_SIZE], key[SCHEME_PASSWORD_MAX + 1];
	const char *made;
	bool same;

	if (hash.n >= sizeof(setting) || password.n >= sizeof(key))
		return false;
	memcpy(setting, hash.p, hash.n);
	setting[hash.n] = '\0';
	memcpy(key, password.p, password.n);
	key[password.n] = '\0';
	data = xcalloc(1, sizeof(*data));
	made = crypt_r(key, setting, data);
	/* a failure is a string that begins with '*' */
	same = made != NULL && made[0] != '*' &&
	       view_eq_secret(view_of(made), hash);
	explicit_bzero(data, sizeof(*data));
	explicit_bzero(key, sizeof(key));
	free(data);
	return same;
}

static const struct scheme schemes[] = {
	{ "CRYPT", true, check_crypt },
	{ "SHA512-CRYPT", true, check_crypt },
	{ "SHA256-CRYPT", true, check_crypt },
	{ "BLF-CRYPT", true, check_crypt },
	{ "PLAIN", false, check_plain },
};

const struct scheme *
scheme_of(struct view secret, struct view *hash)
{
	struct view name;

	*hash = view_trim(secret);
	if (hash->n == 0 || hash->p[0] != '{')
		return &schemes[0];
	*hash = view_skip(secret, 1);
	name = view_cut(hash, '}');
	for (size_t i = 0; i < nitems(schemes); i++) {
		if (!view_isi(name, schemes[i].name))
			continue;
		if (schemes[i].slow)
			*hash = view_trim(*hash);
		return &schemes[i];
	}
	return NULL;
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
	(void)check_crypt(password, view_of(nobody));
}
