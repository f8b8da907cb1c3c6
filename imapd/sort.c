/* SPDX-License-Identifier: ISC */
/*
 * sort - values of keys, gathered once for each message, and a merge sort
 *
 * qsort would hold up all other sessions of the process for as long as a large
 * mailbox takes; a merge sort can stop for breath anywhere.
 */
#include <stdlib.h>

#include "imapd/headers.h"
#include "imapd/sort.h"
#include "lib/mail/addrlist.h"
#include "lib/mail/casemap.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/subject.h"
#include "lib/mail/word.h"

#define STEPS_TURN 32768	/* merged; then it is the others' turn */

struct value {
	int64_t number;
	struct view text;
};

/* What a key is taken from; header.p NULL: there is none. */
struct source {
	struct record record;
	struct view header;
	struct arena *arena;	/* of the values */
};

struct sort_by {
	const char *name;
	bool headers;
	void (*take)(const struct source *s, const char *field,
	    struct value *v);
	const char *field;
};

/* ---- values ---- */

int64_t
sort_sent(struct view header, const struct record *r)
{
	struct view value;
	struct date date;

	if (header.p != NULL && header_find(header, "Date", &value) &&
	    date_parse(value, &date))
		return date.seconds;
	return r->date;
}

static void
take_arrival(const struct source *s, const char *field UNUSED, struct value *v)
{
	v->number = s->record.date;
}

static void
take_size(const struct source *s, const char *field UNUSED, struct value *v)
{
	v->number = (int64_t)s->record.size;
}

static void
take_date(const struct source *s, const char *field UNUSED, struct value *v)
{
	v->number = sort_sent(s->header, &s->record);
}

static struct view
folded(struct view utf8, struct arena *a)
{
	struct str out = { 0 };
	struct view v;

	casemap_fold(&out, utf8);
	v = arena_view(a, str_view(&out));
	str_free(&out);
	return v;
}

static bool
find_field(const struct source *s, const char *field, struct view *raw)
{
	return s->header.p != NULL && header_find(s->header, field, raw);
}

static void
take_subject(const struct source *s, const char *field, struct value *v)
{
	struct str base = { 0 };
	struct view raw;

	if (!find_field(s, field, &raw))
		return;
	subject_base(&base, raw);
	v->text = folded(str_view(&base), s->arena);
	str_free(&base);
}

/* The first address of the field; false if there is none. */
static bool
first_address(const struct source *s, const char *field, struct arena *a,
    struct addrlist_entry *out)
{
	struct addrlist list;
	struct view raw;

	addrlist_init(&list);
	if (find_field(s, field, &raw))
		addrlist_add(&list, raw, 2, a);
	for (struct addrlist_entry *e = list.first; e != NULL; e = e->next)
		if (e->kind == ADDRLIST_MAILBOX) {
			*out = *e;
			return true;
		}
	return false;
}

/* addr-mailbox: what stands before the @. */
static void
take_mailbox(const struct source *s, const char *field, struct value *v)
{
	struct arena a = { 0 };
	struct addrlist_entry e;

	if (first_address(s, field, &a, &e) && e.local.p != NULL)
		v->text = folded(e.local, s->arena);
	arena_reset(&a);
}

/* The name that a reader sees, or the address (RFC 5957 3). */
static void
take_display(const struct source *s, const char *field, struct value *v)
{
	struct arena a = { 0 };
	struct str shown = { 0 };
	struct addrlist_entry e;

	if (first_address(s, field, &a, &e)) {
		if (e.name.p != NULL && e.name.n > 0)
			word_decode(&shown, e.name);
		else
			str_addf(&shown, "%.*s@%.*s", VIEW(e.local),
			    VIEW(e.domain));
		v->text = folded(str_view(&shown), s->arena);
	}
	str_free(&shown);
	arena_reset(&a);
}

static const struct sort_by known[] = {
	{ "ARRIVAL", false, take_arrival, NULL },
	{ "CC", true, take_mailbox, "Cc" },
	{ "DATE", true, take_date, NULL },
	{ "DISPLAYFROM", true, take_display, "From" },
	{ "DISPLAYTO", true, take_display, "To" },
	{ "FROM", true, take_mailbox, "From" },
	{ "SIZE", false, take_size, NULL },
	{ "SUBJECT", true, take_subject, "Subject" },
	{ "TO", true, take_mailbox, "To" },
};

static void
add_key(struct sort *s, const struct sort_by *by, bool reverse)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->key[i].by == by)
			return;
	must(s->n < SORT_KEYS_MAX);
	s->key[s->n].by = by;
	s->key[s->n++].reverse = reverse;
	s->headers |= by->headers;
}

