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
#include "imapd/notify.h"
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
	bool opens;			/* other mailboxes, too */
	uint64_t modseq;
	struct str list;		/* what an answer points to */
	struct str appended;
	struct str created;		/* the name */
	uint32_t replaced;		/* UID */
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
	fake.replaced = m->replaces;
	str_reset(&fake.appended);
	must(file_read_fd(fake.append, 1 << 20, &fake.appended));
	close(fake.append);
	fake.append = -1;
	reply->m = (struct message){ .type = MSG_appended,
		.appended = { .uidvalidity = 1, .uids = VIEW_LIT("65") } };
}

/* The messages of the fake, none of them seen. */
static int
fake_index(void)
{
	struct str records = { 0 };
	int fd;

	for (uint32_t i = 0; i < fake.messages; i++) {
		struct record r = { .uid = i + 1, .modseq = 1,
			.size = fake.message[i].n, .date = 86400 * (i + 1) };

		record_put((uint8_t *)str_room(&records, RECORD_SIZE), &r);
		records.n += RECORD_SIZE;
	}
	fd = file_memfd("index", str_view(&records));
	str_free(&records);
	return fd;
}

/* Any name is a mailbox with these messages, but "gone" and what is below. */
static void
fake_open(const struct msg_mailbox_open *m, struct reply *reply)
{
	if (view_starts(m->mailbox, VIEW_LIT("gone"))) {
		fake_answer(reply, VERDICT_NEVER, "2.1", "No such mailbox");
		return;
	}
	reply->m = (struct message){ .type = MSG_mailbox_opened,
		.mailbox_opened = { .handle = 1, .uidvalidity = 7,
		    .uidnext = fake.messages + 1, .modseq = 1,
		    .count = fake.messages, .index = fake_index(),
		    .uidls = -1 } };
}

/* Of every mailbox the same, but for Other, which has none. */
static void
fake_entries(struct view mailbox, struct str *list)
{
	static const struct view entries[] = { VIEW_LIT("/private/a"),
		VIEW_LIT("1"), VIEW_LIT("/private/a/b"), VIEW_LIT("two"),
		VIEW_LIT("/private/a/b/c"), VIEW_LIT("N\0L"),
		VIEW_LIT("/shared/comment"), VIEW_LIT("a \"b\"\r\nc") };

	for (size_t i = 0; i < nitems(entries); i++)
		if (!view_is(mailbox, "Other"))
			list_put(list, entries[i]);
}

static void
fake_metadata(struct view mailbox, struct reply *reply)
{
	str_reset(&fake.list);
	fake_entries(mailbox, &fake.list);
	reply->m = (struct message){ .type = MSG_metadata,
		.metadata.entries = str_view(&fake.list) };
}

/* The first of them has to be asked for by itself. */
static void
fake_extras(const struct msg_extras_get *x, struct reply *reply)
{
	struct view rest = x->mailboxes, name;

	str_reset(&fake.list);
	for (bool first = true; list_next(&rest, &name); first = false) {
		struct message m = { .type = MSG_acl,
			.acl.rights = VIEW_LIT("lr") };
		struct str frame = { 0 }, entries = { 0 };
		struct fds none = { 0 };

		fake_entries(name, &entries);
		if (x->what == 2) {
			m = (struct message){ .type = MSG_metadata };
			m.metadata.entries = str_view(&entries);
		}
		if (!first)
			must(message_encode(&m, &frame, &none));
		list_put(&fake.list, str_view(&frame));
		str_free(&entries);
		str_free(&frame);
	}
	/* LIST holds the answers of several extras at once */
	reply->frame = xmalloc(fake.list.n + 1);
	memcpy(reply->frame, str_c(&fake.list), fake.list.n + 1);
	reply->m = (struct message){ .type = MSG_extras,
		.extras.extras = { reply->frame, fake.list.n } };
}

