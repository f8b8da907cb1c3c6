/* SPDX-License-Identifier: ISC */
/*
 * patterns - conditions as functions of the form that they have
 */
#include <stdlib.h>

#include "lib/mail/address.h"
#include "lib/mail/expression.h"
#include "lib/proc/network.h"
#include "router/patterns.h"

struct pattern {
	struct access_rule rule;
	/* of each condition that has one */
	struct expression *expression[ACCESS_CONDITIONS_MAX];
	struct network network[ACCESS_CONDITIONS_MAX];
};

struct view
patterns_fact(const struct access_facts *f, enum access_what what, bool base)
{
	switch (what) {
	case ACCESS_CLIENT:
		return f->client;
	case ACCESS_HELO:
		return f->helo;
	case ACCESS_LOGIN:
		return f->login;
	case ACCESS_SENDER:
		return base ? f->sender_base : f->sender;
	case ACCESS_RECIPIENT:
		return base ? f->recipient_base : f->recipient;
	}
	return VIEW_NONE;
}

static bool
speaks_of(const struct access_rule *r, enum access_what what)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->condition[i].what == what)
			return true;
	return false;
}

bool
patterns_concern(const struct access_rule *r, const struct access_facts *f)
{
	return f->login.n == 0 || speaks_of(r, ACCESS_LOGIN) ||
	       !(speaks_of(r, ACCESS_CLIENT) || speaks_of(r, ACCESS_HELO));
}

/* ---- conditions ---- */

static struct view
domain_of(struct view address)
{
	size_t at = view_rfind(address, '@');

	return view_skip(address, at < address.n ? at + 1 : 0);
}

static struct view
local_of(struct view address)
{
	size_t at = view_rfind(address, '@');

	return (struct view){ address.p, at < address.n ? at : 0 };
}

static bool
in_network(const struct network *n, struct view client)
{
	struct address16 a;

	return address16_parse(client, &a) && network_has(n, &a);
}

/* What is known of a condition; the greater one is the answer to "or". */
enum holding { NO, MAYBE, YES };

static enum holding
expression_holds(const struct expression *e, struct view text)
{
	static const enum holding of[] = { [EXPRESSION_NO] = NO,
		[EXPRESSION_UNKNOWN] = MAYBE, [EXPRESSION_YES] = YES };

	return of[expression_ask(e, text)];
}

static enum holding
known(bool yes)
{
	return yes ? YES : NO;
}

static enum holding
text_holds(const struct pattern *p, size_t i, struct view text)
{
	const struct access_condition *c = &p->rule.condition[i];

	switch (c->form) {
	case ACCESS_ANY:
		return known(text.n > 0 || c->what != ACCESS_LOGIN);
	case ACCESS_NAME:
		return known(view_eq(text, c->text));
	case ACCESS_DOMAIN:
		return known(text.n > 0 && view_eq(domain_of(text), c->text));
	case ACCESS_BELOW:
		return known(address_is_below(domain_of(text), c->text));
	case ACCESS_LOCAL:
		return known(text.n > 0 && view_eq(local_of(text), c->text));
	case ACCESS_NETWORK:
		return known(in_network(&p->network[i], text));
	case ACCESS_EXPRESSION:
		return expression_holds(p->expression[i], text);
	}
	return NO;
}

static enum holding
holds(const struct pattern *p, size_t i, const struct access_facts *f)
{
	const struct access_condition *c = &p->rule.condition[i];
	struct view base = patterns_fact(f, c->what, true);
	enum holding h = text_holds(p, i, patterns_fact(f, c->what, false));

	if (h != YES && base.n > 0) {
		enum holding other = text_holds(p, i, base);

		h = other > h ? other : h;
	}
	return c->not ? YES - h : h;
}

const struct access_rule *
patterns_next(const struct patterns *p, size_t *at,
    const struct access_facts *f, bool *unsure)
{
	while (*at < p->n) {
		const struct pattern *one = &p->pattern[(*at)++];
		enum holding all = known(patterns_concern(&one->rule, f));

		for (size_t i = 0; all != NO && i < one->rule.n; i++) {
			enum holding h = holds(one, i, f);

			all = h < all ? h : all;
		}
		*unsure = all == MAYBE;
		if (all != NO)
			return &one->rule;
	}
	return NULL;
}

/* ---- making them ---- */

static bool
prepare(struct pattern *p, struct str *wrong)
{
	for (size_t i = 0; i < p->rule.n; i++) {
		const struct access_condition *c = &p->rule.condition[i];

		if (c->form == ACCESS_NETWORK)
			must(network_parse(c->text, &p->network[i]));
		if (c->form == ACCESS_EXPRESSION) {
			p->expression[i] = expression_new(c->text, wrong);
			if (p->expression[i] == NULL)
				return false;
		}
	}
	return true;
}

static void
forget(struct pattern *p)
{
	for (size_t i = 0; i < p->rule.n; i++)
		expression_free(&p->expression[i]);
}

bool
patterns_add(struct patterns *p, struct view line, uint32_t number,
    struct str *wrong)
{
	struct pattern *one;

	if (p->n == PATTERNS_MAX) {
		str_addf(wrong, "more than %d lines that are no plain names",
		    PATTERNS_MAX);
		return false;
	}
	p->pattern = xgrow(p->pattern, p->n, &p->cap, sizeof(*p->pattern));
	one = &p->pattern[p->n];
	memset(one, 0, sizeof(*one));
	if (!access_line(arena_view(&p->arena, line), number, &p->arena,
		&one->rule) || !prepare(one, wrong)) {
		forget(one);
		return false;
	}
	p->n++;
	return true;
}

void
patterns_clear(struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		forget(&p->pattern[i]);
	free(p->pattern);
	arena_reset(&p->arena);
	*p = (struct patterns){ 0 };
}
