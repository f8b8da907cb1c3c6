/* SPDX-License-Identifier: ISC */
/*
 * transaction - commands out, replies in, verdicts
 *
 * With PIPELINING the commands of a group are written before the first reply is
 * read. The content never goes with them: only when every reply that was due is
 * there and nothing else has come may a later 250 be taken for the reply to the
 * content, whatever a server sends too early.
 */
#include "smtp/command.h"
#include "smtp/content.h"
#include "smtp/convert.h"
#include "smtp/transaction.h"

/* Commands whose replies are outstanding: as many as surely fit the buffers
 * between us, so that nobody waits for the other to read (RFC 2920 3.1). */
#define GROUP	100

struct transaction {
	struct client *c;
	struct job *j;
	struct outcome *o;
	struct fit fit;
	size_t next;		/* recipients before this were offered */
	size_t offered, accepted, domains;
	struct outcome refusal;	/* of MAIL */
	bool refused;		/* MAIL was; nothing counts any more */
	bool data;		/* DATA was said with the last group */
};

static bool
pipelines(const struct transaction *t)
{
	return (t->c->features.bits & FEATURE_PIPELINING) != 0;
}

static bool
out_of_order(struct transaction *t, enum phase p)
{
	t->c->broken = true;
	return outcome_later(t->o, "5.0", "host %s gave an unexpected reply "
	    "%u while %s", t->c->host, t->c->response.code, phase_doing(p));
}

/* ---- MAIL ---- */

/* A refusal is kept: the replies to what was said behind it come first. */
static bool
take_mail(struct transaction *t)
{
	struct client *c = t->c;

	if (!client_reply(c, PHASE_MAIL, t->o))
		return false;
	if (response_class(&c->response) == 2)
		return true;
	if (response_class(&c->response) == 3)
		return out_of_order(t, PHASE_MAIL);
	client_refused(c, PHASE_MAIL, t->o);
	t->refused = true;
	t->refusal = *t->o;
	return !c->broken;
}

/* ---- RCPT ---- */

/* "Too many recipients" is no verdict on this one: the rest goes in the next
 * transaction (RFC 5321 4.5.3.1.10, which says to take 552 for 452, too). A
 * status of another kind says that it was meant otherwise. */
static bool
is_too_many(const struct transaction *t)
{
	const struct response *r = &t->c->response;

	return t->accepted > 0 && (r->code == 452 || r->code == 552) &&
	    (r->status[0] == '\0' || strcmp(r->status, "5.3") == 0);
}

static bool
judge_rcpt(struct transaction *t, struct recipient *r)
{
	struct client *c = t->c;

	if (response_class(&c->response) == 3)
		return out_of_order(t, PHASE_RCPT);
	if (response_class(&c->response) == 2) {
		r->state = RECIPIENT_ACCEPTED;
		t->accepted++;
		return true;
	}
	client_refused(c, PHASE_RCPT, t->o);
	if (c->broken)
		return false;
	if (is_too_many(t)) {
		r->state = RECIPIENT_WANTED;
		return true;
	}
	if (c->response.code == 552)
		t->o->verdict = VERDICT_LATER;
	job_settle(t->j, r, t->o);
	return true;
}

static struct view
domain_of(const struct recipient *r)
{
	size_t at = view_rfind(r->spelled, '@');

	return view_skip(r->spelled, at < r->spelled.n ? at + 1 : at);
}

/* Whether none of this domain was offered in this transaction yet. */
static bool
is_new_domain(const struct transaction *t, const struct recipient *r)
{
	const struct recipient *one = t->j->recipient;

	for (size_t i = 0; i < t->next; i++)
		if (one[i].offered &&
		    view_eqi(domain_of(&one[i]), domain_of(r)))
			return false;
	return true;
}

/* The limits that the server has told (RFC 9422 4). */
static bool
may_offer(const struct transaction *t, const struct recipient *r)
{
	const struct features *f = &t->c->features;

	if (r->state != RECIPIENT_WANTED ||
	    (f->recipients_most > 0 && t->offered >= f->recipients_most))
		return false;
	return f->domains_most == 0 || t->domains < f->domains_most ||
	    !is_new_domain(t, r);
}

