/* SPDX-License-Identifier: ISC */
/*
 * queue_why - why a mail still waits, in plain words
 *
 * For each recipient: where it goes, what was tried when, what the other side
 * said, when it is tried next, and what one can do about it. The advice is
 * chosen by the enhanced status (RFC 3463) of the last try.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/queue.h"
#include "lib/base/clock.h"
#include "lib/mail/spool.h"

static bool any;
static uint64_t mail;
static json_t *object;

/* What the first that fits says; subject.detail, beginnings. */
static const struct {
	const char *status, *advice;
} advices[] = {
	{ "2.2", "The mailbox there is full: only its owner can help." },
	{ "2.", "The mailbox there takes nothing now; it is tried again." },
	{ "3.4", "The mail is larger than the other server takes." },
	{ "3.", "Trouble of a mail system: if it is this one, \"posthouse "
	    "status\" and the log say more." },
	{ "4.1", "No host answered. If it should be up, look at the way "
	    "there (network, firewall, port 25); \"posthouse queue reroute "
	    "ID --to HOP\" sends it over another host." },
	{ "4.2", "The connection broke. If it keeps breaking, something "
	    "between here and there may be cutting it." },
	{ "4.3", "The DNS does not say where the domain's mail goes: "
	    "\"posthouse dns DOMAIN MX\" shows what it says now." },
	{ "4.4", "The domain names no host that takes mail." },
	{ "4.5", "The other server is overloaded; tries become rarer by "
	    "themselves." },
	{ "4.6", "It goes in circles: look at etc/routes here and at the "
	    "other server." },
	{ "7.0", "The other server wants to be asked again later (greylisting "
	    "does so), or does not want this mail: its words say which." },
	{ "7.1", "The other server does not want this sender here: its words "
	    "may name whom to ask." },
	{ "7.5", "TLS, or what vouches for the other server, does not come to "
	    "what is demanded; see smtp_tls and etc/routes." },
	{ "7.", "A question of policy or security at the other server, or of "
	    "TLS on the way; its words say which." },
	{ "", "" },
};

static struct view
advice_for(struct view status)
{
	size_t i = 0;

	while (!view_starts(status, view_of(advices[i].status)))
		i++;
	return view_of(advices[i].advice);
}

/* "2 hours", the larger unit that makes sense. */
static const char *
span(int64_t seconds)
{
	static const struct { int64_t seconds; const char *name; } units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" }
	};
	static char text[2][32];
	static unsigned next;
	char *out = text[next++ % nitems(text)];
	size_t u = 0;
	int64_t n;

	while (u + 1 < nitems(units) && seconds < units[u].seconds)
		u++;
	n = seconds / units[u].seconds;
	snprintf(out, sizeof(text[0]), "%lld %s%s", (long long)n,
	    units[u].name, n == 1 ? "" : "s");
	return out;
}

static int64_t
now(void)
{
	return clock_wall_us() / 1000000;
}

static void
print_mail(const struct msg_queue_item *m)
{
	char id[SPOOL_ID_SIZE];
	struct str facts = { 0 };

	printf("%s%s from <%s>, %llu octets, came %s (%s ago)\n",
	    any ? "\n" : "", spool_id(m->mail, id), output_clean(m->sender),
	    (unsigned long long)m->size, output_time(m->arrival),
	    span(now() - m->arrival));
	queue_facts(m, &facts);
	if (facts.n > 0)
		printf("  %s\n", str_c(&facts));
	str_free(&facts);
}

/* Line by line, word for word. */
static void
print_reply(struct view reply)
{
	puts("    the other server's words:");
	while (reply.n > 0)
		printf("      %s\n", output_clean(view_cut(&reply, '\n')));
}

static void
print_past(const struct msg_queue_item *m)
{
	if (m->tries == 0)
		puts("    not tried yet");
	else if (m->tried != 0)
		printf("    tried %u time%s, last %s (%s ago)\n", m->tries,
		    m->tries == 1 ? "" : "s", output_time(m->tried),
		    span(now() - m->tried));
	else
		printf("    tried %u time%s\n", m->tries,
		    m->tries == 1 ? "" : "s");
	if (m->sentence.n > 0)
		printf("    what came of it: %s\n", output_clean(m->sentence));
	if (m->relay.n > 0)
		printf("    said by %s, status 4.%s\n", output_clean(m->relay),
		    output_clean(m->status));
	if (m->reply.n > 0)
		print_reply(m->reply);
}

static void
print_next(const struct msg_queue_item *m)
{
	if (m->frozen != 0)
		puts("    held by the administrator: not tried until released");
	else if (view_is(m->state, "held"))
		printf("    held by its sender until %s\n",
		    output_time(m->hold));
	else if (view_is(m->state, "reporting"))
		puts("    given up or done: the report to the sender is being "
		     "written");
	else if (m->next == 0)
		puts("    it is being tried now, or waits for its turn at that "
		     "host");
	else if (m->next <= now())
		puts("    the next try is due now");
	else
		printf("    next try %s (in %s)\n", output_time(m->next),
		    span(m->next - now()));
	if (m->until != 0)
		printf("    tries end %s; then its sender is told\n",
		    output_time(m->until));
}

static void
print_advice(const struct msg_queue_item *m)
{
	struct view advice = advice_for(m->status);
	bool held = view_is(m->state, "held");
	char id[SPOOL_ID_SIZE];

	spool_id(m->mail, id);
	if (advice.n > 0 && m->tries > 0)
		printf("    %.*s\n", VIEW(advice));
	if (held)
		printf("    \"posthouse queue release %s\" lets it go\n", id);
	else if (view_is(m->state, "deferred"))
		printf("    \"posthouse queue flush %s\" tries it now\n", id);
}

static void
print_item(const struct msg_queue_item *m)
{
	if (!any || m->mail != mail)
		print_mail(m);
	any = true;
	mail = m->mail;
	printf("  to <%s>", output_clean(m->address));
	if (!view_eq(m->original, m->address) && m->original.n > 0)
		printf(", given as <%s>", output_clean(m->original));
	printf("\n    goes by %s to %s\n", output_clean(m->transport),
	    output_clean(m->destination));
	print_past(m);
	print_next(m);
	print_advice(m);
}

static void
json_item(const struct msg_queue_item *m)
{
	struct view advice = advice_for(m->status);
	json_t *r = queue_json_rcpt(m);

	if (object == NULL) {
		object = queue_json_mail(m);
		json_object_set_new(object, "recipients", json_array());
	}
	if (advice.n > 0 && m->tries > 0)
		json_object_set_new(r, "advice", output_text(advice));
	json_array_append_new(json_object_get(object, "recipients"), r);
}

static int
why_each(struct queue_request *r)
{
	bool json = ctl_has(r->ctl, OPTION_JSON);
	struct queue_sums sums = { 0 };
	int code = queue_list(r, json ? json_item : print_item, &sums);

	if (object != NULL)
		output_json_line(object);
	object = NULL;
	if (code == 0 && sums.mails == 0)
		return ctl_fail(EX_DATAERR, "%s is not in the queue: it is "
		    "delivered, returned or deleted; \"posthouse trace %s\" "
		    "tells its life", r->id, r->id);
	return code;
}

int
queue_why_run(struct ctl *ctl)
{
	return queue_each(ctl, QUEUE_LIST, why_each);
}
