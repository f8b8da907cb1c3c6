/* SPDX-License-Identifier: ISC */
/*
 * dialog - from a command line to its reply, and from the dot to the queue
 *
 * Order of the checks on a line: is it text, is it a verb, is the verb one of
 * this protocol, is it its turn. Only then does its function run. What a client
 * does wrong is counted and, past the limit, ends the session.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/utf8.h"
#include "smtpd/chunk.h"
#include "smtpd/command.h"
#include "smtpd/login.h"
#include "smtpd/story.h"
#include "smtpd/trace.h"
#include "smtpd/xclient.h"

/* By HELO, by EHLO, with SMTPUTF8 (RFC 3848, 6531 3.7.3). */
static const char *const protocol_name[][3] = {
	[PROTOCOL_SMTP] = { "SMTP", "ESMTP", "UTF8SMTP" },
	[PROTOCOL_SUBMISSION] = { "SMTP", "ESMTP", "UTF8SMTP" },
	[PROTOCOL_LMTP] = { "LMTP", "LMTP", "UTF8LMTP" },
};

static void
transaction_begin(struct transaction *tx)
{
	arena_init(&tx->arena);
	tx->last = &tx->first;
	tx->envid = VIEW_NONE;
}

static void
name_client(struct dialog *d)
{
	if (d->trusted)
		snprintf(d->client, sizeof(d->client), "localhost[uid:%u]",
		    d->uid);
	else
		snprintf(d->client, sizeof(d->client), "%.255s[%.64s]",
		    d->name, d->ip);
}

struct dialog *
dialog_new(const struct dialog_client *client, const struct house *house)
{
	struct dialog *d = xcalloc(1, sizeof(*d));

	d->house = house;
	d->protocol = client->protocol;
	d->phase = PHASE_NEW;
	d->uid = client->uid;
	d->number = client->number;
	d->began = clock_wall_us();
	d->trusted = client->uid != UINT32_MAX;
	d->secure = client->secure;
	d->believed = client->believed;
	d->session = client->session;
	d->helo = d->login = "";
	d->last = "CONNECT";
	d->intake.fd = -1;
	arena_init(&d->own);
	arena_init(&d->hello);
	arena_init(&d->command);
	transaction_begin(&d->tx);
	d->ip = arena_copy(&d->own, view_of(client->ip));
	d->tally = xcalloc(command_count(), sizeof(*d->tally));
	d->name = "unknown";
	name_client(d);
	return d;
}

void
dialog_reset(struct dialog *d)
{
	arena_reset(&d->tx.arena);
	d->tx = (struct transaction){ 0 };
	transaction_begin(&d->tx);
	content_free(&d->content);
	d->content.swallowed = 0;
	d->chunk = (struct chunk){ 0 };
	if (d->intake.used)
		d->house->mail_drop(&d->intake);
	if (d->phase != PHASE_NEW)
		d->phase = PHASE_READY;
}

void
dialog_free(struct dialog **dp)
{
	struct dialog *d = *dp;

	*dp = NULL;
	login_give_up(d);
	dialog_reset(d);
	d->house->mail_drop(&d->intake);
	arena_reset(&d->own);
	arena_reset(&d->hello);
	arena_reset(&d->command);
	free(d->tally);
	free(d);
}

void
dialog_begin_anew(struct dialog *d)
{
	login_give_up(d);
	dialog_reset(d);
	arena_reset(&d->hello);
	d->helo = d->login = "";
	d->login_method = NULL;
	d->extended = false;
	d->phase = PHASE_NEW;
}

void
dialog_rename(struct dialog *d, const char *name, const struct address16 *a)
{
	char ip[ADDRESS16_TEXT];

	if (name != NULL)
		d->name = arena_copy(&d->own, view_of(name));
	if (a != NULL) {
		address16_text(a, ip);
		d->ip = arena_copy(&d->own, view_of(ip));
	}
	name_client(d);
}

const char *
dialog_with(const struct dialog *d)
{
	return protocol_name[d->protocol][d->tx.utf8 ? 2 : d->extended];
}

bool
dialog_may_verify(const struct dialog *d)
{
	return d->trusted || d->login[0] != '\0' ||
	    d->house->settings()->verify;
}

struct response
dialog_greeting(struct dialog *d)
{
	return response_printf(&d->command, 220, "", "%s %s Posthouse",
	    d->house->hostname(),
	    d->protocol == PROTOCOL_LMTP ? "LMTP" : "ESMTP");
}

