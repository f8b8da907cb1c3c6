/* SPDX-License-Identifier: ISC */
/*
 * cmd_sort - SORT and THREAD (RFC 5256; RFC 5267 2 for RETURN)
 *
 * Both are a search first, whose character set must be said.
 */
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/result.h"
#include "imapd/sort.h"
#include "imapd/thread.h"

/* The search behind the options; false with *answer. */
static bool
find(struct imap *im, struct parse *p, struct search *s, struct matches *m,
    enum answer *answer)
{
	struct why w = { 0 };

	s->im = im;
	s->box = im->box;
	search_parse_charset(s, p);
	if (!parse_end(p)) {
		*answer = answer_syntax(im, p);
		return false;
	}
	if (s->unknown_charset) {
		*answer = answer_no(im, "[BADCHARSET (US-ASCII UTF-8)] Unknown "
					"character set");
		return false;
	}
	if (s->modseq)
		im->enabled |= FEATURE_CONDSTORE;
	if (!search_run(im, s, m, &w)) {
		*answer = answer_why(im, &w);
		return false;
	}
	return true;
}

enum answer
cmd_sort(struct imap *im, struct parse *p)
{
	struct search *s = arena_zalloc(&im->arena, sizeof(*s));
	struct sort *sort = arena_zalloc(&im->arena, sizeof(*sort));
	struct result r = { .name = "SORT" };
	struct matches m = { 0 };
	enum answer answer = ANSWER_OK;
	struct why w = { 0 };

	parse_space(p);
	result_parse(&r, p);
	sort_parse(sort, p);
	parse_space(p);
	if (!find(im, p, s, &m, &answer)) {
		if (answer == ANSWER_NO)
			result_failed(im, &r);
		return answer;
	}
	r.modseq = s->modseq;
	if (sort_run(im, sort, &m, &w)) {
		result_put(im, &r, &m);
	} else {
		result_failed(im, &r);
		answer = answer_why(im, &w);
	}
	matches_free(&m);
	return answer;
}

enum answer
cmd_thread(struct imap *im, struct parse *p)
{
	struct search *s = arena_zalloc(&im->arena, sizeof(*s));
	enum thread_kind kind = THREAD_REFERENCES;
	struct matches m = { 0 };
	enum answer answer = ANSWER_OK;
	struct why w = { 0 };

	parse_space(p);
	if (parse_word(p, "ORDEREDSUBJECT"))
		kind = THREAD_ORDEREDSUBJECT;
	else if (!parse_word(p, "REFERENCES"))
		parse_fail(p, "ORDEREDSUBJECT or REFERENCES expected");
	parse_space(p);
	if (!find(im, p, s, &m, &answer))
		return answer;
	if (!thread_run(im, kind, &m, &w))
		answer = answer_why(im, &w);
	matches_free(&m);
	return answer;
}
