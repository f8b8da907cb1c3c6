/* SPDX-License-Identifier: ISC */
/*
 * cmd_esearch - ESEARCH, in any number of mailboxes (RFC 7377)
 *
 * One mailbox is open at a time, beside the selected one and without taking
 * \Recent, and what it needs is given back before the next. The keys mean
 * something else in each (keywords, "*", numbers), so they are read again from
 * their text. The selected mailbox is searched as its client knows it.
 */
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/names.h"
#include "imapd/progress.h"
#include "imapd/result.h"
#include "imapd/scope.h"
#include "imapd/select.h"
#include "imapd/shares.h"
#include "imapd/tree.h"
#include "lib/proc/channel.h"
#include "lib/proc/fiber.h"

#define TRIES	     5		/* of a mailbox that is in use as a whole */
#define TRY_AGAIN_MS 50

struct source {
	struct source *next;
	struct scope scope;
};

struct esearch {
	struct imap *im;
	struct source *sources;		/* NULL: the selected one */
	bool selected;			/* is among them */
	bool others;			/* there may be others */
	bool shares;			/* and those of other users */
	struct result result;
	struct parse program;		/* the text of the keys */
	bool saved;			/* "$" is in it */
};

/* ---- reading ---- */

static void
parse_source(struct esearch *e, struct parse *p)
{
	struct source *s = arena_zalloc(p->arena, sizeof(*s));

	scope_parse(&s->scope, p);
	if (s->scope.kind == SCOPE_SELECTED_DELAYED)
		parse_fail(p, "SELECTED-DELAYED is for NOTIFY");
	s->next = e->sources;
	e->sources = s;
	e->selected |= s->scope.kind == SCOPE_SELECTED;
	e->others |= s->scope.kind != SCOPE_SELECTED;
	e->shares |= scope_reaches_shares(&s->scope);
}

