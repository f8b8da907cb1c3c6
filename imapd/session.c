/* SPDX-License-Identifier: ISC */
/*
 * session - one client, from the greeting to BYE
 */
#include <stdlib.h>

#include "imapd/commands.h"
#include "imapd/link.h"
#include "imapd/reader.h"
#include "imapd/select.h"
#include "imapd/session.h"
#include "lib/base/log.h"
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
one_command(struct imap *im)
{
	enum stream_end e = STREAM_OK;

	if (++im->commands % COMMANDS_TURN == 0)
		give_way();
	if (!stream_pending(&im->session->stream)) {
		if (!out_flush(im))
			return false;
		str_free(&im->out);
		e = stream_wait(&im->session->stream, reader_deadline(im));
	}
	if (e == STREAM_WOKEN)
		return true;
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
	return im->begins_tls ? begin_tls(im) : out_push(im);
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

static void
leave(struct imap *im)
{
	struct message end = { .type = MSG_session_end,
		.session_end = { .session = imap_number(im) } };

	box_leave(im);
	if (im->store != NULL)
		channel_send(im->store, &end);
	link_leave(im);
	log_end(im);
	gate_end(&im->gate);
	free(im->user);
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
