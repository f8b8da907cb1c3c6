/* SPDX-License-Identifier: ISC */
/*
 * scheme_crypt - crypt(3)
 *
 * libxcrypt's crypt_r knows yescrypt, SHA-512, SHA-256, bcrypt and older ones
 * by the prefix of the hash. Parameters that would keep a thread busy for
 * minutes match nothing: the cost of bcrypt and the rounds of the SHA family
 * are a number that anybody can mistype.
 */
#include <crypt.h>
#include <stdlib.h>

#include "lib/mail/scheme.h"
#include "lib/mail/scheme_check.h"

#define BCRYPT_MOST	16
#define ROUNDS_MOST	5000000

/* The number behind a prefix, 0 when it is another kind of hash. */
static uint64_t
number_behind(struct view hash, const char *prefix)
{
	uint64_t n = 0;

	if (!view_starts(hash, view_of(prefix)))
		return 0;
	hash = view_skip(hash, strlen(prefix));
	return view_u64(view_cut(&hash, '$'), UINT64_MAX, &n) ? n : UINT64_MAX;
}

static bool
is_absurd(struct view hash)
{
	static const struct {
		const char *prefix;
		uint64_t most;
	} limits[] = {
		{ "$2a$", BCRYPT_MOST },
		{ "$2b$", BCRYPT_MOST },
		{ "$2x$", BCRYPT_MOST },
		{ "$2y$", BCRYPT_MOST },
		{ "$5$rounds=", ROUNDS_MOST },
		{ "$6$rounds=", ROUNDS_MOST },
	};

	for (size_t i = 0; i < nitems(limits); i++)
		if (number_behind(hash, limits[i].prefix) > limits[i].most)
			return true;
	return false;
}

bool
scheme_check_crypt(struct view password, struct view hash)
{
	struct crypt_data *data;
	char setting[CRYPT_OUTPUT_SIZE], key[SCHEME_PASSWORD_MAX + 1];
	const char *made;
	bool same;

	if (hash.n >= sizeof(setting) || password.n >= sizeof(key) ||
	    is_absurd(hash))
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
