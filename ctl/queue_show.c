/* SPDX-License-Identifier: ISC */
/*
 * queue_show - one mail of the queue: its envelope, its header, its body
 *
 * The content comes as a descriptor. On a terminal control characters become '?',
 * so that a mail cannot play tricks with it; into a file or a pipe the octets
 * go as they are.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/link.h"
#include "ctl/queue.h"
#include "lib/mail/spool.h"

static json_t *object;
static bool any;

static void
print_envelope(const struct msg_queue_item *m)
{
	struct str facts = { 0 };
	char id[SPOOL_ID_SIZE];

	printf("Mail:      %s, %s, %llu octets\n", spool_id(m->mail, id),
	    output_clean(m->queue), (unsigned long long)m->size);
	printf("Came:      %s\n", output_time(m->arrival));
	printf("Sender:    <%s>\n", output_clean(m->sender));
	queue_facts(m, &facts);
	if (facts.n > 0)
		printf("Wishes:    %s\n", str_c(&facts));
	if (m->envid.n > 0)
		printf("ENVID:     %s\n", output_clean(m->envid));
	str_free(&facts);
}

static void
print_item(const struct msg_queue_item *m)
{
	if (!any)
		print_envelope(m);
	any = true;
	printf("Recipient: <%s>, %s, by %s to %s, %u tr%s\n",
	    output_clean(m->address), output_clean(m->state),
	    output_clean(m->transport), output_clean(m->destination), m->tries,
	    m->tries == 1 ? "y" : "ies");
	if (m->sentence.n > 0)
		printf("           %s\n", output_clean(m->sentence));
}

static void
json_item(const struct msg_queue_item *m)
{
	if (object == NULL) {
		object = queue_json_mail(m);
		json_object_set_new(object, "recipients", json_array());
	}
	json_array_append_new(json_object_get(object, "recipients"),
	    queue_json_rcpt(m));
}

/* ---- content ---- */

/* What is read so far ends a header: where the empty line ends, 0: nowhere. */
static size_t
header_end(struct view v)
{
	size_t crlf = view_search(v, VIEW_LIT("\r\n\r\n"));
	size_t lf = view_search(v, VIEW_LIT("\n\n"));

	if (view_starts(v, VIEW_LIT("\r\n")))
		return 2;
	return crlf < v.n ? crlf + 4 : lf < v.n ? lf + 2 : 0;
}

/* The header, or everything; false with errno. */
static bool
read_content(int fd, bool body, struct str *out)
{
	for (;;) {
		size_t end = body ? 0 : header_end(str_view(out));
		ssize_t n;

		if (end > 0) {
			out->n = end;
			return true;
		}
		n = read(fd, str_room(out, 65536), 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		out->n += (size_t)n;
	}
}

static void
print_for_terminal(struct view v)
{
	while (v.n > 0) {
		char c = *v.p;
		struct view one = output_char(&v);

		if (c == '\n' || c == '\t')
			putchar(c);
		else if (c != '\r')
			fwrite(one.p, 1, one.n, stdout);
	}
}

static void
print_content(struct view v)
{
	putchar('\n');
	if (isatty(STDOUT_FILENO) != 0)
		print_for_terminal(v);
	else
		fwrite(v.p, 1, v.n, stdout);
}

static int
show_content(struct queue_request *r)
{
	struct message get = { .type = MSG_content_get, .content_get = {
	    .mail = r->act.queue_act.mail } };
	struct str content = { 0 };
	struct reply reply;
	struct why w;
	bool fine = link_call(r->queue, &get, &reply, &w) &&
	    reply_is(&reply, MSG_content_got, &w);

	if (fine && !read_content(reply.m.content_got.content,
	    ctl_has(r->ctl, OPTION_BODY), &content))
		fine = why_errno(&w, "the content cannot be read");
	reply_free(&reply);
	if (fine && object != NULL)
		json_object_set_new(object, "content",
		    output_text(str_view(&content)));
	else if (fine)
		print_content(str_view(&content));
	str_free(&content);
	return fine ? 0 : ctl_fail(EX_TEMPFAIL, "%s: %s", r->id, w.text);
}

static int
show_each(struct queue_request *r)
{
	bool json = ctl_has(r->ctl, OPTION_JSON);
	struct queue_sums sums = { 0 };
	int code = queue_list(r, json ? json_item : print_item, &sums);

	if (code == 0 && sums.mails == 0)
		return ctl_fail(EX_DATAERR, "%s is not in the queue", r->id);
	if (code == 0)
		code = show_content(r);
	if (object != NULL)
		output_json_line(object);
	return code;
}

int
queue_show_run(struct ctl *ctl)
{
	return queue_each(ctl, QUEUE_LIST, show_each);
}
