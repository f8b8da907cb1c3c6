/* SPDX-License-Identifier: ISC */
/*
 * fake - what an account that cannot is told, so that it looks like one that can
 *
 * A salt for a name, always the same one: a keyed hash under a key that is kept
 * in a file, so that it outlives a restart as real salts do.
 */
#ifndef AUTH_FAKE_H
#define AUTH_FAKE_H

#include "lib/base/view.h"

#define FAKE_SIZE	32

/* Read the key, or make one. When the file cannot be kept, the key is of this
 * process alone, and that is logged. */
void fake_start(const char *path);
/* FAKE_SIZE octets from a name in any case, and what they are for. */
void fake_octets(struct view name, const char *purpose, unsigned char *out);

#endif
