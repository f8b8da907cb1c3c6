/* SPDX-License-Identifier: ISC */
/*
 * target - where the recipients of a mail go, each place once
 *
 * Two recipients can lead to the same place: the same address twice, or an
 * alias and a user it holds. One delivery is enough, and it is reported as all
 * of them want.
 */
#ifndef SMTPD_TARGET_H
#define SMTPD_TARGET_H

#include "smtpd/dialog.h"

/* Read a target list as router sends it and give r those that no recipient has
 * yet. False when the list is malformed or names none. */
bool target_add_all(struct transaction *tx, struct rcpt *r,
    struct view targets);
/* The same list, of copies: each is a recipient of its own, of whom nobody is
 * told anything. */
bool target_add_copies(struct transaction *tx, struct view copies);

#endif
