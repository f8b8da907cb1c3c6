/* SPDX-License-Identifier: ISC */
/*
 * imapd_notify - NOTIFY and ESEARCH: their grammar, and what is told
 *
 * What store says is given to a session by hand here, so that any order of
 * events can be had before the client is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "imapd_fake.h"

/* ---- commands ---- */

#define EVENTS                                                                 \
	"(MessageNew MessageExpunge FlagChange MailboxName "                   \
	"SubscriptionChange MailboxMetadataChange ServerMetadataChange)"

static const struct {
	const char *in, *out;
} talks[] = {
	{ "a notify none\r\n", "a OK NOTIFY completed\r\n" },
	{ "a notify set (personal (messagenew messageexpunge))\r\n",
	    "a OK NOTIFY completed\r\n" },
	{ "a notify set (selected (MessageNew (uid flags) MessageExpunge "
	  "FlagChange)) (subtree (x \"y z\") none) (mailboxes {1+}\r\n"
	  "m (mailboxname))\r\n", "a OK NOTIFY completed\r\n" },
	{ "a notify set status (mailboxes (a/b gone) (MessageNew "
	  "MessageExpunge))\r\n",
	    "* STATUS a/b (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 2)\r\n"
	    "a OK NOTIFY completed\r\n" },
	{ "a enable condstore\r\n"
	  "a notify set status (subtree a (MessageNew MessageExpunge))\r\n",
	    "* ENABLED CONDSTORE\r\na OK ENABLE completed\r\n"
	    "* STATUS a/b (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 2 "
	    "HIGHESTMODSEQ 1)\r\n"
	    "a OK NOTIFY completed\r\n" },
	{ "a notify set status (subscribed (mailboxname))\r\n",
	    "a OK NOTIFY completed\r\n" },
	{ "a notify\r\n", "a BAD Blank expected\r\n" },
	{ "a notify \r\n", "a BAD SET or NONE expected\r\n" },
	{ "a notify none \r\n", "a BAD Too many arguments\r\n" },
	{ "a notify set\r\n", "a BAD Blank expected\r\n" },
	{ "a notify set status\r\n", "a BAD Blank expected\r\n" },
	{ "a notify set ()\r\n", "a BAD Unknown set of mailboxes\r\n" },
	{ "a notify set (personal)\r\n", "a BAD Blank expected\r\n" },
	{ "a notify set (personal ())\r\n", "a BAD Word expected\r\n" },
	{ "a notify set (personal none) \r\n", "a BAD ( expected\r\n" },
	{ "a notify set (mailboxes \"\" none)\r\n",
	    "a BAD A mailbox has a name\r\n" },
	{ "a notify set (mailboxes (a \"\") none)\r\n",
	    "a BAD A mailbox has a name\r\n" },
	{ "a notify set (subtree none)\r\n", "a BAD Blank expected\r\n" },
	{ "a notify set (subtree () none)\r\n",
	    "a BAD Argument expected\r\n" },
	{ "a notify set (subtree (a b none)\r\n", "a BAD Blank expected\r\n" },
	{ "a notify set (personal (messagenew))\r\n",
	    "a BAD MessageNew and MessageExpunge go together\r\n" },
	{ "a notify set (personal (flagchange))\r\n",
	    "a BAD FlagChange needs MessageNew and MessageExpunge\r\n" },
	{ "a notify set (selected (mailboxname))\r\n",
	    "a BAD Selected mailboxes have events of messages only\r\n" },
	{ "a notify set (selected none) (selected-delayed none)\r\n",
	    "a BAD The selected mailbox twice\r\n" },
	{ "a notify set (selected (messagenew (uid all) messageexpunge))\r\n",
	    "a BAD Unknown FETCH item\r\n" },
	{ "a notify set (personal (annotationchange))\r\n",
	    "a NO [BADEVENT " EVENTS "] No such events here\r\n" },
	{ "a notify set (personal (x-future mailboxname))\r\n",
	    "a NO [BADEVENT " EVENTS "] No such events here\r\n" },
	/* ESEARCH */
	{ "a esearch all\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1) UID ALL 1:2\r\n"
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (mailboxes (a-b gone x) selected) return (count) "
	  "subject gr\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1) UID COUNT 1\r\n"
	    "* ESEARCH (TAG \"a\" MAILBOX a-b UIDVALIDITY 7) UID COUNT 1\r\n"
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (personal) return (min) 2\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1) UID MIN 2\r\n"
	    "* ESEARCH (TAG \"a\" MAILBOX a/b UIDVALIDITY 7) UID MIN 2\r\n"
	    "* ESEARCH (TAG \"a\" MAILBOX a-b UIDVALIDITY 7) UID MIN 2\r\n"
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (subtree-one \"\") return (max) uid *\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1) UID MAX 2\r\n"
	    "* ESEARCH (TAG \"a\" MAILBOX a-b UIDVALIDITY 7) UID MAX 2\r\n"
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (subtree a) return () uid 2\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX a/b UIDVALIDITY 7) UID ALL 2\r\n"
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (subscribed) uid 2\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX a-b UIDVALIDITY 7) UID ALL 2\r\n"
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (personal) return (count) subject nothing\r\n",
	    "a OK ESEARCH completed\r\n" },
	{ "a esearch in (selected) return (save) 2\r\nb uid fetch $ uid\r\n",
	    "a OK ESEARCH completed\r\n* 2 FETCH (UID 2)\r\n"
	    "b OK UID FETCH completed\r\n" },
	{ "a esearch in (mailboxes inbox) return (save count) 2\r\n"
	  "b esearch $\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1) UID COUNT 1\r\n"
	    "a OK ESEARCH completed\r\n"
	    "* ESEARCH (TAG \"b\" MAILBOX INBOX UIDVALIDITY 1) UID ALL 2\r\n"
	    "b OK ESEARCH completed\r\n" },
	{ "a esearch in (personal) return (save) all\r\n",
	    "a BAD SAVE is for the selected mailbox alone\r\n" },
	{ "a esearch in (mailboxes a/b) $\r\n",
	    "a NO [CANNOT] $ is of the selected mailbox\r\n" },
	{ "a esearch in (personal) charset x-none all\r\n",
	    "a NO [BADCHARSET (US-ASCII UTF-8)] Unknown character set\r\n" },
	{ "a esearch\r\n", "a BAD Blank expected\r\n" },
	{ "a esearch in () all\r\n", "a BAD Unknown set of mailboxes\r\n" },
	{ "a esearch in (\"personal\") all\r\n",
	    "a BAD Unknown set of mailboxes\r\n" },
	{ "a esearch in (selected-delayed) all\r\n",
	    "a BAD SELECTED-DELAYED is for NOTIFY\r\n" },
	{ "a esearch in (personal (depth 1)) all\r\n",
	    "a BAD Unknown scope option\r\n" },
	{ "a esearch in (subtree-one (a) ) all\r\n",
	    "a BAD Unknown set of mailboxes\r\n" },
	{ "a esearch in (personal)\r\n", "a BAD Blank expected\r\n" },
	{ "a uid esearch all\r\n", "a BAD Unknown command\r\n" },
};

