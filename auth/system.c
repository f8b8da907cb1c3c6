/* SPDX-License-Identifier: ISC */
/*
 * system - the question for the helper pam, and what its answer means
 */
#include "auth/helper.h"
#include "auth/system.h"
#include "lib/proc/service.h"

#define NAME_MOST	32

/* The part before the @ when the domain is right or not said, in lower case as
 * names of the system are. */
static bool
local_part(const struct claim *a, struct view *local)
{
	const struct settings *s = service_settings();
	struct view given = str_view(&a->plain), name = str_view(&a->name);
	struct view domain = name;

	if (s->domains.n == 0)
		return false;
	*local = view_cut(&domain, '@');
	return view_find(given, '@') == given.n ||
	    view_eqi(domain, s->domains.word[0]);
}

static bool
is_name(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && v.p[i] != '_' &&
		    (i == 0 || (v.p[i] != '-' && v.p[i] != '.')))
			return false;
	return v.n > 0 && v.n <= NAME_MOST;
}

bool
system_is_asked(struct claim *a)
{
	const struct settings *s = service_settings();
	struct str name = { 0 };
	struct view local;

	if (!s->system_users || !local_part(a, &local) || !is_name(local))
		return false;
	str_addf(&name, "%.*s@%s", VIEW(local), s->domains.word[0].p);
	str_reset(&a->name);
	str_add(&a->name, str_view(&name));
	str_free(&name);
	return true;
}

static enum outcome
ask(struct claim *a, struct view account)
{
	struct str question = { 0 }, line = { 0 };
	enum outcome outcome = OUTCOME_TROUBLE;

	str_addf(&question, "%.*s%c%s%c%s%c", VIEW(account), '\0',
	    str_c(&a->password), '\0', str_c(&a->client), '\0');
	if (helper_ask(a, HELPER_PAM, str_view(&question), &line)) {
		a->wrong = "Authentication failure";
		outcome = view_is(str_view(&line), "yes") ? OUTCOME_RIGHT :
		    view_is(str_view(&line), "no") ? OUTCOME_WRONG :
						     OUTCOME_TROUBLE;
		why_later(&a->why, "3.0", "PAM cannot tell now");
	}
	str_wipe(&question);
	str_free(&question);
	str_free(&line);
	return outcome;
}

enum outcome
system_password(struct claim *a, struct view account)
{
	struct view name = str_view(&a->name);

	if (account.n == 0)
		account = view_cut(&name, '@');
	a->base = "pam";
	if (!service_settings()->system_users || !is_name(account))
		return claim_nobody(a, "no account of the system");
	return ask(a, account);
}
