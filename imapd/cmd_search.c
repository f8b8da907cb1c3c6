/* SPDX-License-Identifier: ISC */
/*
 * cmd_search - SEARCH and UID SEARCH (RFC 3501 6.4.4)
 *
 * First every message is judged by its record; those for which that was not
 * enough are then opened, FDS_MAX at a time. Numbers stay in their order.
 */
#include <stdlib.h>

#include "imapd/commands.h"
#include "imapd/search.h"

#define RECORDS_TURN 4096

/* A message that may match. */
struct candidate {
	uint32_t index, seq;
	enum verdict_of_key verdict;
};

struct candidates {
	struct candidate *v;
	size_t n, size;
};

static void
add(struct candidates *c, struct candidate one)
{
	if (c->n == c->size) {
		c->size = c->size ? c->size * 2 : 64;
		c->v = xrealloc(c->v, c->size * sizeof(*c->v));
	}
	c->v[c->n++] = one;
}

static enum verdict_of_key
judge(struct search *s, const struct candidate *c)
{
	s->seq = c->seq;
	record_get(box_record(s->box, c->index), &s->record);
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
		struct candidate one = { .index = w.index, .seq = w.seq };

		one.verdict = judge(s, &one);
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
			    c->v[*at].index);
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
		    judge(s, &c->v[k]) :
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
	size_t at = 0, from = 0;
	bool fine = true;

	s->content = content;
	while (fine && next_files(s, c, &at, files)) {
		fine = contents_open(im, files, w);
		if (fine)
			judge_files(s, c, from, files);
		contents_close(files);
		from = at;
	}
	content_free(content);
	return fine;
}

static void
put_result(struct imap *im, const struct candidates *c)
{
	out_puts(im, "* SEARCH");
	for (size_t i = 0; i < c->n && out_push(im); i++)
		if (c->v[i].verdict == KEY_YES)
			out_printf(im, " %u", im->uid ?
				box_uid(im->box, c->v[i].index) :
				c->v[i].seq);
	out_puts(im, "\r\n");
}

enum answer
cmd_search(struct imap *im, struct parse *p)
{
	struct search *s = arena_zalloc(&im->arena, sizeof(*s));
	struct candidates c = { 0 };
	struct why w = { 0 };
	bool fine;

	s->box = im->box;
	parse_space(p);
	search_parse(s, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (s->unknown_charset)
		return answer_no(im, "[BADCHARSET (US-ASCII UTF-8)] Unknown "
				     "character set");
	judge_records(s, &c);
	fine = judge_contents(im, s, &c, &w);
	if (fine)
		put_result(im, &c);
	free(c.v);
	return fine ? ANSWER_OK : answer_why(im, &w);
}
