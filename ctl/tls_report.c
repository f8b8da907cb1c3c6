/* SPDX-License-Identifier: ISC */
/*
 * tls_report - how TLS with other servers went on one day (RFC 8460)
 *
 * For one domain the report that the RFC describes, ready to be sent; for all a
 * table, or with --json their reports, a line each. Days are those of UTC.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/tls_report.h"
#include "lib/base/clock.h"
#include "lib/mail/event.h"

#define DAY	86400

/* What was counted for one policy of a domain. */
struct policy {
	struct view domain, type, strings;
	uint64_t good, bad;
	json_t *failures;
};

static struct {
	struct str octets;
	struct policy *policies;
	size_t n;
	int64_t day;
	const char *host;
} seen;

static void
on_traced(struct channel *c UNUSED, uint32_t tag UNUSED, struct msg_traced *m)
{
	str_add(&seen.octets, m->events);
}

static void
on_end(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_trace_end *m UNUSED)
{
	link_done();
}

static const struct handlers report_handlers = {
	.traced = on_traced,
	.trace_end = on_end,
	.closed = link_closed,
};

/* ---- counting ---- */

static struct policy *
policy_of(const struct event *e)
{
	struct policy *p;

	for (size_t i = 0; i < seen.n; i++) {
		p = &seen.policies[i];
		if (view_eqi(p->domain, e->text[EVENT_domain]) &&
		    view_eq(p->type, e->text[EVENT_policy]) &&
		    view_eq(p->strings, e->text[EVENT_strings]))
			return p;
	}
	seen.policies = xrealloc(seen.policies,
	    (seen.n + 1) * sizeof(*seen.policies));
	p = &seen.policies[seen.n++];
	*p = (struct policy){ .domain = e->text[EVENT_domain],
		.type = e->text[EVENT_policy],
		.strings = e->text[EVENT_strings],
		.failures = json_array() };
	return p;
}

static const struct {
	const char *name;	/* RFC 8460 4.4 */
	enum event_field field;
} details[] = {
	{ "result-type", EVENT_result },
	{ "sending-mta-ip", EVENT_from_ip },
	{ "receiving-mx-hostname", EVENT_mx },
	{ "receiving-ip", EVENT_to_ip },
	{ "failure-reason-code", EVENT_reason },
};

static bool
is_same_failure(const json_t *j, const struct event *e)
{
	for (size_t i = 0; i < nitems(details); i++) {
		const char *v = json_string_value(json_object_get(j,
		    details[i].name));

		if (!view_is(e->text[details[i].field], v != NULL ? v : ""))
			return false;
	}
	return true;
}

static void
count_failure(struct policy *p, const struct event *e, uint64_t n)
{
	static const char count[] = "failed-session-count";
	json_t *j;
	size_t i;

	p->bad += n;
	json_array_foreach(p->failures, i, j) {
		if (!is_same_failure(j, e))
			continue;
		n += (uint64_t)json_integer_value(json_object_get(j, count));
		json_object_set_new(j, count, json_integer((json_int_t)n));
		return;
	}
	j = json_object();
	for (i = 0; i < nitems(details); i++)
		if (e->text[details[i].field].n > 0)
			json_object_set_new(j, details[i].name,
			    output_text(e->text[details[i].field]));
	json_object_set_new(j, count, json_integer((json_int_t)n));
	json_array_append_new(p->failures, j);
}

static void
count_all(void)
{
	struct view rest = str_view(&seen.octets), one;
	struct event e;

	while (event_next(&rest, &one)) {
		uint64_t n;

		if (!event_read(one, &e))
			continue;
		n = event_number(&e, EVENT_count);
		if (view_is(e.text[EVENT_result], "success"))
			policy_of(&e)->good += n;
		else
			count_failure(policy_of(&e), &e, n);
	}
}

/* ---- the report ---- */

