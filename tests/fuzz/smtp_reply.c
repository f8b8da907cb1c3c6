/* SPDX-License-Identifier: ISC */
/*
 * smtp_reply - lines as replies, and what EHLO's offers
 */
#include "smtp/features.h"
#include "smtp/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct response *r)
{
	struct arena a = { 0 };
	struct outcome o = { .arena = &a, .relay = VIEW_NONE };
	struct features f;
	struct view line;
	size_t at = 0, lines = 0;

	must(r->code >= 200 && r->code <= 599);
	must(r->text.n >= 3 && r->text.n <= RESPONSE_MOST);
	while (response_line(r, &at, &line))
		lines++;
	must(lines > 0);
	features_read(r, &a, &f);
	must(!(f.bits & FEATURE_BINARYMIME) || f.bits & FEATURE_CHUNKING);
	outcome_said(&o, "host[ip]", PHASE_RCPT, r);
	must(o.verdict == VERDICT_NEVER || o.verdict == VERDICT_LATER);
	must((o.verdict == VERDICT_NEVER) == (r->code >= 500));
	must(view_find(o.sentence, '\n') == o.sentence.n);
	must(view_find(o.sentence, '\0') == o.sentence.n);
	outcome_accepted(&o, r);
	must(o.sentence.n == r->text.n);
	arena_reset(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size);
	struct response r = { 0 };

	while (in.n > 0) {
		enum response_end e = response_add(&r, view_cut(&in, '\n'));

		must(e != RESPONSE_TIMEOUT);
		if (e == RESPONSE_COMPLETE)
			look(&r);
		if (e != RESPONSE_LOST)
			response_reset(&r);
	}
	response_free(&r);
	return 0;
}
