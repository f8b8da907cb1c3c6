/* SPDX-License-Identifier: ISC */
/*
 * cmd_append - APPEND (RFC 3501 6.3.11, RFC 3502, RFC 4315)
 *
 * A message goes from the stream into the descriptor that store gave, piece by
 * piece, and is never held. Several messages in one command appear together or
 * not at all. After an error the rest of the command is read and forgotten.
 */
#include <stdlib.h>
#include <unistd.h>

#include "imapd/commands.h"
#include "imapd/flags.h"
#include "imapd/reader.h"
#include "lib/base/file.h"
#include "lib/mail/date.h"
#include "lib/proc/service.h"

#define APPENDS_MAX 1000	/* messages in one command */

/* What append_commit wants to know, a list each. */
struct appends {
	struct view mailbox;
	struct str numbers, sizes, flags, keywords, dates;
	uint32_t n;
};

/* One of them. */
struct append {
	uint64_t number;
	int fd;
	uint64_t size;
	bool nul;
	struct flag_list flags;
	int64_t date;
};

/* " (flags)" and " date", both optional, up to the literal. */
static void
parse_options(struct parse *p, struct append *a)
{
	struct date date = DATE_UTC(clock_wall());

	parse_space(p);
	a->flags.flags = a->flags.keywords = 0;
	if (parse_peek(p) == '(') {
		flags_parse(p, false, &a->flags);
		parse_space(p);
	}
	if (parse_peek(p) == '"') {
		if (!date_parse_internal(parse_string(p), &date))
			parse_fail(p, "Wrong date");
		parse_space(p);
	}
	a->date = date.seconds;
	if (parse_peek(p) != '{')
		parse_fail(p, "Message literal expected");
}

/* The literal's head must be all that is left. */
bool
append_takes(struct parse *p)
{
	struct append *a = arena_alloc(p->arena, sizeof(*a));
	uint64_t size;
	bool waits;

	parse_space(p);
	parse_mailbox(p);
	parse_options(p, a);
	return parse_fine(p) && p->rest.n > 2 &&
	    parse_literal_head((struct view){ p->rest.p, p->rest.n - 2 }, &size,
		&waits);
}

/* ---- content ---- */

/* Ask store for a file. Fills w when there is none. */
static bool
open_append(struct imap *im, struct view mailbox, struct append *a,
    struct why *w)
{
	struct message m = { .type = MSG_append_open,
		.append_open = { .session = imap_number(im),
		    .mailbox = mailbox } };
	struct reply reply = { 0 };
	bool fine;

	if (!store_ask(im, &m, &reply, w))
		return false;
	fine = store_want(&reply, MSG_append_opened, w);
	if (fine) {
		a->number = reply.m.append_opened.append;
		a->fd = fd_take(&reply.m.append_opened.content);
	}
	reply_free(&reply);
	return fine;
}

/* The literal into the file. An error of the disk is kept in w and the rest is
 * read all the same; false only when the client is gone. */
static bool
receive(struct imap *im, struct append *a, struct why *w)
{
	bool fine = true;
	struct view v;

	if (!reader_literal_begin(im))
		return false;
	while (reader_literal_piece(im, &v)) {
		if (v.n == 0)
			return true;
		a->nul |= memchr(v.p, '\0', v.n) != NULL;
		if (fine && !file_write_all(a->fd, v)) {
			why_errno(w, "writing the message");
			fine = false;
		}
		a->size += v.n;
		reader_literal_done(im, v.n);
	}
	return false;
}

static void
abort_append(struct imap *im, uint64_t number)
{
	struct message m = { .type = MSG_append_abort,
		.append_abort.append = number };

	if (im->store != NULL)
		channel_send(im->store, &m);
}