/* "IN (personal subtree a) "; there are no options of scope yet. */
static void
parse_sources(struct esearch *e, struct parse *p)
{
	if (!parse_word(p, "IN")) {
		e->selected = true;
		return;
	}
	parse_space(p);
	parse_want(p, '(');
	do {
		if (parse_peek(p) == '(')
			parse_fail(p, "Unknown scope option");
		parse_source(e, p);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	parse_space(p);
}

/* The keys as they are in some mailbox; *s says what is in them. */
static void
parse_program(struct esearch *e, struct parse *p, struct search *s,
    const struct box *b)
{
	s->im = e->im;
	s->box = b;
	search_parse(s, p);
	e->saved = s->saved;
	e->result.modseq = s->modseq;
}

static bool
parse_all(struct esearch *e, struct parse *p, struct search *s)
{
	struct box *empty = box_new();

	parse_space(p);
	parse_sources(e, p);
	if (e->selected && e->im->box == NULL)
		parse_fail(p, "No mailbox selected");
	result_parse(&e->result, p);
	if (!e->result.extended)
		e->result.want = RESULT_ALL;
	e->result.extended = true;
	e->program = *p;
	parse_program(e, p, s, empty);
	box_free(&empty);
	return parse_end(p);
}

/* ---- which mailboxes ---- */

static bool
is_selected(const struct esearch *e, struct view name)
{
	return e->im->box != NULL &&
	    view_eq(name, str_view(&e->im->box->name));
}

static bool
is_wanted(const struct esearch *e, const struct tree_node *node)
{
	if (!node->exists)
		return false;
	if (e->selected && is_selected(e, node->name))
		return true;
	for (const struct source *s = e->sources; s != NULL; s = s->next)
		if (scope_has(&s->scope, node->name, node->subscribed))
			return true;
	return false;
}

/* The names, as a list. */
static bool
find_mailboxes(struct esearch *e, struct str *names, struct why *w)
{
	struct str all = { 0 };
	struct tree t = { 0 };
	bool fine;

	if (!e->others) {
		list_put(names, str_view(&e->im->box->name));
		return true;
	}
	fine = names_ask(e->im, &all, w) &&
	    (!e->shares || shares_add(e->im, &all, w));
	if (fine)
		t = tree_make(str_view(&all), &e->im->arena);
	for (size_t i = 0; i < t.n; i++)
		if (is_wanted(e, &t.node[i]))
			list_put(names, t.node[i].name);
	str_free(&all);
	return fine;
}

/* "$" and SAVE are of the selected mailbox. */
static bool
only_selected(const struct esearch *e, struct view names)
{
	struct view name;

	if (names.n == 0)
		return false;
	while (list_next(&names, &name))
		if (!is_selected(e, name))
			return false;
	return true;
}

/* ---- searching ---- */

/* Where nothing matches there is nothing to say, but perhaps to save. */
static void
put(struct esearch *e, const struct matches *m)
{
	struct result r = e->result;

	if (m->n == 0)
		r.want &= RESULT_SAVE;
	if (r.want != 0)
		result_put(e->im, &r, m);
}

static bool
search_box(struct esearch *e, struct box *b, struct why *w)
{
	struct imap *im = e->im;
	struct parse p = e->program;
	struct search *s;
	struct matches m;

	p.arena = &im->arena;
	s = arena_zalloc(p.arena, sizeof(*s));
	parse_program(e, &p, s, b);
	e->result.mailbox = str_view(&b->name);
	e->result.uidvalidity = b->uidvalidity;
	if (!search_run(im, s, &m, w))
		return false;
	put(e, &m);
	matches_free(&m);
	return true;
}

static bool
open_and_search(struct esearch *e, struct view name, struct why *w)
{
	struct imap *im = e->im;
	bool fine;

	im->look = box_open(im, name, true, w);
	if (im->look == NULL)
		return false;
	fine = search_box(e, im->look, w);
	box_close(im, &im->look);
	return fine;
}

/* A mailbox that has just gone has no matches. One that is being renamed has
 * gone in a moment. */
static bool
search_other(struct esearch *e, struct view name, struct why *w)
{
	for (unsigned i = 0; i < TRIES; i++) {
		if (open_and_search(e, name, w) || w->verdict == VERDICT_NEVER)
			return true;
		if (e->im->lost || fiber_self() == NULL || fiber_cancelled())
			break;
		fiber_sleep(TRY_AGAIN_MS);
	}
	return false;
}

static bool
search_one(struct esearch *e, struct view name, struct why *w)
{
	struct arena of_command = e->im->arena;
	bool fine;

	arena_init(&e->im->arena);
	fine = is_selected(e, name) ? search_box(e, e->im->box, w) :
				      search_other(e, name, w);
	arena_reset(&e->im->arena);
	e->im->arena = of_command;
	return fine;
}

static bool
search_all(struct esearch *e, struct view names, struct why *w)
{
	struct progress progress;
	size_t total = 0, done = 0;
	struct view name;

	list_ok(names, &total);
	progress_begin(&progress, e->im, total);
	while (list_next(&names, &name)) {
		if (!search_one(e, name, w))
			return false;
		if (!out_push(e->im) || !progress_at(&progress, ++done))
			return why_later(w, "3.0", "Connection closed");
	}
	return true;
}

static enum answer
run(struct esearch *e, struct view names)
{
	bool own = only_selected(e, names);
	struct why w = { 0 };

	if ((e->result.want & RESULT_SAVE) && !own)
		return answer_bad(e->im, "SAVE is for the selected mailbox "
					 "alone");
	if (e->saved && names.n > 0 && !own)
		return answer_no(e->im, "[CANNOT] $ is of the selected "
					"mailbox");
	if (search_all(e, names, &w))
		return ANSWER_OK;
	if (own)
		result_failed(e->im, &e->result);
	return answer_why(e->im, &w);
}

enum answer
cmd_esearch(struct imap *im, struct parse *p)
{
	struct esearch *e = arena_zalloc(&im->arena, sizeof(*e));
	struct search *s = arena_zalloc(&im->arena, sizeof(*s));
	struct str names = { 0 };
	struct why w = { 0 };
	enum answer answer;

	e->im = im;
	if (!parse_all(e, p, s))
		return answer_syntax(im, p);
	if (s->modseq)
		im->enabled |= FEATURE_CONDSTORE;
	if (s->unknown_charset)
		return answer_no(im, "[BADCHARSET (US-ASCII UTF-8)] Unknown "
				     "character set");
	im->uid = true;
	answer = find_mailboxes(e, &names, &w) ? run(e, str_view(&names)) :
						 answer_why(im, &w);
	im->uid = false;
	str_free(&names);
	return answer;
}