/* ---- commands ---- */

struct response
dialog_out_of_turn(struct dialog *d)
{
	static const struct {
		enum phase phase;
		const char *sentence;
	} turns[] = {
		{ PHASE_READY, "MAIL comes first" },
		{ PHASE_MAIL, "There is a sender already; RSET begins anew" },
		{ PHASE_RCPT, "There is a sender already; RSET begins anew" },
		{ PHASE_CHUNK, "BDAT has begun; LAST or RSET ends it" },
	};

	for (size_t i = 0; i < nitems(turns); i++)
		if (d->phase == turns[i].phase)
			return response(503, "5.5.1", turns[i].sentence);
	return response_printf(&d->command, 503, "5.5.1",
	    "%s comes first, with your host name",
	    d->protocol == PROTOCOL_LMTP ? "LHLO" : "EHLO");
}

struct response
dialog_no_recipients(const struct dialog *d)
{
	if (d->tx.refused == 0 || d->protocol == PROTOCOL_LMTP)
		return response(503, "5.5.1", "RCPT comes first");
	return response(554, "5.5.1", "None of the recipients was accepted");
}

static struct response
run(struct dialog *d, const struct command *c, struct view args)
{
	d->last = c->verb;
	if (c->run == NULL)
		return response_printf(&d->command, 502, "5.5.1",
		    "%s is not offered here", c->verb);
	if ((c->protocols & d->protocol) == 0)
		return response_printf(&d->command, 500, "5.5.1",
		    "%s does not belong to this protocol", c->verb);
	if ((c->phases & d->phase) == 0)
		return dialog_out_of_turn(d);
	if ((c->flags & COMMAND_AUTHED) &&
	    d->protocol == PROTOCOL_SUBMISSION && !d->trusted &&
	    d->login[0] == '\0')
		return response(530, "5.7.0", "Log in first, with AUTH");
	return c->run(d, args);
}

/* "NOQUEUE: reject: RCPT from host[ip]: ...", as log readers know it. */
static void
log_reject(const struct dialog *d, const char *verb, const struct response *r)
{
	log_info("NOQUEUE", "reject: %s from %s: %u %s %.*s; from=<%s> "
	    "to=<%s> proto=%s helo=<%s>", verb, d->client, r->code,
	    r->status, VIEW(r->text), log_quote(d->tx.sender),
	    log_quote(d->tx.named), dialog_with(d),
	    log_quote(view_of(d->helo)));
	story_refused(d, verb, r);
}

static void
count(struct dialog *d, const struct command *c, const struct response *r)
{
	if (c != NULL && r->code != 334) {
		d->tally[command_number(c)].all++;
		d->tally[command_number(c)].good += !response_is_error(r);
	}
	if (c != NULL && (c->flags & COMMAND_JUNK) && r->code != 334)
		d->junk++;
	if (r->code >= 500)
		d->errors++;
	d->refusals += response_is_error(r);
}

static bool
is_text(struct view line)
{
	return memchr(line.p, '\0', line.n) == NULL;
}

static struct response
too_many_errors(struct dialog *d)
{
	bool junk = d->junk >= d->house->settings()->junk_max;
	struct response r = response_printf(&d->command, 421, "4.7.0",
	    "%s Too many %s", d->house->hostname(),
	    junk ? "commands without a mail" : "errors");

	log_info(NULL, "too many errors after %s from %s", d->last, d->client);
	r.then = THEN_CLOSE;
	return r;
}

static bool
worn_out(const struct dialog *d)
{
	const struct settings *s = d->house->settings();

	return d->errors >= s->errors_max || d->junk >= s->junk_max;
}

struct response
dialog_refuse(struct dialog *d, const char *sentence)
{
	struct response r = response(500, "5.5.2", sentence);

	arena_reset(&d->command);
	login_give_up(d);	/* to the client its command has failed */
	if (worn_out(d))
		return too_many_errors(d);
	count(d, NULL, &r);
	return r;
}

/* Where a login can come, any line may be a part of it. */
size_t
dialog_line_max(const struct dialog *d)
{
	return d->protocol == PROTOCOL_SUBMISSION && d->login[0] == '\0' ?
	    AUTH_MAX : COMMAND_MAX;
}

