/* SPDX-License-Identifier: ISC */
/*
 * order - nine texts, each looked at
 *
 * No text has control characters: they go into headers and the environment.
 */
#include "deliver/order.h"
#include "lib/mail/spool.h"

#define TEXT_MOST 1024	/* octets */

static bool
take_number(const char *text, uint64_t most, uint64_t *n)
{
	return view_u64(view_of(text), most, n);
}

/* Tabs are fine in a command. */
static bool
take_text(const char *text, struct view *v)
{
	*v = view_of(text);
	for (size_t i = 0; i < v->n; i++)
		if (((unsigned char)v->p[i] < 32 && v->p[i] != '\t') ||
		    v->p[i] == 127)
			return false;
	return v->n <= TEXT_MOST;
}

/* "~user", or "~user item". */
static bool
take_user(struct order *o)
{
	o->item = view_skip(o->target, 1);
	o->user = view_cut(&o->item, ' ');
	return o->user.n > 0 && (o->item.n == 0 || view_is(o->item, "\\") ||
	    (o->item.n > 1 && strchr("|/!", o->item.p[0]) != NULL));
}

bool
order_take(struct order *o, const char *const field[ORDER_FIELDS])
{
	uint64_t rcpt, again, skip, arrival;

	if (!spool_id_parse(view_of(field[0]), &o->mail) ||
	    !take_number(field[1], UINT32_MAX, &rcpt) ||
	    !take_number(field[2], 1, &again) ||
	    !take_number(field[3], UINT32_MAX, &skip) ||
	    !take_number(field[4], INT64_MAX / 1000000, &arrival) ||
	    !take_text(field[5], &o->sender) ||
	    !take_text(field[6], &o->original) ||
	    !take_text(field[7], &o->address) ||
	    !take_text(field[8], &o->target))
		return false;
	o->rcpt = (uint32_t)rcpt;
	o->again = again != 0;
	o->skip = (uint32_t)skip;
	o->arrival = (int64_t)arrival;
	o->user = VIEW_NONE;
	o->item = o->target;
	if (o->address.n == 0 || o->target.n < 2)
		return false;
	return o->target.p[0] == '~' ? take_user(o) :
	    o->target.p[0] == '|' || o->target.p[0] == '/';
}
