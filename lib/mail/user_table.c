/* SPDX-License-Identifier: ISC */
/*
 * user_table - binary search over the lines of a mapped text
 *
 * The middle of a range is moved back to the start of its line; each step
 * leaves whole lines on either side. About 20 steps for a million names.
 */
#include "lib/base/file.h"
#include "lib/mail/user_table.h"

bool
user_table_map(struct user_table *t, int fd)
{
	struct view lines;

	if (!file_is_sealed(fd))
		return false;
	lines = file_map(fd);
	if (lines.p == NULL)
		return false;
	user_table_unmap(t);
	t->lines = lines;
	return true;
}

void
user_table_unmap(struct user_table *t)
{
	file_unmap(t->lines);
	t->lines = VIEW_NONE;
}

bool
user_table_find(const struct user_table *t, struct view name,
    struct view *rest)
{
	const char *low = t->lines.p, *high = low + t->lines.n;

	while (low < high) {
		size_t half = (size_t)(high - low) / 2;
		const char *start = memrchr(low, '\n', half);
		const char *line = start ? start + 1 : low;
		struct view behind = view_bytes(line, (size_t)(high - line));
		struct view whole = behind = view_cut(&behind, '\n');
		int order = view_cmp(name, view_cut(&behind, '\0'));

		if (order == 0 && rest != NULL)
			*rest = behind;
		if (order == 0)
			return true;
		if (order < 0)
			high = line;
		else
			low = line + whole.n + 1;
	}
	return false;
}
