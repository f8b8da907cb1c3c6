/* SPDX-License-Identifier: ISC */
/*
 * user_table - users by name, in a text that auth sends
 *
 * A sealed memfd with a line for each user: the canonical name and, behind a
 * NUL, what else there is to say. Sorted by the octets of the names. It is
 * mapped and searched in place: a million users cost no memory of ours, and a
 * new table replaces the old one between two questions.
 */
#ifndef MAIL_USER_TABLE_H
#define MAIL_USER_TABLE_H

#include "lib/base/view.h"

struct user_table {
	struct view lines;	/* mapped, or any sorted lines in a test */
};

/* Map a table in place of the present one. False, with the present one kept,
 * when fd is not sealed against change or cannot be mapped. fd stays open. */
bool user_table_map(struct user_table *t, int fd);
void user_table_unmap(struct user_table *t);
/* Is there such a user? *rest, which may be NULL, is what stands behind the
 * name. */
bool user_table_find(const struct user_table *t, struct view name,
    struct view *rest);

#endif