/* Go to the next one that is to be offered; false when there is none. */
static bool
seek(struct transaction *t)
{
	const struct job *j = t->j;

	while (t->next < j->nrecipients &&
	    !may_offer(t, &j->recipient[t->next]))
		t->next++;
	return t->next < j->nrecipients;
}

/* Offer as many as a group has; returns where they begin. */
static size_t
put_group(struct transaction *t)
{
	size_t most = pipelines(t) ? GROUP : 1, from = t->next;

	for (size_t n = 0; n < most && seek(t); n++) {
		struct recipient *r = &t->j->recipient[t->next];

		if (t->c->features.domains_most > 0)
			t->domains += is_new_domain(t, r);
		t->next++;
		command_rcpt(t->c, r);
		r->state = RECIPIENT_OFFERED;
		r->offered = true;
		t->offered++;
	}
	return from;
}

static bool
take_group(struct transaction *t, size_t from)
{
	struct recipient *r = t->j->recipient;

	for (size_t i = from; i < t->next; i++) {
		if (r[i].state != RECIPIENT_OFFERED)
			continue;
		if (!client_reply(t->c, PHASE_RCPT, t->o) ||
		    (!t->refused && !judge_rcpt(t, &r[i])))
			return false;
	}
	return true;
}

/* ---- the envelope ---- */

static bool
say_groups(struct transaction *t)
{
	bool first = pipelines(t);

	do {
		size_t from = put_group(t);

		t->data = pipelines(t) && !t->fit.chunks && !seek(t);
		if (t->data)
			stream_puts(&t->c->stream, "DATA\r\n");
		if ((first && !take_mail(t)) || !take_group(t, from))
			return false;
		first = false;
		if (!t->data && !client_settled(t->c, PHASE_RCPT, t->o))
			return false;
	} while (!t->data && !t->refused && seek(t));
	return true;
}

/* False: the host is of no use, and nothing was given away. */
static bool
say_envelope(struct transaction *t)
{
	struct client *c = t->c;

	if (c->dirty && !client_command(c, PHASE_RSET, t->o, "RSET"))
		return false;
	if (c->dirty && response_class(&c->response) != 2)
		return out_of_order(t, PHASE_RSET);
	c->dirty = true;
	c->mails++;
	command_mail(c, t->j, &t->fit);
	if (!pipelines(t) && (!take_mail(t) ||
	    !client_settled(c, PHASE_MAIL, t->o)))
		return false;
	return t->refused || say_groups(t);
}

/* ---- the content ---- */

static void
settle(struct transaction *t)
{
	for (size_t i = 0; i < t->j->nrecipients; i++)
		if (t->j->recipient[i].state == RECIPIENT_ACCEPTED)
			job_settle(t->j, &t->j->recipient[i], t->o);
}

/* A server that said 354 although nobody is to get the mail gets an empty one
 * (RFC 2920 3.1); what it says of it does not matter. */
static bool
send_nothing(struct transaction *t)
{
	struct client *c = t->c;

	if (!client_command(c, PHASE_END, t->o, "."))
		return false;
	c->dirty = false;
	return true;
}

/* True with *go: the content is to be sent. False: the host is of no use. */
static bool
take_data(struct transaction *t, bool *go)
{
	struct client *c = t->c;
	bool wanted = t->accepted > 0 && !t->refused;

	*go = false;
	if (!client_reply(c, PHASE_DATA, t->o) ||
	    !client_settled(c, PHASE_DATA, t->o))
		return false;
	if (c->response.code == 354) {
		*go = wanted;
		return wanted || send_nothing(t);
	}
	if (response_class(&c->response) < 4)
		return out_of_order(t, PHASE_DATA);
	if (!wanted)
		return !c->broken;
	client_refused(c, PHASE_DATA, t->o);
	if (!c->broken)
		settle(t);
	return !c->broken;
}

static bool
begin_content(struct transaction *t, bool *go)
{
	*go = !t->refused && t->accepted > 0;
	if (t->data)
		return take_data(t, go);
	if (!*go)
		return true;
	if (t->fit.chunks) {
		stream_printf(&t->c->stream, "BDAT %llu LAST\r\n",
		    (unsigned long long)job_size(t->j));
		return true;
	}
	stream_puts(&t->c->stream, "DATA\r\n");
	return take_data(t, go);
}

/* ---- the end ---- */

