/* SPDX-License-Identifier: ISC */
/*
 * queue_million - what a heap of deferred mail costs a start, and memory
 *
 * A hundred thousand mails here, so that a test takes no time; MAILS=1000000 in
 * the environment is the real thing. Each has one recipient at one of some
 * thousand next hosts and a reason why it waits.
 */
#include "queue_sample.h"

#include <malloc.h>

#include "lib/base/clock.h"
#include "queue/schedule.h"

#define HOSTS		5000
#define OCTETS_MOST	400	/* of memory for each */

/* The envelope and what became of its first try. */
static void
put_mail(struct str *batch, uint64_t n, struct str *rcpts)
{
	static const struct settles nothing;
	char address[64], hop[32], sentence[128];
	uint64_t id = 1700000000000000u + n * 1000;
	struct mail_head h = sample_head;
	struct rcpt_texts t = { .transport = VIEW_LIT("smtp") };
	struct mail *m;

	snprintf(hop, sizeof(hop), "host%u.example", (unsigned)(n % HOSTS));
	snprintf(address, sizeof(address), "somebody%u@%s", (unsigned)n, hop);
	snprintf(sentence, sizeof(sentence), "connect to mx.%s[192.0.2.%u]:25: "
	    "Connection timed out", hop, (unsigned)(n % 250));
	t.original = t.address = view_of(address);
	t.destination = view_of(hop);
	str_reset(rcpts);
	mail_write_rcpt(rcpts, NULL, &t, 0);
	mail_write_new(batch, id, &h, str_view(rcpts), &nothing);
	m = mail_make(id, &h, str_view(rcpts), 1);
	m->rcpt[0].tries = 1;
	m->rcpt[0].due = schedule_now() + 100 + (uint32_t)n % 10000;
	m->rcpt[0].why = reason_take(VIEW_LIT("4.1"), view_of(sentence),
	    view_of(hop), VIEW_NONE);
	note_verdict(batch, m, 0);
	mail_free(&m);
}

static size_t
in_use(void)
{
	struct mallinfo2 i = mallinfo2();

	return i.uordblks + i.hblkhd;
}

static void
starts_soon_and_small(void **state UNUSED)
{
	const char *many = getenv("MAILS");
	uint64_t mails = many != NULL ? strtoull(many, NULL, 10) : 100000;
	struct str batch = { 0 }, rcpts = { 0 };
	struct replay r = { 0 };
	size_t before = in_use(), each;
	int64_t took = 0, began;
	uint32_t segment = 1;
	struct mail *m;

	ledger_clear();
	ledger_segments(segment);
	for (uint64_t n = 0; n < mails; segment++) {
		str_reset(&batch);
		while (n < mails && batch.n < SEGMENT_SIZE - 4096)
			put_mail(&batch, n++, &rcpts);
		journal_seal(segment, batch.p, batch.n);
		began = clock_ms();
		replay_segment(str_view(&batch), segment, &r);
		took += clock_ms() - began;
	}
	began = clock_ms();
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		schedule_put(m);
	took += clock_ms() - began;
	str_free(&batch);
	str_free(&rcpts);
	assert_int_equal(ledger_count(), mails);
	each = (in_use() - before) / mails;
	print_message("%llu mails: %lld ms, %zu octets each\n",
	    (unsigned long long)mails, (long long)took, each);
	assert_true(each < OCTETS_MOST);
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		schedule_remove(m);
	replay_free(&r);
	ledger_clear();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_soon_and_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
