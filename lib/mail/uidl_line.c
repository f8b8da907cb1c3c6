/* SPDX-License-Identifier: ISC */
/*
 * uidl_line - reading and writing one
 */
#include "lib/mail/uidl_line.h"
#include "lib/proc/pop_settings.h"

bool
uidl_line_read(struct view line, struct uidl_line *l)
{
	struct view uid = view_word(&line), content = view_word(&line);
	uint64_t number, name;

	*l = (struct uidl_line){ .uid = 0 };
	line = view_trim(line);
	if (view_u64(uid, UINT32_MAX, &number) && number > 0 &&
	    view_hex16(content, &name) && uidl_valid(line))
		*l = (struct uidl_line){ (uint32_t)number, name, line };
	return l->uid != 0;
}

void
uidl_line_write(const struct uidl_line *l, struct str *out)
{
	str_addf(out, "%u %016llX %.*s\n", l->uid,
	    (unsigned long long)l->content, VIEW(l->uidl));
}