static json_t *
json_moment(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

/* Of an STS policy: the patterns behind "mx:", too. */
static json_t *
json_policy(const struct policy *p)
{
	json_t *j = json_object(), *strings = json_array();
	json_t *hosts = json_array();
	struct view list = p->strings, one;

	while (list_next(&list, &one)) {
		json_array_append_new(strings, output_text(one));
		if (view_is(p->type, "sts") &&
		    view_startsi(one, VIEW_LIT("mx:")))
			json_array_append_new(hosts,
			    output_text(view_trim(view_skip(one, 3))));
	}
	json_object_set_new(j, "policy-type", output_text(p->type));
	if (json_array_size(strings) > 0)
		json_object_set(j, "policy-string", strings);
	json_object_set_new(j, "policy-domain", output_text(p->domain));
	if (json_array_size(hosts) > 0)
		json_object_set(j, "mx-host", hosts);
	json_decref(strings);
	json_decref(hosts);
	return json_pack("{s:o, s:{s:I, s:I}}", "policy", j, "summary",
	    "total-successful-session-count", (json_int_t)p->good,
	    "total-failure-session-count", (json_int_t)p->bad);
}

static json_t *
json_report(struct view domain)
{
	json_t *policies = json_array(), *j;
	struct str id = { 0 }, contact = { 0 };

	for (size_t i = 0; i < seen.n; i++) {
		const struct policy *p = &seen.policies[i];

		if (!view_eqi(p->domain, domain))
			continue;
		j = json_policy(p);
		if (json_array_size(p->failures) > 0)
			json_object_set(j, "failure-details", p->failures);
		json_array_append_new(policies, j);
	}
	str_addf(&id, "%lld.%.*s@%s", (long long)seen.day, VIEW(domain),
	    seen.host);
	str_addf(&contact, "postmaster@%s", seen.host);
	j = json_pack("{s:s, s:{s:o, s:o}, s:s, s:s, s:o}",
	    "organization-name", seen.host, "date-range",
	    "start-datetime", json_moment(seen.day * DAY),
	    "end-datetime", json_moment(seen.day * DAY + DAY - 1),
	    "contact-info", str_c(&contact), "report-id", str_c(&id),
	    "policies", policies);
	str_free(&id);
	str_free(&contact);
	return j;
}

static void
print_table(void)
{
	static const char *const heads[] = { "DOMAIN", "POLICY", "GOOD", "BAD",
		"FAILURES" };
	struct table t = { .columns = nitems(heads) };
	json_t *one;
	size_t k;

	for (size_t i = 0; i < nitems(heads); i++)
		table_add(&t, "%s", heads[i]);
	for (size_t i = 0; i < seen.n; i++) {
		const struct policy *p = &seen.policies[i];
		struct str kinds = { 0 };

		table_add(&t, "%s", output_clean(p->domain));
		table_add(&t, "%s", output_clean(p->type));
		table_add(&t, "%llu", (unsigned long long)p->good);
		table_add(&t, "%llu", (unsigned long long)p->bad);
		json_array_foreach(p->failures, k, one) {
			str_addf(&kinds, "%s%s", k > 0 ? ", " : "",
			    json_string_value(json_object_get(one,
				"result-type")));
		}
		table_add(&t, "%s", kinds.n > 0 ? str_c(&kinds) : "-");
		str_free(&kinds);
	}
	table_print(&t);
}

static bool
is_first(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (view_eqi(seen.policies[k].domain, seen.policies[i].domain))
			return false;
	return true;
}

static void
print_all(bool json)
{
	if (!json) {
		print_table();
		return;
	}
	for (size_t i = 0; i < seen.n; i++)
		if (is_first(i))
			output_json_line(json_report(
			    seen.policies[i].domain));
}

/* ---- the command ---- */

static int
take_day(const struct ctl *ctl)
{
	const char *text = ctl_value(ctl, OPTION_DAY), *end;
	struct tm tm = { 0 };

	seen.day = clock_wall() / DAY;
	if (text == NULL)
		return 0;
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end == NULL || *end != '\0')
		return ctl_fail(EX_USAGE, "%s is no day; say 2026-11-25", text);
	seen.day = (int64_t)timegm(&tm) / DAY;
	return 0;
}

static int
ask(struct ctl *ctl)
{
	static const struct handlers none = { .closed = link_closed };
	struct message m = { .type = MSG_tls_report,
		.tls_report = { .day = seen.day, .domain = ctl->argc > 0 ?
		    view_of(ctl->argv[0]) : VIEW_NONE } };
	struct channel *c;
	int code = link_open(ctl, &none);

	if (code == 0)
		code = link_program(ROLE_HISTORY, 0, &report_handlers, &c);
	if (code != 0)
		return code;
	channel_send(c, &m);
	return link_wait() ? 0 :
	    ctl_fail(EX_TEMPFAIL, "history went away; try again");
}

static void
forget(void)
{
	for (size_t i = 0; i < seen.n; i++)
		json_decref(seen.policies[i].failures);
	free(seen.policies);
	str_free(&seen.octets);
}

int
tls_report(struct ctl *ctl)
{
	int code = take_day(ctl);

	if (code == 0)
		code = ask(ctl);
	if (code != 0)
		return code;
	seen.host = ctl_settings(ctl)->hostname;
	if (seen.host[0] == '\0')
		seen.host = "localhost";
	count_all();
	if (seen.n == 0)
		code = ctl_fail(EX_UNAVAILABLE, "no results of TLS on that "
		    "day");
	else if (ctl->argc > 0)
		output_json(json_report(view_of(ctl->argv[0])));
	else
		print_all(ctl_has(ctl, OPTION_JSON));
	forget();
	return code;
}