static void
begin(void)
{
	static const char *const names[] = { "INBOX", "e", "a-b", "es", "a/b",
		"e", "nowhere", "s" };

	fake.message[0] = VIEW_LIT("Subject: gr\r\n\r\ntext\r\n");
	fake.message[1] = VIEW_LIT("Subject: x\r\n\r\ntext\r\n");
	fake.messages = 2;
	fake.opens = true;
	if (fake.names.n > 0)
		return;
	for (size_t i = 0; i < nitems(names); i++) {
		static struct str list;

		list_put(&list, view_of(names[i]));
		fake.names = str_view(&list);
	}
}

static void
test_talks(void **state UNUSED)
{
	static const size_t pieces[] = { 65536, 1 };

	begin();
	for (size_t i = 0; i < nitems(talks); i++)
		for (size_t k = 0; k < nitems(pieces); k++) {
			const char *said = fake_talk(view_of(talks[i].in),
			    "alice@example.test", fake_box(), pieces[k]);

			print_message("%.60s\n", talks[i].in);
			said = strstr(said, "\r\n") + 2;
			assert_string_equal(said, talks[i].out);
		}
}

/* ---- what is told ---- */

static struct imap *
session(const char *rules)
{
	static struct imap im;
	struct why w;
	struct parse p;

	begin();
	im = (struct imap){ .ask = fake_ask };
	p = parse_begin(view_of(rules), &im.arena);
	assert_true(notify_set(&im, notify_parse(&im, &p), &w));
	return &im;
}