static void
add(struct appends *all, const struct append *a)
{
	struct str words = { 0 };

	for (uint32_t i = 0; i < a->flags.keywords; i++) {
		if (i > 0)
			str_addc(&words, ' ');
		str_add(&words, a->flags.keyword[i]);
	}
	list_put_u64(&all->numbers, a->number);
	list_put_u64(&all->sizes, a->size);
	list_put_u32(&all->flags, a->flags.flags);
	list_put(&all->keywords, str_view(&words));
	list_put_u64(&all->dates, (uint64_t)a->date);
	str_free(&words);
	all->n++;
}

/* One message: opened, received, noted. */
static enum answer
take_message(struct imap *im, struct appends *all, struct append *a)
{
	struct why w = { .verdict = VERDICT_DONE };

	if (im->incoming.size > im->settings->message_size_limit)
		return answer_no(im, "[TOOBIG] Message too large");
	if (all->n == APPENDS_MAX)
		return answer_no(im, "[LIMIT] Too many messages at once");
	if (!open_append(im, all->mailbox, a, &w))
		return answer_why_create(im, &w);
	if (!receive(im, a, &w)) {
		abort_append(im, a->number);
		return answer_no(im, "Connection closed");
	}
	if (w.verdict != VERDICT_DONE || a->nul || a->size == 0) {
		abort_append(im, a->number);
		return w.verdict != VERDICT_DONE ? answer_why(im, &w) :
		    a->nul	? answer_no(im, "NUL in the message") :
				  answer_no(im, "An empty message");
	}
	add(all, a);
	return ANSWER_OK;
}

/* ---- the command ---- */

static enum answer
commit(struct imap *im, const struct appends *all)
{
	struct message m = { .type = MSG_append_commit,
		.append_commit = { .session = imap_number(im),
		    .appends = str_view(&all->numbers),
		    .sizes = str_view(&all->sizes),
		    .flags = str_view(&all->flags),
		    .keywords = str_view(&all->keywords),
		    .dates = str_view(&all->dates) } };
	struct reply reply = { 0 };
	struct why w = { 0 };
	enum answer answer;

	if (!store_ask(im, &m, &reply, &w))
		return answer_why(im, &w);
	if (store_want(&reply, MSG_appended, &w))
		answer = answer_ok(im, "[APPENDUID %u %.*s] APPEND completed",
		    reply.m.appended.uidvalidity, VIEW(reply.m.appended.uids));
	else
		answer = answer_why_create(im, &w);
	reply_free(&reply);
	return answer;
}

static void
abort_all(struct imap *im, const struct appends *all)
{
	struct view list = str_view(&all->numbers);
	uint64_t number;

	while (list_next_u64(&list, &number))
		abort_append(im, number);
}

/* Messages until the command ends. */
static enum answer
take_messages(struct imap *im, struct appends *all, struct parse *p)
{
	struct append *a = arena_alloc(&im->arena, sizeof(*a));
	enum answer answer;

	for (;;) {
		*a = (struct append){ .fd = -1 };
		parse_options(p, a);
		if (!parse_fine(p))
			return answer_syntax(im, p);
		if (!im->incoming.pending)
			return answer_bad(im, "Message literal expected");
		answer = take_message(im, all, a);
		if (a->fd >= 0)
			close(a->fd);
		if (answer != ANSWER_OK)
			return answer;
		if (reader_continue(im) != READ_COMMAND)
			return answer_bad(im, "%s", im->wrong ? im->wrong :
								"Cut off");
		if (im->text.n == 0)
			return ANSWER_OK;
		*p = parse_begin(str_view(&im->text), &im->arena);
	}
}

enum answer
cmd_append(struct imap *im, struct parse *p)
{
	struct appends all = { 0 };
	enum answer answer;

	parse_space(p);
	all.mailbox = arena_view(&im->arena, parse_mailbox(p));
	answer = take_messages(im, &all, p);
	if (answer == ANSWER_OK)
		answer = commit(im, &all);
	else
		abort_all(im, &all);
	str_free(&all.numbers);
	str_free(&all.sizes);
	str_free(&all.flags);
	str_free(&all.keywords);
	str_free(&all.dates);
	return answer;
}
