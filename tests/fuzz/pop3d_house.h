/* SPDX-License-Identifier: ISC */
/*
 * pop3d_house - what whole sessions of pop3d talk to in fuzz drivers
 *
 * A client that sends what it was given, in pieces, and keeps what it hears, or
 * goes away without listening; an auth that knows one password; and a store at the
 * far end of a real channel, with one mailbox. The script, two octets, says which
 * request of the store goes wrong and how, so that every answer of it can be the
 * last one, and whether the client goes away.
 */
#ifndef TESTS_FUZZ_POP3D_HOUSE_H
#define TESTS_FUZZ_POP3D_HOUSE_H

#include <sys/socket.h>

#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/numset.h"
#include "lib/mail/record.h"
#include "lib/mail/sasl.h"
#include "lib/proc/service.h"
#include "lib/proc/settings.h"
#include "pop3d/mailbox.h"

#define PIECES 256
#define LARGE  70000

enum fault { FAULT_LATER, FAULT_NEVER, FAULT_LINK, FAULT_IN_USE };

/* Wire form; each begins with a letter, so that POP2's octets can be told from
 * its replies. */
static struct str messages[] = { { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, { 0 } };
#define MESSAGES nitems(messages)

static struct house {
	struct settings *settings;
	struct session session;
	struct stream client;
	struct view in;
	size_t piece;
	struct str said;	/* by the server */
	bool leaves;		/* the client does, and said is cut off */
	bool ended;
	/* store */
	struct channel *near, *far;
	unsigned requests, fault_at;	/* 0: none */
	enum fault fault;
	bool granted, open;
	bool gone[MESSAGES];
	bool wanted[MESSAGES];	/* of an expunge under way */
	unsigned expunges;	/* that were carried out */
} house;

/* ---- store ---- */

static void
house_answer(uint32_t tag, enum verdict verdict, const char *status)
{
	struct why w = { .verdict = verdict };

	snprintf(w.status, sizeof(w.status), "%s", status);
	snprintf(w.text, sizeof(w.text), "It is so");
	channel_answer(house.far, tag, &w);
}

/* True when this request is the one that goes wrong; it is answered. */
static bool
house_fails(uint32_t tag)
{
	if (++house.requests != house.fault_at)
		return false;
	if (house.fault == FAULT_LINK)
		channel_close(&house.far);
	else if (house.fault == FAULT_NEVER)
		house_answer(tag, VERDICT_NEVER, "2.1");
	else
		house_answer(tag, VERDICT_LATER,
		    house.fault == FAULT_IN_USE ? "2.0" : "3.0");
	return true;
}

static void
house_open(struct channel *c UNUSED, uint32_t tag, struct msg_mailbox_open *m)
{
	struct message reply = { .type = MSG_mailbox_opened, .tag = tag };
	uint8_t packed[MESSAGES * RECORD_SIZE];
	uint32_t n = 0;

	must(house.granted && m->session == 1 && m->mode == 2 && !house.open);
	if (house_fails(tag))
		return;
	if (!view_isi(m->mailbox, "INBOX")) {
		house_answer(tag, VERDICT_NEVER, "2.1");
		return;
	}
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct record r = { .uid = 7 * (i + 1),
			.size = messages[i].n,
			.flags = i % 2 ? FLAG_SEEN : 0 };

		if (!house.gone[i])
			record_put(packed + n++ * RECORD_SIZE, &r);
	}
	house.open = true;
	reply.mailbox_opened = (struct msg_mailbox_opened){ .handle = 1,
		.uidvalidity = 99,
		.count = n,
		.index = file_memfd("m", view_bytes(packed, n * RECORD_SIZE)),
		.uidls = file_memfd("u", VIEW_LIT("7 0000000000000000 kept\n"
		    "14 0000000000000000 00000063-21\n")) };
	channel_send(house.far, &reply);
}

static void
house_close(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_mailbox_close *m)
{
	must(house.open && m->handle == 1);
	house.open = false;
}

/* The set is that of messages that were there when the mailbox was opened. */
static void
house_each(struct view text, void (*fn)(void *arg, uint32_t i), void *arg)
{
	struct numset set;
	struct arena arena;

	arena_init(&arena);
	must(numset_parse(text, 7 * MESSAGES, &arena, &set));
	for (uint32_t i = 0; i < MESSAGES; i++)
		if (numset_has(&set, 7 * (i + 1)))
			fn(arg, i);
	arena_reset(&arena);
}

static void
house_want(void *arg UNUSED, uint32_t i)
{
	house.wanted[i] = true;
}

static void
house_expunge(struct channel *c UNUSED, uint32_t tag,
    struct msg_mailbox_expunge *m)
{
	must(house.open && m->any && !m->more);
	house_each(m->uids, house_want, NULL);
	if (house_fails(tag))
		return;
	for (size_t i = 0; i < MESSAGES; i++)
		house.gone[i] |= house.wanted[i];
	memset(house.wanted, 0, sizeof(house.wanted));
	house.expunges++;
	house_answer(tag, VERDICT_DONE, "0.0");
}

