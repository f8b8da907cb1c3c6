/* SPDX-License-Identifier: ISC */
/*
 * queue_replay - what a start makes of journal and content (queue/replay.h)
 */
#include "queue_sample.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/file.h"
#include "lib/mail/spool.h"
#include "queue/content.h"

#define ID 0x0006600000000001u
#define PATH 128

static struct stat synced;	/* the last file, as it was then */

/* In place of the system's. */
int
fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if (S_ISREG(st.st_mode))
		synced = st;
	return (int)syscall(SYS_fsync, fd);
}

static void
set(struct mail *m, uint32_t rcpt, uint8_t state, const char *sentence)
{
	m->rcpt[rcpt].state = state;
	m->rcpt[rcpt].tries++;
	m->rcpt[rcpt].due = 77;
	reason_drop(&m->rcpt[rcpt].why);
	if (sentence != NULL)
		m->rcpt[rcpt].why = reason_take(VIEW_LIT("4.1"),
		    view_of(sentence), VIEW_LIT("local"), VIEW_NONE);
}

static void
test_envelope_comes_back(void **state UNUSED)
{
	static const uint32_t sizes[] = { 1, 2, 100, 5000 };
	struct replay r;

	for (size_t i = 0; i < nitems(sizes); i++) {
		struct str b = { 0 };
		struct mail *m;

		sample_mail(&b, ID, sizes[i]);
		sample_replay(&b, &r);
		m = ledger_find(ID);
		assert_non_null(m);
		assert_int_equal(m->nrcpt, sizes[i]);
		assert_int_equal(m->unsettled, sizes[i]);
		assert_int_equal(m->size, 1234);
		assert_int_equal(m->skip, 30);
		assert_true(view_is(mail_sender(m), "sender@example.org"));
		assert_true(view_is(mail_envid(m), "e1"));
		for (uint32_t k = 0; k < sizes[i]; k++) {
			char text[32];
			struct rcpt_texts want = sample_texts(k, text);
			struct rcpt_texts got = mail_texts(m, k);

			assert_true(view_eq(got.original, want.original));
			assert_true(view_eq(got.address, want.address));
			assert_true(view_eq(got.orcpt, want.orcpt));
			assert_int_equal(m->rcpt[k].notify, k % 4);
			assert_int_equal(m->rcpt[k].state, RCPT_WAITING);
			assert_true(m->rcpt[k].again);
		}
		str_free(&b);
	}
	ledger_clear();
}

static void
test_verdicts(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r;
	struct mail *m;

	sample_mail(&b, ID, 4);
	sample_replay(&b, &r);
	m = ledger_find(ID);
	set(m, 0, RCPT_SETTLED, NULL);
	set(m, 1, RCPT_WAITING, "not now");
	set(m, 2, RCPT_FAILED, "no such user");
	set(m, 3, RCPT_TRYING, NULL);
	for (uint32_t k = 0; k < 4; k++)
		note_verdict(&b, m, k);
	sample_replay(&b, &r);
	m = ledger_find(ID);
	assert_int_equal(m->unsettled, 3);
	assert_int_equal(m->rcpt[0].state, RCPT_SETTLED);
	assert_int_equal(m->rcpt[1].state, RCPT_WAITING);
	assert_int_equal(m->rcpt[1].tries, 1);
	assert_int_equal(m->rcpt[1].due, 77);
	assert_true(view_is(reason_sentence(m->rcpt[1].why), "not now"));
	assert_int_equal(m->rcpt[2].state, RCPT_FAILED);
	assert_int_equal(m->rcpt[3].state, RCPT_WAITING);
	/* the whole mail written again says the same */
	str_reset(&b);
	mail_write(&b, m);
	sample_replay(&b, &r);
	m = ledger_find(ID);
	assert_int_equal(m->unsettled, 3);
	assert_int_equal(m->rcpt[2].state, RCPT_FAILED);
	assert_true(view_is(reason_sentence(m->rcpt[2].why),
	    "no such user"));
	str_free(&b);
	ledger_clear();
}

