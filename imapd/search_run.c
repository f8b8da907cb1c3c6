/* SPDX-License-Identifier: ISC */
/*
 * search_run - which messages of the mailbox match
 *
 * First every message is judged by its record; those for which that was not
 * enough by what store keeps of them, KNOWN_MOST at a time; and what is then still
 * open is opened, FDS_MAX at a time. Numbers stay in their order.
 */
#include <stdlib.h>

#include "imapd/digests.h"
#include "imapd/progress.h"
#include "imapd/search.h"

#define RECORDS_TURN 4096

/* A message that may match. */
struct candidate {
	struct match match;
	enum verdict_of_key verdict;
};

struct candidates {
	struct candidate *v;
	size_t n, size, open;		/* open: need their content */
};

static void
add(struct candidates *c, struct candidate one)
{
	c->v = xgrow(c->v, c->n, &c->size, sizeof(*c->v));
	c->open += one.verdict == KEY_NEEDS_CONTENT;
	c->v[c->n++] = one;
}

static enum verdict_of_key
judge(struct search *s, const struct match *m)
{
	s->seq = m->seq;
	record_get(box_record(s->box, m->index), &s->record);
	return search_test(s);
}

/* Many keys and many messages take their time: others get their turn. */
static void
judge_records(struct search *s, struct candidates *c)
{
	unsigned looked = 0;
	struct walk w;

	walk_begin(&w, s->box, NULL, false);
	while (walk_next(&w)) {
		struct candidate one = { .match = { w.index, w.seq } };

		one.verdict = judge(s, &one.match);
		if (one.verdict != KEY_NO)
			add(c, one);
		if (++looked % RECORDS_TURN == 0)
			give_way();
	}
}

/* The next open questions from c->v[*at] on: their files. */
static bool
next_files(const struct search *s, const struct candidates *c, size_t *at,
    struct contents *files)
{
	files->n = 0;
	for (; *at < c->n && files->n < FDS_MAX; ++*at)
		if (c->v[*at].verdict == KEY_NEEDS_CONTENT)
			files->uid[files->n++] = box_uid(s->box,
			    c->v[*at].match.index);
	return files->n > 0;
}

static void
judge_files(struct search *s, struct candidates *c, size_t from,
    struct contents *files)
{
	uint32_t i = 0;

	for (size_t k = from; i < files->n; k++) {
		if (c->v[k].verdict != KEY_NEEDS_CONTENT)
			continue;
		c->v[k].verdict = files->fd[i] >= 0 &&
			content_begin(s->content, files->fd[i]) ?
		    judge(s, &c->v[k].match) :
		    KEY_NO;
		i++;
	}
}

static bool
judge_contents(struct imap *im, struct search *s, struct candidates *c,
    struct why *w)
{
	struct content *content = arena_zalloc(&im->arena, sizeof(*content));
	struct contents *files = arena_alloc(&im->arena, sizeof(*files));
	size_t at = 0, from = 0, done = 0;
	struct progress progress;
	bool fine = true;

	s->content = content;
	progress_begin(&progress, im, c->open);
	while (fine && next_files(s, c, &at, files)) {
		done += files->n;
		fine = contents_open(im, files, w);
		if (fine)
			judge_files(s, c, from, files);
		contents_close(files);
		from = at;
		if (fine && !progress_at(&progress, done))
			fine = why_later(w, "3.0", "Connection closed");
	}
	content_free(content);
	return fine;
}

/* The next that are open, from c->v[at] on. */
static void
next_digests(const struct search *s, const struct candidates *c, size_t at,
    struct digests *d)
{
	d->n = 0;
	for (; at < c->n && d->n < KNOWN_MOST; at++)
		if (c->v[at].verdict == KEY_NEEDS_CONTENT)
			d->uid[d->n++] = box_uid(s->box,
			    c->v[at].match.index);
}

/* What could not be read stays open, so that it is told. Returns where the next
 * batch begins. */
static size_t
judge_batch(struct search *s, struct candidates *c, size_t from,
    const struct digests *d)
{
	uint32_t i = 0;
	size_t k = from;

	for (; i < d->n; k++) {
		if (c->v[k].verdict != KEY_NEEDS_CONTENT)
			continue;
		digests_show(d, i, s->content);
		if (digests_has(d, i))
			c->v[k].verdict = judge(s, &c->v[k].match);
		c->open -= c->v[k].verdict != KEY_NEEDS_CONTENT;
		i++;
	}
	return k;
}

/* By what is known without opening them; it leaves few open, mostly none. */
static bool
judge_digests(struct imap *im, struct search *s, struct candidates *c,
    struct why *w)
{
	struct digests *d = arena_zalloc(&im->arena, sizeof(*d));
	struct content content = { 0 };
	size_t at = 0, done = 0, all = c->open;
	struct progress progress;
	bool fine = true;

	s->content = &content;
	progress_begin(&progress, im, all);
	digests_begin(d, im, (s->headers ? WANT(CACHE_HEADER) : 0) |
	    (s->grams ? WANT(CACHE_GRAMS) : 0));
	while (fine && done < all) {
		next_digests(s, c, at, d);
		fine = digests_get(d, w);
		done += d->n;
		if (fine)
			at = judge_batch(s, c, at, d);
		if (fine && !progress_at(&progress, done))
			fine = why_later(w, "3.0", "Connection closed");
		give_way();
	}
	digests_end(d);
	content_free(&content);
	s->content = NULL;
	return fine;
}

bool
search_run(struct imap *im, struct search *s, struct matches *out,
    struct why *w)
{
	struct candidates c = { 0 };
	bool fine;

	*out = (struct matches){ 0 };
	judge_records(s, &c);
	fine = true;
	if (c.open > 0 && (s->headers || s->grams))
		fine = judge_digests(im, s, &c, w);
	if (fine && c.open > 0)
		fine = judge_contents(im, s, &c, w);
	if (fine && c.n > 0)
		out->v = xmalloc(c.n * sizeof(*out->v));
	for (size_t i = 0; fine && i < c.n; i++)
		if (c.v[i].verdict == KEY_YES)
			out->v[out->n++] = c.v[i].match;
	free(c.v);
	return fine;
}

void
matches_free(struct matches *m)
{
	free(m->v);
	*m = (struct matches){ 0 };
}
