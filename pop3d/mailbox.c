/* SPDX-License-Identifier: ISC */
/*
 * mailbox - requests to auth and store, and the snapshot between them
 *
 * The snapshot stays mapped as store sent it. Content files are opened in
 * portions that double while a client reads one message after the other, so
 * that a whole mailbox costs few requests and a single message only one file.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/mail/numset.h"
#include "lib/proc/service.h"
#include "pop3d/mailbox.h"

#define CALL_MS		  60000
#define PATIENCE_FIRST_MS 10	 /* waits for a mailbox in use, doubling */
#define PATIENCE_LAST_MS  160
#define UIDS_PORTION	  200000 /* octets of a UID set in one request */

/* ---- who keeps it ---- */

/* The link to the process that has the mailbox open; NULL when it is gone: its
 * successor would take our handle for somebody else's. */
static struct channel *
keeper(const struct mailbox *m)
{
	struct channel *c = service_peer(ROLE_STORE, m->store);

	return c != NULL && m->open && channel_peer(c)->process == m->keeper
		   ? c
		   : NULL;
}

static bool
ask(const struct mailbox *m, const struct message *request,
    struct reply *reply, struct why *w)
{
	struct channel *c = keeper(m);

	if (c == NULL)
		return why_later(w, "3.0", "The mailbox is not available");
	return channel_call(c, request, reply, deadline_in(CALL_MS), w);
}

/* ---- login ---- */

void
mailbox_enter(struct mailbox *m, const struct session *s, struct view user,
    uint32_t store)
{
	m->session = s->number;
	str_reset(&m->user);
	str_add(&m->user, user);
	m->store = store;
}

void
mailbox_want(struct mailbox *m, struct view name)
{
	str_reset(&m->wanted);
	str_add(&m->wanted, name);
}

bool
mailbox_login(struct mailbox *m, struct gate *g, struct view user,
    struct view password, struct why *w)
{
	struct message request = { .type = MSG_login };
	struct reply reply;
	bool asked, ok;

	request.login.session = g->session->number;
	request.login.service = view_of(g->service);
	request.login.user = user;
	request.login.password = password;
	request.login.client = view_of(g->session->client);
	g->method = "PLAIN";
	asked = service_call(ROLE_AUTH, 0, &request, &reply, w);
	ok = asked && reply_is(&reply, MSG_logged_in, w);
	if (ok) {
		mailbox_enter(m, g->session, reply.m.logged_in.user,
		    reply.m.logged_in.store);
		mailbox_want(m, reply.m.logged_in.mailbox);
	} else if (w->verdict == VERDICT_NEVER)
		gate_tried(g, user, w);
	else {
		gate_take_back(g);
	}
	if (asked)
		reply_free(&reply);
	return ok;
}

void
mailbox_logout(struct mailbox *m)
{
	struct message bye = { .type = MSG_session_end };
	struct channel *c;

	mailbox_close(m);
	if (m->user.n == 0)
		return;
	c = service_peer(ROLE_STORE, m->store);
	bye.session_end.session = m->session;
	if (c != NULL)
		channel_send(c, &bye);
	str_free(&m->user);
	str_free(&m->wanted);
}

/* ---- the snapshot ---- */

static void
ahead_drop(struct mailbox *m)
{
	for (uint32_t i = 0; i < m->ahead.n; i++)
		if (m->ahead.fd[i] >= 0)
			close(m->ahead.fd[i]);
	m->ahead.n = 0;
}

/* store is more trusted than we are: what it says fits, or all is lost. */
static void
take_snapshot(struct mailbox *m, const struct msg_mailbox_opened *o)
{
	struct record r;

	m->handle = o->handle;
	m->uidvalidity = o->uidvalidity;
	m->count = o->count;
	m->records = file_map(o->index);
	must(m->records.p != NULL &&
	     record_count(m->records) == m->count);
	uidls_open(&m->uidls, o->uidls);
	m->octets = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		record_at(m->records, i, &r);
		m->octets += r.size;
	}
}

static bool
open_once(struct mailbox *m, struct view name, struct why *w)
{
	struct message request = { .type = MSG_mailbox_open };
	struct channel *c = service_peer(ROLE_STORE, m->store);
	struct reply reply;

	if (c == NULL)
		return why_later(w, "3.0", "The mailbox is not available");
	m->keeper = channel_peer(c)->process;
	request.mailbox_open.session = m->session;
	if (name.n == 0)
		name = str_view(&m->wanted);
	request.mailbox_open.mailbox = name.n > 0 ? name : VIEW_LIT("INBOX");
	request.mailbox_open.mode = 2;
	if (!channel_call(c, &request, &reply, deadline_in(CALL_MS), w))
		return false;
	m->open = reply_is(&reply, MSG_mailbox_opened, w);
	if (m->open)
		take_snapshot(m, &reply.m.mailbox_opened);
	reply_free(&reply);
	return m->open;
}

