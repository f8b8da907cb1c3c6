/* SPDX-License-Identifier: ISC */
/*
 * users - binary search over the lines of a mapped text
 *
 * The middle of a range is moved back to the start of its line; each step
 * leaves whole lines on either side. About 20 steps for a million names.
 */
#include <fcntl.h>

#include "lib/base/file.h"
#include "router/users.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

bool
users_map(struct users *u, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct view names;

	if (seals < 0 || (seals & SEALS) != SEALS)
		return false;
	names = file_map(fd);
	if (names.p == NULL)
		return false;
	users_unmap(u);
	u->names = names;
	return true;
}

void
users_unmap(struct users *u)
{
	file_unmap(u->names);
	u->names = VIEW_NONE;
}

bool
users_has(const struct users *u, struct view name)
{
	const char *low = u->names.p, *high = low + u->names.n;

	while (low < high) {
		size_t half = (size_t)(high - low) / 2;
		const char *start = memrchr(low, '\n', half);
		const char *line = start ? start + 1 : low;
		struct view here = view_bytes(line, (size_t)(high - line));
		int order;

		here = view_cut(&here, '\n');
		order = view_cmp(name, here);
		if (order == 0)
			return true;
		if (order < 0)
			high = line;
		else
			low = line + here.n + 1;
	}
	return false;
}