static void
house_ignore(void *arg UNUSED, uint32_t i UNUSED)
{
}

static void
house_flags(struct channel *c UNUSED, uint32_t tag,
    struct msg_mailbox_flags *m)
{
	struct message reply = { .type = MSG_mailbox_flagged, .tag = tag };

	must(house.open && m->flags == FLAG_SEEN && m->mode == 1);
	house_each(m->uids, house_ignore, NULL);
	if (!house_fails(tag))
		channel_send(house.far, &reply);
}

struct house_contents {
	struct str uids;
	struct fds files;
};

static void
house_content_one(void *arg, uint32_t i)
{
	struct house_contents *c = arg;

	if (house.gone[i])
		return;
	list_put_u32(&c->uids, 7 * (i + 1));
	c->files.fd[c->files.n++] = file_memfd("c", str_view(&messages[i]));
}

/* A fault of kind NEVER is a message that is gone. */
static void
house_content(struct channel *c UNUSED, uint32_t tag,
    struct msg_content_open *m)
{
	struct message reply = { .type = MSG_contents, .tag = tag };
	struct house_contents found = { .files.n = 0 };

	must(house.open);
	if (house.requests + 1 == house.fault_at &&
	    house.fault == FAULT_NEVER)
		house.requests++;
	else if (house_fails(tag))
		return;
	else
		house_each(m->uids, house_content_one, &found);
	reply.contents.uids = str_view(&found.uids);
	reply.contents.files = found.files;
	channel_send(house.far, &reply);
	str_free(&found.uids);
}

static void
house_session_end(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_session_end *m)
{
	must(house.granted && m->session == 1);
	house.granted = house.open = false;
}

static void
house_far_closed(struct channel *c UNUSED)
{
	house.far = NULL;
}

static void
house_near_closed(struct channel *c UNUSED)
{
	house.near = NULL;
}

static void
house_event(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_mailbox_event *m UNUSED)
{
}

static const struct handlers house_store = {
	.mailbox_open = house_open,
	.mailbox_close = house_close,
	.mailbox_expunge = house_expunge,
	.mailbox_flags = house_flags,
	.content_open = house_content,
	.session_end = house_session_end,
	.closed = house_far_closed,
};

static const struct handlers house_pop3d = {
	.mailbox_event = house_event,
	.closed = house_near_closed,
};

/* ---- auth: "right" is the password ---- */

static void
house_judge(struct reply *r, bool right, struct view user)
{
	r->m = (struct message){ .type = MSG_answer };
	if (right) {
		struct view mailbox = user;

		view_cut(&mailbox, '+');
		r->m.type = MSG_logged_in;
		r->m.logged_in.user = VIEW_LIT("anna@example.test");
		r->m.logged_in.mailbox = mailbox;
		house.granted = true;
		return;
	}
	r->m.answer.verdict = VERDICT_NEVER;
	r->m.answer.status = VIEW_LIT("7.8");
	r->m.answer.sentence = VIEW_LIT("Wrong password");
}

static void
house_sasl(struct reply *r, struct view response)
{
	if (response.n == 0) {
		r->m = (struct message){ .type = MSG_sasl_challenge };
		r->m.sasl_challenge.exchange = 5;
		r->m.sasl_challenge.challenge = VIEW_LIT("who?");
		return;
	}
	house_judge(r, view_ends(response, VIEW_LIT("right")), VIEW_NONE);
}

bool
service_call(unsigned role, uint32_t instance UNUSED,
    const struct message *m, struct reply *r, struct why *w)
{
	/* a login takes time: what store was told of the one before is there */
	for (int i = 0; i < 3; i++)
		fiber_sleep(0);
	must(role == ROLE_AUTH && (house.far == NULL || !house.granted));
	*r = (struct reply){ 0 };
	if (m->type == MSG_login && view_is(m->login.password, "later"))
		return why_later(w, "3.0", "Nobody is there");
	if (m->type == MSG_login)
		house_judge(r, view_is(m->login.password, "right"),
		    m->login.user);
	else if (m->type == MSG_sasl_begin)
		house_sasl(r, m->sasl_begin.response);
	else
		house_sasl(r, m->sasl_response.response);
	return true;
}

/* ---- what lib/proc/service.c would be ---- */

bool
service_stopping(void)
{
	return false;
}

void
service_on_stop(void (*fn)(void) UNUSED)
{
}

const struct settings *
service_settings(void)
{
	return house.settings;
}

struct channel *
service_peer(unsigned role, uint32_t instance UNUSED)
{
	return role == ROLE_STORE ? house.near : NULL;
}

struct channel *
service_peer_nth(unsigned role UNUSED, size_t n UNUSED)
{
	return NULL;
}

