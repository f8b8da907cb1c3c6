/* SPDX-License-Identifier: ISC */
/*
 * router_site - a small site for the tests of router
 *
 * Two domains, four users, some aliases with every trap in them.
 */
#ifndef TESTS_ROUTER_SITE_H
#define TESTS_ROUTER_SITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/mail/aliases.h"
#include "lib/proc/message.h"
#include "router/decide.h"
#include "lib/mail/user_table.h"

static const char settings_text[] = "domains = One.test two.test "
				    "b\xc3\xbc" "cher.test xn--bcher-kva.example\n"
				    "hostname = mail.one.test\n"
				    "system_domains = one.test\n"
				    "[domain two.test]\n"
				    "catch_all = bob@one.test\n";

static const char user_lines[] = "alice@one.test\nalice@two.test\n"
				 "bob+list@one.test\nbob@one.test\n"
				 "eve@b\xc3\xbc" "cher.test\n"
				 "eve@xn--bcher-kva.example\n";

static const char alias_text[] =
    "# the usual ones\n"
    "root: bob\n"
    "Abuse: root\n"
    "alice@one.test: alice@one.test, bob\n"	/* a copy */
    "loop: pool\n"
    "pool: loop\n"
    "self: self\n"
    "team: alice@two.test, bob, bob,\n"
    "  bob+x@one.test, \"Far Away\" <far@Away.example>\n"
    "diamond: left, right\n"
    "left: bob\n"
    "right: left\n"
    "half: bob, nobody-there\n"
    "gone: nobody-there\n"
    "pipe: bob, \"|/bin/cat, -n\"\n"
    "file@two.test: /var/mail/file, pipe\n"
    "empty-pipe: bob, \"|\"\n"
    "people: carol, \\carol\n"
    "deep+detail: alice@two.test\n"
    "only@two.test: alice\n"
    "two: bob\n"
    "root@two.test: \\bob, \\root\n"
    "away: \\x@away.example, \\alice@TWO.test\n"
    "list: :include:/l, alice@two.test\n"
    "club: bob, alice@two.test, BOB@one.test, team, ring, bob@one.test\n"
    "owner-club: alice@one.test\n"
    "ring@one.test: club, alice@one.test, ring\n"
    "owner-ring@one.test: bob\n"
    "owner-owner-club: bob\n"
    "club-request: bob\n"
    "owner-club-request: alice\n"
    "via: club\n"
    "empty: :include:/none\n";

/* What /l holds; it includes itself. */
static const char list_text[] = "bob\n:include:/l\n\\alice, root@two.test\n";

/* The aliases as an array; the index itself is tested elsewhere. */
static struct {
	struct str key, items;
} aliases[64];
static size_t alias_count;

static bool
keep(void *arg UNUSED, size_t line UNUSED, struct view key,
    struct view items)
{
	assert_true(alias_count < nitems(aliases));
	str_add(&aliases[alias_count].key, key);
	str_add(&aliases[alias_count].items, items);
	alias_count++;
	return true;
}

static bool
keep_list(void *arg, size_t line, struct view key UNUSED,
    struct view items)
{
	return keep(arg, line, VIEW_LIT("\n/l"), items);
}

static void
ignore(void *arg UNUSED, size_t line UNUSED, const char *sentence UNUSED)
{
}

static enum kv_result
get_alias(void *arg UNUSED, struct view key, struct view *items)
{
	for (size_t i = 0; i < alias_count; i++)
		if (view_eq(key, str_view(&aliases[i].key))) {
			*items = str_view(&aliases[i].items);
			return KV_FOUND;
		}
	return KV_NONE;
}

static bool
has_user(void *arg, struct view name)
{
	return user_table_find(arg, name, NULL);
}

static bool
has_system_user(void *arg UNUSED, struct view name)
{
	return view_is(name, "carol") || view_is(name, "bob");
}

/* Nothing stands in the routes; they are tested elsewhere. */
static enum kv_result
get_nothing(void *arg UNUSED, struct view key UNUSED,
    struct view *value UNUSED)
{
	return KV_NONE;
}

static struct user_table users;
static struct tables tables = { .user = has_user, .alias = get_alias,
	.system_user = has_system_user,
	.route = get_nothing, .recipient = get_nothing,
	.arg = &users, .ready = true };

static UNUSED int
set_up(void **state UNUSED)
{
	const struct aliases_sink sink = { keep, ignore, NULL };
	const struct aliases_sink list = { keep_list, ignore, NULL };
	struct str errors = { 0 };
	struct settings *s =
	    settings_parse(view_of(settings_text), &errors);

	if (s == NULL)
		fail_msg("%s", str_c(&errors));
	users.lines = view_of(user_lines);
	tables.first_user = VIEW_LIT("alice@one.test");
	tables_settings(&tables, s, VIEW_LIT("mail.one.test"));
	return aliases_read_list(view_of(list_text), &list) &&
	    aliases_read(view_of(alias_text), &sink) ? 0 : -1;
}

static UNUSED int
tear_down(void **state UNUSED)
{
	struct settings *s = (struct settings *)(uintptr_t)tables.settings;

	for (size_t i = 0; i < alias_count; i++) {
		str_free(&aliases[i].key);
		str_free(&aliases[i].items);
	}
	tables_free(&tables);
	settings_free(&s);
	return 0;
}

#endif