/* What extensions ask for survives, and a whole mail written again says the
 * same. */
static void
test_extensions_come_back(void **state UNUSED)
{
	static const struct settles nothing;
	struct mail_head h = sample_head;
	struct str b = { 0 }, rcpts = { 0 };
	struct replay r;
	struct mail *m;

	h.hold = 4000000000u;
	h.by = 4000000001u;
	h.by_mode = BY_RETURN | 4;
	h.priority = 19;
	h.tls = TLS_REQUIRED;
	h.late_told = true;
	sample_rcpts(&rcpts, 3);
	mail_write_new(&b, ID, &h, str_view(&rcpts), &nothing);
	for (int i = 0; i < 2; i++) {
		sample_replay(&b, &r);
		m = ledger_find(ID);
		assert_non_null(m);
		assert_int_equal(mail_hold(m), 4000000000u);
		assert_int_equal(mail_by(m), 4000000001u);
		assert_int_equal(m->by_mode, BY_RETURN | 4);
		assert_int_equal(m->priority, 19);
		assert_int_equal(m->tls, TLS_REQUIRED);
		assert_true(m->late_told);
		assert_int_equal(m->ret, 2);
		assert_int_equal(m->rcpt[1].due, 4000000000u);
		assert_true(mail_is_held(m, 1, 3999999999u));
		assert_false(mail_is_held(m, 1, 4000000000u));
		assert_true(view_is(mail_envid(m), "e1"));
		str_reset(&b);
		mail_write(&b, m);
	}
	str_free(&b);
	str_free(&rcpts);
	ledger_clear();
}

/* What cannot be is as if it had not been said. */
static void
test_impossible_extensions(void **state UNUSED)
{
	static const struct settles nothing;
	static const struct {
		uint8_t mode;
		uint32_t by;
	} cases[] = { { BY_RETURN, 0 }, { BY_MODE, 5 }, { 4, 5 } };
	struct str b = { 0 }, rcpts = { 0 };
	struct replay r;

	sample_rcpts(&rcpts, 1);
	for (size_t i = 0; i < nitems(cases); i++) {
		struct mail_head h = sample_head;

		h.by_mode = cases[i].mode;
		h.by = cases[i].by;
		h.priority = PRIORITY_MOST + 1;
		str_reset(&b);
		mail_write_new(&b, ID, &h, str_view(&rcpts), &nothing);
		sample_replay(&b, &r);
		assert_int_equal(ledger_find(ID)->by_mode, 0);
		assert_int_equal(ledger_find(ID)->priority, 0);
		assert_int_equal(ledger_find(ID)->rcpt[0].due, 0);
		assert_int_equal(mail_hold(ledger_find(ID)), 0);
	}
	str_free(&b);
	str_free(&rcpts);
	ledger_clear();
}

/* An envelope as it was written before there were extensions. */
static void
write_former(struct str *b, uint64_t id, struct view content)
{
	struct str rcpts = { 0 };
	size_t begin;

	sample_rcpts(&rcpts, 2);
	begin = record_begin(b, RECORD_RCPTS);
	put_u64(b, id);
	put_u32(b, 0);
	str_add(b, str_view(&rcpts));
	record_end(b, begin);
	begin = record_begin(b, RECORD_MAIL);
	put_u64(b, id);
	put_u32(b, 2);
	put_u64(b, 1234);
	put_u32(b, 30);
	put_u8(b, 5);
	put_u8(b, 1);
	put_u8(b, 1);
	put_text(b, VIEW_LIT("sender@example.org"));
	put_text(b, VIEW_LIT("e1"));
	put_u64(b, 0);
	put_u8(b, 0);
	put_u16(b, 0);
	str_add(b, content);
	record_end(b, begin);
	str_free(&rcpts);
}