struct channel *
service_peer_wait(unsigned role, uint32_t instance, int64_t deadline UNUSED)
{
	return service_peer(role, instance);
}

/* ---- the two ends of the connection ---- */

static void
house_server(void *session)
{
	void (**run)(struct session *) = session;

	(*run)(&house.session);
	stream_flush(&house.session.stream);
	stream_close(&house.session.stream);
	house.ended = true;
}

static void
house_client(void *unused UNUSED)
{
	struct stream *s = &house.client;
	struct view v;

	while (house.in.n > 0) {
		size_t n = house.in.n < house.piece ? house.in.n : house.piece;

		stream_write(s, (struct view){ house.in.p, n });
		stream_flush(s);
		house.in = view_skip(house.in, n);
		fiber_sleep(0);
	}
	shutdown(s->fd, house.leaves ? SHUT_RDWR : SHUT_WR);
	s->failed = false;	/* the session may have been over before */
	while (stream_peek(s, &v, DEADLINE_NEVER) == STREAM_OK) {
		str_add(&house.said, v);
		stream_skip(s, v.n);
	}
	while (!house.ended)
		fiber_sleep(0);
	stream_close(s);
	/* what was said to store arrives */
	for (int i = 0; i < 3; i++)
		fiber_sleep(0);
	loop_stop();
}

static void
house_channels(void)
{
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	house.near = channel_open(fd[0], ROLE_POP3D,
	    (struct peer_id){ ROLE_STORE, 0, 2 }, &house_pop3d);
	house.far = channel_open(fd[1], ROLE_STORE,
	    (struct peer_id){ ROLE_POP3D, 0, 1 }, &house_store);
}

static void
house_write_messages(void)
{
	static const char *const texts[] = {
		"Subject: a\r\n\r\n.\r\n..\r\n.a\r\n\r\n",
		"Subject: gr\xc3\xbc\xc3\x9f" "e\r\nX: \xff\r\n\r\n\xe4\r\n",
		"Only: header\r\n",
		"No: end\r\n\r\nx\r\n.",
		"M",
	};

	for (size_t i = 0; i < nitems(texts); i++)
		str_adds(&messages[i], texts[i]);
	str_adds(&messages[5], "Large: yes\r\n\r\n");
	while (messages[5].n < LARGE)
		str_adds(&messages[5], ".dots\r\n");
}

static void
house_begin(void)
{
	struct msg_mechanisms names = { 0 };
	struct str errors = { 0 }, list = { 0 };

	log_open("fuzz", "pop3d", STDERR_FILENO, LOG_LEVEL_ERROR);
	house.settings = settings_parse(VIEW_LIT("plain_logins = yes\n"
	    "pop3_expire = 1\nerrors_max = 50\n"
	    "sasl_mechanisms = PLAIN LOGIN APOP\n"), &errors);
	must(house.settings != NULL);
	list_put(&list, VIEW_LIT("PLAIN"));
	list_put(&list, VIEW_LIT("LOGIN"));
	list_put(&list, VIEW_LIT("APOP"));
	names.names = str_view(&list);
	sasl_mechanisms(NULL, 0, &names);
	str_free(&list);
	str_free(&errors);
	house_write_messages();
}

/* One session; data begins with the script. house.said and house.gone tell what
 * came of it. */
static void
house_run(void (*session)(struct session *), struct listener_settings *ls,
    struct view data)
{
	struct listener l = { .settings = ls };
	int fd[2];

	if (house.settings == NULL)
		house_begin();
	house.fault_at = (uint8_t)data.p[0] & 15;
	house.fault = (enum fault)((uint8_t)data.p[0] >> 4 & 3);
	house.piece = 1 + ((uint8_t)data.p[1] >> 2) + data.n / PIECES;
	house.leaves = ((uint8_t)data.p[1] & 3) == 2;
	house.in = view_skip(data, 2);
	house.requests = house.expunges = 0;
	house.granted = house.open = house.ended = false;
	memset(house.gone, 0, sizeof(house.gone));
	memset(house.wanted, 0, sizeof(house.wanted));
	house_channels();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	house.session = (struct session){ .listener = &l, .number = 1,
		.uid = UINT32_MAX, .client = "192.0.2.1", .port = 4711,
		.id = "1.1" };
	stream_open(&house.session.stream, fd[0]);
	stream_open(&house.client, fd[1]);
	str_reset(&house.said);
	house.session.fiber = fiber_start(house_server, &session);
	fiber_start(house_client, NULL);
	loop_run();
	/* nothing is left, and nothing is kept from others */
	must(house.far == NULL || (!house.granted && !house.open));
	channel_close(&house.near);
	channel_close(&house.far);
}

/* How many messages are gone. */
static unsigned
house_gone(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < MESSAGES; i++)
		n += house.gone[i];
	return n;
}

#endif
