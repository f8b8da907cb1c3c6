/* SPDX-License-Identifier: ISC */
/*
 * fetch_parse - the items of a FETCH (RFC 3501 6.4.5)
 *
 * One table has them all; a section is read into what imapd/section.c looks up,
 * and written into the label that the response repeats.
 */
#include "imapd/capability.h"
#include "imapd/fetch.h"
#include "lib/mail/envelope.h"
#include "lib/mail/header.h"
#include "lib/mail/summary.h"

enum {
	NEEDS_CONTENT = 1,
	SETS_SEEN = 2,
	MAY_SECTION = 4,
	MUST_SECTION = 8,
	IS_BINARY = 16,		/* the section is a part, nothing else */
	MAY_PARTIAL = 32,	/* of it */
	DECODES = NEEDS_CONTENT | MUST_SECTION | IS_BINARY,
	/* no file, if it is known */
	NEEDS_HEADER = 64,
	NEEDS_ENVELOPE = 128,
	NEEDS_STRUCTURE = 256,
	NEEDS_PREVIEW = 512
};

static const struct {
	const char *name;
	bool (*write)(struct fetch *, const struct fetch_item *);
	unsigned flags;
	enum mime_want want;
} known[] = {
	{ "FLAGS", fetch_flags, 0, 0 },
	{ "UID", fetch_uid, 0, 0 },
	{ "MODSEQ", fetch_modseq, 0, 0 },
	{ "INTERNALDATE", fetch_date, 0, 0 },
	{ "SAVEDATE", fetch_saved, 0, 0 },
	{ "EMAILID", fetch_emailid, 0, 0 },
	{ "THREADID", fetch_threadid, 0, 0 },
	{ "RFC822.SIZE", fetch_size, 0, 0 },
	{ "ENVELOPE", fetch_envelope, NEEDS_ENVELOPE, 0 },
	{ "PREVIEW", fetch_preview, NEEDS_PREVIEW, 0 },
	{ "BODYSTRUCTURE", fetch_structure, NEEDS_STRUCTURE, 0 },
	{ "BODY", fetch_body, NEEDS_STRUCTURE | MAY_SECTION, 0 },
	{ "BODY.PEEK", fetch_section, NEEDS_CONTENT | MUST_SECTION, 0 },
	{ "BINARY", fetch_binary, DECODES | SETS_SEEN | MAY_PARTIAL, 0 },
	{ "BINARY.PEEK", fetch_binary, DECODES | MAY_PARTIAL, 0 },
	{ "BINARY.SIZE", fetch_binary_size, DECODES, 0 },
	{ "RFC822", fetch_section, NEEDS_CONTENT | SETS_SEEN, MIME_WHOLE },
	{ "RFC822.HEADER", fetch_section, NEEDS_CONTENT, MIME_HEADER },
	{ "RFC822.TEXT", fetch_section, NEEDS_CONTENT | SETS_SEEN, MIME_TEXT },
};

static const struct {
	unsigned flag;
	enum cache_kind kind;
} kinds[] = {
	{ NEEDS_HEADER, CACHE_HEADER },
	{ NEEDS_ENVELOPE, CACHE_ENVELOPE },
	{ NEEDS_STRUCTURE, CACHE_STRUCTURE },
	{ NEEDS_PREVIEW, CACHE_PREVIEW },
};

static const struct {
	const char *name, *items;
} macros[] = {
	{ "ALL", "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)" },
	{ "FAST", "(FLAGS INTERNALDATE RFC822.SIZE)" },
	{ "FULL", "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)" },
};

/* ---- sections ---- */

/* "1.2" up to a ']' or the dot before a word. */
static struct view
parse_numbers(struct parse *p)
{
	struct view run = { p->rest.p, 0 };

	while (is_digit(parse_peek(p))) {
		if (parse_peek(p) == '0')
			parse_fail(p, "Wrong part number");
		parse_number(p, UINT32_MAX);
		run.n = (size_t)(p->rest.p - run.p);
		if (p->rest.n < 2 || p->rest.p[0] != '.' ||
		    !is_digit(p->rest.p[1]))
			break;
		parse_take(p, '.');
	}
	return parse_fine(p) ? run : VIEW_NONE;
}

/* As an atom where it is one. */
static void
label_name(struct parse *p, struct view name, struct str *label)
{
	struct parse atom = parse_begin(name, p->arena);

	parse_atom(&atom);
	if (parse_end(&atom))
		str_add(label, name);
	else
		envelope_nstring(label, name);
}

