/* SPDX-License-Identifier: ISC */
/*
 * mail_summary - what a summary says is what the header says
 *
 * ENVELOPE of both is the same, and so is every field that summaries have.
 */
#include "lib/mail/envelope.h"
#include "lib/mail/header.h"
#include "lib/mail/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_fields(struct view a, struct view b)
{
	struct header x, y;

	while (header_next(&a, &x)) {
		if (x.name.n == 0 || !summary_has(x.name))
			continue;
		must(header_next(&b, &y));
		/* the last line of a header may lack its end */
		must(view_eq(x.value, y.value) &&
		    (view_eq(x.whole, y.whole) || a.n == 0));
	}
	must(!header_next(&b, &y));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str summary = { 0 }, one = { 0 }, other = { 0 };
	struct view header = view_bytes(data, size);

	header.n = header_size(header);
	summary_make(&summary, header);
	str_adds(&summary, "\r\n");
	check_fields(header, str_view(&summary));
	envelope_write(&one, header);
	envelope_write(&other, str_view(&summary));
	must(view_eq(str_view(&one), str_view(&other)));
	str_free(&summary);
	str_free(&one);
	str_free(&other);
	return 0;
}
