/* SPDX-License-Identifier: ISC */
/*
 * cmd_search - SEARCH and UID SEARCH (RFC 3501 6.4.4, RFC 9051 6.4.4)
 */
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/result.h"

enum answer
cmd_search(struct imap *im, struct parse *p)
{
	struct search *s = arena_zalloc(&im->arena, sizeof(*s));
	struct result r = { .name = "SEARCH" };
	struct matches m;
	struct why w = { 0 };

	s->im = im;
	s->box = im->box;
	parse_space(p);
	result_parse(&r, p);
	if (!r.extended && imap_has(im, FEATURE_REV2)) {
		r.extended = true;	/* RFC 9051 E 4 */
		r.want = RESULT_ALL;
	}
	search_parse(s, p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	r.modseq = s->modseq;
	if (s->modseq)
		im->enabled |= FEATURE_CONDSTORE;
	if (s->unknown_charset) {
		result_failed(im, &r);
		return answer_no(im, "[BADCHARSET (US-ASCII UTF-8)] Unknown "
				     "character set");
	}
	if (!search_run(im, s, &m, &w)) {
		result_failed(im, &r);
		return answer_why(im, &w);
	}
	result_put(im, &r, &m);
	matches_free(&m);
	return ANSWER_OK;
}
