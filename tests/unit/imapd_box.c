/* SPDX-License-Identifier: ISC */
/*
 * imapd_box - numbers of messages stay right whatever happens to the mailbox
 *
 * A client that only hears what the server says must count as the server does.
 * The model is that client: an array of UIDs, changed by the untagged responses
 * alone and compared with the box after each of 20,000 random steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "imapd_fake.h"
#include "imapd/renew.h"
#include "imapd/sync.h"

static uint64_t seed = 1;

static uint32_t
any(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static void
put_record(uint8_t *to, uint32_t uid, uint32_t flags, uint64_t modseq)
{
	struct record r = { .uid = uid, .flags = flags, .modseq = modseq };

	record_put(to, &r);
}

static struct box *
box_of(uint32_t count)
{
	uint8_t *bytes = xmalloc(count * RECORD_SIZE + 1);
	struct box *b = box_new();
	int fd;

	for (uint32_t i = 0; i < count; i++)
		put_record(bytes + i * RECORD_SIZE, 2 * (i + 1), 0, 1);
	fd = file_memfd("index", view_bytes(bytes, count * RECORD_SIZE));
	assert_true(box_map(b, fd, count));
	close(fd);
	free(bytes);
	b->uidnext = 2 * count + 1;
	return b;
}

/* ---- the client ---- */

struct client {
	uint32_t *uid;
	uint32_t n, room;
};

/* UIDs of new messages are asked for, as a client does. */
static void
hear(struct client *c, struct imap *im)
{
	struct view rest = str_view(&im->out);

	while (rest.n > 0) {
		struct view line = view_cut(&rest, '\n');
		char text[128];
		unsigned n;

		assert_true(line.n < sizeof(text));
		memcpy(text, line.p, line.n);
		text[line.n] = '\0';
		if (sscanf(text, "* %u EXPUNGE", &n) != 1 ||
		    strstr(text, "EXPUNGE") == NULL)
			continue;
		assert_in_range(n, 1, c->n);
		memmove(c->uid + n - 1, c->uid + n,
		    (c->n - n) * sizeof(*c->uid));
		c->n--;
	}
	while (c->n < box_count(im->box)) {
		assert_true(c->n < c->room);
		c->uid[c->n] = box_uid(im->box, box_index(im->box, c->n + 1));
		c->n++;
	}
	str_reset(&im->out);
}

static void
compare(const struct client *c, const struct box *b)
{
	struct walk w;
	uint32_t n = 0;

	assert_int_equal(box_count(b), c->n);
	walk_begin(&w, b, NULL, false);
	while (walk_next(&w)) {
		assert_int_equal(w.seq, n + 1);
		assert_int_equal(box_uid(b, w.index), c->uid[n]);
		assert_int_equal(box_index(b, w.seq), w.index);
		n++;
	}
	assert_int_equal(n, c->n);
	assert_int_equal(box_last_uid(b), c->n > 0 ? c->uid[c->n - 1] : 0);
}

/* ---- store ---- */

static void
step(struct box *b, uint32_t *uidnext, uint64_t *modseq)
{
	uint8_t bytes[3 * RECORD_SIZE];
	uint32_t what = any(10), n = 1 + any(3);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t uid = what < 3 ? *uidnext + i : any(*uidnext + 3);

		put_record(bytes + i * RECORD_SIZE, uid,
		    any(2) ? FLAG_SEEN : 0, ++*modseq);
	}
	if (what < 3) {
		*uidnext += n + any(2);
		box_event_added(b, view_bytes(bytes, n * RECORD_SIZE));
	} else if (what < 6) {
		box_event_expunged(b, view_bytes(bytes, n * RECORD_SIZE));
	} else {
		box_event_flags(b, view_bytes(bytes, n * RECORD_SIZE));
	}
}

/* The mailbox as store would give it to who opens it now. */
static struct box *
opened_again(const struct box *b)
{
	struct str bytes = { 0 };
	struct box *fresh = box_new();
	int fd;

	for (uint32_t i = 0; i < box_total(b); i++) {
		uint8_t record[RECORD_SIZE];
		struct record r;

		if (box_is_hole(b, i))
			continue;
		record_get(box_record(b, i), &r);
		r.flags &= FLAG_STORABLE;
		record_put(record, &r);
		str_addn(&bytes, (const char *)record, RECORD_SIZE);
	}
	fd = file_memfd("index", str_view(&bytes));
	assert_true(box_map(fresh, fd,
	    (uint32_t)record_count(str_view(&bytes))));
	close(fd);
	str_free(&bytes);
	fresh->uidnext = b->uidnext;
	return fresh;
}

