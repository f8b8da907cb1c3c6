/* SPDX-License-Identifier: ISC */
/*
 * session - one client, from the greeting to BYE
 */
#include <stdlib.h>

#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/link.h"
#include "imapd/notify.h"
#include "imapd/reader.h"
#include "imapd/route.h"
#include "imapd/select.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "lib/base/log.h"
#include "lib/proc/deflate.h"
#include "lib/proc/service.h"

#define COMMANDS_TURN 32	/* pipelined; then it is the others' turn */

static void
greet(struct imap *im)
{
	out_printf(im, "* OK [CAPABILITY %s] Posthouse ready\r\n",
	    capabilities(im));
}

/* Nothing of a command stays: an idle session holds no memory for it. */
static void
forget_command(struct imap *im)
{
	bool secret = im->user == NULL || (im->command != NULL &&
		(im->command->flags & CMD_SECRET) != 0);

	if (secret) {
		str_wipe(&im->text);
		stream_wipe(&im->session->stream);
	}
	str_free(&im->text);
	str_free(&im->said);
	if (im->out.n == 0)
		str_free(&im->out);
	arena_reset(&im->arena);
	im->command = NULL;
}

/* The client has asked for it, and heard that it may. */
static bool
begin_tls(struct imap *im)
{
	im->begins_tls = false;
	return out_flush(im) && gate_start_tls(&im->gate);
}

static bool
begin_deflate(struct imap *im)
{
	im->begins_deflate = false;
	return out_flush(im) && deflate_start(&im->session->stream);
}

/* After its answer a command may change what lies below the talk. */
static bool
go_on(struct imap *im)
{
	if (im->begins_tls)
		return begin_tls(im);
	return im->begins_deflate ? begin_deflate(im) : out_push(im);
}

static bool
has_news(const struct imap *im)
{
	return sync_has_news(im, !notify_is_delayed(im)) ||
	    notify_has_news(im);
}

/* After NOTIFY clients hear what happens between commands, too. */
static bool
tell_news(struct imap *im)
{
	im->uid = false;
	while (notify_is_given(im) && has_news(im)) {
		sync_tell(im, !notify_is_delayed(im));
		notify_tell(im);
		if (!out_flush(im))
			return false;
	}
	return !im->over;
}

/* News do not make a client less silent. */
static enum stream_end
wait_for_command(struct imap *im)
{
	enum stream_end e;

	if (!tell_news(im) || !out_flush(im))
		return STREAM_EOF;
	if (notify_is_given(im) && (im->lost || has_news(im)))
		return STREAM_WOKEN;
	str_free(&im->out);
	if (im->deadline == 0)
		im->deadline = reader_deadline(im);
	im->idling = notify_is_given(im);
	e = stream_wait(&im->session->stream, im->deadline);
	im->idling = false;
	return e;
}

static bool
one_command(struct imap *im)
{
	enum stream_end e = STREAM_OK;

	if (++im->commands % COMMANDS_TURN == 0)
		give_way();
	if (!stream_pending(&im->session->stream))
		e = wait_for_command(im);
	if (e == STREAM_WOKEN || im->over)
		return true;
	im->deadline = 0;
	if (e != STREAM_OK) {
		reader_gone(im, e);
		return false;
	}
	if (reader_command(im) == READ_GONE)
		return false;
	command_run(im);
	if (!reader_finish(im))
		return false;
	forget_command(im);
	return go_on(im);
}

/* As readers of Dovecot's log know it. */
static void
log_end(const struct imap *im)
{
	const char *why = im->ended ? im->ended : "Connection closed";

	if (im->user == NULL) {
		gate_leave(&im->gate, "imap-login", why);
		return;
	}
	log_info(NULL,
	    "imap(%s): Disconnected: %s out=%llu, rip=%s, session=<%s>",
	    log_quote(view_of(im->user)), why, (unsigned long long)im->sent,
	    im->session->client, im->session->id);
}

/* The mailbox, and what store knows of us. */
static void
leave_store(struct imap *im)
{
	struct message end = { .type = MSG_session_end,
		.session_end = { .session = imap_number(im) } };

	box_leave(im);
	notify_end(im);
	if (im->store != NULL)
		channel_send(im->store, &end);
	route_leave(im);
	im->store = NULL;
}

static void
leave(struct imap *im)
{
	leave_store(im);
	link_leave(im);
	log_end(im);
	gate_end(&im->gate);
	free(im->user);
}

void
session_forget_user(struct imap *im)
{
	leave_store(im);
	im->ended = "Unauthenticated";
	log_end(im);
	im->ended = NULL;
	free(im->user);
	im->user = NULL;
	im->enabled = 0;
	session_renumber(im->session);
	gate_reopen(&im->gate, im->settings->login_timeout);
}

void
imap_talk(struct imap *im)
{
	greet(im);
	while (!im->over && one_command(im)) {
		if (!im->lost || im->over)
			continue;
		out_puts(im, "* BYE [UNAVAILABLE] The mailboxes were away; log "
			     "in again\r\n");
		im->ended = "Store lost";
		im->over = true;
	}
	out_flush(im);
	forget_command(im);
	str_free(&im->out);
}

void
imap_session(struct session *s)
{
	struct imap im = { .session = s, .settings = service_settings(),
		.ask = house_ask };

	gate_open(&im.gate, s, "imap", im.settings->login_timeout);
	link_enter(&im);
	imap_talk(&im);
	leave(&im);
}