static size_t
most_fields(const struct parse *p)
{
	size_t n = 1;

	for (size_t i = 0; i < p->rest.n && n < FETCH_FIELDS_MAX; i++)
		n += p->rest.p[i] == ' ';
	return n;
}

static void
parse_fields(struct parse *p, struct section *s, struct str *label)
{
	size_t most = most_fields(p);

	s->field = arena_alloc(p->arena, most * sizeof(*s->field));
	parse_space(p);
	parse_want(p, '(');
	str_adds(label, " (");
	do {
		struct view name = parse_astring(p);

		if (s->fields == most || !header_is_name(name)) {
			parse_fail(p, "Wrong list of header fields");
			break;
		}
		if (s->fields > 0)
			str_addc(label, ' ');
		s->field[s->fields++] = name;
		label_name(p, name, label);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	str_addc(label, ')');
}

/* HEADER, TEXT, MIME and so on; behind the numbers. */
static void
parse_what(struct parse *p, struct section *s, struct str *label)
{
	static const struct {
		const char *name;
		enum mime_want want;
		bool fields, others;
	} words[] = {
		{ "HEADER", MIME_HEADER, false, false },
		{ "TEXT", MIME_TEXT, false, false },
		{ "MIME", MIME_MIME, false, false },
		{ "HEADER.FIELDS", MIME_HEADER, true, false },
		{ "HEADER.FIELDS.NOT", MIME_HEADER, true, true },
	};
	struct view word = parse_name(p);
	size_t i = 0;

	while (i < nitems(words) && !view_isi(word, words[i].name))
		i++;
	if (i == nitems(words) ||
	    (words[i].want == MIME_MIME && s->numbers.n == 0)) {
		parse_fail(p, "Wrong section");
		return;
	}
	s->want = words[i].want;
	s->others = words[i].others;
	str_adds(label, words[i].name);
	if (words[i].fields)
		parse_fields(p, s, label);
}

static void
parse_partial(struct parse *p, struct section *s)
{
	if (!parse_take(p, '<'))
		return;
	s->partial = true;
	s->from = parse_number(p, INT64_MAX);
	parse_want(p, '.');
	s->count = parse_number(p, INT64_MAX);
	if (s->count == 0)
		parse_fail(p, "Partial of no octets");
	parse_want(p, '>');
}

void
section_parse(struct parse *p, struct section *s, struct str *label)
{
	s->numbers = parse_numbers(p);
	str_add(label, s->numbers);
	if (s->numbers.n > 0 && parse_take(p, '.')) {
		str_addc(label, '.');
		parse_what(p, s, label);
	} else if (s->numbers.n == 0 && p->rest.n > 0 &&
	    parse_peek(p) != ']') {
		parse_what(p, s, label);
	}
}

/* The response to BODY.PEEK and BINARY.PEEK does not say so. */
static const char *
first_of_label(unsigned flags)
{
	return !(flags & IS_BINARY) ? "BODY[" :
	    flags & MAY_PARTIAL	    ? "BINARY[" :
				      "BINARY.SIZE[";
}

/* "[...]<...>"; the label repeats what stands in the brackets. */
static void
parse_section(struct parse *p, struct fetch_item *item, unsigned flags)
{
	struct section *s = &item->section;
	struct str label = { 0 };

	parse_want(p, '[');
	str_adds(&label, first_of_label(flags));
	if (flags & IS_BINARY) {
		s->numbers = parse_numbers(p);
		str_add(&label, s->numbers);
	} else {
		section_parse(p, s, &label);
	}
	parse_want(p, ']');
	str_addc(&label, ']');
	if ((flags & MAY_PARTIAL) || !(flags & IS_BINARY))
		parse_partial(p, s);
	item->label = arena_copy(p->arena, str_view(&label));
	str_free(&label);
}

/* ---- items ---- */

static void
add_item(struct fetch *f, struct fetch_item *item, unsigned flags)
{
	struct fetch_item **end = &f->items;

	while (*end != NULL)
		end = &(*end)->next;
	*end = item;
	f->count++;
	f->content |= (flags & (NEEDS_CONTENT | SETS_SEEN)) != 0;
	for (size_t i = 0; i < nitems(kinds); i++)
		if (flags & kinds[i].flag)
			f->want |= WANT(kinds[i].kind);
	f->seen |= (flags & SETS_SEEN) != 0;
	f->binary |= (flags & IS_BINARY) != 0;
	f->flags |= item->write == fetch_flags;
	f->uid |= item->write == fetch_uid;
	f->modseq |= item->write == fetch_modseq;
	f->others |= item->write != fetch_flags && item->write != fetch_uid &&
	    item->write != fetch_modseq;
}

/* HEADER.FIELDS of the message itself, of fields that summaries have. */
static bool
is_in_summary(const struct section *s)
{
	if (s->numbers.n > 0 || s->field == NULL || s->others)
		return false;
	for (size_t i = 0; i < s->fields; i++)
		if (!summary_has(s->field[i]))
			return false;
	return true;
}

/* " (LAZY)": a preview costs little, so it is always made (RFC 8970 4.1). What
 * else stands in parentheses behind a single item is a modifier. */
static void
parse_lazy(struct parse *p)
{
	static const struct view lazy = VIEW_LIT(" (LAZY)");

	if (view_startsi(p->rest, lazy))
		p->rest = view_skip(p->rest, lazy.n);
}

static void
parse_item(struct fetch *f, struct parse *p)
{
	struct fetch_item *item = arena_zalloc(p->arena, sizeof(*item));
	struct view name = parse_name(p);
	unsigned flags;
	size_t i = 0;

	while (i < nitems(known) && !view_isi(name, known[i].name))
		i++;
	if (i == nitems(known) || f->count == FETCH_ITEMS_MAX) {
		parse_fail(p, i == nitems(known) ? "Unknown FETCH item" :
						   "Too many FETCH items");
		return;
	}
	flags = known[i].flags;
	item->write = known[i].write;
	if (item->write == fetch_preview)
		parse_lazy(p);
	item->label = known[i].name;
	item->section.want = known[i].want;
	if ((flags & MAY_SECTION) && parse_peek(p) == '[') {
		item->write = fetch_section;
		flags = NEEDS_CONTENT | MUST_SECTION | SETS_SEEN;
	}
	if (flags & MUST_SECTION)
		parse_section(p, item, flags);
	if (is_in_summary(&item->section))
		flags = NEEDS_HEADER | (flags & SETS_SEEN);
	add_item(f, item, flags);
}

void
fetch_parse_list(struct fetch *f, struct parse *p)
{
	parse_want(p, '(');
	do
		parse_item(f, p);
	while (parse_take(p, ' '));
	parse_want(p, ')');
}

/* ---- modifiers (RFC 4466, RFC 7162 3.1.4) ---- */

static void
parse_changedsince(struct fetch *f, struct parse *p)
{
	static struct fetch_item modseq = { .write = fetch_modseq,
		.label = "MODSEQ" };
	struct fetch_item *item;

	parse_space(p);
	f->since = parse_number(p, MODSEQ_MAX);
	if (f->changed)
		parse_fail(p, "CHANGEDSINCE twice");
	f->changed = true;
	if (f->modseq)
		return;
	item = arena_alloc(p->arena, sizeof(*item));
	*item = modseq;
	add_item(f, item, 0);
}

static void
take_partial(struct fetch *f, struct parse *p)
{
	parse_space(p);
	partial_parse(&f->partial, p);
	if (f->part || !f->im->uid)
		parse_fail(p, "PARTIAL is for UID FETCH, once");
	f->part = true;
}

static void
parse_modifiers(struct fetch *f, struct parse *p)
{
	if (!parse_take(p, ' '))
		return;
	parse_want(p, '(');
	do {
		if (parse_word(p, "CHANGEDSINCE"))
			parse_changedsince(f, p);
		else if (parse_word(p, "VANISHED"))
			f->vanished = true;
		else if (parse_word(p, "PARTIAL"))
			take_partial(f, p);
		else
			parse_fail(p, "Unknown FETCH modifier");
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	if (f->vanished && (!f->changed || !f->im->uid ||
		!imap_has(f->im, FEATURE_QRESYNC)))
		parse_fail(p, "VANISHED is for UID FETCH with CHANGEDSINCE, "
		    "after ENABLE QRESYNC");
}

static void
parse_wanted(struct fetch *f, struct parse *p)
{
	for (size_t i = 0; i < nitems(macros); i++) {
		struct parse macro;

		if (!parse_word(p, macros[i].name))
			continue;
		macro = parse_begin(view_of(macros[i].items), p->arena);
		fetch_parse_list(f, &macro);
		return;
	}
	if (parse_peek(p) == '(')
		fetch_parse_list(f, p);
	else
		parse_item(f, p);
}

void
fetch_parse(struct fetch *f, struct parse *p)
{
	parse_wanted(f, p);
	parse_modifiers(f, p);
	if (f->modseq && parse_fine(p))
		f->im->enabled |= FEATURE_CONDSTORE;
}