struct response
dialog_too_long(struct dialog *d)
{
	struct response r;

	if (d->expect == NULL || worn_out(d))
		return dialog_refuse(d, "The line is too long");
	arena_reset(&d->command);
	login_give_up(d);
	r = response(500, "5.5.6", "The line is too long");
	count(d, command_find(view_of(d->last)), &r);
	return r;
}

struct response
dialog_line(struct dialog *d, struct view line)
{
	const struct command *c;
	struct response r;
	struct view verb, args = line;

	if (worn_out(d)) {
		arena_reset(&d->command);
		return too_many_errors(d);
	}
	arena_reset(&d->command);
	if (d->expect != NULL) {
		r = d->expect(d, line);
		count(d, command_find(view_of(d->last)), &r);
		return r;
	}
	if (!is_text(line))
		return dialog_refuse(d, "The line has a NUL octet");
	verb = view_word(&args);
	if (line.n + 2 > COMMAND_MAX && !view_isi(verb, "AUTH"))
		return dialog_too_long(d);
	c = command_find(verb);
	if (c == NULL) {
		d->last = "UNKNOWN";
		return dialog_refuse(d,
		    "There is no such command; HELP lists them");
	}
	args = view_trim(args);
	r = run(d, c, args);
	if (r.then == THEN_CHUNK)
		return r;
	count(d, c, &r);
	if (response_is_error(&r) && (c->flags & COMMAND_LOGGED))
		log_reject(d, c->verb, &r);
	return r;
}

/* ---- content ---- */

bool
dialog_hold_mail(struct dialog *d, struct why *w)
{
	struct content *c = &d->content;
	const struct target *t;

	if (!d->house->mail_ready(&d->intake, w))
		return false;
	if (d->intake.used)
		return true;
	d->intake.used = true;
	c->fd = d->intake.fd;
	str_reset(&c->front);
	c->skip = trace_write(&c->front, d, d->intake.mail);
	t = trace_mailbox(d);
	if (t != NULL)
		c->mailbox = t->address;
	if (d->protocol == PROTOCOL_SUBMISSION)
		trace_missing(d, d->intake.mail, c->missing);
	return true;
}

/* More than can come with the commit goes into a file from here on. */
static void
see_to_file(struct dialog *d, struct view in)
{
	struct why w;

	if (!content_needs_file(&d->content, in))
		return;
	if (d->house->mail_file(&d->intake, &w))
		d->content.fd = d->intake.fd;
	else
		content_refuse(&d->content, &w);
}

size_t
dialog_data(struct dialog *d, struct view in, bool *done)
{
	size_t n;

	if (d->intake.used)
		see_to_file(d, in);
	if (d->chunk.on)
		return chunk_take(d, in, done);
	n = content_take(&d->content, in);
	*done = d->content.unstuff.done;
	return n;
}

bool
dialog_data_hopeless(const struct dialog *d)
{
	return d->content.swallowed >
	    d->house->settings()->message_size_limit;
}

static void
log_queued(const struct dialog *d, uint64_t mail)
{
	const struct str *message_id = &d->content.id;
	struct str line = { 0 };
	char id[20];

	snprintf(id, sizeof(id), "%016" PRIX64, mail);
	str_addf(&line, "client=%s", d->client);
	if (d->login[0] != '\0')
		str_addf(&line, ", sasl_method=%s, sasl_username=%s",
		    d->login_method, log_quote(view_of(d->login)));
	xforward_log(d, &line);
	log_info(id, "%s, message-id=%s", str_c(&line), message_id->n > 0 ?
	    log_quote(str_view(message_id)) : "<>");
	str_free(&line);
	story_accepted(d, mail);
}

/* Does the mail need SMTPUTF8 where it goes? Not because the client said so
 * but because it has what others cannot read. */
static bool
has_utf8(const struct dialog *d)
{
	if (!d->tx.utf8)
		return false;
	for (const struct rcpt *r = d->tx.first; r != NULL; r = r->next)
		if (!utf8_is_ascii(r->original))
			return true;
	return d->content.header_eight || !utf8_is_ascii(d->tx.sender);
}

static uint8_t
body_of(const struct dialog *d)
{
	uint8_t body = d->tx.body ? d->tx.body :
	    d->content.eight ? BODY_8BIT : BODY_7BIT;

	return has_utf8(d) ? body | BODY_UTF8 : body;
}

