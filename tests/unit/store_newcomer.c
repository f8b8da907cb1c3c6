/* SPDX-License-Identifier: ISC */
/*
 * store_newcomer - what a new account gets, also after a crash in the middle,
 * and that nobody else gets it
 */
#include "lib/proc/settings.h"
#include "store/newcomer.h"
#include "tests/unit/store_house.h"

static void
enter(const char *uses)
{
	struct str conf = { 0 }, errors = { 0 };
	struct settings *s;

	str_addf(&conf, "new_mailboxes = %s\n", uses);
	s = settings_parse(str_view(&conf), &errors);
	check(s != NULL);
	newcomer_begin(&s->new_mailboxes);
	settings_free(&s);
	str_free(&conf);
	login();
}

/* "Drafts:sC INBOX:e": names in order with their letters. */
static const char *
names(void)
{
	static struct str text;
	struct message m = { .type = MSG_mailbox_list,
		.mailbox_list.session = SESSION };
	struct reply r = ask(reader, &m);
	struct view rest = r.m.mailboxes.names, name, letters;

	check(r.m.type == MSG_mailboxes);
	str_reset(&text);
	while (list_next(&rest, &name) && list_next(&rest, &letters))
		str_addf(&text, "%s%.*s:%.*s", text.n > 0 ? " " : "",
		    VIEW(name), VIEW(letters));
	reply_free(&r);
	return str_c(&text);
}

#define LISTS(wanted) check(strcmp(names(), wanted) == 0)

/* Many sessions begin at once. */
static int asking;

static void
ask_too(void *arg UNUSED)
{
	names();
	asking--;
}

static void
first(void)
{
	enter("Sent");
	for (asking = 0; asking < 8; asking++)
		fiber_start(ask_too, NULL);
	while (asking > 0)
		fiber_sleep(1);
	LISTS("INBOX:e Sent:esG");
}

/* It has no INBOX yet, so a crash may have come before Drafts was made. */
static void
again(void)
{
	enter("Drafts Sent");
	LISTS("Drafts:esC INBOX:e Sent:esG");
	close_box(open_box("INBOX", 2).handle);
}

static void
old(void)
{
	enter("Drafts Sent Trash Junk");
	LISTS("Drafts:esC INBOX:e Sent:esG");
}

static void
lose_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s/index", house);
	assert_int_equal(system(command), 0);
}

static void
new_has_them(void **state UNUSED)
{
	life(first);
	lose_index();
	life(again);
	life(old);
	lose_index();
	life(old);
}

static void
nothing(void)
{
	enter("");
	LISTS("INBOX:e");
}

static void
none_are_wanted(void **state UNUSED)
{
	life(nothing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(new_has_them),
		HOUSE_TEST(none_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
