/* SPDX-License-Identifier: ISC */
/*
 * out - what the client gets, and what store is asked
 */
#include "imapd/capability.h"
#include "imapd/route.h"
#include "lib/mail/envelope.h"
#include "lib/mail/utf8.h"
#include "lib/proc/service.h"

#define OUT_HIGH	32768		/* more than this goes to the stream */
#define TURN_OCTETS	(512u * 1024)	/* then it is the others' turn */
#define STORE_WAIT_MS	120000		/* copying much takes its time */
#define RETRY_MS	2000		/* a link that broke as soon as that */

void
out_puts(struct imap *im, const char *text)
{
	str_adds(&im->out, text);
}

void
out_printf(struct imap *im, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&im->out, fmt, ap);
	va_end(ap);
}

void
out_string(struct imap *im, struct view v)
{
	envelope_nstring(&im->out, v);
}

void
out_astring(struct imap *im, struct view v)
{
	struct parse p = parse_begin(v, &im->arena);

	parse_atom(&p);
	if (parse_end(&p) && !view_isi(v, "NIL"))
		str_add(&im->out, v);
	else
		out_string(im, v);
}

void
out_mailbox(struct imap *im, struct view name)
{
	struct str wire = { 0 };

	if (imap_has(im, SPEAKS_UTF8) && !utf8_is_ascii(name)) {
		envelope_utf8(&im->out, name);
		return;
	}
	if (imap_has(im, SPEAKS_UTF8)) {
		out_astring(im, name);
		return;
	}
	if (!utf7_encode(&wire, name))
		str_add(&wire, name);
	out_astring(im, str_view(&wire));
	str_free(&wire);
}

void
give_way(void)
{
	if (fiber_self() != NULL)
		fiber_sleep(0);
}

static bool
hand_over(struct imap *im)
{
	bool fine = stream_write(&im->session->stream, str_view(&im->out));

	im->sent += im->out.n;
	str_reset(&im->out);
	/* a client that reads fast never makes us wait */
	if (im->sent - im->sent_turn > TURN_OCTETS) {
		im->sent_turn = im->sent;
		give_way();
	}
	return fine;
}

bool
out_push(struct imap *im)
{
	if (im->out.n < OUT_HIGH || im->session == NULL)
		return true;
	return hand_over(im);
}

bool
out_flush(struct imap *im)
{
	if (im->session == NULL)
		return true;
	return hand_over(im) && stream_flush(&im->session->stream);
}

/* ---- store ---- */

uint64_t
imap_number(const struct imap *im)
{
	return im->session ? im->session->number : 0;
}

/* A login can be asked twice: once more when auth died under the question. */
static bool
ask_auth(struct imap *im, const struct message *request, struct reply *reply,
    struct why *w)
{
	int64_t soon = deadline_in(RETRY_MS);

	if (service_call(ROLE_AUTH, 0, request, reply, w))
		return true;
	gate_take_back(&im->gate);
	return clock_ms() < soon && !fiber_cancelled() &&
	    service_call(ROLE_AUTH, 0, request, reply, w);
}

bool
house_ask(struct imap *im, const struct message *request, struct reply *reply,
    struct why *w)
{
	struct channel *c;

	if (request->type == MSG_login)
		return ask_auth(im, request, reply, w);
	c = route_message(im, request, w);
	if (c == NULL)
		return false;
	if (channel_call(c, request, reply, deadline_in(STORE_WAIT_MS), w))
		return true;
	return w->verdict == VERDICT_LATER &&
	    why_unknown(w, "store went away: this may or may not have been "
		"done");
}

bool
store_ask(struct imap *im, const struct message *request, struct reply *reply,
    struct why *w)
{
	*reply = (struct reply){ .m.type = MSG_LIMIT };
	return im->ask(im, request, reply, w);
}

bool
store_want(const struct reply *reply, unsigned type, struct why *w)
{
	return reply_is(reply, (enum message_type)type, w);
}

bool
store_tell(struct imap *im, const struct message *request, struct why *w)
{
	struct reply reply;
	bool fine;

	if (!store_ask(im, request, &reply, w))
		return false;
	fine = reply_is(&reply, MSG_answer, w);
	reply_free(&reply);
	return fine;
}
