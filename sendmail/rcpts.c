/* SPDX-License-Identifier: ISC */
/*
 * rcpts - recipients of a letter, from arguments and header fields
 *
 * Names without a domain get ours. A field that is no list of addresses is an
 * error: to send only to those that could be read would lose mail in silence.
 */
#include "lib/mail/addrlist.h"
#include "lib/mail/header.h"
#include "sendmail/field.h"
#include "sendmail/letter.h"
#include "sendmail/rcpts.h"

#define ENTRIES_MOST 100000	/* addresses of one field */

static bool
rcpt_add(struct letter *l, const struct address *a)
{
	struct str text = { 0 };

	if ((l->rcpts & (l->rcpts - 1)) == 0)
		l->rcpt = xrealloc(l->rcpt,
		    (l->rcpts ? l->rcpts * 2 : 1) * sizeof(*l->rcpt));
	address_write(&text, a);
	l->rcpt[l->rcpts++] = arena_view(l->arena, str_view(&text));
	str_free(&text);
	return l->rcpts < RECIPIENTS_MOST;
}

bool
letter_rcpt_add(struct letter *l, struct view text, const char *domain,
    struct why *w)
{
	struct address a;
	enum address_error e = address_parse(view_trim(text), ADDRESS_LOCAL,
	    l->arena, &a);

	if (e != ADDRESS_FINE) {
		why_never(w, "1.3", "\"%.*s\" is not an address",
		    text.n < 128 ? (int)text.n : 128, text.p);
		return false;
	}
	if (a.domain.n == 0)
		a.domain = view_of(domain);
	return rcpt_add(l, &a) ||
	    why_never(w, "5.3", "too many recipients");
}

static bool
rcpt_of_entry(struct letter *l, struct addrlist_entry *e)
{
	struct address a;

	if (e->kind != ADDRLIST_MAILBOX)
		return true;
	if (e->domain.n == 0)
		e->domain = view_of(l->caller->domain);
	return addrlist_address(e, 0, &a) && rcpt_add(l, &a);
}

/* An argument can be a list of its own: "a@x, b@y". */
static bool
rcpts_of_list(struct letter *l, struct view text, const char *what,
    struct why *w)
{
	struct addrlist list;
	bool ok;

	addrlist_init(&list);
	addrlist_add(&list, text, ENTRIES_MOST, l->arena);
	ok = !list.broken && !list.cut;
	for (struct addrlist_entry *e = list.first; ok && e; e = e->next)
		ok = rcpt_of_entry(l, e);
	if (ok)
		return true;
	return why_never(w, "1.3", "%s \"%.*s\" cannot be read as addresses",
	    what, text.n < 100 ? (int)text.n : 100, text.p);
}

/* To, Cc and Bcc, or the Resent fields if there are any. */
bool
rcpts_of_header(struct letter *l, struct view header, struct why *w)
{
	struct view rest = header;
	struct header h;
	bool resent = false;

	while (header_next(&rest, &h))
		resent |= (field_kind(h.name) & FIELD_RESENT) != 0;
	rest = header;
	while (header_next(&rest, &h)) {
		unsigned kind = field_kind(h.name);

		if ((kind & FIELD_RECIPIENTS) == 0 ||
		    ((kind & FIELD_RESENT) != 0) != resent ||
		    view_trim(h.value).n == 0)
			continue;
		if (!rcpts_of_list(l, h.value, arena_copy(l->arena, h.name), w))
			return false;
	}
	return true;
}

bool
rcpts_of_arguments(struct letter *l, struct why *w)
{
	for (char **p = l->options->recipients; *p != NULL; p++)
		if (!rcpts_of_list(l, view_of(*p), "the argument", w))
			return false;
	return true;
}
