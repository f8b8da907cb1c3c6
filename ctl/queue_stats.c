/* SPDX-License-Identifier: ISC */
/*
 * queue_stats - what waits for each next host, busiest first
 *
 * The queue counts while it is walked, and sends one row for each host: the
 * table is as long as there are hosts, not mails.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/link.h"
#include "ctl/queue.h"
#include "lib/base/clock.h"

static struct table table = { .columns = 8 };
static struct {
	bool json;
	size_t rows;
	uint64_t mails, octets;
	struct why why;
} stats;

static struct view
name_of(const struct msg_queue_destination *m)
{
	return m->hop.n > 0 ? m->hop : m->transport;
}

static void
print_row(const struct msg_queue_destination *m)
{
	if (stats.rows == 0)
		for (size_t i = 0; i < table.columns; i++)
			table_add(&table, "%s", ((const char *const[]){
			    "DESTINATION", "WAITING", "READY", "TRYING",
			    "WINDOW", "OLDEST", "NOT BEFORE",
			    "LAST TROUBLE" })[i]);
	table_add(&table, "%s", output_clean(name_of(m)));
	table_add(&table, "%u", m->waiting);
	table_add(&table, "%u", m->ready);
	table_add(&table, "%u", m->trying);
	table_add(&table, "%u", m->window);
	table_add(&table, "%s", m->oldest != 0 ? output_time(m->oldest) : "-");
	table_add(&table, "%s", m->until > clock_wall_us() / 1000000 ?
	    output_time(m->until) : "-");
	table_add(&table, "%s", m->sentence.n > 0 ?
	    output_clean(m->sentence) : "-");
}

static void
json_row(const struct msg_queue_destination *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "transport", output_text(m->transport));
	json_object_set_new(o, "destination", output_text(m->hop));
	json_object_set_new(o, "waiting", json_integer(m->waiting));
	json_object_set_new(o, "ready", json_integer(m->ready));
	json_object_set_new(o, "trying", json_integer(m->trying));
	json_object_set_new(o, "window", json_integer(m->window));
	json_object_set_new(o, "not_before", json_integer(m->until));
	json_object_set_new(o, "oldest", json_integer(m->oldest));
	if (m->sentence.n > 0)
		json_object_set_new(o, "last_trouble",
		    output_text(m->sentence));
	output_json_line(o);
}

static void
on_destination(struct channel *c, uint32_t tag,
    struct msg_queue_destination *m)
{
	(void)c;
	(void)tag;
	if (stats.json)
		json_row(m);
	else
		print_row(m);
	stats.rows++;
}

static void
on_end(struct channel *c, uint32_t tag, struct msg_queue_end *m)
{
	(void)c;
	(void)tag;
	stats.mails = m->mails;
	stats.octets = m->octets;
	link_done();
}

static void
on_answer(struct channel *c, uint32_t tag, struct msg_answer *m)
{
	(void)c;
	(void)tag;
	why_set(&stats.why, VERDICT_NEVER, m->status, m->sentence);
	link_done();
}

static const struct handlers handlers = {
	.queue_destination = on_destination,
	.queue_end = on_end,
	.answer = on_answer,
	.closed = link_closed,
};

static void
print_all(void)
{
	table_print(&table);
	if (stats.mails == 0)
		puts("Mail queue is empty");
	else
		printf("\n%llu mail%s, %llu octets\n",
		    (unsigned long long)stats.mails,
		    stats.mails == 1 ? "" : "s",
		    (unsigned long long)stats.octets);
}

int
queue_stats_run(struct ctl *ctl)
{
	struct message m = { .type = MSG_queue_stats };
	struct channel *c;
	int code = queue_open(ctl, &handlers, &c);

	stats.json = ctl_has(ctl, OPTION_JSON);
	if (code != 0)
		return code;
	channel_send(c, &m);
	if (!link_wait())
		return ctl_fail(EX_TEMPFAIL, "the queue went away; try again");
	if (stats.why.text[0] != '\0')
		return ctl_fail(EX_UNAVAILABLE, "%s", stats.why.text);
	if (!stats.json)
		print_all();
	return 0;
}
