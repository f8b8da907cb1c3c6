/* SPDX-License-Identifier: ISC */
/*
 * append - files of store, filled and committed
 */
#include <unistd.h>

#include "imapd/append.h"
#include "imapd/box.h"
#include "imapd/capability.h"
#include "imapd/reader.h"
#include "lib/base/file.h"
#include "lib/mail/downgrade.h"
#include "lib/mail/mime.h"
#include "lib/proc/channel.h"
#include "lib/proc/message.h"
#include "lib/proc/service.h"

uint64_t
append_limit(const struct imap *im)
{
	return im->settings->imap_append_limit > 0 ?
	    im->settings->imap_append_limit : im->settings->message_size_limit;
}

bool
append_fits(const struct imap *im, const struct append *a, uint64_t n)
{
	return a->size <= append_limit(im) && n <= append_limit(im) - a->size;
}

bool
append_open(struct imap *im, const struct appends *all, struct append *a,
    struct why *w)
{
	struct message m = { .type = MSG_append_open,
		.append_open = { .session = imap_number(im),
		    .mailbox = all->mailbox } };
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

static void
look_at_header(struct append *a, struct view v)
{
	for (size_t i = 0; i < v.n && !a->in_body; i++) {
		a->header_8bit |= (unsigned char)v.p[i] >= 0x80;
		if (v.p[i] == '\n') {
			a->in_body = !a->inside;
			a->inside = false;
		} else if (v.p[i] != '\r') {
			a->inside = true;
		}
	}
}

bool
append_put(struct append *a, struct view v, struct why *w)
{
	a->nul |= memchr(v.p, '\0', v.n) != NULL;
	look_at_header(a, v);
	a->size += v.n;
	if (w->verdict != VERDICT_DONE)
		return false;
	return file_write_all(a->fd, v) ||
	    why_errno(w, "writing the message");
}

bool
append_receive(struct imap *im, struct append *a, struct why *w)
{
	struct view v;

	a->binary |= im->incoming.literal.binary;
	if (!reader_literal_begin(im))
		return false;
	while (reader_literal_piece(im, &v)) {
		if (v.n == 0)
			return true;
		append_put(a, v, w);
		reader_literal_done(im, v.n);
	}
	return false;
}

static void
give_up(struct imap *im, uint64_t number)
{
	struct message m = { .type = MSG_append_abort,
		.append_abort.append = number };

	if (im->appends_at != NULL)
		channel_send(im->appends_at, &m);
}

void
append_close(struct imap *im, struct append *a)
{
	if (a->fd < 0)
		return;
	close(a->fd);
	a->fd = -1;
	if (a->number != 0)
		give_up(im, a->number);
}

/* ---- NUL ---- */

struct encoded {
	struct append *a;
	struct why *w;
};

static bool
put_encoded(void *arg, struct view piece)
{
	struct encoded *e = arg;

	return append_put(e->a, piece, e->w);
}

/* Is every NUL in a part that can be encoded, and none around parts or in a
 * header, where it would be lost? */
static bool
nul_in_parts(struct view message, struct arena *arena)
{
	const struct mime_part *part = mime_parse(message, arena);
	size_t n = 0;

	for (; part != NULL; part = mime_next(part))
		if (part->kind == MIME_LEAF)
			n += view_count((struct view){ message.p +
			    part->body_at, part->body_n }, '\0');
	return n == view_count(message, '\0');
}

/* The same message into another file, with what has NUL encoded. */
static bool
encode(const struct append *a, struct append *to, struct why *w)
{
	struct encoded e = { to, w };
	struct downgrade_sink sink = { put_encoded, &e };
	struct view message = file_map(a->fd);
	struct arena arena = { 0 };
	bool fine;

	if (message.p == NULL)
		return why_errno(w, "reading the message");
	fine = nul_in_parts(message, &arena) ?
	    downgrade(message, LEVEL_8BIT, &arena, &sink, w) :
	    why_never(w, "6.3", "NUL in no part");
	arena_reset(&arena);
	file_unmap(message);
	return fine;
}

static enum answer
replace_nul(struct imap *im, const struct appends *all, struct append *a)
{
	struct append to = *a;
	struct why w = { .verdict = VERDICT_DONE };
	bool fine;

	to.fd = -1;
	to.size = 0;
	to.nul = false;
	fine = append_open(im, all, &to, &w) && encode(a, &to, &w);
	if (!fine || to.nul) {
		append_close(im, &to);
		return fine || w.verdict == VERDICT_NEVER ?
		    answer_no(im, "[UNKNOWN-CTE] NUL where it cannot be "
				  "encoded") :
		    answer_why(im, &w);
	}
	append_close(im, a);
	*a = to;
	return ANSWER_OK;
}

/* ---- all of them ---- */

static void
note(struct appends *all, struct append *a)
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
	a->number = 0;		/* it belongs to the list now */
	all->n++;
}

