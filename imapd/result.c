/* SPDX-License-Identifier: ISC */
/*
 * result - SEARCH, SORT and ESEARCH responses, and "$"
 *
 * Of several things that are wanted each is written once, in the order of the
 * RFCs. What is saved are UIDs: numbers change, and messages that go just do
 * not match any more.
 */
#include <stdlib.h>

#include "imapd/capability.h"
#include "imapd/result.h"

/* ---- options ---- */

static const struct {
	const char *name;
	unsigned bit;
} options[] = {
	{ "MIN", RESULT_MIN },
	{ "MAX", RESULT_MAX },
	{ "COUNT", RESULT_COUNT },
	{ "ALL", RESULT_ALL },
	{ "SAVE", RESULT_SAVE },
	{ "PARTIAL", RESULT_PARTIAL },
};

void
partial_parse(struct partial *out, struct parse *p)
{
	struct view before = p->rest;
	uint32_t other;

	out->from_end = parse_take(p, '-');
	out->first = (uint32_t)parse_number(p, UINT32_MAX);
	parse_want(p, ':');
	if (out->from_end)
		parse_want(p, '-');
	other = (uint32_t)parse_number(p, UINT32_MAX);
	if (out->first == 0 || other == 0)
		parse_fail(p, "PARTIAL wants numbers from 1 on");
	out->last = other > out->first ? other : out->first;
	out->first = other < out->first ? other : out->first;
	out->text = (struct view){ before.p, before.n - p->rest.n };
}

static void
parse_option(struct result *r, struct parse *p)
{
	size_t i = 0;

	while (i < nitems(options) && !parse_word(p, options[i].name))
		i++;
	if (i == nitems(options) || (r->want & options[i].bit)) {
		parse_fail(p, i == nitems(options) ? "Unknown result option" :
						     "Result option twice");
		return;
	}
	r->want |= options[i].bit;
	if (options[i].bit == RESULT_PARTIAL) {
		parse_space(p);
		partial_parse(&r->partial, p);
	}
}

void
result_parse(struct result *r, struct parse *p)
{
	if (!parse_word(p, "RETURN"))
		return;
	r->extended = true;
	parse_space(p);
	parse_want(p, '(');
	if (!parse_take(p, ')')) {
		do
			parse_option(r, p);
		while (parse_take(p, ' '));
		parse_want(p, ')');
	}
	parse_space(p);
	if (r->want == 0)
		r->want = RESULT_ALL;
	if ((r->want & RESULT_ALL) && (r->want & RESULT_PARTIAL))
		parse_fail(p, "ALL and PARTIAL exclude each other");
}

size_t
partial_of(const struct partial *p, size_t n, size_t *from)
{
	size_t first = p->first, last = p->last < n ? p->last : n;

	*from = 0;
	if (first > n)
		return 0;
	*from = p->from_end ? n - last : first - 1;
	return last - first + 1;
}

/* ---- the response ---- */

static uint32_t
number(const struct imap *im, const struct match *m)
{
	return im->uid ? box_uid(box_looked_at(im), m->index) : m->seq;
}

static void
put_set(struct imap *im, const struct matches *m, size_t from, size_t n)
{
	struct numset_text t;

	numset_begin(&t, &im->out);
	for (size_t i = from; i < from + n && out_push(im); i++)
		numset_put(&t, number(im, &m->v[i]));
	numset_end(&t);
}

static uint64_t
modseq_of(const struct imap *im, const struct match *m)
{
	return record_modseq(box_record(box_looked_at(im), m->index));
}

/* Of what the response names (RFC 4731 3.2). */
static uint64_t
highest(const struct imap *im, const struct result *r, const struct matches *m)
{
	unsigned ends = RESULT_MIN | RESULT_MAX;
	uint64_t most = 0;

	for (size_t i = 0; i < m->n; i++) {
		bool named = !r->extended || (r->want & ~(ends | RESULT_SAVE)) ||
		    (i == 0 && (r->want & RESULT_MIN)) ||
		    (i == m->n - 1 && (r->want & RESULT_MAX));

		if (named && modseq_of(im, &m->v[i]) > most)
			most = modseq_of(im, &m->v[i]);
	}
	return most;
}

