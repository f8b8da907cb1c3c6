/* SPDX-License-Identifier: ISC */
/*
 * fake - HMAC-SHA256 of the name under the key of this host
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fake.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/scram.h"

static unsigned char key[FAKE_SIZE];

void
fake_start(const char *path)
{
	struct str text = { 0 };
	bool kept = file_read(AT_FDCWD, path, FAKE_SIZE, &text) &&
	    text.n == FAKE_SIZE;

	if (kept)
		memcpy(key, text.p, FAKE_SIZE);
	else
		arc4random_buf(key, sizeof(key));
	if (!kept && !file_replace(AT_FDCWD, path,
		view_bytes(key, sizeof(key)), 0600))
		log_warning("auth", "cannot keep %s: %s", path,
		    strerror(errno));
	str_wipe(&text);
	str_free(&text);
}

void
fake_octets(struct view name, const char *purpose, unsigned char *out)
{
	struct str text = { 0 };

	str_adds(&text, purpose);
	str_addc(&text, ':');
	for (size_t i = 0; i < name.n; i++)
		str_addc(&text, to_lower(name.p[i]));
	scram_mac(SCRAM_SHA_256, view_bytes(key, sizeof(key)), str_view(&text),
	    out);
	str_free(&text);
}
