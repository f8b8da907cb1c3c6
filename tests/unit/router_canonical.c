/* SPDX-License-Identifier: ISC */
/*
 * router_canonical - what addresses are called on their way to other hosts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "router/canonical.h"

static const char settings_text[] =
    "hostname = Mail.one.test\n"
    "domains = one.test b\xc3\xbc" "cher.test\n"
    "masquerade_domains = !keep.top.test top.test !other.test "
    "deep.other.test b\xc3\xbc" "cher.test\n"
    "masquerade_exceptions = Root daemon+x\n";

static const struct {
	const char *key, *value;
} rows[] = {
	{ "a+x@one.test", "first@out.test" },
	{ "a@one.test", "second@out.test" },
	{ "a+x", "never@out.test" },
	{ "b+x", "third@out.test" },
	{ "b", "fourth@out.test" },
	{ "c", "c@web.top.test" },
	{ "@one.test", "@out.test" },
	{ "@all.test", "one@out.test" },
	{ "@out.test", "twice@out.test" },
	{ "@xn--bcher-kva.example", "@b\xc3\xbc" "cher.out.test" },
	{ "same@one.test", "same@one.test" },
	{ "bad@one.test", "bad" },
	{ "long", "0123456789012345678901234567890123456789012345678901234@out.test" },
};

static const char trouble[] = "trouble";

static const struct {
	const char *is, *becomes;	/* NULL: it stays */
} cases[] = {
	{ "a+x@one.test", "first@out.test" },
	{ "A+X@ONE.test", "first@out.test" },
	{ "a+y@one.test", "second+y@out.test" },
	{ "a@one.test", "second@out.test" },
	{ "b+x@one.test", "third@out.test" },
	{ "b+list=q=z.test@one.test", "fourth+list=q=z.test@out.test" },
	{ "b@mail.one.test", "fourth@out.test" },
	{ "b@elsewhere.test", NULL },
	{ "\"x y\"@one.test", "\"x y\"@out.test" },
	{ "Keeps.Case@one.test", "Keeps.Case@out.test" },
	{ "x+y@all.test", "one@out.test" },
	{ "x@sub.one.test", NULL },
	{ "x@b\xc3\xbc" "cher.example", "x@xn--bcher-kva.out.test" },
	{ "\xc3\xbc@one.test", "\xc3\xbc@out.test" },
	{ "same@one.test", NULL },
	{ "SAME@one.test", "same@one.test" },
	{ "bad@one.test", trouble },
	{ "broken@one.test", trouble },
	/* the second step, also on what the first one gave */
	{ "c@one.test", "c@top.test" },
	{ "x@a.b.Top.test", "x@top.test" },
	{ "x@top.test", NULL },
	{ "x@keep.top.test", NULL },
	{ "x@a.keep.top.test", NULL },
	{ "x@evil-keep.top.test", "x@top.test" },
	{ "x@eviltop.test", NULL },
	{ "x@a.deep.other.test", NULL },
	{ "root@a.top.test", NULL },
	{ "ROOT+x@a.top.test", NULL },
	{ "daemon@a.top.test", "daemon@top.test" },
	{ "daemon+x@a.top.test", NULL },
	{ "x@a.b\xc3\xbc" "cher.test", "x@xn--bcher-kva.test" },
	/* no addresses that anything could be said of */
	{ "x@[192.0.2.1]", NULL },
	{ "x", NULL },
	{ "@one.test", NULL },
	{ "x@one.test>", NULL },
	{ "", NULL },
};

/* Expressions are asked for no parts; here broken@ is one that takes too long. */
static enum kv_result
find(void *arg UNUSED, struct view key, bool part, struct view *value)
{
	assert_int_equal(part, view_find(key, '@') == key.n ||
	    key.p[0] == '@' || part);
	if (!part && view_is(key, "broken@one.test"))
		return KV_TROUBLE;
	for (size_t i = 0; i < nitems(rows); i++)
		if (view_is(key, rows[i].key)) {
			*value = view_of(rows[i].value);
			return KV_FOUND;
		}
	return KV_NONE;
}

static void
expect(const struct tables *t, const char *is, const char *becomes)
{
	enum kv_result wanted = becomes == NULL ? KV_NONE :
	    becomes == trouble ? KV_TROUBLE : KV_FOUND;
	struct arena a = { 0 };
	struct view to;
	enum kv_result r = canonical_rewrite(t, view_of(is), &a, &to);

	if (r != wanted || (r == KV_FOUND && !view_is(to, becomes)))
		fail_msg("%s: %d %.*s", is, r, r == KV_FOUND ? (int)to.n : 0,
		    r == KV_FOUND ? to.p : "");
	arena_reset(&a);
}

static void
test_cases(void **state UNUSED)
{
	struct tables t = { .canonical = find };
	struct str errors = { 0 };
	struct settings *s = settings_parse(view_of(settings_text), &errors);

	if (s == NULL)
		fail_msg("%s", str_c(&errors));
	tables_settings(&t, s, VIEW_LIT("mail.one.test"));
	for (size_t i = 0; i < nitems(cases); i++)
		expect(&t, cases[i].is, cases[i].becomes);
	/* a name that grows too long for SMTP */
	expect(&t, "long+0123456789@one.test", trouble);
	tables_free(&t);
	settings_free(&s);
}

/* Without tables there is the second step only. */
static void
test_no_tables(void **state UNUSED)
{
	struct tables t = { .canonical = NULL };
	struct str errors = { 0 };
	struct settings *s = settings_parse(view_of(settings_text), &errors);

	tables_settings(&t, s, VIEW_LIT("mail.one.test"));
	expect(&t, "a@one.test", NULL);
	expect(&t, "a@x.top.test", "a@top.test");
	tables_free(&t);
	settings_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
