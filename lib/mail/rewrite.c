/* SPDX-License-Identifier: ISC */
/*
 * rewrite - spots in a header
 *
 * A spot knows where its two parts stand in the text, so writing is copying up
 * to the next part that changes.
 */
#include "lib/mail/addrlist.h"
#include "lib/mail/header.h"
#include "lib/mail/rewrite.h"

#define LINE_MOST 900	/* of 998: something may follow the address */

/* Those that clients and servers take addresses from to answer, or to show. The
 * trace (Received, Return-Path) says what was. */
static bool
has_addresses(struct view name)
{
	static const char *const fields[] = { "From", "Sender", "Reply-To",
		"To", "Cc", "Bcc", "Return-Receipt-To",
		"Disposition-Notification-To", "Resent-From", "Resent-Sender",
		"Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc" };

	for (size_t i = 0; i < nitems(fields); i++)
		if (view_isi(name, fields[i]))
			return true;
	return false;
}

static bool
is_divider(char c)
{
	return c != '\0' && strchr(" \t\r\n(),:;<>", c) != NULL;
}

/* Whether another address can stand there: it must not run into what is around
 * it, which it does only where the list is none. */
static bool
stands_alone(const struct addrlist_entry *e, struct view header)
{
	const char *end = e->domain_at.p + e->domain_at.n;
	char before = e->local_at.p[-1];

	return (e->route.n > 0 ? before == ':' : is_divider(before)) &&
	       (end == header.p + header.n || is_divider(*end));
}

static void
take_spot(const struct addrlist_entry *e, struct arena *a, struct rewrite *r)
{
	struct rewrite_spot *s = &r->spot[r->n];
	struct str text = { 0 };
	struct address address;

	if (!addrlist_address(e, ADDRESS_UTF8, &address) ||
	    !stands_alone(e, r->header))
		return;
	address.domain = VIEW_NONE;
	address_write(&text, &address);
	*s = (struct rewrite_spot){ .local = e->local_at,
		.domain = e->domain_at, .at = text.n, .to = VIEW_NONE };
	str_addc(&text, '@');
	str_add(&text, e->domain);
	s->address = arena_view(a, str_view(&text));
	str_free(&text);
	r->n++;
}

bool
rewrite_find(struct view header, struct arena *a, struct rewrite *r)
{
	struct view rest = header;
	struct addrlist list;
	struct header h;

	*r = (struct rewrite){ .header = header };
	if (header.n > REWRITE_HEADER_MAX)
		return false;
	addrlist_init(&list);
	while (header_next(&rest, &h))
		if (has_addresses(h.name))
			addrlist_add(&list, h.value, REWRITE_MOST, a);
	if (list.cut)
		return false;
	r->spot = arena_alloc(a, (list.count + 1) * sizeof(*r->spot));
	for (const struct addrlist_entry *e = list.first; e != NULL;
	    e = e->next)
		take_spot(e, a, r);
	return true;
}

/* ---- the new one ---- */

struct writing {
	struct view header;
	struct str *out;
	size_t at;		/* in the header: what is before is written */
	size_t was, is;		/* octets of the line up to here: old, new */
};

static void
copy_up_to(struct writing *w, const char *p)
{
	struct view piece = { w->header.p + w->at, 0 };
	size_t lf;

	piece.n = (size_t)(p - piece.p);
	lf = view_rfind(piece, '\n');
	if (lf < piece.n)
		w->was = w->is = piece.n - lf - 1;
	else {
		w->was += piece.n;
		w->is += piece.n;
	}
	str_add(w->out, piece);
	w->at += piece.n;
}

static void
put_part(struct writing *w, struct view old, struct view new)
{
	copy_up_to(w, old.p);
	str_add(w->out, new);
	w->at += old.n;
	w->was += old.n;
	w->is += new.n;
}

/* Go on in a new line if this one has grown, and grows too long. Before the
 * address, or the angle that it stands in, is a place where a blank may be. */
static void
fold(struct writing *w, const struct rewrite_spot *s)
{
	const char *p = s->local.p;
	size_t was, is;

	copy_up_to(w, p[-1] == '<' ? p - 1 : p);
	was = w->was + s->local.n + s->domain.n;
	is = w->is + s->to.n;
	if (is <= was || is <= LINE_MOST)
		return;
	str_adds(w->out, "\r\n ");
	w->is = 1;
}

static void
put_spot(struct writing *w, const struct rewrite_spot *s)
{
	size_t at = view_rfind(s->to, '@');
	struct view old = s->address, local = view_bytes(s->to.p, at),
		    domain = view_skip(s->to, at + 1);

	fold(w, s);
	if (!view_eq(local, view_bytes(old.p, s->at)))
		put_part(w, s->local, local);
	if (!view_eq(domain, view_skip(old, s->at + 1)))
		put_part(w, s->domain, domain);
}

void
rewrite_write(const struct rewrite *r, struct str *out)
{
	struct writing w = { .header = r->header, .out = out };

	for (size_t i = 0; i < r->n; i++)
		if (r->spot[i].to.n > 0)
			put_spot(&w, &r->spot[i]);
	copy_up_to(&w, r->header.p + r->header.n);
}