/* A server that was replaced by this one left them. */
static void
test_former_journal(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r = { 0 };
	struct mail *m;

	write_former(&b, ID, VIEW_LIT("what it says"));
	write_former(&b, ID + 1, VIEW_NONE);
	sample_mail(&b, ID + 2, 1);
	journal_seal(1, b.p, b.n);
	ledger_clear();
	replay_segment(str_view(&b), 1, &r);
	assert_int_equal(ledger_count(), 3);
	assert_int_equal(r.contents.count, 1);
	m = ledger_find(ID);
	assert_int_equal(m->nrcpt, 2);
	assert_int_equal(m->size, 1234);
	assert_int_equal(m->body, 5);
	assert_int_equal(m->ret, 1);
	assert_true(m->warned);
	assert_true(view_is(mail_sender(m), "sender@example.org"));
	assert_true(view_is(mail_envid(m), "e1"));
	assert_int_equal(m->by_mode, 0);
	assert_int_equal(mail_hold(m), 0);
	assert_int_equal(mail_by(m), 0);
	assert_int_equal(m->rcpt[0].due, 0);
	replay_free(&r);
	str_free(&b);
	ledger_clear();
}

/* An alias of several stands beside them, DONE; without a sender there is
 * nobody to tell. */
static void
test_expanded(void **state UNUSED)
{
	static const struct settles nothing;
	static const struct rcpt done = { .state = RCPT_DONE };
	struct rcpt_texts t = { .original = VIEW_LIT("team@example.test"),
		.transport = VIEW_LIT("expanded"),
		.address = VIEW_LIT("team@example.test") };
	struct settles s = { .mail = ID, .kind = REPORT_EXPANDED, .n = 1,
		.rcpt = { 2 } };
	struct mail_head h = sample_head;
	struct str b = { 0 }, rcpts = { 0 };
	struct replay r;

	sample_rcpts(&rcpts, 2);
	mail_write_rcpt(&rcpts, &done, &t, NOTIFY_SUCCESS);
	mail_set_notify(&rcpts, 0, NOTIFY_NEVER);
	mail_write_new(&b, ID, &h, str_view(&rcpts), &nothing);
	h.sender = VIEW_NONE;
	mail_write_new(&b, ID + 1, &h, str_view(&rcpts), &nothing);
	sample_replay(&b, &r);
	assert_int_equal(ledger_find(ID)->rcpt[0].notify, NOTIFY_NEVER);
	assert_int_equal(ledger_find(ID)->rcpt[2].state, RCPT_DONE);
	assert_int_equal(ledger_find(ID)->unsettled, 3);
	assert_int_equal(ledger_find(ID + 1)->rcpt[2].state, RCPT_SETTLED);
	assert_int_equal(ledger_find(ID + 1)->unsettled, 2);
	assert_true(mail_wants(ledger_find(ID), 2, NOTIFY_SUCCESS));
	assert_false(mail_wants(ledger_find(ID + 1), 2, NOTIFY_SUCCESS));
	note_settled(&b, &s);
	s = (struct settles){ .mail = ID + 1, .kind = REPORT_LATE };
	note_settled(&b, &s);
	sample_replay(&b, &r);
	assert_int_equal(ledger_find(ID)->unsettled, 2);
	assert_true(ledger_find(ID + 1)->late_told);
	assert_true(ledger_find(ID + 1)->warned);
	assert_int_equal(ledger_find(ID + 1)->unsettled, 2);
	str_free(&b);
	str_free(&rcpts);
	ledger_clear();
}

/* A mail that is written again while bounce writes that it was delivered: a
 * start must not take that for a failure. */
static void
test_good_report_is_not_a_failure(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r;
	struct mail *m;

	sample_mail(&b, ID, 3);
	sample_replay(&b, &r);
	m = ledger_find(ID);
	m->rcpt[0].state = m->rcpt[1].state = RCPT_REPORTING;
	m->rcpt[0].good = true;
	m->rcpt[2].good = true;
	str_reset(&b);
	mail_write(&b, m);
	sample_replay(&b, &r);
	assert_int_equal(ledger_find(ID)->rcpt[0].state, RCPT_DONE);
	assert_int_equal(ledger_find(ID)->rcpt[1].state, RCPT_FAILED);
	assert_int_equal(ledger_find(ID)->rcpt[2].state, RCPT_WAITING);
	str_free(&b);
	ledger_clear();
}

