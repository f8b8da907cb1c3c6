/* SPDX-License-Identifier: ISC */
/*
 * loop - has this mail been here before?
 *
 * Whoever hands a mail on to other addresses writes the one that it was for into
 * a field Delivered-To; a mail that comes with that address has gone in a circle.
 */
#ifndef MAIL_LOOP_H
#define MAIL_LOOP_H

#include "lib/base/view.h"

/* Does the header of the content, behind the first skip octets, say that it was
 * delivered to this address (without case)? The number of Received fields goes
 * to *received, which may be NULL. 1 MiB of the header is looked at. */
bool loop_find(int content, uint64_t skip, struct view address,
    uint32_t *received);

#endif
