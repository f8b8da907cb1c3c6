/* SPDX-License-Identifier: ISC */
/*
 * envelope - printing what IMAP clients ask for most
 *
 * The tree is walked without recursion: a part is begun, its children follow,
 * and what stands behind them is written on the way up.
 */
#include "lib/mail/addrlist.h"
#include "lib/mail/envelope.h"
#include "lib/mail/header.h"
#include "lib/mail/utf8.h"

#define QUOTED_MAX 1000		/* longer strings become literals */

static const struct view absent = { NULL, 0 };

/* Can it stand in quotes: no CR, LF or NUL, and no octet from `beyond` on. */
static bool
is_quotable(struct view v, unsigned beyond)
{
	if (v.n > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == '\r' || v.p[i] == '\n' || v.p[i] == '\0' ||
		    (unsigned char)v.p[i] >= beyond)
			return false;
	return true;
}

static void
add_quoted(struct str *out, struct view v)
{
	str_addc(out, '"');
	for (size_t i = 0, run; i < v.n; i += run) {
		if (v.p[i] == '"' || v.p[i] == '\\')
			str_addc(out, '\\');
		for (run = 1; i + run < v.n && v.p[i + run] != '"' &&
		    v.p[i + run] != '\\';)
			run++;
		str_addn(out, v.p + i, run);
	}
	str_addc(out, '"');
}

static void
add_literal(struct str *out, struct view v)
{
	size_t nuls = view_count(v, '\0');

	str_addf(out, "{%zu}\r\n", v.n - nuls);
	if (nuls == 0) {
		str_add(out, v);
		return;
	}
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '\0')
			str_addc(out, v.p[i]);
}

void
envelope_nstring(struct str *out, struct view v)
{
	if (v.p == NULL)
		str_adds(out, "NIL");
	else if (is_quotable(v, 0x80))
		add_quoted(out, v);
	else
		add_literal(out, v);
}

void
envelope_utf8(struct str *out, struct view v)
{
	if (v.p != NULL && is_quotable(v, 0x100) && utf8_valid(v))
		add_quoted(out, v);
	else
		envelope_nstring(out, v);
}

static void
add_nstring(struct str *out, struct view v)
{
	str_addc(out, ' ');
	envelope_nstring(out, v);
}

enum field { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC, IN_REPLY_TO,
	MESSAGE_ID, FIELDS };

static const struct view field_names[FIELDS] = {
	[DATE] = VIEW_LIT("Date"), [SUBJECT] = VIEW_LIT("Subject"),
	[FROM] = VIEW_LIT("From"), [SENDER] = VIEW_LIT("Sender"),
	[REPLY_TO] = VIEW_LIT("Reply-To"), [TO] = VIEW_LIT("To"),
	[CC] = VIEW_LIT("Cc"), [BCC] = VIEW_LIT("Bcc"),
	[IN_REPLY_TO] = VIEW_LIT("In-Reply-To"),
	[MESSAGE_ID] = VIEW_LIT("Message-ID"),
};

struct fields {
	struct view text[FIELDS];	/* date, subject and the two ids */
	struct addrlist lists[FIELDS];	/* the addresses */
	size_t addresses;
};

static bool
is_address(enum field f)
{
	return f >= FROM && f <= BCC;
}

static void
collect(struct fields *f, const struct header *h, struct arena *a)
{
	struct addrlist *l;
	enum field i = 0;
	size_t before;

	while (i < FIELDS && !view_eqi(h->name, field_names[i]))
		i++;
	if (i == FIELDS)
		return;
	if (!is_address(i)) {
		if (f->text[i].p == NULL)
			f->text[i] = header_unfold(h->value, a);
		return;
	}
	l = &f->lists[i];
	before = l->count;
	if (f->addresses < ENVELOPE_ADDRESSES_MAX)
		addrlist_add(l, h->value, before + ENVELOPE_ADDRESSES_MAX -
		    f->addresses, a);
	f->addresses += l->count - before;
}

static void
add_addresses(struct str *out, const struct addrlist *l)
{
	if (l->first == NULL) {
		str_adds(out, " NIL");
		return;
	}
	str_adds(out, " (");
	for (const struct addrlist_entry *e = l->first; e; e = e->next) {
		str_addc(out, '(');
		envelope_nstring(out, e->name);
		add_nstring(out, e->route);
		add_nstring(out, e->local);
		add_nstring(out, e->domain);
		str_addc(out, ')');
	}
	str_addc(out, ')');
}