bool
mailbox_in_use(const struct why *w)
{
	return w->verdict == VERDICT_LATER && w->status[0] == '2';
}

/* The session that has it may have just ended in another process. Its word to
 * store was sent before its client heard good-bye (mailbox_leave), but store may
 * come to it only after ours; and a client that was cut off comes back before
 * the end of its connection was noticed. */
bool
mailbox_open(struct mailbox *m, struct view name, struct why *w)
{
	must(!m->open);
	for (int64_t ms = PATIENCE_FIRST_MS; !open_once(m, name, w); ms *= 2)
		if (!mailbox_in_use(w) || ms > PATIENCE_LAST_MS ||
		    fiber_sleep(ms) != WAIT_TIMEOUT)
			return false;
	return true;
}

void
mailbox_close(struct mailbox *m)
{
	struct message bye = { .type = MSG_mailbox_close };
	struct channel *c = keeper(m);

	if (!m->open)
		return;
	bye.mailbox_close.handle = m->handle;
	if (c != NULL)
		channel_send(c, &bye);
	mailbox_unmark_all(m);
	free(m->fetched);
	m->fetched = NULL;
	ahead_drop(m);
	file_unmap(m->records);
	m->records = VIEW_NONE;
	uidls_close(&m->uidls);
	m->count = 0;
	m->octets = 0;
	m->open = false;
}

void
mailbox_leave(struct mailbox *m)
{
	if (!m->open)
		return;
	mailbox_close(m);
	/* what was sent leaves with the end of this turn */
	fiber_sleep(0);
}

void
mailbox_message(const struct mailbox *m, uint32_t number, struct record *r)
{
	must(number >= 1 && number <= m->count);
	record_at(m->records, number - 1, r);
}

/* ---- marks ---- */

static bool
has_bit(const uint8_t *bits, uint32_t number)
{
	return bits != NULL &&
	       (bits[(number - 1) / 8] >> (number - 1) % 8 & 1);
}

static void
set_bit(const struct mailbox *m, uint8_t **bits, uint32_t number)
{
	if (*bits == NULL)
		*bits = xcalloc((m->count + (size_t)7) / 8, 1);
	(*bits)[(number - 1) / 8] |= (uint8_t)(1 << (number - 1) % 8);
}

bool
mailbox_is_marked(const struct mailbox *m, uint32_t number)
{
	return has_bit(m->marks, number);
}

void
mailbox_mark(struct mailbox *m, uint32_t number)
{
	struct record r;

	mailbox_message(m, number, &r);
	if (mailbox_is_marked(m, number))
		return;
	set_bit(m, &m->marks, number);
	m->marked++;
	m->marked_octets += r.size;
}

void
mailbox_unmark_all(struct mailbox *m)
{
	free(m->marks);
	m->marks = NULL;
	m->marked = 0;
	m->marked_octets = 0;
}

void
mailbox_note_fetched(struct mailbox *m, uint32_t number)
{
	must(number >= 1 && number <= m->count);
	set_bit(m, &m->fetched, number);
}

bool
mailbox_is_fetched(const struct mailbox *m, uint32_t number)
{
	return has_bit(m->fetched, number);
}

bool
mailbox_is_read(const struct mailbox *m, uint32_t number)
{
	struct record r;

	mailbox_message(m, number, &r);
	return (r.flags & FLAG_SEEN) || mailbox_is_fetched(m, number);
}

/* The UIDs of messages that a question says yes to, from *number on, as many as
 * go into `most` octets. A range may reach over UIDs that no message has. */
static void
put_uids(const struct mailbox *m, uint32_t *number, size_t most,
    bool (*wanted)(const struct mailbox *, uint32_t), struct str *out)
{
	struct record first, last;

	for (; *number <= m->count && out->n < most; ++*number) {
		if (!wanted(m, *number))
			continue;
		mailbox_message(m, *number, &first);
		while (*number < m->count && wanted(m, *number + 1))
			++*number;
		mailbox_message(m, *number, &last);
		str_addf(out, "%s%u", out->n > 0 ? "," : "", first.uid);
		if (last.uid != first.uid)
			str_addf(out, ":%u", last.uid);
	}
}

/* A set that is too long for one message goes in several; what is done is done
 * with the last. */
static bool
expunge(struct mailbox *m, struct view uids, struct why *w)
{
	struct message request = { .type = MSG_mailbox_expunge };
	struct channel *c = keeper(m);
	struct reply reply;
	bool ok;

	request.mailbox_expunge.handle = m->handle;
	request.mailbox_expunge.any = 1;
	request.mailbox_expunge.more = 1;
	for (; c != NULL && uids.n > UIDS_PORTION;
	     uids = view_skip(uids, UIDS_PORTION)) {
		request.mailbox_expunge.uids = (struct view){ uids.p,
			UIDS_PORTION };
		channel_send(c, &request);
	}
	request.mailbox_expunge.uids = uids;
	request.mailbox_expunge.more = 0;
	if (c == NULL)
		return why_later(w, "3.0", "The mailbox is not available");
	/* without an answer it may have been done and may not */
	if (!channel_call(c, &request, &reply, deadline_in(CALL_MS), w))
		return why_unknown(w, "The mailbox is not available");
	ok = reply_is(&reply, MSG_answer, w);
	reply_free(&reply);
	return ok;
}