/* What was set, as text. */
static void
fake_metadata_set(const struct msg_metadata_set *m, struct reply *reply)
{
	struct view set = m->set, remove = m->remove, name, value;

	str_reset(&fake.created);
	while (list_next(&set, &name) && list_next(&set, &value))
		str_addf(&fake.created, "%.*s=%.*s;", VIEW(name), VIEW(value));
	while (list_next(&remove, &name))
		str_addf(&fake.created, "%.*s;", VIEW(name));
	if (view_is(m->mailbox, "Long"))
		fake_answer(reply, VERDICT_NEVER, "3.4", "Too long");
	else if (view_is(m->mailbox, "Many"))
		fake_answer(reply, VERDICT_NEVER, "5.3", "Too many");
	else if (view_is(m->mailbox, "Use"))
		fake_answer(reply, VERDICT_NEVER, "5.1", "No such use");
	else
		fake_answer(reply, VERDICT_DONE, "0.0", "Noted");
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
	else if (q->type == MSG_mailbox_vanished)
		reply->m = (struct message){ .type = MSG_vanished,
			.vanished = { .whole = q->mailbox_vanished.since > 1,
			    .uids = VIEW_LIT("2:3,70") } };
	else if (q->type == MSG_mailbox_list)
		reply->m = (struct message){ .type = MSG_mailboxes,
			.mailboxes = { .names = fake.names, .large = -1 } };
	else if (q->type == MSG_mailbox_open &&
	    view_is(q->mailbox_open.mailbox, "Drafts"))
		reply->m = (struct message){ .type = MSG_mailbox_opened,
			.mailbox_opened = { .handle = 9, .uidvalidity = 5,
			    .index = -1, .uidls = -1 } };
	else if (q->type == MSG_mailbox_create &&
	    !view_is(q->mailbox_create.mailbox, "x")) {
		str_reset(&fake.created);
		str_add(&fake.created, q->mailbox_create.mailbox);
		reply->m = (struct message){ .type = MSG_mailbox_created,
			.mailbox_created.id = VIEW_LIT("F1") };
	} else if (q->type == MSG_mailbox_rename) {
		str_reset(&fake.created);
		str_add(&fake.created, q->mailbox_rename.to);
		fake_answer(reply, VERDICT_DONE, "0.0", "Renamed");
	} else if (q->type == MSG_shares_get)
		reply->m = (struct message){ .type = MSG_shares,
			.shares.names = -1 };
	else if (q->type == MSG_metadata_get &&
	    !view_is(q->metadata_get.mailbox, "gone"))
		fake_metadata(q->metadata_get.mailbox, reply);
	else if (q->type == MSG_metadata_set)
		fake_metadata_set(&q->metadata_set, reply);
	else if (q->type == MSG_extras_get)
		fake_extras(&q->extras_get, reply);
	else if (q->type == MSG_acl_get)
		reply->m = (struct message){ .type = MSG_acl,
			.acl = { .rights = VIEW_LIT("lrswite") } };
	else if (q->type == MSG_quota_get &&
	    !view_is(q->quota_get.mailbox, "gone"))
		reply->m = (struct message){ .type = MSG_quota_state,
			.quota_state = { .user = VIEW_LIT("alice@example.test"),
			    .octets = 5000, .octets_most = 1 << 20,
			    .messages = 3 } };
	else if (q->type == MSG_watch)
		fake_answer(reply, VERDICT_DONE, "0.0", "Done");
	else if (q->type == MSG_mailbox_open && fake.opens)
		fake_open(&q->mailbox_open, reply);
	else if (q->type == MSG_mailbox_status && fake.opens)
		reply->m = (struct message){ .type = MSG_mailbox_state,
			.mailbox_state = { .messages = fake.messages,
			    .unseen = fake.messages, .uidvalidity = 7,
			    .uidnext = fake.messages + 1, .modseq = 1 } };
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
	int fd = fake_index();

	must(box_map(b, fd, fake.messages));
	close(fd);
	str_adds(&b->name, "INBOX");
	b->uidvalidity = 1;
	b->uidnext = fake.messages + 1;
	return b;
}

static const char *fake_conf = "";	/* further settings */

static struct settings *
fake_settings(void)
{
	struct str conf = { 0 }, errors = { 0 };
	struct settings *s;

	str_addf(&conf, "plain_logins = yes\nmessage_size_limit = 8000\n%s",
	    fake_conf);
	s = settings_parse(str_view(&conf), &errors);
	must(s != NULL);
	str_free(&conf);
	str_free(&errors);
	return s;
}

/* What the server says to this input; with a user it is logged in, with a
 * mailbox that is selected. */
static UNUSED const char *
fake_talk(struct view input, const char *user, struct box *b, size_t piece)
{
	struct session *session = xcalloc(1, sizeof(*session));
	struct settings *settings = fake_settings();
	struct imap im = { .session = session, .settings = settings,
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
	if (b != NULL)
		b->im = &im;
	imap_talk(&im);
	notify_end(&im);
	box_free(&im.box);
	session->stream.transport->close(&session->stream);
	stream_discard(&session->stream);
	str_free(&session->stream.out);
	gate_end(&im.gate);
	settings_free(&settings);
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
	str_free(&fake.created);
}

#endif
