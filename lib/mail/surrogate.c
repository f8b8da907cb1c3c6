/* SPDX-License-Identifier: ISC */
/*
 * surrogate - field by field
 */
#include "lib/mail/addrlist.h"
#include "lib/mail/header.h"
#include "lib/mail/surrogate.h"
#include "lib/mail/utf8.h"
#include "lib/mail/word.h"

#define ADDRESSES_MAX	1000
#define INVALID		"<invalid@internationalized-address.invalid>"

bool
surrogate_needed(struct view header)
{
	return !utf8_is_ascii(header) && utf8_valid(header);
}

/* ---- values ---- */

static void
put_text(struct str *out, struct view value)
{
	struct str decoded = { 0 };

	word_decode(&decoded, value);
	word_encode(out, str_view(&decoded));
	str_free(&decoded);
}

static void
put_invalid(struct str *out, const struct addrlist_entry *e)
{
	struct str shown = { 0 };

	word_decode(&shown, e->name);
	str_addf(&shown, "%s%.*s@%.*s", shown.n > 0 ? " " : "",
	    VIEW(e->local), VIEW(e->domain));
	word_encode(out, str_view(&shown));
	str_adds(out, " " INVALID);
	str_free(&shown);
}

static void
put_mailbox(struct str *out, const struct addrlist_entry *e)
{
	struct address a;

	if (!utf8_is_ascii(e->local) || !utf8_is_ascii(e->domain) ||
	    !addrlist_address(e, 0, &a)) {
		put_invalid(out, e);
		return;
	}
	if (e->name.n > 0)
		put_text(out, e->name);
	str_adds(out, e->name.n > 0 ? " <" : "<");
	address_write(out, &a);
	str_addc(out, '>');
}

static void
put_addresses(struct str *out, struct view value)
{
	const char *before = "";
	struct arena arena = { 0 };
	struct addrlist list;

	addrlist_init(&list);
	addrlist_add(&list, value, ADDRESSES_MAX, &arena);
	for (struct addrlist_entry *e = list.first; e != NULL; e = e->next) {
		if (e->kind == ADDRLIST_GROUP_END) {
			str_addc(out, ';');
			before = ", ";
			continue;
		}
		str_adds(out, before);
		before = e->kind == ADDRLIST_MAILBOX ? ", " : "";
		if (e->kind == ADDRLIST_MAILBOX) {
			put_mailbox(out, e);
		} else {
			put_text(out, e->local);
			str_adds(out, ": ");
		}
	}
	arena_reset(&arena);
}

/* Up to the next ';' that is not in quotes. */
static struct view
take_parameter(struct view *rest)
{
	struct view all = *rest;
	bool quoted = false;
	size_t n = 0;

	for (; n < all.n && (quoted || all.p[n] != ';'); n++) {
		if (all.p[n] == '"')
			quoted = !quoted;
		else if (quoted && all.p[n] == '\\' && n + 1 < all.n)
			n++;
	}
	*rest = view_skip(all, n < all.n ? n + 1 : n);
	return (struct view){ all.p, n };
}

/* Without the parameters that are not ASCII. */
static void
put_parameters(struct str *out, struct view value)
{
	bool first = true;

	while (value.n > 0) {
		struct view p = view_trim(take_parameter(&value));

		if (utf8_is_ascii(p)) {
			str_adds(out, first ? "" : "; ");
			str_add(out, p);
			first = false;
		}
	}
}

/* ---- fields ---- */

static const struct {
	const char *name;
	void (*put)(struct str *out, struct view value);
} fields[] = {
	{ "From", put_addresses },
	{ "Sender", put_addresses },
	{ "Reply-To", put_addresses },
	{ "To", put_addresses },
	{ "Cc", put_addresses },
	{ "Bcc", put_addresses },
	{ "Resent-From", put_addresses },
	{ "Resent-Sender", put_addresses },
	{ "Resent-To", put_addresses },
	{ "Resent-Cc", put_addresses },
	{ "Resent-Bcc", put_addresses },
	{ "Subject", put_text },
	{ "Comments", put_text },
	{ "Content-Description", put_text },
	{ "Content-Type", put_parameters },
	{ "Content-Disposition", put_parameters },
};

static void
put_field(struct str *out, const struct header *h)
{
	struct str value = { 0 };

	for (size_t i = 0; i < nitems(fields); i++) {
		if (!view_isi(h->name, fields[i].name))
			continue;
		fields[i].put(&value, h->value);
		header_write(out, fields[i].name, str_view(&value));
	}
	str_free(&value);
}

void
surrogate_header(struct str *out, struct view header)
{
	struct view rest = header;
	struct header h;

	while (header_next(&rest, &h)) {
		if (utf8_is_ascii(h.whole))
			str_add(out, h.whole);
		else
			put_field(out, &h);
	}
	if (view_ends(header, VIEW_LIT("\n\r\n")) ||
	    view_ends(header, VIEW_LIT("\n\n")) ||
	    view_is(header, "\r\n") || view_is(header, "\n"))
		str_adds(out, "\r\n");
}