/* What is expunged is told first. */
static void
renew(struct imap *im)
{
	struct box *fresh = opened_again(im->box);
	bool carried = box_carry(im->box, fresh);

	assert_int_equal(carried, im->box->gone_n == 0);
	if (!carried) {
		box_free(&fresh);
		return;
	}
	assert_int_equal(box_has_news(fresh), box_has_news(im->box));
	box_free(&im->box);
	im->box = fresh;
}

static void
test_client_counts_along(void **state UNUSED)
{
	struct client c = { .room = 100000 };
	struct imap im = { .box = box_of(50) };
	uint32_t uidnext = im.box->uidnext;
	uint64_t modseq = 1;

	c.uid = xcalloc(c.room, sizeof(*c.uid));
	hear(&c, &im);
	for (int i = 0; i < 20000; i++) {
		step(im.box, &uidnext, &modseq);
		compare(&c, im.box);	/* nothing was said yet */
		if (any(20) == 0)
			renew(&im);
		compare(&c, im.box);
		if (any(4) > 0)
			continue;
		sync_tell(&im, any(2));
		hear(&c, &im);
		compare(&c, im.box);
	}
	sync_tell(&im, true);
	hear(&c, &im);
	assert_false(box_has_news(im.box));
	free(c.uid);
	str_free(&im.out);
	box_free(&im.box);
}

/* ---- another map ---- */

static void
flag(struct box *b, uint32_t uid, uint32_t flags, uint64_t modseq)
{
	uint8_t bytes[RECORD_SIZE];

	put_record(bytes, uid, flags, modseq);
	box_event_flags(b, view_bytes(bytes, sizeof(bytes)));
}

/* Message 1 of 5 is gone, 2 is \Recent, the flags of 3 were not told, those of 4
 * are news to the old box, 5 has just come. */
static void
test_renewed(void **state UNUSED)
{
	struct imap im = { .box = box_of(4) };
	uint8_t bytes[RECORD_SIZE];
	struct box *fresh;

	put_record(bytes, 2, 0, 1);
	box_event_expunged(im.box, view_bytes(bytes, sizeof(bytes)));
	sync_tell(&im, true);
	box_mark_recent(im.box, 1);
	flag(im.box, 6, FLAG_SEEN, 7);
	put_record(bytes, 10, 0, 8);
	box_event_added(im.box, view_bytes(bytes, sizeof(bytes)));
	fresh = opened_again(im.box);
	flag(fresh, 8, FLAG_FLAGGED, 9);
	fresh->dirty_n = 0;	/* it came with its map */

	assert_true(box_carry(im.box, fresh));
	box_free(&im.box);
	im.box = fresh;
	str_reset(&im.out);
	assert_int_equal(box_count(fresh), 3);
	sync_tell(&im, true);
	assert_string_equal(str_c(&im.out), "* 4 EXISTS\r\n* 1 RECENT\r\n"
	    "* 2 FETCH (FLAGS (\\Seen))\r\n"
	    "* 3 FETCH (FLAGS (\\Flagged))\r\n");
	str_free(&im.out);
	box_free(&im.box);
}

/* What lacks a message, or is another mailbox, is not taken. */
static void
test_not_renewed(void **state UNUSED)
{
	struct box *b = box_of(4), *less = box_of(3), *other = box_of(4);
	struct box *more = box_of(5);

	assert_false(box_carry(b, less));
	assert_true(box_carry(b, more));
	assert_int_equal(box_count(more), 4);
	other->uidvalidity = 2;
	assert_false(box_carry(b, other));
	box_free(&b);
	box_free(&less);
	box_free(&other);
	box_free(&more);
}

/* ---- sets ---- */

