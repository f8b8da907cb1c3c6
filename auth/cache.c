/* SPDX-License-Identifier: ISC */
/*
 * cache - a table of MACs, four to a row
 *
 * The first octets of a MAC choose its row; the oldest of a full row goes. That
 * the search ends early tells nothing: without the key nobody can choose MACs.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/cache.h"

#define ROWS	 1024
#define WAYS	 4
#define KEPT_MS	 60000

struct slot {
	struct cache_entry entry;
	int64_t until;		/* 0: free */
};

static struct slot slots[ROWS][WAYS];
static unsigned char key[32];

void
cache_start(void)
{
	arc4random_buf(key, sizeof(key));
}

void
cache_entry(struct cache_entry *e, struct view name, struct view secret,
    struct view password)
{
	unsigned char text[4096];
	size_t n = name.n + 1 + secret.n + 1 + password.n;
	unsigned made = sizeof(e->mac);

	must(n <= sizeof(text));
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	memcpy(text + name.n + 1, secret.p, secret.n);
	text[name.n + 1 + secret.n] = '\0';
	memcpy(text + n - password.n, password.p, password.n);
	must(HMAC(EVP_sha256(), key, sizeof(key), text, n, e->mac, &made) !=
	    NULL);
	explicit_bzero(text, n);
}

static struct slot *
row_of(const struct cache_entry *e)
{
	return slots[(e->mac[0] | e->mac[1] << 8) % ROWS];
}

bool
cache_has(const struct cache_entry *e, int64_t now)
{
	const struct slot *row = row_of(e);
	struct view wanted = view_bytes(e->mac, sizeof(e->mac));

	for (size_t i = 0; i < WAYS; i++)
		if (row[i].until > now &&
		    view_eq_secret(wanted, view_bytes(row[i].entry.mac,
			sizeof(row[i].entry.mac))))
			return true;
	return false;
}

void
cache_put(const struct cache_entry *e, int64_t now)
{
	struct slot *row = row_of(e), *oldest = row;

	for (size_t i = 1; i < WAYS; i++)
		if (row[i].until < oldest->until)
			oldest = &row[i];
	*oldest = (struct slot){ .entry = *e, .until = now + KEPT_MS };
}
