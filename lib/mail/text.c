/* SPDX-License-Identifier: ISC */
/*
 * text - line ends and dots, in runs
 *
 * Each machine looks for the next octet that matters with memchr and copies
 * what lies before it in one piece. Room is asked for once per chunk.
 */
#include "lib/mail/text.h"

static const char *
find(const char *p, const char *end, char c)
{
	const char *at = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

	return at ? at : end;
}

static void
wire_line_end(struct text_wire *t, struct str *out)
{
	str_addn(out, "\r\n", 2);
	t->cr = t->open = false;
}

/* A CR was held back and c follows; true if c was its LF and is used up. */
static bool
wire_after_cr(struct text_wire *t, char c, struct str *out)
{
	if (c == '\n' || t->bare_cr_ends) {
		wire_line_end(t, out);
		return c == '\n';
	}
	str_addc(out, '\r');
	t->cr = false;
	t->open = true;
	return false;
}

void
text_wire(struct text_wire *t, struct view in, struct str *out)
{
	const char *p = in.p, *end = in.p + in.n, *lf = NULL, *cr = NULL;

	while (p < end) {
		const char *at;

		if (t->cr && wire_after_cr(t, *p, out)) {
			p++;
			continue;
		}
		if (lf == NULL || lf < p)
			lf = find(p, end, '\n');
		if (cr == NULL || cr < p)
			cr = find(p, end, '\r');
		at = lf < cr ? lf : cr;
		if (at > p) {
			str_addn(out, p, (size_t)(at - p));
			t->open = true;
		}
		if (at == end)
			break;
		if (*at == '\r')
			t->cr = true;
		else
			wire_line_end(t, out);
		p = at + 1;
	}
}

void
text_wire_end(struct text_wire *t, struct str *out)
{
	if (t->cr || t->open)
		wire_line_end(t, out);
}

enum unstuff_state { LINE_START, DOT, DOT_CR, INSIDE, AFTER_CR };

static void
give(struct text_unstuff *t, const char *from, const char *to, struct str *out)
{
	size_t n = (size_t)(to - from);

	if (n == 0)
		return;
	t->nul = t->nul || memchr(from, '\0', n) != NULL;
	t->size += n;
	str_addn(out, from, n);
}

static void
unstuff_line_end(struct text_unstuff *t)
{
	if (t->line > t->longest)
		t->longest = t->line;
	t->line = 0;
	t->state = LINE_START;
}

/* Go on from inside a line to behind its CR LF, or to the end of the chunk.
 * lf is its LF, or end. */
static const char *
unstuff_inside(struct text_unstuff *t, const char *p, const char *end,
    const char *lf)
{
	const char *cr = find(p, lf, '\r');

	while (cr + 1 < lf) {
		t->bare_cr = true;
		cr = find(cr + 1, lf, '\r');
	}
	t->line += (uint64_t)(cr - p);
	if (cr < lf && lf < end) {
		unstuff_line_end(t);
		return lf + 1;
	}
	if (cr < lf && cr + 1 == end) {
		t->state = AFTER_CR;
		return end;
	}
	if (lf == end)
		return end;
	t->bare_lf = true;
	t->line++;
	return lf + 1;
}

/* c follows a CR: true if it is its LF, else the CR was a bare one. */
static bool
unstuff_after_cr(struct text_unstuff *t, char c)
{
	if (c == '\n')
		return true;
	t->bare_cr = true;
	t->line++;
	t->state = INSIDE;
	return false;
}

/* Go on at p, where no dot at the beginning of a line counts. */
static const char *
unstuff_plain(struct text_unstuff *t, const char *p, const char *end)
{
	if (t->state == AFTER_CR) {
		if (!unstuff_after_cr(t, *p))
			return p;
		unstuff_line_end(t);
		return p + 1;
	}
	t->state = INSIDE;
	return unstuff_inside(t, p, end, find(p, end, '\n'));
}

