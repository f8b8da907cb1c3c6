/* SPDX-License-Identifier: ISC */
/*
 * shared - taking names of other users' mailboxes apart, and making them
 */
#include "lib/mail/shared.h"

bool
shared_is(struct view name)
{
	return view_is(name, SHARED_ROOT) ||
	    view_starts(name, VIEW_LIT(SHARED_PREFIX));
}

/* One level, undone; false for a '%' that is no "%2F" or "%25". */
static bool
take_owner(struct view level, struct str *owner)
{
	size_t start = owner->n;

	while (level.n > 0) {
		size_t n = level.p[0] == '%' ? 3 : 1;

		if (n == 1)
			str_addc(owner, level.p[0]);
		else if (view_starts(level, VIEW_LIT("%2F")))
			str_addc(owner, '/');
		else if (view_starts(level, VIEW_LIT("%25")))
			str_addc(owner, '%');
		else
			break;
		level = view_skip(level, n);
	}
	if (level.n == 0 && owner->n > start)
		return true;
	owner->n = start;
	return false;
}

bool
shared_parse(struct view name, struct str *owner, struct view *mailbox)
{
	struct view rest = name, level;

	if (!view_starts(name, VIEW_LIT(SHARED_PREFIX)))
		return false;
	rest = view_skip(rest, sizeof(SHARED_PREFIX) - 1);
	level = view_cut(&rest, '/');
	*mailbox = rest;
	return take_owner(level, owner);
}

void
shared_write(struct str *out, struct view owner, struct view mailbox)
{
	str_adds(out, SHARED_PREFIX);
	for (size_t i = 0; i < owner.n; i++)
		if (owner.p[i] == '/' || owner.p[i] == '%')
			str_addf(out, "%%%02X", (unsigned)owner.p[i]);
		else
			str_addc(out, owner.p[i]);
	str_addc(out, '/');
	str_add(out, mailbox);
}