static void
put_plain(struct imap *im, const struct result *r, const struct matches *m)
{
	out_printf(im, "* %s", r->name);
	for (size_t i = 0; i < m->n && out_push(im); i++)
		out_printf(im, " %u", number(im, &m->v[i]));
	if (r->modseq && m->n > 0)
		out_printf(im, " (MODSEQ %llu)",
		    (unsigned long long)highest(im, r, m));
	out_puts(im, "\r\n");
}

static void
put_partial(struct imap *im, const struct result *r, const struct matches *m)
{
	size_t from, n = partial_of(&r->partial, m->n, &from);

	out_printf(im, " PARTIAL (%.*s ", VIEW(r->partial.text));
	if (n == 0)
		out_puts(im, "NIL");
	put_set(im, m, from, n);
	out_puts(im, ")");
}

static void
put_extended(struct imap *im, const struct result *r, const struct matches *m)
{
	if (r->want == RESULT_SAVE)
		return;
	out_printf(im, "* ESEARCH (TAG \"%.*s\"", VIEW(im->tag));
	if (r->mailbox.n > 0) {
		out_puts(im, " MAILBOX ");
		out_mailbox(im, r->mailbox);
		out_printf(im, " UIDVALIDITY %u", r->uidvalidity);
	}
	out_puts(im, im->uid ? ") UID" : ")");
	if ((r->want & RESULT_MIN) && m->n > 0)
		out_printf(im, " MIN %u", number(im, &m->v[0]));
	if ((r->want & RESULT_MAX) && m->n > 0)
		out_printf(im, " MAX %u", number(im, &m->v[m->n - 1]));
	if (r->want & RESULT_COUNT)
		out_printf(im, " COUNT %zu", m->n);
	if (r->want & RESULT_PARTIAL)
		put_partial(im, r, m);
	if (r->modseq && m->n > 0)
		out_printf(im, " MODSEQ %llu",
		    (unsigned long long)highest(im, r, m));
	if ((r->want & RESULT_ALL) && m->n > 0) {
		out_puts(im, " ALL ");
		put_set(im, m, 0, m->n);
	}
	out_puts(im, "\r\n");
}

/* ---- saving ---- */

static int
uid_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Is the i-th of n kept? All are, unless ends or a part were wanted alone. */
static bool
is_saved(const struct result *r, size_t i, size_t n)
{
	size_t from, part;

	if (!(r->want & (RESULT_MIN | RESULT_MAX | RESULT_PARTIAL)) ||
	    (r->want & (RESULT_ALL | RESULT_COUNT)))
		return true;
	if ((r->want & RESULT_PARTIAL)) {
		part = partial_of(&r->partial, n, &from);
		if (i >= from && i - from < part)
			return true;
	}
	return (i == 0 && (r->want & RESULT_MIN)) ||
	    (i == n - 1 && (r->want & RESULT_MAX));
}

static void
save(struct imap *im, const struct result *r, const struct matches *m)
{
	uint32_t *uids = xmalloc((m->n + 1) * sizeof(*uids));
	struct numset_text t;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (is_saved(r, i, m->n))
			uids[n++] = box_uid(im->box, m->v[i].index);
	qsort(uids, n, sizeof(*uids), uid_cmp);
	str_reset(&im->box->saved);
	numset_begin(&t, &im->box->saved);
	for (size_t i = 0; i < n; i++)
		numset_put(&t, uids[i]);
	numset_end(&t);
	free(uids);
}

void
result_put(struct imap *im, const struct result *r, const struct matches *m)
{
	if (r->want & RESULT_SAVE)
		save(im, r, m);
	if (r->extended)
		put_extended(im, r, m);
	else
		put_plain(im, r, m);
}

void
result_failed(struct imap *im, const struct result *r)
{
	if (r->want & RESULT_SAVE)
		str_free(&im->box->saved);
}

struct numset
result_saved(struct imap *im)
{
	struct numset set = { 0 };

	if (im->box->saved.n > 0)
		must(numset_parse(str_view(&im->box->saved), 0, &im->arena,
		    &set));
	return set;
}