enum answer
append_finish(struct imap *im, struct appends *all, struct append *a)
{
	enum answer answer;

	if (a->size == 0)
		return answer_no(im, "[CANNOT] An empty message");
	if (a->nul && !a->binary)
		return answer_no(im, "[CANNOT] NUL in the message");
	if (a->header_8bit && !imap_has(im, SPEAKS_UTF8))
		return answer_no(im, "[CANNOT] UTF-8 in a header is for after "
				     "ENABLE UTF8=ACCEPT");
	if (a->nul) {
		answer = replace_nul(im, all, a);
		if (answer != ANSWER_OK)
			return answer;
	}
	note(all, a);
	return ANSWER_OK;
}

/* The new mailbox may be with another store than the selected one. */
static bool
is_one_step(const struct imap *im, const struct appends *all)
{
	return all->replaces == 0 || im->box->channel == im->appends_at;
}

static enum answer
remove_replaced(struct imap *im, const struct appends *all)
{
	struct message m = { .type = MSG_mailbox_expunge,
		.mailbox_expunge = { .handle = all->handle, .any = 1 } };
	struct str uid = { 0 };
	struct why w = { 0 };
	bool fine;

	str_addf(&uid, "%u", all->replaces);
	m.mailbox_expunge.uids = str_view(&uid);
	fine = store_tell(im, &m, &w);
	str_free(&uid);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

/* In REPLACE before the EXPUNGE of the old one, so it is untagged. */
static enum answer
tell_uids(struct imap *im, const struct appends *all,
    const struct msg_appended *m)
{
	if (all->replaces == 0)
		return answer_ok(im, "[APPENDUID %u %.*s] APPEND completed",
		    m->uidvalidity, VIEW(m->uids));
	out_printf(im, "* OK [APPENDUID %u %.*s] Replaced\r\n",
	    m->uidvalidity, VIEW(m->uids));
	return ANSWER_OK;
}

enum answer
appends_commit(struct imap *im, struct appends *all)
{
	struct message m = { .type = MSG_append_commit,
		.append_commit = { .session = imap_number(im),
		    .appends = str_view(&all->numbers),
		    .sizes = str_view(&all->sizes),
		    .flags = str_view(&all->flags),
		    .keywords = str_view(&all->keywords),
		    .dates = str_view(&all->dates),
		    .handle = all->handle,
		    .replaces = is_one_step(im, all) ? all->replaces : 0 } };
	struct reply reply = { 0 };
	struct why w = { 0 };
	enum answer answer;

	all->committed = true;
	if (!store_ask(im, &m, &reply, &w))
		return answer_why(im, &w);
	answer = store_want(&reply, MSG_appended, &w) ?
	    tell_uids(im, all, &reply.m.appended) : answer_why_create(im, &w);
	reply_free(&reply);
	if (answer == ANSWER_OK && all->replaces > 0 && !is_one_step(im, all))
		answer = remove_replaced(im, all);
	return answer;
}

void
appends_free(struct imap *im, struct appends *all)
{
	struct view list = str_view(&all->numbers);
	uint64_t number;

	while (!all->committed && list_next_u64(&list, &number))
		give_up(im, number);
	str_free(&all->numbers);
	str_free(&all->sizes);
	str_free(&all->flags);
	str_free(&all->keywords);
	str_free(&all->dates);
}