bool
mailbox_apply(struct mailbox *m, struct why *w)
{
	struct str uids = { 0 };
	uint32_t number = 1;
	bool ok = true;

	if (m->marked > 0) {
		put_uids(m, &number, SIZE_MAX, mailbox_is_marked, &uids);
		ok = expunge(m, str_view(&uids), w);
	}
	str_free(&uids);
	return ok;
}

static bool
becomes_seen(const struct mailbox *m, uint32_t number)
{
	struct record r;

	mailbox_message(m, number, &r);
	return mailbox_is_fetched(m, number) && !(r.flags & FLAG_SEEN) &&
	    !mailbox_is_marked(m, number);
}

void
mailbox_set_seen(struct mailbox *m)
{
	struct message request = { .type = MSG_mailbox_flags };
	struct str uids = { 0 };
	uint32_t number = 1;
	struct reply reply;
	struct why w;
	bool ok = m->fetched != NULL;

	request.mailbox_flags.handle = m->handle;
	request.mailbox_flags.mode = 1;
	request.mailbox_flags.flags = FLAG_SEEN;
	while (ok && number <= m->count) {
		str_reset(&uids);
		put_uids(m, &number, UIDS_PORTION, becomes_seen, &uids);
		request.mailbox_flags.uids = str_view(&uids);
		ok = uids.n > 0 && ask(m, &request, &reply, &w);
		if (ok)
			reply_free(&reply);
	}
	str_free(&uids);
}

/* ---- content ---- */

/* Place the descriptors of an answer; a message that is gone keeps -1. */
static void
place(struct mailbox *m, struct msg_contents *c)
{
	uint32_t uid, i = 0, n = 0;
	struct record r;

	while (n < c->files.n && list_next_u32(&c->uids, &uid)) {
		for (; i < m->ahead.n; i++) {
			mailbox_message(m, m->ahead.first + i, &r);
			if (r.uid == uid)
				break;
		}
		if (i == m->ahead.n)
			return;
		m->ahead.fd[i] = fd_take(&c->files.fd[n++]);
	}
}

/* Open the content of messages from number on. */
static bool
look_ahead(struct mailbox *m, uint32_t number, struct why *w)
{
	struct message request = { .type = MSG_content_open };
	struct str uids = { 0 };
	struct numset_text set;
	struct reply reply;
	struct record r;
	bool ok;

	m->ahead.first = number;
	numset_begin(&set, &uids);
	for (; m->ahead.n < m->ahead.run && number <= m->count; number++) {
		m->ahead.fd[m->ahead.n++] = -1;
		mailbox_message(m, number, &r);
		if (!mailbox_is_marked(m, number))
			numset_put(&set, r.uid);
	}
	numset_end(&set);
	request.content_open.handle = m->handle;
	request.content_open.uids = str_view(&uids);
	ok = ask(m, &request, &reply, w);
	str_free(&uids);
	if (!ok)
		return false;
	ok = reply_is(&reply, MSG_contents, w);
	if (ok)
		place(m, &reply.m.contents);
	reply_free(&reply);
	return ok;
}

/* One more in a row doubles the portion, any jump makes it one again. */
static bool
look_at(struct mailbox *m, uint32_t number, struct why *w)
{
	bool row = m->ahead.n > 0 && number == m->ahead.first + m->ahead.n;
	bool ok;

	m->ahead.run = row ? m->ahead.run * 2 : 1;
	if (m->ahead.run > MAILBOX_AHEAD)
		m->ahead.run = MAILBOX_AHEAD;
	ahead_drop(m);
	ok = look_ahead(m, number, w);
	if (!ok)
		ahead_drop(m);
	return ok;
}

/* The place of a message's descriptor, NULL when it was not opened or has been
 * taken. */
static int *
looked_at(struct mailbox *m, uint32_t number)
{
	uint32_t i = number - m->ahead.first;

	return number >= m->ahead.first && i < m->ahead.n &&
		       m->ahead.fd[i] >= 0
		   ? &m->ahead.fd[i]
		   : NULL;
}

int
mailbox_content(struct mailbox *m, uint32_t number, struct why *w)
{
	int *fd = looked_at(m, number);

	if (fd == NULL && !look_at(m, number, w))
		return -1;
	fd = looked_at(m, number);
	if (fd == NULL) {
		why_later(w, "2.0", "The message is not there any more");
		return -1;
	}
	return fd_take(fd);
}