static void
hear(struct imap *im, unsigned what, const char *name, const char *old,
    unsigned state)
{
	struct msg_watched m = { .what = (uint8_t)what,
		.mailbox = view_of(name), .old = view_of(old),
		.state = (uint8_t)state, .messages = 3, .unseen = 1,
		.uidnext = 9, .uidvalidity = 7, .modseq = 44 };

	notify_hear(im->notify, &m);
}

static void
expect(struct imap *im, const char *said)
{
	notify_tell(im);
	assert_string_equal(str_c(&im->out), said);
	assert_false(notify_has_news(im));
	str_reset(&im->out);
}

static void
end(struct imap *im)
{
	notify_end(im);
	str_free(&im->out);
	arena_reset(&im->arena);
}

#define MESSAGES "(MessageNew MessageExpunge)"
#define NEW	 "* STATUS a (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1)\r\n"

static void
test_messages(void **state UNUSED)
{
	struct imap *im = session(" (mailboxes (a b) " MESSAGES
				  ") (mailboxes c (MessageNew MessageExpunge "
				  "FlagChange))");

	hear(im, NOTIFY_NEW, "d", "", 0);
	hear(im, NOTIFY_FLAGS, "a", "", 0);
	expect(im, "");
	hear(im, NOTIFY_NEW, "a", "", 0);
	hear(im, NOTIFY_EXPUNGE, "a", "", 0);
	expect(im, NEW);
	hear(im, NOTIFY_FLAGS, "c", "", 0);
	expect(im, "* STATUS c (UIDVALIDITY 7 UNSEEN 1 HIGHESTMODSEQ 44)\r\n");
	end(im);
}

/* The first group with NONE ends it for its mailboxes. */
static void
test_order_of_groups(void **state UNUSED)
{
	struct imap *im = session(" (mailboxes b NONE) (subtree b (MailboxName"
				  ")) (personal " MESSAGES ")");

	hear(im, NOTIFY_NEW | NOTIFY_NAME, "b", "", 1);
	expect(im, "");
	hear(im, NOTIFY_NEW, "a", "", 0);
	hear(im, NOTIFY_NAME, "b/c", "", 1);
	expect(im, NEW "* LIST (\\HasNoChildren) \"/\" b/c\r\n");
	end(im);
}

#define RENAMED(to, from) \
	"* LIST (\\HasNoChildren) \"/\" " to " (\"OLDNAME\" (" from "))\r\n"
#define GONE(name) "* LIST (\\NonExistent \\HasNoChildren) \"/\" " name "\r\n"

static void
test_names(void **state UNUSED)
{
	struct imap *im = session(" (personal (MailboxName " "MessageNew "
				  "MessageExpunge))");

	hear(im, NOTIFY_NAME, "b", "a", 1);
	expect(im, RENAMED("b", "a"));
	/* twice, then only the first old name is known */
	hear(im, NOTIFY_NAME, "b", "a", 1);
	hear(im, NOTIFY_NAME, "c", "b", 1);
	expect(im, RENAMED("c", "a"));
	/* and then removed: both names are gone */
	hear(im, NOTIFY_NAME, "b", "a", 1);
	hear(im, NOTIFY_NAME, "b", "", 0);
	expect(im, GONE("b") GONE("a"));
	/* there and back */
	hear(im, NOTIFY_NAME, "b", "a", 1);
	hear(im, NOTIFY_NAME, "a", "b", 1);
	expect(im, "* LIST (\\HasNoChildren) \"/\" a\r\n");
	/* numbers of what is gone are no news, nor under an old name */
	hear(im, NOTIFY_NEW, "a", "", 0);
	hear(im, NOTIFY_NAME, "a", "", 0);
	hear(im, NOTIFY_NEW, "x", "", 0);
	hear(im, NOTIFY_NAME, "y", "x", 1);
	expect(im, GONE("a") RENAMED("y", "x"));
	end(im);
}

/* What is subscribed changes while it is watched. */
static void
test_subscribed(void **state UNUSED)
{
	struct imap *im = session(" (subscribed (MessageNew MessageExpunge "
				  "SubscriptionChange))");

	hear(im, NOTIFY_NEW, "a", "", 0);
	expect(im, "");
	hear(im, NOTIFY_SUBSCRIPTION, "a", "", 3);
	hear(im, NOTIFY_NEW, "a", "", 0);
	expect(im, "* LIST (\\Subscribed \\HasNoChildren) \"/\" a\r\n" NEW);
	hear(im, NOTIFY_SUBSCRIPTION, "a", "", 5);
	hear(im, NOTIFY_NEW, "a", "", 0);
	expect(im, "* LIST (\\HasChildren) \"/\" a\r\n");
	end(im);
}

