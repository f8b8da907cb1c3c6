/* SPDX-License-Identifier: ISC */
/*
 * envelope - MAIL, RCPT and DATA: one transaction (RFC 5321 3.3)
 */
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/utf8.h"
#include "smtpd/command.h"
#include "smtpd/param.h"
#include "smtpd/target.h"

/* Take "FROM:" or "TO:" from the front. */
static bool
take_word(struct view *args, const char *word)
{
	struct view w = view_of(word);

	if (!view_startsi(*args, w))
		return false;
	*args = view_skip(*args, w.n);
	return true;
}

static struct view
address_text(struct arena *a, const struct address *address)
{
	struct str text = { 0 };
	struct view v;

	address_write(&text, address);
	v = arena_view(a, str_view(&text));
	str_free(&text);
	return v;
}

/* The sender stays, for the line in the log. */
static struct response
refuse_mail(struct dialog *d, struct response r)
{
	struct view sender = arena_view(&d->command, d->tx.sender);

	dialog_reset(d);
	d->tx.sender = arena_view(&d->tx.arena, sender);
	return r;
}

/* The reverse-path and what stands behind it. UTF-8 is read in any case, as
 * the word that allows it comes later. */
static bool
read_mail(struct dialog *d, struct view args, struct response *r)
{
	struct address sender;
	enum address_error e = address_path(&args, ADDRESS_OF_MAIL |
	    (d->trusted ? ADDRESS_LOCAL : 0),
	    &d->tx.arena, &sender);
	struct why w;

	if (e == ADDRESS_FINE) {
		d->tx.sender = address_text(&d->tx.arena, &sender);
		if (!param_mail(d, args, r))
			return false;
		if (!d->tx.utf8 && !utf8_is_ascii(d->tx.sender))
			e = ADDRESS_NEEDS_UTF8;
	}
	if (e == ADDRESS_FINE)
		return true;
	address_why(e, true, &w);
	*r = response_why(&d->command, &w);
	return false;
}

/* A login sends as itself, and so much in an hour. */
static bool
may_send(struct dialog *d, struct response *r)
{
	struct why w;

	if (d->login[0] == '\0' || d->house->may_send(d, d->tx.sender, &w))
		return true;
	*r = response_why(&d->command, &w);
	if (r->code == 550)
		r->code = 553;
	return false;
}

struct response
command_mail(struct dialog *d, struct view args)
{
	struct response r;
	struct why w;

	if (!take_word(&args, "FROM:"))
		return response(501, "5.5.4", "Syntax: MAIL FROM:<address>");
	if (!read_mail(d, args, &r) || !may_send(d, &r))
		return refuse_mail(d, r);
	d->house->mail_begin(&d->intake, d->tx.size);
	if (d->intake.state == INTAKE_REFUSED &&
	    !d->house->mail_ready(&d->intake, &w))
		return refuse_mail(d, response_why(&d->command, &w));
	d->phase = PHASE_MAIL;
	return response(250, "2.1.0", "Ok");
}

static void
rcpt_append(struct transaction *tx, struct rcpt *r)
{
	*tx->last = r;
	tx->last = &r->next;
	tx->rcpts++;
}

static struct response
refuse_rcpt(struct dialog *d, const struct why *w)
{
	d->tx.refused++;
	return response_why(&d->command, w);
}

/* 452 lets a client send the rest in another mail (RFC 5321 4.5.3.1.10). One
 * that goes on and on does not want that. */
static bool
is_too_many(struct dialog *d)
{
	uint64_t most = d->house->settings()->recipients_max;
	uint64_t named = (uint64_t)d->tx.rcpts + d->tx.refused;

	d->junk += named >= 100 * most;
	return named >= most;
}

/* As log readers know it from Postfix. */
static void
log_action(const struct dialog *d, const char *action)
{
	log_info("NOQUEUE", "%s: RCPT from %s: <%s>: Recipient address "
	    "triggers %s action; from=<%s> to=<%s> proto=%s helo=<%s>",
	    action[0] == 'H' ? "hold" : "discard", d->client,
	    log_quote(d->tx.named), action, log_quote(d->tx.sender),
	    log_quote(d->tx.named), dialog_with(d),
	    log_quote(view_of(d->helo)));
}

static bool
find_targets(struct dialog *d, struct rcpt *rcpt, struct why *w)
{
	struct routing to = { .targets = VIEW_NONE, .copies = VIEW_NONE };

	if (!d->house->route(d, rcpt->original, &to, w))
		return false;
	rcpt->hold = to.hold;
	if (to.hold || to.discard)
		log_action(d, to.hold ? "HOLD" : "DISCARD");
	if (to.discard)
		return true;
	return (target_add_all(&d->tx, rcpt, to.targets) &&
		   target_add_copies(&d->tx, to.copies)) ||
	       why_later(w, "3.0", "The router gave no targets");
}

struct response
command_rcpt(struct dialog *d, struct view args)
{
	struct address address;
	enum address_error e;
	struct response r;
	struct rcpt *rcpt;
	struct why w;

	d->tx.named = VIEW_NONE;
	if (!take_word(&args, "TO:"))
		return response(501, "5.5.4", "Syntax: RCPT TO:<address>");
	if (is_too_many(d)) {
		why_later(&w, "5.3", "Too many recipients for one mail");
		return refuse_rcpt(d, &w);
	}
	e = address_path(&args, ADDRESS_OF_RCPT |
	    (d->tx.utf8 ? ADDRESS_UTF8 : 0) |
	    (d->trusted ? ADDRESS_LOCAL : 0), &d->tx.arena, &address);
	if (e != ADDRESS_FINE) {
		address_why(e, false, &w);
		return refuse_rcpt(d, &w);
	}
	rcpt = arena_zalloc(&d->tx.arena, sizeof(*rcpt));
	rcpt->orcpt = VIEW_NONE;
	if (!param_rcpt(d, rcpt, args, &r)) {
		d->tx.refused++;
		return r;
	}
	rcpt->original = address_text(&d->tx.arena, &address);
	d->tx.named = rcpt->original;
	if (!find_targets(d, rcpt, &w))
		return refuse_rcpt(d, &w);
	rcpt_append(&d->tx, rcpt);
	d->phase = PHASE_RCPT;
	return response(250, "2.1.5", "Ok");
}

struct response
command_data(struct dialog *d, struct view args)
{
	struct response r;
	struct why w;

	if (args.n > 0)
		return response(501, "5.5.4", "DATA takes no argument");
	if (d->phase != PHASE_RCPT)
		return dialog_no_recipients(d);
	if (d->tx.body == BODY_BINARY)
		return response(503, "5.5.1", "A binary mail comes by BDAT");
	content_begin(&d->content, d->house->settings()->message_size_limit,
	    CONTENT_DOTS);
	if (!dialog_hold_mail(d, &w)) {
		content_free(&d->content);
		return response_why(&d->command, &w);
	}
	r = response(354, "", "Send the mail; a line with just a dot ends it");
	r.then = THEN_DATA;
	return r;
}
