/* SPDX-License-Identifier: ISC */
/*
 * access - plain names by their keys, then patterns, and the least line of all
 *
 * For each thing that is known there are a few keys, from the whole name to the
 * star. Of the patterns those matter that stand before what the keys have
 * found.
 */
#include "lib/mail/expression.h"
#include "lib/proc/message.h"
#include "lib/proc/network.h"
#include "router/access.h"

#define ALLOW (ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE)
#define UNSURE "The rules cannot be decided; try again later"

struct search {
	const struct tables *tables;
	struct arena *arena;
	struct access_facts facts;
	struct view recipient;		/* as it was given */
	struct access_answer *answer;
	/* the best so far: line 0: none */
	struct access_rule best;
	enum access_what what;
	struct str key;
	bool copies;			/* looking for bcc lines */
	bool unreadable;
	uint32_t unsure_copy;	/* a bcc line that may fit, or 0 */
};

/* ---- facts ---- */

static struct view
keep(struct search *s, struct str *text)
{
	struct view v = arena_view(s->arena, str_view(text));

	str_free(text);
	return v;
}

static struct view
address_fact(struct search *s, struct view text, struct view *base)
{
	struct str whole = { 0 }, short_form = { 0 };
	struct view detail;
	struct address a;

	*base = VIEW_NONE;
	if (address_parse(text, ALLOW, s->arena, &a) != ADDRESS_FINE ||
	    !access_address(&whole, &a)) {
		str_free(&whole);
		return arena_view(s->arena, text);
	}
	if (address_detail(a.local, s->tables->settings->recipient_delimiter,
		&a.local, &detail))
		access_address(&short_form, &a);
	*base = keep(s, &short_form);
	return keep(s, &whole);
}

static struct view
client_fact(struct search *s, struct view ip)
{
	char text[ADDRESS16_TEXT];
	struct address16 a;

	if (!address16_parse(ip, &a))
		return VIEW_NONE;
	address16_text(&a, text);
	return arena_view(s->arena, view_of(text));
}

static struct view
helo_fact(struct search *s, struct view helo)
{
	struct str text = { 0 };

	if (!access_host(&text, helo)) {
		str_reset(&text);
		str_add(&text, helo);
	}
	return keep(s, &text);
}

static void
take_facts(struct search *s, const struct access_question *q)
{
	struct access_facts *f = &s->facts;
	struct view ignored;

	f->client = client_fact(s, q->client);
	f->helo = helo_fact(s, q->helo);
	f->login = address_fact(s, q->login, &ignored);
	f->sender = address_fact(s, q->sender, &f->sender_base);
	f->recipient = address_fact(s, q->recipient, &f->recipient_base);
}

/* ---- what a rule does ---- */

static void
add_copies(struct search *s, const struct access_rule *r)
{
	struct view rest = r->text, word;
	struct str line = { 0 };

	str_addf(&line, "%u", r->line);
	while ((word = view_word(&rest)).n > 0) {
		list_put(&s->answer->copies, word);
		list_put(&s->answer->lines, str_view(&line));
	}
	str_free(&line);
}

static void
consider(struct search *s, const struct access_rule *r, enum access_what what)
{
	if (r->action == ACCESS_BCC) {
		add_copies(s, r);
	} else if (s->best.line == 0 || r->line < s->best.line) {
		s->best = *r;
		s->best.text = arena_view(s->arena, r->text);
		s->best.status = arena_view(s->arena, r->status);
		s->what = what;
	}
}

/* A line that may fit, or not: as if it said defer. Lines that make copies have
 * no say about the mail, but it must not go without a copy. */
static void
consider_unsure(struct search *s, const struct access_rule *r)
{
	struct access_rule wait = { .line = r->line, .action = ACCESS_DEFER,
		.text = view_of(UNSURE) };

	if (r->action == ACCESS_BCC) {
		s->unsure_copy = r->line;
	} else if (s->best.line == 0 || r->line < s->best.line) {
		consider(s, &wait, r->condition[0].what);
		s->answer->unsure = r->line;
	}
}

/* ---- by keys ---- */

static void
look(struct search *s, enum access_what what, enum access_form form,
    struct view text)
{
	struct access_rule r;
	struct view value;
	enum kv_result k;

	str_reset(&s->key);
	access_key_of(&s->key, s->copies, what, form, text);
	k = s->tables->rule(s->tables->arg, str_view(&s->key), &value);
	if (k == KV_FOUND && access_parse(value, &r))
		consider(s, &r, what);
	else if (k != KV_NONE)
		s->unreadable = true;
}

static void
look_below(struct search *s, enum access_what what, struct view name)
{
	view_cut(&name, '.');
	for (; name.n > 0; view_cut(&name, '.'))
		look(s, what, ACCESS_BELOW, name);
}

static void
look_address(struct search *s, enum access_what what, struct view address)
{
	size_t at = view_rfind(address, '@');
	struct view domain = view_skip(address, at + 1);

	look(s, what, ACCESS_NAME, address);
	if (address.n == 0)
		return;
	look(s, what, ACCESS_LOCAL, (struct view){ address.p, at });
	look(s, what, ACCESS_DOMAIN, domain);
	look_below(s, what, domain);
}