/* From here on a lost connection means that the server may have the mail. */
static void
judge_end(struct transaction *t)
{
	struct client *c = t->c;

	if (!client_reply(c, PHASE_END, t->o))
		return;
	if (response_class(&c->response) == 2) {
		outcome_accepted(t->o, &c->response);
		t->o->dsn = (c->features.bits & FEATURE_DSN) != 0;
	} else if (response_class(&c->response) == 3) {
		out_of_order(t, PHASE_END);
	} else {
		client_refused(c, PHASE_END, t->o);
	}
}

/* A server that gave one reply too many before has its reply to RCPT where that to
 * the content should be. Such a one can be known by its status: whoever speaks of
 * an address (X.1.Z) is asked for one more word, which is the late one then. If
 * that does not come, nobody knows, and the mail is tried again. */
static void
confirm_end(struct transaction *t)
{
	struct client *c = t->c;
	struct outcome lost = { .arena = t->o->arena, .relay = t->o->relay };

	if (t->o->verdict != VERDICT_DONE || !pipelines(t) || c->broken ||
	    strncmp(c->response.status, "1.", 2) != 0)
		return;
	stream_puts(&c->stream, "NOOP\r\n");
	if (!client_reply(c, PHASE_END, &lost))
		*t->o = lost;	/* rather twice than never */
	else if (response_class(&c->response) == 3)
		out_of_order(t, PHASE_END);
	else if (response_class(&c->response) != 2)
		c->broken = !client_refused(c, PHASE_END, t->o);
}

/* LMTP has a reply for each recipient that was accepted (RFC 2033 4.2). */
static void
take_ends(struct transaction *t)
{
	struct job *j = t->j;

	for (size_t i = 0; i < j->nrecipients; i++) {
		if (j->recipient[i].state != RECIPIENT_ACCEPTED)
			continue;
		if (!t->c->broken)
			judge_end(t);
		job_settle(j, &j->recipient[i], t->o);
	}
}

static void
take_end(struct transaction *t)
{
	struct outcome unasked = { .arena = t->o->arena };

	if (t->c->lmtp) {
		take_ends(t);
	} else {
		judge_end(t);
		confirm_end(t);
		settle(t);
	}
	t->c->dirty = false;
	if (!t->c->broken)
		client_settled(t->c, PHASE_END, &unasked);
}

/* ---- all of it ---- */

/* A refusal of MAIL for good is about the mail, one for now may be about the
 * host. */
static bool
judge_mail(struct transaction *t)
{
	if (!t->refused)
		return true;
	*t->o = t->refusal;
	if (t->o->verdict == VERDICT_NEVER)
		job_settle_rest(t->j, t->o);
	return t->o->verdict == VERDICT_NEVER;
}

static bool
send_content(struct transaction *t)
{
	const struct content content = { .head = t->j->header,
		.fd = t->j->m.content, .at = job_kept(t->j),
		.end = t->j->m.size };

	if (t->fit.convert)
		return convert_send(t->j, t->fit.level, t->c, t->o);
	return content_send(&content, t->c, !t->fit.chunks, t->o);
}

/* False: the host is of no use for what is not settled. */
static bool
talk(struct transaction *t)
{
	bool go;

	if (!say_envelope(t) || !begin_content(t, &go) || !judge_mail(t))
		return false;
	if (!go)
		return true;
	t->j->final = true;
	if (send_content(t)) {
		take_end(t);
		t->j->final = false;
		return true;
	}
	t->j->final = false;
	/* it interrupted us, and said why */
	if (t->o->reply.n > 0)
		settle(t);
	return t->o->reply.n > 0;
}

enum transaction_end
transaction_run(struct client *c, struct job *j, struct outcome *o)
{
	struct transaction t = { .c = c, .j = j, .o = o };
	enum fit_end fit = fit_look(c, j, &t.fit, o);

	j->contact = CONTACT_TALKED;
	for (size_t i = 0; i < j->nrecipients; i++)
		j->recipient[i].offered = false;
	if (fit == FIT_NEVER)
		job_settle_rest(j, o);
	if (j->unsettled == 0 || (fit == FIT_WELL && talk(&t)))
		return TRANSACTION_DONE;
	for (size_t i = 0; i < j->nrecipients; i++)
		if (j->recipient[i].state != RECIPIENT_SETTLED)
			j->recipient[i].state = RECIPIENT_WANTED;
	return TRANSACTION_HOST;
}
