/* SPDX-License-Identifier: ISC */
/*
 * imapd_metadata - METADATA as a client says and hears it, also with LIST
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "imapd_talk.h"

#define OK_GET "a OK GETMETADATA completed\r\n"

static const struct dialog gets[] = {
	{ "a getmetadata x /private/a\r\n",
	    "* METADATA x (/private/a \"1\")\r\n" OK_GET },
	{ "a getmetadata \"\" (/private/a)\r\n",
	    "* METADATA \"\" (/private/a \"1\")\r\n" OK_GET },
	{ "a getmetadata x (/PRIVATE/A /private/none)\r\n",
	    "* METADATA x (/PRIVATE/A \"1\" /private/none NIL)\r\n" OK_GET },
	{ "a getmetadata x /shared/comment\r\n",
	    "* METADATA x (/shared/comment {8}\r\na \"b\"\r\nc)\r\n" OK_GET },
	{ "a getmetadata (depth 1) x /private/a\r\n",
	    "* METADATA x (/private/a \"1\" /private/a/b \"two\")\r\n" OK_GET },
	{ "a getmetadata x (depth 1) /private\r\n",
	    "* METADATA x (/private/a \"1\")\r\n" OK_GET },
	{ "a getmetadata (depth infinity maxsize 2) x /private\r\n",
	    "* METADATA x (/private/a \"1\")\r\n"
	    "a OK [METADATA LONGENTRIES 3] GETMETADATA completed\r\n" },
	{ "a getmetadata (maxsize 0) x /private/a\r\n",
	    "a OK [METADATA LONGENTRIES 1] GETMETADATA completed\r\n" },
	/* told once, however often it is asked for */
	{ "a getmetadata (depth infinity) x (/private/a /private/a/b "
	  "/private/a)\r\n",
	    "* METADATA x (/private/a \"1\" /private/a/b \"two\" "
	    "/private/a/b/c ~{3}\r\n" },
	{ "a getmetadata gone /private/a\r\n",
	    "a NO [NONEXISTENT] No such mailbox\r\n" },
};

static const struct dialog wrong[] = {
	{ "a getmetadata\r\n", "a BAD Blank expected\r\n" },
	{ "a getmetadata x\r\n", "a BAD Blank expected\r\n" },
	{ "a getmetadata x ()\r\n", "a BAD Argument expected\r\n" },
	{ "a getmetadata x /private/a /private/b\r\n",
	    "a BAD Too many arguments\r\n" },
	{ "a getmetadata (depth 2) x /private/a\r\n",
	    "a BAD Wrong depth\r\n" },
	{ "a getmetadata (size 2) x /private/a\r\n",
	    "a BAD Unknown GETMETADATA option\r\n" },
	{ "a getmetadata x /privat/a\r\n",
	    "a BAD Wrong name of an entry\r\n" },
	{ "a getmetadata x /private/a/\r\n",
	    "a BAD Wrong name of an entry\r\n" },
	{ "a getmetadata x /private//a\r\n",
	    "a BAD Wrong name of an entry\r\n" },
	{ "a getmetadata x \"/private/a*\"\r\n",
	    "a BAD Wrong name of an entry\r\n" },
	{ "a setmetadata x ()\r\n", "a BAD Argument expected\r\n" },
	{ "a setmetadata x (/private/a b)\r\n",
	    "a BAD String expected\r\n" },
	{ "a setmetadata x (/private \"b\")\r\n",
	    "a BAD Wrong name of an entry\r\n" },
	{ "a setmetadata x (/private/a \"b\" /private/A NIL)\r\n",
	    "a BAD An entry twice\r\n" },
	{ "a list \"\" * return (metadata)\r\n",
	    "a BAD Blank expected\r\n" },
	{ "a list \"\" * return (metadata ())\r\n",
	    "a BAD Argument expected\r\n" },
};

static const struct dialog sets[] = {
	{ "a setmetadata x (/private/a \"b\")\r\n", "/private/a=b;" },
	{ "a setmetadata \"\" (/Private/A NIL /shared/b \"\")\r\n",
	    "/shared/b=;/private/a;" },
	{ "a setmetadata x (/private/a ~{2+}\r\n\377b /private/c \"NIL\")\r\n",
	    "/private/a=\377b;/private/c=NIL;" },
};

static const struct dialog refused[] = {
	{ "a setmetadata Long (/private/a \"b\")\r\n",
	    "a NO [METADATA MAXSIZE 32768] Too long\r\n" },
	{ "a setmetadata Many (/private/a \"b\")\r\n",
	    "a NO [METADATA TOOMANY] Too many\r\n" },
	{ "a setmetadata Use (/private/specialuse \"x\")\r\n",
	    "a NO [USEATTR] No such use\r\n" },
};

static const struct dialog lists[] = {
	{ "a list \"\" * return (myrights)\r\n",
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
	    "* MYRIGHTS INBOX lrswited\r\n"
	    "* LIST (\\HasNoChildren) \"/\" Other\r\n"
	    "* MYRIGHTS Other lr\r\n"
	    "* LIST (\\NonExistent \\HasChildren) \"/\" a\r\n"
	    "* LIST (\\HasNoChildren) \"/\" a/b\r\n"
	    "* MYRIGHTS a/b lr\r\n"
	    "a OK LIST completed\r\n" },
	{ "a list \"\" * return (metadata (/private/a /shared/x))\r\n",
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
	    "* METADATA INBOX (/private/a \"1\" /shared/x NIL)\r\n"
	    "* LIST (\\HasNoChildren) \"/\" Other\r\n"
	    "* METADATA Other (/private/a NIL /shared/x NIL)\r\n"
	    "* LIST (\\NonExistent \\HasChildren) \"/\" a\r\n"
	    "* LIST (\\HasNoChildren) \"/\" a/b\r\n"
	    "* METADATA a/b (/private/a \"1\" /shared/x NIL)\r\n"
	    "a OK LIST completed\r\n" },
};

static void
test_get(void **state UNUSED)
{
	size_t last = nitems(gets) - 2;

	talk_check_all(gets, last, true);
	/* with a NUL in it */
	assert_memory_equal(talk(gets[last].in, strlen(gets[last].in), true, 9),
	    gets[last].out, strlen(gets[last].out));
	talk_check_all(&gets[last + 1], 1, true);
}

static void
test_wrong(void **state UNUSED)
{
	talk_check_all(wrong, nitems(wrong), true);
}

static void
test_set(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(sets); i++) {
		assert_string_equal(talk(sets[i].in, strlen(sets[i].in), true,
		    5), "a OK SETMETADATA completed\r\n");
		assert_string_equal(str_c(&fake.created), sets[i].out);
	}
	talk_check_all(refused, nitems(refused), true);
}

static void
test_list(void **state UNUSED)
{
	static const char *const names[] = { "INBOX", "e", "Other", "e", "a/b",
		"e" };
	struct str list = { 0 };

	for (size_t i = 0; i < nitems(names); i++)
		list_put(&list, view_of(names[i]));
	fake.names = str_view(&list);
	talk_check_all(lists, nitems(lists), true);
	fake.names = VIEW_NONE;
	str_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_list),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fake_free();
	return failed;
}
