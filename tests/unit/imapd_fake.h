/* SPDX-License-Identifier: ISC */
/*
 * imapd_fake - an IMAP session without a network, for tests
 *
 * The client's bytes come out of memory, in pieces of any size; what the server
 * says is collected. Store is a function here: it has the messages that the
 * test gave, one mailbox list, and changes flags by sending events like the
 * real one.
 */
#ifndef TESTS_UNIT_IMAPD_FAKE_H
#define TESTS_UNIT_IMAPD_FAKE_H

#include <sys/mman.h>

#include <stdlib.h>
#include <unistd.h>

#include "imapd/box.h"
#include "imapd/imap.h"
#include "imapd/session.h"
#include "lib/base/file.h"
#include "lib/proc/service.h"
#include "tests/unit/gate_fake.h"

#define FAKE_MESSAGES 64

static struct fake {
	struct view input;
	size_t piece;			/* octets of one read */
	struct str output;
	struct view message[FAKE_MESSAGES];	/* UID is the index + 1 */
	uint32_t messages;
	bool refuse;			/* store is not there */
	struct view names;		/* for LIST */
	uint64_t modseq;
	struct str list;		/* what an answer points to */
	struct str appended;
	int append;			/* memfd, -1 */
	struct view tls_input;		/* what the client says in TLS */
} fake;

static ssize_t
fake_read(struct stream *s UNUSED, void *p, size_t n, char *want)
{
	*want = 'r';
	if (n > fake.piece)
		n = fake.piece;
	if (n > fake.input.n)
		n = fake.input.n;
	memcpy(p, fake.input.p, n);
	fake.input = view_skip(fake.input, n);
	return (ssize_t)n;
}

static ssize_t
fake_write(struct stream *s UNUSED, const void *p, size_t n, char *want)
{
	*want = 'w';
	str_addn(&fake.output, p, n);
	return (ssize_t)n;
}

static void
fake_close(struct stream *s UNUSED)
{
}

static const struct stream_transport fake_transport = { fake_read, fake_write,
	fake_close };

/* ---- store ---- */

static void
fake_answer(struct reply *reply, enum verdict v, const char *status,
    const char *text)
{
	reply->m = (struct message){ .type = MSG_answer,
		.answer = { .verdict = (uint8_t)v, .status = view_of(status),
		    .sentence = view_of(text) } };
}

static void
fake_contents(struct imap *im, struct view uids, struct reply *reply)
{
	struct msg_contents *c = &reply->m.contents;
	struct numset set = { 0 };

	reply->m = (struct message){ .type = MSG_contents };
	str_reset(&fake.list);
	must(numset_parse(uids, UINT32_MAX, &im->arena, &set));
	must(numset_count(&set) <= FDS_MAX);
	for (uint32_t uid = 1; uid <= fake.messages; uid++) {
		if (!numset_has(&set, uid) || fake.message[uid - 1].p == NULL)
			continue;
		c->files.fd[c->files.n++] =
		    file_memfd("message", fake.message[uid - 1]);
		list_put_u32(&fake.list, uid);
	}
	c->uids = str_view(&fake.list);
}

static uint32_t
fake_changed(uint32_t old, const struct msg_mailbox_flags *m)
{
	return m->mode == 0 ? m->flags :
	    m->mode == 1    ? old | m->flags :
			      old & ~m->flags;
}

static void
fake_flags(struct imap *im, const struct msg_mailbox_flags *m,
    struct reply *reply)
{
	struct numset set = { 0 };
	struct walk w;

	must(numset_parse(m->uids, UINT32_MAX, &im->arena, &set));
	fake.modseq++;
	walk_begin(&w, im->box, &set, true);
	while (walk_next(&w)) {
		uint8_t bytes[RECORD_SIZE];
		struct record r;

		record_get(box_record(im->box, w.index), &r);
		r.flags = fake_changed(r.flags, m);
		r.modseq = fake.modseq;
		record_put(bytes, &r);
		box_event_flags(im->box, view_bytes(bytes, sizeof(bytes)));
	}
	reply->m = (struct message){ .type = MSG_mailbox_flagged,
		.mailbox_flagged = { .modseq = fake.modseq } };
}

static void
fake_expunge(struct imap *im, const struct msg_mailbox_expunge *m,
    struct reply *reply)
{
	struct numset set = { 0 };
	struct walk w;

	must(numset_parse(m->uids, UINT32_MAX, &im->arena, &set));
	walk_begin(&w, im->box, &set, true);
	while (walk_next(&w)) {
		const uint8_t *r = box_record(im->box, w.index);

		if (record_flags(r) & FLAG_DELETED)
			box_event_expunged(im->box,
			    view_bytes(r, RECORD_SIZE));
	}
	fake_answer(reply, VERDICT_DONE, "0.0", "Done");
}

