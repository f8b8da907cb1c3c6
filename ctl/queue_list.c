/* SPDX-License-Identifier: ISC */
/*
 * queue_list - the mail that waits, as it comes from the queue
 *
 * The list has the shape of Postfix's mailq with long ids, which monitoring
 * scripts read: columns, marks, reasons, the last line. A reason that many
 * recipients share stands above the first. JSON is one object on a line for
 * each mail; it is written piece by piece, too, as a mail may have a hundred
 * thousand recipients.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/queue.h"
#include "lib/mail/spool.h"

#define LINE	"%-17s %8s %-19s %s\n"
#define REASON	76	/* column in which a short reason ends */

static struct {
	bool any;
	uint64_t mail;		/* that is being printed */
	struct str reason;	/* last printed */
	struct queue_sums sums;
} list;

static bool
is_next_mail(const struct msg_queue_item *m)
{
	bool next = !list.any || m->mail != list.mail;

	list.mail = m->mail;
	return next;
}

/* ---- for people ---- */

static void
print_reason(const char *text)
{
	int pad = REASON - (int)strlen(text);

	printf("%*s(%s)\n", pad > 0 ? pad : 0, "", text);
}

static void
print_mail(const struct msg_queue_item *m)
{
	char id[SPOOL_ID_SIZE + 1], size[24], arrival[32];
	time_t t = (time_t)m->arrival;
	struct str facts = { 0 };
	struct tm tm;

	if (!list.any)
		printf(LINE, "----Queue ID-----", "--Size--",
		    "---Arrival Time----", "--Sender/Recipient------");
	else
		putchar('\n');
	localtime_r(&t, &tm);
	strftime(arrival, sizeof(arrival), "%a %b %e %H:%M:%S", &tm);
	spool_id(m->mail, id);
	strcat(id, view_is(m->queue, "active") ? "*" :
	    view_is(m->queue, "hold") ? "!" : "");
	snprintf(size, sizeof(size), "%llu", (unsigned long long)m->size);
	printf(LINE, id, size, arrival,
	    m->sender.n > 0 ? output_clean(m->sender) : "MAILER-DAEMON");
	queue_facts(m, &facts);
	if (facts.n > 0)
		print_reason(str_c(&facts));
	str_free(&facts);
	str_reset(&list.reason);
}

static void
print_item(const struct msg_queue_item *m)
{
	if (is_next_mail(m))
		print_mail(m);
	if (!view_eq(m->sentence, str_view(&list.reason)))
		print_reason(m->sentence.n > 0 ? output_clean(m->sentence) :
						 "reason unavailable");
	str_reset(&list.reason);
	str_add(&list.reason, m->sentence);
	printf(LINE, "", "", "", output_clean(m->address));
	list.any = true;
}

static void
print_end(void)
{
	if (list.sums.mails == 0)
		puts("Mail queue is empty");
	else
		printf("\n-- %llu Kbytes in %llu Request%s.\n",
		    (unsigned long long)list.sums.octets / 1024,
		    (unsigned long long)list.sums.mails,
		    list.sums.mails == 1 ? "" : "s");
}

/* ---- for programs ---- */

/* Without its last octets, for those that follow. */
static void
write_json(json_t *o, size_t cut)
{
	char *text = json_dumps(o, 0);

	must(text != NULL);
	fwrite(text, 1, strlen(text) - cut, stdout);
	free(text);
	json_decref(o);
}

static void
close_object(void)
{
	if (list.any)
		puts("]}");
}

static void
json_item(const struct msg_queue_item *m)
{
	if (is_next_mail(m)) {
		close_object();
		write_json(queue_json_mail(m), strlen("}"));
		fputs(", \"recipients\": [", stdout);
	} else {
		fputs(", ", stdout);
	}
	write_json(queue_json_rcpt(m), 0);
	list.any = true;
}

static int
list_each(struct queue_request *r)
{
	bool json = ctl_has(r->ctl, OPTION_JSON);

	return queue_list(r, json ? json_item : print_item, &list.sums);
}

int
queue_list_run(struct ctl *ctl)
{
	int code = queue_each(ctl, QUEUE_LIST, list_each);

	if (ctl_has(ctl, OPTION_JSON))
		close_object();
	else if (code == 0)
		print_end();
	str_free(&list.reason);
	return code;
}
