/* SPDX-License-Identifier: ISC */
/*
 * queue_sample - mails and scratch directories for the tests of queue
 */
#ifndef TESTS_QUEUE_SAMPLE_H
#define TESTS_QUEUE_SAMPLE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "lib/mail/journal.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/replay.h"

static UNUSED const struct mail_head sample_head = {
	.size = 1234, .skip = 30, .body = 1, .ret = 2,
	.sender = { "sender@example.org", 18 }, .envid = { "e1", 2 } };

/* The k-th recipient of a sample: every third is an alias. */
static UNUSED struct rcpt_texts
sample_texts(uint32_t k, char text[32])
{
	snprintf(text, 32, "user%u@example.test", k);
	return (struct rcpt_texts){
		.original = k % 3 == 2 ? VIEW_LIT("alias@example.test") :
					 view_of(text),
		.transport = VIEW_LIT("local"), .destination = view_of(text),
		.address = view_of(text),
		.orcpt = k % 2 ? VIEW_LIT("rfc822;x@y") : VIEW_NONE };
}

static UNUSED void
sample_rcpts(struct str *out, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		char text[32];
		struct rcpt_texts t = sample_texts(k, text);

		mail_write_rcpt(out, NULL, &t, (uint8_t)(k % 4));
	}
}

/* The records of a mail with n recipients. */
static UNUSED void
sample_mail(struct str *batch, uint64_t id, uint32_t n)
{
	static const struct settles nothing;
	struct str rcpts = { 0 };

	sample_rcpts(&rcpts, n);
	mail_write_new(batch, id, &sample_head, str_view(&rcpts), &nothing);
	str_free(&rcpts);
}

/* Seal a batch as segment number 1 and read it into an empty ledger. */
static UNUSED void
sample_replay(struct str *batch, struct replay *r)
{
	*r = (struct replay){ 0 };
	ledger_clear();
	journal_seal(1, batch->p, batch->n);
	replay_segment(str_view(batch), 1, r);
	str_free(&r->mail.rcpts);
}

/* Octets up to the end of the n-th record. */
static UNUSED size_t
sample_records(const struct str *batch, size_t n)
{
	size_t at = 0;

	for (; n > 0; n--) {
		struct bytes b = { .rest = view_skip(str_view(batch), at + 8) };

		at += (RECORD_HEAD + get_u32(&b) + 7) / 8 * 8;
	}
	return at;
}

static UNUSED int
sample_dir(char path[64])
{
	snprintf(path, 64, "/tmp/queue-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY);
}

static UNUSED void
sample_dir_remove(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

#endif
