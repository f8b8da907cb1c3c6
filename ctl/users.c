/* SPDX-License-Identifier: ISC */
/*
 * users - the users file as lines
 */
#include "ctl/users.h"
#include "lib/mail/users_file.h"

struct view
users_find(struct view text, struct view name, struct view domain)
{
	struct users_line own = { 0 };
	struct view line = { NULL, 0 };

	while (text.n > 0) {
		const char *begin = text.p;
		struct view l = view_cut(&text, '\n');
		const char *end = text.n > 0 ? text.p : l.p + l.n;

		if (users_line(l, domain, &own) &&
		    view_eq(str_view(&own.name), name)) {
			line = view_bytes(begin, (size_t)(end - begin));
			break;
		}
	}
	str_free(&own.name);
	return line;
}
