/* SPDX-License-Identifier: ISC */
/*
 * store_replace - kill -9 in the middle of REPLACE: the old message or the new
 * one, never both, never none
 *
 * Each message is one octet longer than the one that it replaces, so its size
 * tells which it is. Lives go on in one mailbox, each killed while a REPLACE is
 * under way, some more microseconds after its beginning than the one before.
 */
#include <signal.h>

#include "tests/unit/store_house.h"

#define LIVES 60

static volatile struct ledger {
	unsigned asked, answered;	/* the number of the message */
	bool sound;			/* this life's checks were done */
} *ledger;

/* Put the next one into the place of a UID (0: of none). */
static void
replace(uint32_t handle, uint32_t uid)
{
	struct message m = { .type = MSG_append_open,
		.append_open = { .session = SESSION,
		    .mailbox = VIEW_LIT("box") } };
	struct str text = { 0 }, numbers = { 0 }, sizes = { 0 };
	struct str flags = { 0 }, keywords = { 0 }, dates = { 0 };
	struct reply r = ask(reader, &m);

	check(r.m.type == MSG_append_opened);
	str_adds(&text, "Subject: x\r\n\r\n");
	for (unsigned i = 0; i <= ledger->answered; i++)
		str_addc(&text, 'x');
	check(file_write_all(r.m.append_opened.content, str_view(&text)));
	list_put_u64(&numbers, r.m.append_opened.append);
	list_put_u64(&sizes, text.n);
	list_put_u32(&flags, 0);
	list_put(&keywords, VIEW_NONE);
	list_put_u64(&dates, 1);
	reply_free(&r);
	m = (struct message){ .type = MSG_append_commit,
		.append_commit = { .session = SESSION,
		    .appends = str_view(&numbers), .sizes = str_view(&sizes),
		    .flags = str_view(&flags), .keywords = str_view(&keywords),
		    .dates = str_view(&dates), .handle = handle,
		    .replaces = uid } };
	ledger->asked = ledger->answered + 1;
	r = ask(reader, &m);
	check(r.m.type == MSG_appended);
	ledger->answered = ledger->asked;
	reply_free(&r);
	str_free(&text);
	str_free(&numbers);
	str_free(&sizes);
	str_free(&flags);
	str_free(&keywords);
	str_free(&dates);
}

/* What was asked for and not answered has happened, or not. */
static struct open_box
look(void)
{
	struct open_box b = open_box("box", 2);
	size_t before = strlen("Subject: x\r\n\r\n");

	check(b.handle != 0);
	if (ledger->answered == 0 && b.count == 0)
		return b;
	check(b.count == 1);
	check(b.first.size == before + ledger->answered ||
	    b.first.size == before + ledger->asked);
	ledger->answered = ledger->asked = (unsigned)(b.first.size - before);
	return b;
}

static void
one_life(void)
{
	struct message create = { .type = MSG_mailbox_create,
		.mailbox_create = { .session = SESSION,
		    .mailbox = VIEW_LIT("box") } };

	login();
	(void)verdict(reader, &create);
	close_box(look().handle);
	ledger->sound = true;
	for (;;) {
		struct open_box b = look();

		replace(b.handle, b.count > 0 ? b.first.uid : 0);
		close_box(b.handle);
	}
}

static void
life_and_death(unsigned n)
{
	int status;
	pid_t pid;

	fflush(NULL);
	ledger->sound = false;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		house_open();
		house_body = one_life;
		fiber_start(house_fiber, NULL);
		loop_run();
		_exit(9);
	}
	while (!ledger->sound && waitpid(pid, &status, WNOHANG) == 0)
		usleep(100);
	assert_true(ledger->sound);
	while (ledger->asked == ledger->answered &&
	    waitpid(pid, &status, WNOHANG) == 0)
		usleep(20);
	assert_true(ledger->asked != ledger->answered);
	usleep(n * 1597 % 60000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
last_life(void)
{
	login();
	(void)look();
	fiber_sleep(500);
	check(files_in(".box", "cur") + files_in(".box", "new") == 1);
}

static void
one_of_both(void **state UNUSED)
{
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(ledger != MAP_FAILED);
	for (unsigned n = 0; n < LIVES; n++)
		life_and_death(n);
	life(last_life);
	print_message("%u replaced\n", ledger->answered);
	assert_true(ledger->answered > 0);
	munmap((void *)(uintptr_t)ledger, sizeof(*ledger));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { HOUSE_TEST(one_of_both) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