static void
test_who_wants_what(void **state UNUSED)
{
	static const struct {
		uint8_t notify, wants;
	} cases[] = {
		{ 0, NOTIFY_FAILURE | NOTIFY_DELAY },
		{ NOTIFY_NEVER, 0 },
		{ NOTIFY_NEVER | NOTIFY_FAILURE, 0 },
		{ NOTIFY_SUCCESS, NOTIFY_SUCCESS },
		{ NOTIFY_FAILURE, NOTIFY_FAILURE },
		{ NOTIFY_SUCCESS | NOTIFY_DELAY, NOTIFY_SUCCESS | NOTIFY_DELAY },
	};
	struct str b = { 0 };
	struct replay r;
	struct mail *m;

	sample_mail(&b, ID, 1);
	sample_replay(&b, &r);
	m = ledger_find(ID);
	for (size_t i = 0; i < nitems(cases); i++)
		for (uint8_t n = NOTIFY_SUCCESS; n < NOTIFY_NEVER; n *= 2) {
			m->rcpt[0].notify = cases[i].notify;
			assert_int_equal(mail_wants(m, 0, n),
			    (cases[i].wants & n) != 0);
		}
	str_free(&b);
	ledger_clear();
}

/* A report's own envelope settles the recipients that it is about. */
static void
test_report_settles(void **state UNUSED)
{
	struct settles s = { .mail = ID, .kind = REPORT_FAILED, .n = 1,
		.rcpt = { 1 } };
	struct str b = { 0 }, rcpts = { 0 };
	struct replay r;
	struct mail *m;

	sample_mail(&b, ID, 2);
	sample_replay(&b, &r);
	m = ledger_find(ID);
	set(m, 1, RCPT_FAILED, "no such user");
	note_verdict(&b, m, 1);
	sample_rcpts(&rcpts, 1);
	mail_write_new(&b, ID + 9, &sample_head, str_view(&rcpts), &s);
	sample_replay(&b, &r);
	assert_int_equal(ledger_find(ID)->unsettled, 1);
	assert_int_equal(ledger_find(ID)->rcpt[1].state, RCPT_SETTLED);
	assert_non_null(ledger_find(ID + 9));
	s.kind = REPORT_DELAYED;
	note_settled(&b, &s);
	sample_replay(&b, &r);
	assert_true(ledger_find(ID)->warned);
	assert_int_equal(ledger_find(ID)->unsettled, 1);
	note_deleted(&b, ID);
	note_deleted(&b, ID + 1000);
	sample_replay(&b, &r);
	assert_int_equal(ledger_find(ID)->unsettled, 0);
	str_free(&b);
	str_free(&rcpts);
	ledger_clear();
}

/* Cut at every eighth octet: whole mails or none, never half a one. */
static void
test_every_truncation(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r;
	size_t first;

	sample_mail(&b, ID, 3);
	first = b.n;
	sample_mail(&b, ID + 1, 2000);
	sample_replay(&b, &r);
	assert_int_equal(ledger_count(), 2);
	for (size_t cut = 0; cut < b.n; cut += cut < first + 512 ? 1 : 1021) {
		ledger_clear();
		r = (struct replay){ 0 };
		replay_segment(view_bytes(b.p, cut), 1, &r);
		assert_int_equal(ledger_count(), cut >= first);
		assert_int_equal(r.damages, 0);
		replay_free(&r);
	}
	str_free(&b);
	ledger_clear();
}

/* A batch may be written into two segments, with a seam at any record. Both
 * are needed as long as the mail lives. */
