/* SPDX-License-Identifier: ISC */
/*
 * letter - header fix-ups
 *
 * One pass over the header fields copies each, changed or not, and notes which
 * were there; what is missing is put in front. A first line that is no field
 * begins the body of a message without a header, as `date | sendmail root`
 * makes it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/random.h>

#include "lib/base/clock.h"
#include "lib/mail/addrlist.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/text.h"
#include "lib/mail/utf8.h"
#include "lib/mail/word.h"
#include "sendmail/field.h"
#include "sendmail/lines.h"
#include "sendmail/rcpts.h"

#define ENTRIES_MOST 100000	/* addresses of one header */

struct work {
	struct letter *l;
	const struct options *o;
	const struct caller *c;
	unsigned seen;		/* FIELD_ bits */
	struct str header;
	struct why *w;
};

static bool
is_atoms(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && strchr(" !#$%&'*+-/=?^_`{|}~",
		    v.p[i]) == NULL)
			return false;
	return v.n > 0;
}

/* A display name: atoms, encoded words or a quoted string. */
static void
phrase_write(struct str *out, struct view name)
{
	if (!utf8_is_ascii(name)) {
		word_encode(out, name);
		return;
	}
	if (is_atoms(name)) {
		str_add(out, name);
		return;
	}
	str_addc(out, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			str_addc(out, '\\');
		str_addc(out, name.p[i] < ' ' ? ' ' : name.p[i]);
	}
	str_addc(out, '"');
}

static void
mailbox_write(struct str *out, struct view name, struct view address)
{
	if (name.p == NULL || name.n == 0) {
		str_add(out, address);
		return;
	}
	phrase_write(out, name);
	str_adds(out, " <");
	str_add(out, address);
	str_adds(out, ">");
}

static void
entry_write(struct str *out, const struct addrlist_entry *e,
    const char *domain)
{
	struct address a = { .local = e->local, .domain = e->domain };
	struct str text = { 0 };

	if (a.domain.n == 0)
		a.domain = view_of(domain);
	address_write(&text, &a);
	mailbox_write(out, e->name, str_view(&text));
	str_free(&text);
}

static bool
needs_domain(const struct addrlist *list)
{
	bool some = false;

	for (const struct addrlist_entry *e = list->first; e; e = e->next) {
		if (e->kind == ADDRLIST_GROUP_BEGIN)
			return false;
		if (e->kind == ADDRLIST_MAILBOX)
			some |= e->local.n > 0 && e->domain.n == 0;
	}
	return some && !list->broken && !list->cut;
}

/* "From: root" becomes "From: root@domain"; other fields stay as they are. */
static void
addresses_copy(struct work *k, const struct header *h)
{
	struct addrlist list;
	struct str value = { 0 };

	addrlist_init(&list);
	addrlist_add(&list, h->value, ENTRIES_MOST, k->l->arena);
	if (!needs_domain(&list)) {
		lines_fold(&k->header, h->whole);
		return;
	}
	for (struct addrlist_entry *e = list.first; e != NULL; e = e->next) {
		if (value.n > 0)
			str_adds(&value, ", ");
		entry_write(&value, e, k->c->domain);
	}
	header_write(&k->header, arena_copy(k->l->arena, h->name),
	    str_view(&value));
	str_free(&value);
}

static void
field_copy(struct work *k, const struct header *h)
{
	unsigned kind = field_kind(h->name);

	k->seen |= kind;
	if (k->o->from_header && (kind & FIELD_HIDDEN))
		return;
	if ((kind & FIELD_ADDRESSES) && !k->o->gateway)
		addresses_copy(k, h);
	else
		lines_fold(&k->header, h->whole);
}

static void
from_write(struct work *k, struct str *out)
{
	struct str value = { 0 };
	const char *name = k->o->full_name ? k->o->full_name :
	    k->o->sender ? "" : k->c->full_name;
	struct view address = k->l->sender;

	if (address.n == 0)
		address = view_of(arena_printf(k->l->arena, "%s@%s",
		    k->c->user, k->c->domain));
	mailbox_write(&value, view_of(name), address);
	header_write(out, "From", str_view(&value));
	str_free(&value);
}

