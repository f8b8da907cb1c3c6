/* SPDX-License-Identifier: ISC */
/*
 * match - the filters of queue_act, one small function each
 *
 * A next host is compared by its name alone: "[relay.example.net]:587
 * tls=encrypt" is relay.example.net. A hop is canonical (lib/mail/hop.h), so the
 * name needs no parser.
 */
#include "lib/mail/idn.h"
#include "queue/match.h"
#include "queue/schedule.h"

static struct view
keep(struct match *f, struct view v)
{
	f->text.n += v.n;
	return view_bytes(memcpy(f->text.p + f->text.n - v.n, v.p, v.n), v.n);
}

void
match_set(struct match *f, const struct msg_queue_act *said)
{
	struct msg_queue_act *s = &f->said;

	*f = (struct match){ .said = *said };
	/* room for all at once: the views must not move */
	must(str_room(&f->text, said->sender.n + said->recipient.n +
	    said->destination.n + said->state.n + said->reason.n +
	    said->hop.n + 1) != NULL);
	s->sender = keep(f, said->sender);
	s->recipient = keep(f, said->recipient);
	s->destination = keep(f, said->destination);
	s->state = keep(f, said->state);
	s->reason = keep(f, said->reason);
	s->hop = keep(f, said->hop);
}

void
match_free(struct match *f)
{
	str_free(&f->text);
	f->said = (struct msg_queue_act){ 0 };
}

/* ---- names ---- */

bool
match_within(struct view name, struct view domain)
{
	bool below = domain.n > 0 && domain.p[0] == '@';
	size_t at;

	if (below)
		domain = view_skip(domain, 1);
	if (domain.n == 0 || name.n < domain.n)
		return false;
	at = name.n - domain.n;
	return view_eqi(view_skip(name, at), domain) &&
	    (at == 0 || (below && name.p[at - 1] == '.'));
}

static void
put_ascii(struct str *out, struct view domain)
{
	struct str ascii = { 0 };

	str_add(out, idn_ascii(&ascii, domain) ? str_view(&ascii) : domain);
	str_free(&ascii);
}

bool
match_domain_of(struct view address, struct str *out)
{
	size_t at = view_rfind(address, '@');

	if (at == address.n)
		return false;
	put_ascii(out, view_skip(address, at + 1));
	return true;
}

/* A domain as the administrator types it, perhaps with "@" in front. */
static bool
is_domain(struct view name, struct view typed)
{
	bool below = typed.n > 0 && typed.p[0] == '@';
	struct str domain = { 0 };
	bool is;

	str_adds(&domain, below ? "@" : "");
	put_ascii(&domain, view_skip(typed, below));
	is = match_within(name, str_view(&domain));
	str_free(&domain);
	return is;
}

static bool
is_of_domain(struct view address, struct view typed)
{
	struct str domain = { 0 };
	bool is = match_domain_of(address, &domain) &&
	    is_domain(str_view(&domain), typed);

	str_free(&domain);
	return is;
}

/* "user@domain", or "@domain" and all that are in it. */
static bool
is_address(struct view address, struct view typed)
{
	size_t at = view_rfind(typed, '@');

	if (at == typed.n)
		return view_eqi(address, typed);
	if (!is_of_domain(address, view_skip(typed, at + 1)))
		return false;
	return at == 0 || view_eqi(view_bytes(typed.p, at),
	    view_bytes(address.p, view_rfind(address, '@')));
}

/* The name or address in a hop: without protocol, brackets, port, options. */
static struct view
hop_name(struct view hop)
{
	struct view v = view_word(&hop);

	if (view_starts(v, VIEW_LIT("lmtp:")))
		v = view_skip(v, 5);
	if (v.n == 0 || view_starts(v, VIEW_LIT("unix:")))
		return v;
	if (v.p[0] != '[')
		return view_bytes(v.p, view_find(v, ':'));
	v = view_skip(v, 1);
	v.n = view_find(v, ']');
	return view_startsi(v, VIEW_LIT("IPv6:")) ? view_skip(v, 5) : v;
}

/* ---- what a recipient must be ---- */

struct view
match_destination(const struct mail *m, uint32_t rcpt)
{
	const struct destination *to = m->rcpt[rcpt].to;

	return to != NULL ? destination_hop(to) :
			    mail_texts(m, rcpt).destination;
}

const char *
match_state(const struct mail *m, uint32_t rcpt)
{
	uint8_t state = m->rcpt[rcpt].state;

	if (mail_is_held(m, rcpt, schedule_now()))
		return "held";
	return state == RCPT_WAITING ? "deferred" :
	    state == RCPT_READY || state == RCPT_TRYING ? "active" :
							  "reporting";
}

static bool
is_sender(struct view sender, struct view typed)
{
	if (view_is(typed, "<>"))
		return sender.n == 0;
	return is_address(sender, typed);
}

static bool
is_for(struct view address, struct view destination, struct view typed)
{
	return is_of_domain(address, typed) ||
	    view_eqi(destination, typed) ||
	    is_domain(hop_name(destination), typed);
}

static bool
has_part(struct view text, struct view part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (view_startsi(view_skip(text, i), part))
			return true;
	return false;
}

bool
match_mail(const struct match *f, const struct mail *m)
{
	const struct msg_queue_act *s = &f->said;

	return (s->mail == 0 || s->mail == m->id) &&
	    (s->before == 0 || mail_arrival(m) < s->before) &&
	    (s->after == 0 || mail_arrival(m) >= s->after) &&
	    (s->sender.n == 0 || is_sender(mail_sender(m), s->sender));
}

bool
match_rcpt(const struct match *f, const struct mail *m, uint32_t rcpt)
{
	const struct msg_queue_act *s = &f->said;
	const struct rcpt_texts t = mail_texts(m, rcpt);

	if (m->rcpt[rcpt].state == RCPT_SETTLED)
		return false;
	return (s->state.n == 0 || view_is(s->state, match_state(m, rcpt))) &&
	    (s->recipient.n == 0 || is_address(t.address, s->recipient) ||
		is_address(t.original, s->recipient)) &&
	    (s->destination.n == 0 || is_for(t.address,
		match_destination(m, rcpt), s->destination)) &&
	    (s->reason.n == 0 ||
		has_part(reason_sentence(m->rcpt[rcpt].why), s->reason));
}