static void
fake_append_open(struct reply *reply)
{
	if (fake.append > 0)
		close(fake.append);
	fake.append = memfd_create("append", MFD_CLOEXEC);
	reply->m = (struct message){ .type = MSG_append_opened,
		.append_opened = { .append = 7,
		    .content = dup(fake.append) } };
}

static void
fake_append_commit(const struct msg_append_commit *m, struct reply *reply)
{
	size_t count = 0;

	must(list_ok(m->appends, &count) && count > 0);
	str_reset(&fake.appended);
	must(file_read_fd(fake.append, 1 << 20, &fake.appended));
	close(fake.append);
	fake.append = -1;
	reply->m = (struct message){ .type = MSG_appended,
		.appended = { .uidvalidity = 1, .uids = VIEW_LIT("65") } };
}

static bool
fake_ask(struct imap *im, const struct message *q, struct reply *reply,
    struct why *w)
{
	*reply = (struct reply){ .m.type = MSG_LIMIT };
	if (fake.refuse)
		return why_later(w, "3.0", "Away");
	if (q->type == MSG_login)
		fake_answer(reply, VERDICT_NEVER, "7.8", "Wrong password");
	else if (q->type == MSG_content_open)
		fake_contents(im, q->content_open.uids, reply);
	else if (q->type == MSG_mailbox_flags)
		fake_flags(im, &q->mailbox_flags, reply);
	else if (q->type == MSG_mailbox_expunge)
		fake_expunge(im, &q->mailbox_expunge, reply);
	else if (q->type == MSG_append_open)
		fake_append_open(reply);
	else if (q->type == MSG_append_commit)
		fake_append_commit(&q->append_commit, reply);
	else if (q->type == MSG_mailbox_list)
		reply->m = (struct message){ .type = MSG_mailboxes,
			.mailboxes.names = fake.names };
	else if (q->type == MSG_copy)
		reply->m = (struct message){ .type = MSG_copied,
			.copied = { .uidvalidity = 1, .source = q->copy.uids,
			    .target = VIEW_LIT("70") } };
	else
		fake_answer(reply, VERDICT_NEVER, "2.1", "No such mailbox");
	return true;
}

/* ---- session ---- */

/* The client goes on in TLS. */
static void
fake_tls_begun(void)
{
	str_adds(&fake.output, "(TLS)\r\n");
	fake.input = fake.tls_input;
	fake.tls_input = VIEW_NONE;
}

/* A mailbox with the messages of the fake, none of them seen. */
static UNUSED struct box *
fake_box(void)
{
	struct box *b = box_new();
	struct str records = { 0 };
	int fd;

	for (uint32_t i = 0; i < fake.messages; i++) {
		struct record r = { .uid = i + 1, .modseq = 1,
			.size = fake.message[i].n, .date = 86400 * (i + 1) };

		record_put((uint8_t *)str_room(&records, RECORD_SIZE), &r);
		records.n += RECORD_SIZE;
	}
	fd = file_memfd("index", str_view(&records));
	must(box_map(b, fd, fake.messages));
	close(fd);
	str_free(&records);
	b->uidvalidity = 1;
	b->uidnext = fake.messages + 1;
	return b;
}

static const struct settings *
fake_settings(void)
{
	static struct settings *s;
	struct str errors = { 0 };

	if (s == NULL)
		s = settings_parse(VIEW_LIT("plain_logins = yes\n"
		    "message_size_limit = 4096\n"), &errors);
	must(s != NULL);
	str_free(&errors);
	return s;
}

/* What the server says to this input; with a user it is logged in, with a
 * mailbox that is selected. */
static UNUSED const char *
fake_talk(struct view input, const char *user, struct box *b, size_t piece)
{
	struct session *session = xcalloc(1, sizeof(*session));
	struct imap im = { .session = session, .settings = fake_settings(),
		.ask = fake_ask };

	gate_open(&im.gate, session, "imap", im.settings->login_timeout);
	im.gate.house = &fake_gate_house;
	fake_gate.begun = fake_tls_begun;
	session->number = 1;
	session->stream.fd = -1;
	session->stream.transport = &fake_transport;
	session->stream.tls = session;	/* no descriptor to look at */
	fake.input = input;
	fake.piece = piece;
	str_reset(&fake.output);
	if (user != NULL)
		im.user = xstrdup(user);
	im.box = b;
	imap_talk(&im);
	box_free(&im.box);
	stream_discard(&session->stream);
	str_free(&session->stream.out);
	gate_end(&im.gate);
	free(im.user);
	free(session);
	if (fake.append > 0)
		close(fake.append);
	fake.append = -1;
	return str_c(&fake.output);
}

static UNUSED void
fake_free(void)
{
	str_free(&fake.output);
	str_free(&fake.list);
	str_free(&fake.appended);
}

#endif
