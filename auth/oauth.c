/* SPDX-License-Identifier: ISC */
/*
 * oauth - bearer tokens: OAUTHBEARER and XOAUTH2
 *
 * We know nothing of tokens: the administrator's program (oauth_program) gets
 * one on its standard input and says whose it is. Its answer is a line,
 * "user NAME" or "no"; whoever it names must be a user here. A client whose token
 * is not good is told so in JSON, and has to answer that before it fails; the
 * claim counts from the first moment.
 */
#include "auth/exchange.h"
#include "auth/helper.h"
#include "auth/oauth.h"

#define SEPARATOR	'\001'

/* RFC 6750 2.1: letters, digits and a few more, then equals signs. */
static bool
is_token(struct view v)
{
	while (v.n > 0 && v.p[v.n - 1] == '=')
		v.n--;
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && memchr("-._~+/", v.p[i], 6) == NULL)
			return false;
	return v.n > 0;
}

static bool
take_token(struct view value, struct oauth *o)
{
	if (!view_startsi(value, VIEW_LIT("Bearer ")))
		return false;
	o->token = view_trim(view_skip(value, strlen("Bearer ")));
	return is_token(o->token);
}

/* name=value, each with a separator behind it, and one more at the end. */
static bool
take_pairs(struct view text, struct oauth *o)
{
	const char end[] = { SEPARATOR, SEPARATOR };

	if (!view_ends(text, view_bytes(end, sizeof(end))))
		return false;
	text.n--;
	while (text.n > 0) {
		struct view value = view_cut(&text, SEPARATOR);
		struct view name;

		if (view_find(value, '=') == value.n)
			return false;
		name = view_cut(&value, '=');
		if (view_is(name, "user"))
			o->user = value;
		else if (view_is(name, "auth") && !take_token(value, o))
			return false;
	}
	return o->token.n > 0;
}

/* "n,a=user," and the pairs. The name has no = and , to decode. */
bool
oauth_parse_bearer(struct view message, struct oauth *o)
{
	struct view flag, as;

	*o = (struct oauth){ VIEW_NONE, VIEW_NONE };
	flag = view_cut(&message, ',');
	as = view_cut(&message, ',');
	if ((!view_is(flag, "n") && !view_is(flag, "y")) || message.n == 0 ||
	    message.p[0] != SEPARATOR || !take_pairs(view_skip(message, 1), o))
		return false;
	o->user = VIEW_NONE;
	if (as.n == 0)
		return true;
	o->user = view_starts(as, VIEW_LIT("a=")) ? view_skip(as, 2) : as;
	return o->user.n > 0 && view_find(o->user, '=') == o->user.n &&
	    view_starts(as, VIEW_LIT("a="));
}

bool
oauth_parse_xoauth2(struct view message, struct oauth *o)
{
	*o = (struct oauth){ VIEW_NONE, VIEW_NONE };
	return take_pairs(message, o) && o->user.n > 0;
}

/* The user whom the program named. */
static enum step
take_user(struct exchange *x, struct view line, struct view as)
{
	struct claim *a = &x->claim;
	enum kv_result r;

	str_reset(&a->given);
	if (!view_starts(line, VIEW_LIT("user "))) {
		str_add(&a->given, as);
		a->wrong = "the token is not good";
		return STEP_WRONG;
	}
	str_add(&a->given, view_trim(view_skip(line, strlen("user "))));
	r = claim_find(a);
	if (r == KV_TROUBLE)
		return STEP_TROUBLE;
	if (r == KV_FOUND && a->secret.n > 0 && claim_may_be(a, as))
		return STEP_RIGHT;
	if (r == KV_FOUND)
		a->wrong = "the token is not that user's";
	return STEP_WRONG;
}

static enum step
ask(struct exchange *x, const struct oauth *o)
{
	struct str question = { 0 }, line = { 0 };
	enum step step = STEP_TROUBLE;

	x->claim.base = "oauth";
	str_add(&question, o->token);
	str_addc(&question, '\n');
	if (helper_ask(&x->claim, HELPER_OAUTH, str_view(&question), &line))
		step = take_user(x, str_view(&line), o->user);
	str_wipe(&question);
	str_free(&question);
	str_free(&line);
	return step;
}

/* The first response has the token, a second one swallows the reason. */
static enum step
respond(struct exchange *x, const struct oauth *o, const char *status)
{
	enum step step = ask(x, o);

	if (step != STEP_WRONG)
		return step;
	claim_count(&x->claim);
	str_addf(&x->challenge, "{\"status\":\"%s\",\"schemes\":\"bearer\","
	    "\"scope\":\"\"}", status);
	return STEP_CHALLENGE;
}

static enum step
bearer_respond(struct exchange *x, struct view response)
{
	struct oauth o;

	if (x->step > 0)
		return STEP_WRONG;
	if (!oauth_parse_bearer(response, &o))
		return exchange_malformed(x);
	return respond(x, &o, "invalid_token");
}

static enum step
xoauth2_respond(struct exchange *x, struct view response)
{
	struct oauth o;

	if (x->step > 0)
		return STEP_WRONG;
	if (!oauth_parse_xoauth2(response, &o))
		return exchange_malformed(x);
	return respond(x, &o, "401");
}

const struct mechanism mechanism_oauthbearer = {
	.name = "OAUTHBEARER",
	.flags = MECHANISM_PRIVATE,
	.respond = bearer_respond,
};

const struct mechanism mechanism_xoauth2 = {
	.name = "XOAUTH2",
	.flags = MECHANISM_PRIVATE,
	.respond = xoauth2_respond,
};