size_t
text_unstuff(struct text_unstuff *t, struct view in, struct str *out)
{
	const char *p = in.p, *end = in.p + in.n, *run = p;

	while (p < end && !t->done) {
		if (t->state == LINE_START && *p == '.') {
			give(t, run, p, out);
			run = ++p;
			t->state = DOT;
		} else if (t->state == DOT && *p == '\r') {
			run = ++p;	/* held back: it may be the end */
			t->state = DOT_CR;
		} else if (t->state == DOT_CR) {
			t->done = unstuff_after_cr(t, *p);
			if (t->done)
				run = ++p;
			else
				give(t, "\r", &"\r"[1], out);
		} else {
			p = unstuff_plain(t, p, end);
		}
	}
	give(t, run, p, out);
	return (size_t)(p - in.p);
}

void
text_lines(struct text_unstuff *t, struct view in, struct str *out)
{
	const char *p = in.p, *end = in.p + in.n;

	while (p < end)
		p = unstuff_plain(t, p, end);
	give(t, in.p, end, out);
}

void
text_lines_end(struct text_unstuff *t, struct str *out)
{
	static const char end[] = "\r\n";

	if (t->state == LINE_START)
		return;
	t->bare_cr = t->bare_cr || t->state == AFTER_CR;
	unstuff_line_end(t);
	give(t, end, end + 2, out);
}

/* The clean form: one line, or the part of it up to a stray CR or LF. *run is
 * the beginning of what is not yet copied. */
static const char *
clean_line(struct text_stuff *t, struct view line, const char **run,
    struct str *out)
{
	const char *p = line.p, *end = line.p + line.n;
	bool lf = end[-1] == '\n';
	const char *cr = find(p, end, '\r');

	t->inside = false;
	if (lf && cr + 2 == end)
		return end;	/* as it should be */
	if (cr == end && !lf) {
		t->inside = true;
		return end;
	}
	if (cr == end)
		cr--;		/* the bare LF */
	str_addn(out, *run, (size_t)(cr - *run));
	*run = cr + 1;
	if (*run == end && !lf)
		t->cr = true;	/* the next chunk tells */
	else
		str_addn(out, "\r\n", 2);
	return *run;
}

static void
replace_nul(struct str *out, size_t from)
{
	char *p = out->p + from, *end = out->p + out->n;

	while (p < end && (p = memchr(p, '\0', (size_t)(end - p))) != NULL)
		*p++ = '?';
}

static void
stuff_held_cr(struct text_stuff *t, const char **p, struct str *out)
{
	if (**p == '\n')
		(*p)++;
	str_addn(out, "\r\n", 2);
	t->cr = t->inside = false;
}

static void
stuff_clean(struct text_stuff *t, struct view in, struct str *out)
{
	const char *p = in.p, *end = in.p + in.n, *run, *next = p;
	size_t from = out->n;

	if (t->cr)
		stuff_held_cr(t, &p, out);
	for (run = p; p < end;) {
		if (!t->inside && *p == '.') {
			str_addn(out, run, (size_t)(p - run));
			str_addc(out, '.');
			run = p;
		}
		if (next <= p) {
			next = find(p, end, '\n');
			next += next < end;
		}
		p = clean_line(t, (struct view){ p, (size_t)(next - p) },
		    &run, out);
	}
	str_addn(out, run, (size_t)(end - run));
	if (out->n > from)
		replace_nul(out, from);
	t->open = t->inside;
}

static void
stuff_as_is(struct text_stuff *t, struct view in, struct str *out)
{
	const char *p = in.p, *end = in.p + in.n, *run = p;

	while (p < end) {
		if (!t->inside && *p == '.') {
			str_addn(out, run, (size_t)(p - run));
			str_addc(out, '.');
			run = p;
		}
		p = find(p, end, '\n');
		t->inside = p == end;
		p += p < end;
	}
	str_addn(out, run, (size_t)(end - run));
	t->open = end[-1] != '\n' || (in.n > 1 ? end[-2] != '\r' : !t->cr);
	t->cr = end[-1] == '\r';
}

void
text_stuff(struct text_stuff *t, struct view in, struct str *out)
{
	if (in.n == 0)
		return;
	if (t->clean)
		stuff_clean(t, in, out);
	else
		stuff_as_is(t, in, out);
}

void
text_stuff_end(struct text_stuff *t, struct str *out)
{
	if (t->open || (t->clean && t->cr))
		str_addn(out, "\r\n", 2);
	str_addn(out, ".\r\n", 3);
}
