/* SPDX-License-Identifier: ISC */
/*
 * tls_resume - a table with places by key, and the oldest goes first
 *
 * A place is found by the key's first octets, which are those of a digest. Two
 * hosts of one place take it from each other; that costs a full handshake and
 * nothing else, so there are no chains to follow and the table never grows.
 * What is kept is used for an hour at most: after that a certificate is looked
 * at again, whatever the server allows.
 */
#include <string.h>
#include <time.h>

#include "lib/base/base.h"
#include "lib/proc/tls_resume.h"

#define PLACES		2048
#define AGE_MOST	3600	/* s */

static struct {
	unsigned char key[TLS_RESUME_KEY];
	SSL_SESSION *session;	/* NULL: free */
	time_t since;
} places[PLACES];

static size_t
place_of(const unsigned char *key)
{
	return (key[0] | (size_t)key[1] << 8) % PLACES;
}

static void
empty(size_t i)
{
	SSL_SESSION_free(places[i].session);
	places[i].session = NULL;
}

void
tls_resume_put(const unsigned char *key, SSL_SESSION *session)
{
	size_t i = place_of(key);

	empty(i);
	memcpy(places[i].key, key, TLS_RESUME_KEY);
	places[i].session = session;
	places[i].since = time(NULL);
}

SSL_SESSION *
tls_resume_get(const unsigned char *key)
{
	size_t i = place_of(key);
	SSL_SESSION *s = places[i].session;
	time_t age = time(NULL) - places[i].since;

	if (s == NULL || memcmp(places[i].key, key, TLS_RESUME_KEY) != 0)
		return NULL;
	if (age >= 0 && age < AGE_MOST && age < SSL_SESSION_get_timeout(s) &&
	    SSL_SESSION_is_resumable(s))
		return s;
	empty(i);
	return NULL;
}

void
tls_resume_forget(const unsigned char *key)
{
	size_t i = place_of(key);

	if (memcmp(places[i].key, key, TLS_RESUME_KEY) == 0)
		empty(i);
}
