/* SPDX-License-Identifier: ISC */
/*
 * trace_text - a story in plain words
 *
 * A line for each thing that happened, with its time, and lines below it for
 * what else is known of it.
 */
#include <stdio.h>

#include "ctl/trace.h"
#include "lib/mail/spool.h"
#include "lib/proc/message.h"

#define SHOWN_MOST	20	/* recipients of one event */

static const struct event *now;	/* being told */

static struct view
text(enum event_field field)
{
	return now->text[field];
}

static bool
has(enum event_field field)
{
	return now->text[field].n > 0;
}

static void
begin_line(int64_t at)
{
	printf("  %s.%03d  ", output_time(at / 1000000),
	    (int)(at % 1000000 / 1000));
}

static void
below(const char *label)
{
	printf("%27s%s ", "", label);
}

/* Texts of any length, without what a terminal would do with them. */
static void
print_clean(struct view v)
{
	while (v.n > 0) {
		struct view one = output_char(&v);

		fwrite(one.p, 1, one.n, stdout);
	}
}

static void
print_field(const char *label, enum event_field field)
{
	if (!has(field))
		return;
	below(label);
	print_clean(text(field));
	putchar('\n');
}

static void
print_address(struct view v)
{
	putchar('<');
	print_clean(view_is(v, "<>") ? VIEW_NONE : v);
	putchar('>');
}

static void
print_recipients(void)
{
	struct view list = text(EVENT_recipients), one;
	size_t n = 0;

	while (n < SHOWN_MOST && list_next(&list, &one)) {
		below("to");
		print_address(one);
		putchar('\n');
		n++;
	}
	if (list.n > 0) {
		below("and");
		puts("others; each verdict below names its own");
	}
}

static void
print_client(void)
{
	print_field("helo", EVENT_helo);
	if (has(EVENT_tls))
		print_field("TLS:", EVENT_tls);
	if (has(EVENT_login)) {
		below("logged in as");
		print_clean(text(EVENT_login));
		printf(" by ");
		print_clean(text(EVENT_method));
		putchar('\n');
	}
}

static void
tell_connect(void)
{
	int64_t began = (int64_t)event_number(now, EVENT_began);

	if (began == 0)
		return;
	begin_line(began);
	print_clean(text(EVENT_client));
	printf(" connected\n");
}

static void
tell_accepted(void)
{
	tell_connect();
	begin_line(now->at);
	printf("accepted by ");
	print_clean(text(EVENT_protocol));
	printf(", %llu octets\n",
	    (unsigned long long)event_number(now, EVENT_size));
	print_client();
	print_field("Message-ID:", EVENT_message_id);
	below("from");
	print_address(text(EVENT_sender));
	putchar('\n');
	print_recipients();
}

static void
tell_recipients(void)
{
	begin_line(now->at);
	puts("more recipients");
	print_recipients();
}

static void
tell_refused(void)
{
	tell_connect();
	begin_line(now->at);
	print_clean(text(EVENT_command));
	printf(" refused: ");
	print_clean(text(EVENT_reply));
	putchar('\n');
	print_client();
	print_field("Message-ID:", EVENT_message_id);
	if (has(EVENT_sender)) {
		below("from");
		print_address(text(EVENT_sender));
		putchar('\n');
	}
	if (has(EVENT_recipient)) {
		below("to");
		print_address(text(EVENT_recipient));
		putchar('\n');
	}
}

static uint64_t told;	/* the mail whose story it is */

static void
tell_written(void)
{
	char id[SPOOL_ID_SIZE];
	bool its_own = now->mail == told && has(EVENT_about);
	bool list = view_is(text(EVENT_action), "list");

	begin_line(now->at);
	print_clean(text(EVENT_action));
	printf(": %s %s\n",
	    its_own ? (list ? "for members, of" : "a report about") :
	    list ? "goes to members as" : "the sender is told by",
	    spool_id(its_own ? event_number(now, EVENT_about) : now->mail, id));
	print_recipients();
}

/* The remote's own words, line for line. */
static void
print_reply(void)
{
	struct view rest = text(EVENT_reply);

	while (rest.n > 0) {
		struct view line = view_cut(&rest, '\n');

		below(">");
		print_clean(line);
		putchar('\n');
	}
}

static void
tell_verdict(void)
{
	char first = has(EVENT_status) ? text(EVENT_status).p[0] : '?';

	begin_line(now->at);
	print_address(text(EVENT_recipient));
	printf(" %s (", first == '2' ? "done" : first == '4' ? "deferred" :
	    "failed");
	print_clean(text(EVENT_status));
	printf("): ");
	print_clean(text(EVENT_sentence));
	putchar('\n');
	if (has(EVENT_original)) {
		below("for");
		print_address(text(EVENT_original));
		putchar('\n');
	}
	print_field("by", EVENT_relay);
	print_reply();
}

static void
tell_finished(void)
{
	begin_line(now->at);
	puts("finished");
}

static void
tell_changed(void)
{
	begin_line(now->at);
	print_clean(text(EVENT_action));
	printf(" by the administrator (recipients: %llu)\n",
	    (unsigned long long)event_number(now, EVENT_count));
}

static void (*const tellers[EVENT_KINDS])(void) = {
	[EVENT_REFUSED] = tell_refused,
	[EVENT_ACCEPTED] = tell_accepted,
	[EVENT_RECIPIENTS] = tell_recipients,
	[EVENT_WRITTEN] = tell_written,
	[EVENT_VERDICT] = tell_verdict,
	[EVENT_FINISHED] = tell_finished,
	[EVENT_CHANGED] = tell_changed,
};

void
trace_print(const struct story *s)
{
	char id[SPOOL_ID_SIZE];

	if (s->mail != 0)
		printf("%s: %s\n", spool_id(s->mail, id), story_state(s));
	else
		printf("no mail: %s\n", story_state(s));
	told = s->mail;
	for (size_t i = 0; i < s->n; i++) {
		now = s->scenes[i].event;
		if (tellers[now->kind] != NULL)
			tellers[now->kind]();
	}
	putchar('\n');
}