static void
look_mailbox(struct search *s, enum access_what what)
{
	struct view whole = patterns_fact(&s->facts, what, false);
	struct view base = patterns_fact(&s->facts, what, true);

	look_address(s, what, whole);
	if (base.n > 0 && base.n != whole.n) {
		look(s, what, ACCESS_NAME, base);
		look(s, what, ACCESS_LOCAL,
		    (struct view){ base.p, view_rfind(base, '@') });
	}
	look(s, what, ACCESS_ANY, VIEW_NONE);
}

/* As patterns_concern() has it: of one condition. */
static void
look_stranger(struct search *s)
{
	if (s->facts.login.n > 0) {
		look_address(s, ACCESS_LOGIN, s->facts.login);
		look(s, ACCESS_LOGIN, ACCESS_ANY, VIEW_NONE);
		return;
	}
	look(s, ACCESS_CLIENT, ACCESS_NAME, s->facts.client);
	look(s, ACCESS_CLIENT, ACCESS_ANY, VIEW_NONE);
	look(s, ACCESS_HELO, ACCESS_NAME, s->facts.helo);
	look_below(s, ACCESS_HELO, s->facts.helo);
	look(s, ACCESS_HELO, ACCESS_ANY, VIEW_NONE);
}

static void
look_all(struct search *s, bool copies)
{
	s->copies = copies;
	look_stranger(s);
	look_mailbox(s, ACCESS_SENDER);
	look_mailbox(s, ACCESS_RECIPIENT);
}

/* ---- by patterns ---- */

static void
try_patterns(struct search *s)
{
	const struct access_rule *r;
	bool unsure;
	size_t at = 0;

	if (s->tables->patterns == NULL)
		return;
	while ((r = patterns_next(s->tables->patterns, &at, &s->facts,
		    &unsure)) != NULL)
		if (unsure)
			consider_unsure(s, r);
		else
			consider(s, r, r->condition[0].what);
}

/* ---- the answer ---- */

static const struct {
	enum access_what what;
	const char *words;	/* as log readers know them from Postfix */
} subjects[] = {
	{ ACCESS_CLIENT, "Client host rejected" },
	{ ACCESS_HELO, "Helo command rejected" },
	{ ACCESS_LOGIN, "Sender address rejected" },
	{ ACCESS_SENDER, "Sender address rejected" },
	{ ACCESS_RECIPIENT, "Recipient address rejected" },
};

static const char *
subject_of(enum access_what what)
{
	for (size_t i = 0; i < nitems(subjects); i++)
		if (subjects[i].what == what)
			return subjects[i].words;
	return "";
}

static const char *
status_of(struct search *s, const char *usual)
{
	return s->best.status.n > 0 ? arena_copy(s->arena, s->best.status) :
				      usual;
}

static struct view
sentence_of(const struct search *s, const char *usual)
{
	return s->best.text.n > 0 ? s->best.text : view_of(usual);
}

static void
explain(struct search *s)
{
	struct why *w = &s->answer->why;
	const char *name = arena_copy(s->arena, s->recipient);
	const char *subject = subject_of(s->what);

	if (s->best.action == ACCESS_REFUSE)
		why_never(w, status_of(s, "7.1"), "<%.160s>: %s: %.*s", name,
		    subject, VIEW(sentence_of(s, "Access denied")));
	else if (s->best.action == ACCESS_DEFER)
		why_later(w, status_of(s, "7.1"), "<%.160s>: %s: %.*s", name,
		    subject, VIEW(sentence_of(s, "Try again later")));
	else if (s->best.action == ACCESS_MOVED)
		why_never(w, "1.6", "<%.160s>: %s: User has moved to %.*s",
		    name, subject, VIEW(s->best.text));
	else
		why_done(w, "0.0", "Ok");
}

/* Is the mail taken and kept, as far as the rules go? */
static bool
is_kept(const struct search *s)
{
	return s->best.line == 0 || s->best.action == ACCESS_ALLOW ||
	    s->best.action == ACCESS_HOLD;
}

static void
wait_for_copy(struct search *s)
{
	if (s->unsure_copy == 0 || !is_kept(s))
		return;
	s->best = (struct access_rule){ .line = s->unsure_copy,
		.action = ACCESS_DEFER, .text = view_of(UNSURE) };
	s->what = ACCESS_RECIPIENT;
	s->answer->unsure = s->unsure_copy;
}

void
access_ask(const struct tables *t, const struct access_question *q,
    struct arena *a, struct access_answer *answer)
{
	struct search s = { .tables = t, .arena = a, .answer = answer,
		.recipient = q->recipient };

	str_reset(&answer->copies);
	str_reset(&answer->lines);
	answer->unsure = 0;
	take_facts(&s, q);
	expression_begin();
	look_all(&s, false);
	look_all(&s, true);
	try_patterns(&s);
	wait_for_copy(&s);
	str_free(&s.key);
	answer->decided = s.unreadable || s.best.line > 0;
	answer->action = s.unreadable ? ACCESS_DEFER : s.best.action;
	answer->line = s.unreadable ? 0 : s.best.line;
	if (s.unreadable)
		why_later(&answer->why, "3.5",
		    "The rules of access cannot be read");
	else if (answer->decided)
		explain(&s);
}

void
access_answer_free(struct access_answer *answer)
{
	str_free(&answer->copies);
	str_free(&answer->lines);
}
