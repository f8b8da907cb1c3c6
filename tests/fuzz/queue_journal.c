/* SPDX-License-Identifier: ISC */
/*
 * queue_journal - any bytes as a segment, and any payloads in valid records
 *
 * The input is read twice: as it is, and as a row of (type u8, length u8,
 * payload) that is sealed into records, so that what stands behind the checksum
 * is reached, too. Whatever came of it is written again and read again, and
 * must be the same.
 */
#include "lib/mail/journal.h"
#include "queue/ledger.h"
#include "queue/replay.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
replay(struct view segment)
{
	struct replay r = { 0 };

	ledger_clear();
	replay_segment(segment, 1, &r);
	replay_free(&r);
}

static void
seal(struct view in, struct str *out)
{
	while (in.n >= 2) {
		size_t n = (unsigned char)in.p[1];
		size_t begin = record_begin(out, (unsigned char)in.p[0] %
		    RECORD_LIMIT);

		in = view_skip(in, 2);
		if (n > in.n)
			n = in.n;
		str_addn(out, in.p, n);
		record_end(out, begin);
		in = view_skip(in, n);
	}
	journal_seal(1, out->p, out->n);
}

static void
write_all(struct str *out)
{
	struct mail *m;

	for (size_t at = 0; (m = ledger_next(&at)) != NULL;) {
		uint32_t unsettled = 0;

		for (uint32_t i = 0; i < m->nrcpt; i++) {
			struct rcpt_texts t = mail_texts(m, i);

			must(t.address.n <= UINT16_MAX);
			unsettled += m->rcpt[i].state != RCPT_SETTLED;
		}
		must(unsettled == m->unsettled);
		mail_write(out, m);
	}
	journal_seal(1, out->p, out->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str once = { 0 }, again = { 0 };
	size_t mails;

	replay(view_bytes(data, size));
	seal(view_bytes(data, size), &once);
	replay(str_view(&once));
	mails = ledger_count();
	str_reset(&once);
	write_all(&once);
	replay(str_view(&once));
	must(ledger_count() == mails);
	write_all(&again);
	must(again.n == once.n);
	str_free(&once);
	str_free(&again);
	return 0;
}