static void
test_sets(void **state UNUSED)
{
	static const struct {
		const char *set;
		bool uid;
		const char *uids;	/* with UIDs 2 to 20, 6 and 8 gone */
	} cases[] = {
		{ "1:*", false, "2:20" },
		{ "1,2", false, "2:4" },
		{ "3", false, "10" },
		{ "1,3,5", false, "2,10,14" },
		{ "8", false, "20" },
		{ "1:10", true, "2:10" },
		{ "6,8", true, "" },
		{ "3:9", true, "4" },
		{ "*", true, "20" },
		{ "21:4294967295", true, "" },
		{ "4294967295", true, "" },
	};
	struct imap im = { .box = box_of(10) };
	uint8_t bytes[2 * RECORD_SIZE];

	put_record(bytes, 6, 0, 1);
	put_record(bytes + RECORD_SIZE, 8, 0, 1);
	box_event_expunged(im.box, view_bytes(bytes, sizeof(bytes)));
	sync_tell(&im, true);
	assert_string_equal(str_c(&im.out), "* 4 EXPUNGE\r\n* 3 EXPUNGE\r\n");
	for (size_t i = 0; i < nitems(cases); i++) {
		uint32_t star = cases[i].uid ? box_last_uid(im.box) :
					       box_count(im.box);
		struct str uids = { 0 };
		struct numset set;

		assert_true(numset_parse(view_of(cases[i].set), star,
		    &im.arena, &set));
		box_uids(im.box, &set, cases[i].uid, &uids);
		assert_string_equal(str_c(&uids), cases[i].uids);
		str_free(&uids);
	}
	arena_reset(&im.arena);
	str_free(&im.out);
	box_free(&im.box);
}

/* ---- what is said when ---- */

static void
test_silence_and_order(void **state UNUSED)
{
	struct imap im = { .box = box_of(3) };
	struct numset_range range = { 1, 3 };
	struct numset all = { .ranges = &range, .n = 1 };
	uint8_t bytes[RECORD_SIZE];

	/* one's own silent change (7) is forgotten, another's (8) told */
	put_record(bytes, 2, FLAG_SEEN, 7);
	box_event_flags(im.box, view_bytes(bytes, sizeof(bytes)));
	put_record(bytes, 4, FLAG_FLAGGED, 8);
	box_event_flags(im.box, view_bytes(bytes, sizeof(bytes)));
	box_clean(im.box, &all, false, 7);
	/* 6 goes, 8 comes: EXPUNGE waits, EXISTS counts both */
	put_record(bytes, 6, 0, 9);
	box_event_expunged(im.box, view_bytes(bytes, sizeof(bytes)));
	put_record(bytes, 8, FLAG_RECENT, 10);
	box_event_added(im.box, view_bytes(bytes, sizeof(bytes)));
	sync_tell(&im, false);
	assert_string_equal(str_c(&im.out),
	    "* 4 EXISTS\r\n* 1 RECENT\r\n* 2 FETCH (FLAGS (\\Flagged))\r\n");
	str_reset(&im.out);
	sync_tell(&im, true);
	assert_string_equal(str_c(&im.out), "* 3 EXPUNGE\r\n");
	str_reset(&im.out);
	/* the same flags again are no news; \Recent stays */
	put_record(bytes, 8, FLAG_SEEN, 11);
	box_event_flags(im.box, view_bytes(bytes, sizeof(bytes)));
	sync_tell(&im, false);
	assert_string_equal(str_c(&im.out),
	    "* 3 FETCH (FLAGS (\\Seen \\Recent))\r\n");
	put_record(bytes, 8, FLAG_SEEN, 12);
	box_event_flags(im.box, view_bytes(bytes, sizeof(bytes)));
	assert_false(box_has_news(im.box));
	str_free(&im.out);
	box_free(&im.box);
}

static void
test_many_changes_stay_bounded(void **state UNUSED)
{
	struct box *b = box_of(10);
	uint8_t bytes[RECORD_SIZE];

	for (uint64_t i = 0; i < 100000; i++) {
		put_record(bytes, 2 * (1 + (uint32_t)(i % 10)),
		    i / 10 % 2 ? FLAG_SEEN : 0, 2 + i);
		box_event_flags(b, view_bytes(bytes, sizeof(bytes)));
	}
	assert_in_range(b->dirty_size, 1, 8192);
	box_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_counts_along),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_not_renewed),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_silence_and_order),
		cmocka_unit_test(test_many_changes_stay_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