static void
test_mail_across_segments(void **state UNUSED)
{
	for (size_t seam = 1; seam < 4; seam++) {
		struct str b = { 0 };
		struct replay r = { 0 };
		size_t at;

		sample_mail(&b, ID, 2000);
		at = sample_records(&b, seam);
		assert_true(at < b.n);
		journal_seal(4, b.p, at);
		journal_seal(5, b.p + at, b.n - at);
		ledger_clear();
		ledger_segments(4);
		replay_segment(view_bytes(b.p, at), 4, &r);
		replay_segment(view_skip(str_view(&b), at), 5, &r);
		assert_non_null(ledger_find(ID));
		assert_int_equal(ledger_find(ID)->nrcpt, 2000);
		assert_int_equal(ledger_find(ID)->segment, 4);
		replay_free(&r);
		str_free(&b);
	}
	ledger_clear();
}

/* ---- content ---- */

static const char *
content_path(const char *spool, uint64_t id, char path[PATH])
{
	char name[SPOOL_NAME_MAX];

	snprintf(path, PATH, "%s/content/%s", spool, spool_name(id, name));
	return path;
}

static void
make_content(const char *spool, uint64_t id)
{
	char path[PATH];
	int fd = open(content_path(spool, id, path), O_CREAT | O_WRONLY, 0600);

	assert_int_equal(ftruncate(fd, (off_t)sample_head.size), 0);
	assert_int_equal(close(fd), 0);
}

static void
cut_content(const char *spool, uint64_t id)
{
	char path[PATH];

	assert_int_equal(truncate(content_path(spool, id, path), 7), 0);
}

static bool
exists(const char *spool, const char *dir, uint64_t id)
{
	char path[128], name[SPOOL_NAME_MAX];

	spool_name(id, name);
	snprintf(path, sizeof(path), "%s/%s/%s", spool, dir,
	    strcmp(dir, "lost") == 0 ? name + 3 : name);
	return access(path, F_OK) == 0;
}

static void
test_content(void **state UNUSED)
{
	char path[64];
	int dir = sample_dir(path);

	assert_true(content_start(dir));
	for (int damaged = 0; damaged < 2; damaged++) {
		struct str b = { 0 };
		struct replay r;

		sample_mail(&b, ID, 1);		/* lives */
		sample_mail(&b, ID + 1, 1);	/* deleted */
		sample_mail(&b, ID + 2, 1);	/* without content */
		sample_mail(&b, ID + 4, 1);	/* content is cut */
		note_deleted(&b, ID + 1);
		sample_replay(&b, &r);
		for (uint64_t i = 0; i < 5; i++)
			if (i != 2)
				make_content(path, ID + i);
		cut_content(path, ID + 4);
		r.damages = (size_t)damaged;
		replay_content(&r);
		assert_true(exists(path, "content", ID));
		assert_int_equal(ledger_count(), 1);
		assert_int_equal(r.missing, 2);
		assert_false(exists(path, "content", ID + 4));
		assert_true(exists(path, "lost", ID + 4));
		/* its removal is told to store first */
		assert_int_equal(r.finishes, 1);
		assert_int_equal(r.finished[0], ID + 1);
		/* nobody's: never acknowledged, unless there is damage */
		assert_false(exists(path, "content", ID + 3));
		assert_int_equal(exists(path, "lost", ID + 3), damaged);
		assert_int_equal(r.removed, !damaged);
		replay_free(&r);
		str_free(&b);
	}
	assert_true(content_id() > ID + 3);
	close(dir);
	ledger_clear();
	sample_dir_remove(path);
}

static void
put_soft(struct str *b, uint64_t id, const char *octets)
{
	static const struct settles nothing;
	struct mail_head h = sample_head;
	struct str rcpts = { 0 };

	h.content = view_of(octets);
	sample_rcpts(&rcpts, 1);
	mail_write_new(b, id, &h, str_view(&rcpts), &nothing);
	str_free(&rcpts);
}

static void
write_file(const char *spool, const char *name, struct view v)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", spool, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, v.p, v.n), v.n);
	close(fd);
}

static void
write_content(const char *spool, uint64_t id, struct view v)
{
	char name[8 + SPOOL_NAME_MAX] = "content/";

	spool_name(id, name + strlen(name));
	write_file(spool, name, v);
}

