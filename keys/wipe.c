/* SPDX-License-Identifier: ISC */
/*
 * wipe - an allocator for OpenSSL that leaves nothing behind
 *
 * OpenSSL wipes what it knows to be secret, but copies are made on the way
 * from a file to a key: decoders, buffers, parameters. Here everything is
 * wiped.
 */
#include <sys/resource.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "keys/wipe.h"
#include "lib/base/base.h"

static void *
get(size_t n, const char *file UNUSED, int line UNUSED)
{
	return malloc(n);
}

static void
put(void *p, const char *file UNUSED, int line UNUSED)
{
	if (p != NULL)
		OPENSSL_cleanse(p, malloc_usable_size(p));
	free(p);
}

static void *
resize(void *p, size_t n, const char *file, int line)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *to;

	if (n <= old && n > 0)
		return p;
	to = n > 0 ? malloc(n) : NULL;
	if (to == NULL && n > 0)
		return NULL;
	if (old > 0 && n > 0)
		memcpy(to, p, old);
	put(p, file, line);
	return to;
}

void
wipe_begin(void)
{
	static const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	must(CRYPTO_set_mem_functions(get, resize, put) == 1);
}