#define OVERFLOW "* OK [NOTIFICATIONOVERFLOW] Too much has happened; " \
		 "nothing is notified any more\r\n"

static void
test_too_much(void **state UNUSED)
{
	struct imap *im = session(" (personal " MESSAGES ")");
	char name[20];

	for (int i = 0; i < NOTIFY_PENDING_MOST; i++) {
		snprintf(name, sizeof(name), "box%d", i);
		hear(im, NOTIFY_NEW, name, "", 0);
		hear(im, NOTIFY_NEW, name, "", 0);
	}
	notify_tell(im);
	assert_null(strstr(str_c(&im->out), "OVERFLOW"));
	str_reset(&im->out);
	for (int i = 0; i <= NOTIFY_PENDING_MOST; i++) {
		snprintf(name, sizeof(name), "box%d", i);
		hear(im, NOTIFY_NEW, name, "", 0);
	}
	expect(im, OVERFLOW);
	hear(im, NOTIFY_NEW, "a", "", 0);
	expect(im, "");
	assert_int_equal(notify_of_selected(im), 0);
	end(im);
	im = session(" (personal " MESSAGES ")");
	hear(im, NOTIFY_LOST, "", "", 0);
	expect(im, OVERFLOW);
	end(im);
}

/* Entries gather by name. "" is the server; PERSONAL has no mailboxes of
 * others. */
static void
test_metadata(void **state UNUSED)
{
	struct imap *im = session(" (personal (MailboxMetadataChange "
				  "ServerMetadataChange MailboxName))");
	char entry[64];

	hear(im, NOTIFY_METADATA, "a", "/shared/x", 0);
	hear(im, NOTIFY_METADATA, "a", "/private/y", 0);
	hear(im, NOTIFY_METADATA, "a", "/shared/x", 0);
	hear(im, NOTIFY_METADATA, "Other Users/bob@x/a", "/shared/x", 0);
	hear(im, NOTIFY_SERVER, "INBOX", "/private/z", 0);
	expect(im, "* METADATA a /shared/x /private/y\r\n"
		   "* METADATA \"\" /private/z\r\n");
	for (int i = 0; i < NOTIFY_ENTRIES_MOST; i++) {
		snprintf(entry, sizeof(entry), "/shared/%d", i);
		hear(im, NOTIFY_METADATA, "a", entry, 0);
	}
	expect(im, OVERFLOW);
	end(im);
	im = session(" (mailboxes \"Other Users/bob@x/a\" "
		     "(MailboxMetadataChange)) (subtree b NONE)");
	hear(im, NOTIFY_METADATA, "a", "/shared/x", 0);
	hear(im, NOTIFY_METADATA, "Other Users/bob@x/a", "/shared/x", 0);
	hear(im, NOTIFY_SERVER, "INBOX", "/private/z", 0);
	expect(im, "* METADATA \"Other Users/bob@x/a\" /shared/x\r\n");
	end(im);
}

/* Without a NOTIFY nothing else is told, nor is the selected mailbox less. */
static void
test_metadata_enabled(void **state UNUSED)
{
	struct imap *im = session(" (personal " MESSAGES ")");

	notify_metadata(im);
	hear(im, NOTIFY_METADATA, "a", "/shared/x", 0);
	expect(im, "");
	notify_end(im);
	notify_metadata(im);
	hear(im, NOTIFY_METADATA, "a", "/shared/x", 0);
	hear(im, NOTIFY_NEW | NOTIFY_NAME, "b", "", 0);
	expect(im, "* METADATA a /shared/x\r\n");
	assert_int_equal(notify_of_selected(im), NOTIFY_MESSAGES);
	hear(im, NOTIFY_LOST, "", "", 0);
	expect(im, OVERFLOW);
	assert_int_equal(notify_of_selected(im), NOTIFY_MESSAGES);
	end(im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_order_of_groups),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_subscribed),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_metadata_enabled),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fake_free();
	return failed;
}