void
sort_parse(struct sort *s, struct parse *p)
{
	parse_want(p, '(');
	do {
		bool reverse = parse_word(p, "REVERSE");
		size_t i = 0;

		if (reverse)
			parse_space(p);
		while (i < nitems(known) && !parse_word(p, known[i].name))
			i++;
		if (i == nitems(known)) {
			parse_fail(p, "Unknown SORT key");
			return;
		}
		add_key(s, &known[i], reverse);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
}

/* ---- gathering ---- */

struct gathering {
	const struct box *box;
	const struct sort *sort;
	const struct matches *m;
	struct value *values;	/* sort->n of each match */
	struct arena arena;
};

static void
take(void *arg, size_t i, struct view header)
{
	struct gathering *g = arg;
	struct source s = { .header = header, .arena = &g->arena };

	record_get(box_record(g->box, g->m->v[i].index), &s.record);
	for (size_t k = 0; k < g->sort->n; k++) {
		const struct sort_by *by = g->sort->key[k].by;

		by->take(&s, by->field, &g->values[i * g->sort->n + k]);
	}
}

static bool
gather(struct imap *im, struct gathering *g, struct why *w)
{
	if (g->sort->headers)
		return headers_each(im, g->m, take, g, w);
	for (size_t i = 0; i < g->m->n; i++) {
		take(g, i, (struct view){ NULL, 0 });
		if (i % STEPS_TURN == STEPS_TURN - 1)
			give_way();
	}
	return true;
}

/* ---- ordering ---- */

static int
compare_views(struct view a, struct view b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int
compare(const struct value *a, const struct value *b)
{
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (a->text.n == 0 || b->text.n == 0)
		return (a->text.n > 0) - (b->text.n > 0);
	return compare_views(a->text, b->text);
}

/* a and b are numbers of matches. */
static bool
match_before(const void *a, const void *b, const void *arg)
{
	const uint32_t *x = a, *y = b;
	const struct gathering *g = arg;
	size_t n = g->sort->n;

	for (size_t k = 0; k < n; k++) {
		int order = compare(&g->values[*x * n + k],
		    &g->values[*y * n + k]);

		if (order != 0)
			return g->sort->key[k].reverse ? order > 0 : order < 0;
	}
	return *x < *y;
}

struct merging {
	size_t size;
	bool (*before)(const void *a, const void *b, const void *arg);
	const void *arg;
	unsigned steps;
};

/* Two sorted runs, [0, middle) and [middle, n), into another array. */
static void
merge(struct merging *m, const char *from, size_t middle, size_t n, char *to)
{
	const char *a = from, *b = from + middle * m->size;
	const char *a_end = b, *b_end = from + n * m->size;

	for (; a < a_end || b < b_end; to += m->size) {
		bool first = b == b_end ||
		    (a < a_end && m->before(a, b, m->arg));
		const char **next = first ? &a : &b;

		memcpy(to, *next, m->size);
		*next += m->size;
		if (++m->steps % STEPS_TURN == 0)
			give_way();
	}
}

void
sort_slowly(void *v, size_t n, size_t size,
    bool (*before)(const void *a, const void *b, const void *arg),
    const void *arg)
{
	struct merging m = { size, before, arg, 0 };
	char *from = v, *to, *spare;

	if (n < 2)
		return;
	to = spare = xmalloc(n * size);
	for (size_t run = 1; run < n; run *= 2) {
		char *swap = from;

		for (size_t i = 0; i < n; i += 2 * run) {
			size_t left = n - i;

			merge(&m, from + i * size, run < left ? run : left,
			    2 * run < left ? 2 * run : left, to + i * size);
		}
		from = to;
		to = swap;
	}
	if (from == spare)
		memcpy(v, spare, n * size);
	free(spare);
}

static void
arrange(const struct gathering *g, struct matches *m)
{
	uint32_t *order = xmalloc((m->n + 1) * sizeof(*order));
	struct match *sorted = xmalloc((m->n + 1) * sizeof(*sorted));

	for (size_t i = 0; i < m->n; i++)
		order[i] = (uint32_t)i;
	sort_slowly(order, m->n, sizeof(*order), match_before, g);
	for (size_t i = 0; i < m->n; i++)
		sorted[i] = m->v[order[i]];
	free(order);
	free(m->v);
	m->v = sorted;
}

bool
sort_run(struct imap *im, const struct sort *s, struct matches *m,
    struct why *w)
{
	struct gathering g = { .box = im->box, .sort = s, .m = m };
	bool fine;

	g.values = xcalloc(m->n * s->n + 1, sizeof(*g.values));
	fine = gather(im, &g, w);
	if (fine)
		arrange(&g, m);
	free(g.values);
	arena_reset(&g.arena);
	return fine;
}