static void
assert_says(const char *spool, uint64_t id, const char *octets)
{
	char path[PATH];
	struct str got = { 0 };

	assert_true(file_read(AT_FDCWD, content_path(spool, id, path), 1 << 20,
	    &got));
	assert_string_equal(str_c(&got), octets);
	str_free(&got);
}

static bool
was_restored(const struct replay *r, uint64_t id)
{
	for (size_t i = 0; i < r->restores; i++)
		if (r->restored[i] == id)
			return true;
	return false;
}

/* Power was lost: files are short, torn or gone, and the journal has them. */
static void
test_soft_content_is_restored(void **state UNUSED)
{
	struct str b = { 0 };
	char path[64], name[PATH];
	int dir = sample_dir(path), journal;
	struct replay r;
	struct place place = { 1, 0 };
	struct stat before, after;

	put_soft(&b, ID, "hard: not written again");
	put_soft(&b, ID + 5, "hard, but cut since");
	place.at = (uint32_t)b.n;
	for (uint64_t i = 1; i < 5; i++)
		put_soft(&b, ID + i, "what was said");
	note_deleted(&b, ID + 4);
	record_synced(&b, place);
	journal_seal(1, b.p, b.n);
	snprintf(name, sizeof(name), "%s/journal", path);
	assert_int_equal(mkdir(name, 0700), 0);
	write_file(path, "journal/00000001.log", str_view(&b));
	assert_true(content_start(dir));
	write_content(path, ID, VIEW_LIT("hard: not written agaix"));
	make_content(path, ID + 1);
	write_content(path, ID + 2, VIEW_LIT("what was saif, and more"));
	write_content(path, ID + 5, VIEW_LIT("hard, bu"));
	assert_int_equal(stat(content_path(path, ID + 5, name), &before), 0);

	ledger_clear();
	journal = openat(dir, "journal", O_RDONLY | O_DIRECTORY);
	assert_true(replay_journal(journal, &r));
	assert_true(replay_restore(journal, &r));
	assert_int_equal(r.restores, 4);
	/* no file has its size before it is on the disk: the start believes it */
	assert_says(path, ID + 5, "hard, but cut since");
	assert_int_equal(stat(content_path(path, ID + 5, name), &after), 0);
	assert_int_not_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_ino, synced.st_ino);
	assert_int_equal(after.st_size, synced.st_size);
	for (uint64_t i = 1; i < 4; i++) {
		assert_says(path, ID + i, "what was said");
		assert_true(was_restored(&r, ID + i));
	}
	assert_says(path, ID, "hard: not written agaix");
	assert_false(was_restored(&r, ID));
	assert_false(exists(path, "content", ID + 4));
	replay_free(&r);
	str_free(&b);
	close(journal);
	close(dir);
	ledger_clear();
	sample_dir_remove(path);
}

static void
test_damaged_segment_is_remembered(void **state UNUSED)
{
	struct str b = { 0 };
	struct replay r = { 0 };

	sample_mail(&b, ID, 1);
	sample_mail(&b, ID + 1, 1);
	journal_seal(1, b.p, b.n);
	b.p[40] ^= 1;
	ledger_clear();
	replay_segment(str_view(&b), 1, &r);
	assert_int_equal(r.damages, 1);
	assert_int_equal(r.damaged[0], 1);
	assert_null(ledger_find(ID));
	assert_non_null(ledger_find(ID + 1));
	replay_free(&r);
	str_free(&b);
	ledger_clear();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope_comes_back),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_extensions_come_back),
		cmocka_unit_test(test_impossible_extensions),
		cmocka_unit_test(test_former_journal),
		cmocka_unit_test(test_expanded),
		cmocka_unit_test(test_good_report_is_not_a_failure),
		cmocka_unit_test(test_who_wants_what),
		cmocka_unit_test(test_report_settles),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_mail_across_segments),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_soft_content_is_restored),
		cmocka_unit_test(test_damaged_segment_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