static struct msg_mail_commit
commit_of(const struct dialog *d)
{
	struct msg_mail_commit m = {
		.sender = d->tx.sender,
		.size = d->content.written,
		.skip = d->content.skip,
		.body = body_of(d),
		.ret = d->tx.ret,
		.envid = d->tx.envid,
		.client = view_of(d->client),
		.login = view_of(d->login),
		.received = d->content.received,
		.hold = d->tx.hold,
		.by = d->tx.by,
		.by_mode = d->tx.by_mode,
		.priority = d->tx.priority,
		/* REQUIRETLS counts more than the field (RFC 8689 3) */
		.tls = d->tx.require_tls ? 1 : d->content.tls_no ? 2 : 0,
		.content = d->content.fd < 0 ? str_view(&d->content.body) :
		    VIEW_NONE,
	};

	return m;
}

/* True when the mail is safe, *w is what to say. */
static bool
queue_mail(struct dialog *d, struct why *w)
{
	struct msg_mail_commit commit;
	uint64_t mail;

	if (d->content.written == 0 && d->content.why == NULL &&
	    !dialog_hold_mail(d, w))
		return false;
	mail = d->intake.mail;
	if (!content_end(&d->content, w))
		return false;
	if (d->content.received > d->house->settings()->hops_max)
		return why_never(w, "4.6", "The mail has passed %u hosts; "
		    "it goes in circles", d->content.received);
	if (d->content.loop)
		return why_never(w, "4.6", "The mail was delivered to <%.160s> "
		    "before; it goes in circles", arena_copy(&d->tx.arena,
		    d->content.mailbox));
	if (d->tx.set == NULL)	/* rules throw it away, and say nothing */
		return why_done(w, "0.0", "Ok: queued as %016" PRIX64, mail);
	commit = commit_of(d);
	if (!d->house->mail_commit(&d->intake, d, &commit, w))
		return false;
	log_queued(d, mail);
	return why_done(w, "0.0", "Ok: queued as %016" PRIX64, mail);
}

/* At the end of a mail. LMTP: once for each recipient, whatever the reply is
 * (RFC 2033 4.2, 4.3). */
static void
answer_mail(const struct dialog *d, const struct response *r, struct str *out)
{
	const struct rcpt *p = d->tx.first;

	do
		response_write(out, r);
	while (d->protocol == PROTOCOL_LMTP && p != NULL &&
	    (p = p->next) != NULL);
}

/* The reply to a BDAT that does not end the mail; true if it does. */
static bool
end_chunk(struct dialog *d, struct str *out)
{
	struct response r;

	if (chunk_end(d, &r))
		return true;
	count(d, command_find(VIEW_LIT("BDAT")), &r);
	if (d->chunk.last)
		answer_mail(d, &r, out);
	else
		response_write(out, &r);
	if (response_is_error(&r)) {
		log_reject(d, "BDAT", &r);
		dialog_reset(d);
	}
	return false;
}

void
dialog_data_end(struct dialog *d, struct str *out)
{
	bool chunked = d->chunk.on;
	struct response r;
	struct why w;

	if (chunked && !end_chunk(d, out))
		return;
	arena_reset(&d->command);
	if (queue_mail(d, &w)) {
		d->errors = d->junk = 0;
		d->mails++;
		r = response_why(&d->command, &w);
	} else {
		r = response_why(&d->command, &w);
		log_reject(d, "END-OF-MESSAGE", &r);
		d->errors += r.code >= 500 && !chunked;
	}
	if (chunked)
		count(d, command_find(VIEW_LIT("BDAT")), &r);
	answer_mail(d, &r, out);
	dialog_reset(d);
}

/* ---- the tally ---- */

static void
tally_add(struct str *out, const char *verb, const struct tally *t)
{
	for (; *verb != '\0'; verb++)
		str_addc(out, to_lower(*verb));
	if (t->good == t->all)
		str_addf(out, "=%u ", t->all);
	else
		str_addf(out, "=%u/%u ", t->good, t->all);
}

void
dialog_tally(const struct dialog *d, struct str *out)
{
	struct tally sum = { 0 };

	for (size_t i = 0; i < command_count(); i++) {
		const struct tally *t = &d->tally[i];

		if (t->all > 0)
			tally_add(out, command_at(i)->verb, t);
		sum.good += t->good;
		sum.all += t->all;
	}
	tally_add(out, "commands", &sum);
	out->n--;	/* the blank */
	out->p[out->n] = '\0';
}