void
envelope_write(struct str *out, struct view message)
{
	struct arena a;
	struct fields f = { 0 };
	struct header h;

	arena_init(&a);
	for (size_t i = 0; i < FIELDS; i++)
		addrlist_init(&f.lists[i]);
	while (header_next(&message, &h))
		collect(&f, &h, &a);
	str_addc(out, '(');
	envelope_nstring(out, f.text[DATE]);
	add_nstring(out, f.text[SUBJECT]);
	for (enum field i = FROM; i <= BCC; i++) {
		const struct addrlist *l = &f.lists[i];

		if ((i == SENDER || i == REPLY_TO) && l->first == NULL)
			l = &f.lists[FROM];
		add_addresses(out, l);
	}
	add_nstring(out, f.text[IN_REPLY_TO]);
	add_nstring(out, f.text[MESSAGE_ID]);
	str_addc(out, ')');
	arena_reset(&a);
}

static void
put_params(struct str *out, const struct mime_param *p)
{
	for (; p != NULL; p = p->next) {
		envelope_nstring(out, p->name);
		add_nstring(out, p->value);
		if (p->next != NULL)
			str_addc(out, ' ');
	}
}

static void
add_params(struct str *out, const struct mime_param *p)
{
	if (p == NULL) {
		str_adds(out, " NIL");
		return;
	}
	str_adds(out, " (");
	put_params(out, p);
	str_addc(out, ')');
}

/* Those of the type. Text that does not say its character set is us-ascii (RFC
 * 2045 5.2), and clients are told so. */
static void
add_type_params(struct str *out, const struct mime_part *part)
{
	const struct mime_param *p = part->params;

	if (!view_isi(part->type, "text") ||
	    mime_param(p, "charset").p != NULL ||
	    mime_param(p, "charset*").p != NULL) {
		add_params(out, p);
		return;
	}
	str_adds(out, " (");
	put_params(out, p);
	str_adds(out, p ? " " : "");
	str_adds(out, "\"charset\" \"us-ascii\")");
}

static void
add_disposition(struct str *out, const struct mime_part *part)
{
	if (part->disposition.p == NULL) {
		str_adds(out, " NIL");
		return;
	}
	str_adds(out, " (");
	envelope_nstring(out, part->disposition);
	add_params(out, part->disposition_params);
	str_addc(out, ')');
}

static void
add_languages(struct str *out, const struct mime_part *part)
{
	const struct mime_param *l = part->languages;

	if (l == NULL) {
		add_nstring(out, absent);
		return;
	}
	str_adds(out, " (");
	for (; l != NULL; l = l->next) {
		envelope_nstring(out, l->value);
		if (l->next != NULL)
			str_addc(out, ' ');
	}
	str_addc(out, ')');
}

/* What every extended structure ends with. */
static void
add_extension(struct str *out, const struct mime_part *part)
{
	add_disposition(out, part);
	add_languages(out, part);
	add_nstring(out, part->location);
}

static bool
has_parts(const struct mime_part *part)
{
	return view_isi(part->type, "multipart") ||
	    (view_isi(part->type, "message") &&
		(view_isi(part->subtype, "rfc822") ||
		    view_isi(part->subtype, "global")));
}

/* Everything of a part before its children. One that was not looked into
 * (encoded, or too deep) has none to show: it is octets. */
static void
begin_part(struct str *out, struct view message, const struct mime_part *part)
{
	bool octets = part->kind == MIME_LEAF && has_parts(part);

	str_addc(out, '(');
	if (part->kind == MIME_MULTIPART)
		return;
	envelope_nstring(out, octets ? VIEW_LIT("application") : part->type);
	add_nstring(out, octets ? VIEW_LIT("octet-stream") : part->subtype);
	add_type_params(out, part);
	add_nstring(out, part->id);
	add_nstring(out, part->description);
	add_nstring(out, part->encoding.p ? part->encoding :
	    VIEW_LIT("7bit"));
	str_addf(out, " %zu", part->body_n);
	if (part->kind == MIME_MESSAGE) {
		str_addc(out, ' ');
		envelope_write(out, (struct view){ message.p +
		    part->child->header_at, part->child->header_n });
		str_addc(out, ' ');
	} else if (view_isi(part->type, "text")) {
		str_addf(out, " %zu", part->lines);
	}
}

static void
end_part(struct str *out, const struct mime_part *part, bool extended)
{
	if (part->kind == MIME_MULTIPART) {
		add_nstring(out, part->subtype);
		if (extended)
			add_params(out, part->params);
	} else {
		if (part->kind == MIME_MESSAGE)
			str_addf(out, " %zu", part->lines);
		if (extended)
			add_nstring(out, part->md5);
	}
	if (extended)
		add_extension(out, part);
	str_addc(out, ')');
}

void
envelope_body(struct str *out, struct view message,
    const struct mime_part *root, bool extended)
{
	const struct mime_part *part = root;

	for (;;) {
		begin_part(out, message, part);
		if (part->child != NULL) {
			part = part->child;
			continue;
		}
		end_part(out, part, extended);
		while (part != root && part->next == NULL) {
			part = part->parent;
			end_part(out, part, extended);
		}
		if (part == root)
			return;
		part = part->next;
	}
}