static void
id_write(struct work *k, struct str *out)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		random[0] = (uint64_t)getpid();
	str_addf(out, "Message-ID: <%" PRIx64 ".%" PRIx64 "@%s>\r\n",
	    (uint64_t)clock_wall_us(), random[0], k->c->hostname);
}

static void
missing_write(struct work *k, struct str *out)
{
	if ((k->seen & FIELD_FROM) == 0)
		from_write(k, out);
	if ((k->seen & FIELD_DATE) == 0) {
		str_adds(out, "Date: ");
		date_write(out, date_local(clock_wall()));
		str_adds(out, "\r\n");
	}
	if ((k->seen & FIELD_ID) == 0)
		id_write(k, out);
}

/* Divide at the empty line, or before the first line that is no field; an
 * mbox "From " line in front is dropped. */
static void
divide(struct view message, struct view *header, struct view *body)
{
	struct view rest = message;
	struct header h;

	if (view_starts(message, VIEW_LIT("From ")) ||
	    view_starts(message, VIEW_LIT(">From ")))
		rest = view_skip(message, view_find(message, '\n') + 1);
	*header = rest;
	header->n = 0;
	*body = rest;
	while (header_next(&rest, &h)) {
		if (h.name.n == 0)
			return;
		header->n += h.whole.n;
		*body = rest;
	}
	*body = rest;
}

static void
body_copy(struct work *k, struct view body)
{
	struct str *out = &k->l->content;

	if (!lines_unfit(body)) {
		str_adds(out, "\r\n");
		str_add(out, body);
	} else if ((k->seen & FIELD_MIME) == 0 && !k->o->gateway) {
		lines_encode(out, body);
	} else {
		str_adds(out, "\r\n");
		lines_break(out, body);
	}
}

static bool
sender_find(struct work *k)
{
	struct letter *l = k->l;
	struct address a;
	struct str text = { 0 };
	const char *sender = k->o->sender ? k->o->sender : k->c->user;

	l->sender = VIEW_NONE;
	if (*sender == '\0')
		return true;
	if (address_parse(view_of(sender), ADDRESS_LOCAL, l->arena, &a) !=
	    ADDRESS_FINE)
		return why_never(k->w, "1.7", "\"%.128s\" is not an address",
		    sender);
	if (a.domain.n == 0)
		a.domain = view_of(k->c->domain);
	address_write(&text, &a);
	l->sender = arena_view(l->arena, str_view(&text));
	str_free(&text);
	return true;
}

static void
content_make(struct work *k, struct view header, struct view body)
{
	struct letter *l = k->l;
	struct header h;

	while (header_next(&header, &h))
		field_copy(k, &h);
	if (!k->o->gateway)
		missing_write(k, &l->content);
	str_add(&l->content, str_view(&k->header));
	str_free(&k->header);
	body_copy(k, body);
	l->eight = !utf8_is_ascii(str_view(&l->content));
}

bool
letter_make(struct letter *l, struct view raw, struct why *w)
{
	struct work k = { .l = l, .o = l->options, .c = l->caller, .w = w };
	struct text_wire wire = { .bare_cr_ends = true };
	struct str text = { 0 };
	struct view header, body;
	bool ok;

	text_wire(&wire, raw, &text);
	text_wire_end(&wire, &text);
	divide(str_view(&text), &header, &body);
	ok = sender_find(&k) && rcpts_of_arguments(l, w) &&
	    (!k.o->from_header || rcpts_of_header(l, header, w));
	if (ok && l->rcpts == 0)
		ok = why_never(w, "5.4", "no recipients, neither as arguments "
		    "nor %s", k.o->from_header ? "in the header" : "by -t");
	if (ok) {
		content_make(&k, header, body);
		l->refused = arena_zalloc(l->arena, l->rcpts);
	}
	str_free(&text);
	return ok;
}

void
letter_free(struct letter *l)
{
	str_free(&l->content);
	free(l->rcpt);
	l->rcpt = NULL;
}
