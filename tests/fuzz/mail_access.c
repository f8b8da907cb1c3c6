/* SPDX-License-Identifier: ISC */
/*
 * mail_access - any text as rules; some are matched against some facts
 *
 * What a rule does comes back out of its octets, and its line, read alone, is
 * the same rule.
 */
#include "lib/mail/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_octets(const struct access_rule *r)
{
	struct access_rule again;
	struct str octets = { 0 };

	access_write(r, &octets);
	must(access_parse(str_view(&octets), &again));
	must(again.action == r->action && again.line == r->line &&
	    view_eq(again.status, r->status) && view_eq(again.text, r->text));
	str_free(&octets);
}

static void
check_line(const struct access_rule *r, struct view line)
{
	struct arena arena = { 0 };
	struct access_rule again;

	must(access_line(line, r->line, &arena, &again));
	must(again.n == r->n && again.action == r->action);
	for (size_t i = 0; i < r->n; i++)
		must(view_eq(again.condition[i].text, r->condition[i].text) &&
		    again.condition[i].form == r->condition[i].form);
	arena_reset(&arena);
}

static bool
rule(void *arg, const struct access_rule *r, struct view line)
{
	struct str key = { 0 };

	(void)arg;
	must(r->n > 0 && r->n <= ACCESS_CONDITIONS_MAX && r->line > 0);
	if (access_key(r, &key))
		must(r->n == 1 && key.n >= 3);
	str_free(&key);
	check_octets(r);
	check_line(r, line);
	return true;
}

static void
complain(void *arg, size_t line, size_t column, const char *sentence)
{
	(void)arg;
	must(line > 0 && column > 0 && column <= 1024 * 1024 &&
	    sentence[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct access_sink sink = { rule, complain, NULL };
	struct access_rule r;

	access_read(view_bytes(data, size), &sink);
	access_parse(view_bytes(data, size), &r);
	return 0;
}
