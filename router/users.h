/* SPDX-License-Identifier: ISC */
/*
 * users - which user names exist
 *
 * auth sends the names as a sealed memfd, sorted by octets, one a line. It is
 * mapped and searched in place: a million names cost no memory of ours, and a
 * new list replaces the old one between two questions.
 */
#ifndef ROUTER_USERS_H
#define ROUTER_USERS_H

#include "lib/base/view.h"

struct users {
	struct view names;	/* mapped, or any sorted lines in a test */
};

/* Map a table in place of the present one. False, with the present one kept,
 * when fd is not sealed against change or cannot be mapped. fd stays open. */
bool users_map(struct users *u, int fd);
void users_unmap(struct users *u);
bool users_has(const struct users *u, struct view name);

#endif
