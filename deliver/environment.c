/* SPDX-License-Identifier: ISC */
/*
 * environment - names and values
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "deliver/environment.h"
#include "lib/mail/address.h"

#define PATH	"/usr/local/bin:/usr/bin:/bin"

static void
add(struct environment *e, const char *name, struct view value)
{
	struct str *s = &e->text[e->n];

	must(e->n < ENVIRONMENT_MOST);
	str_addf(s, "%s=", name);
	str_add(s, value);
	e->list[e->n++] = s->p;
}

static bool
is_harmless(char c)
{
	return is_alnum(c) || (unsigned char)c >= 128 ||
	       (c != '\0' && strchr("!@%-_=+:,./", c) != NULL);
}

/* Of the envelope, which anybody could have written. */
static void
add_foreign(struct environment *e, const char *name, struct view value)
{
	size_t begin = strlen(name) + 1;
	struct str *s = &e->text[e->n];

	add(e, name, value);
	for (size_t i = begin; i < s->n; i++)
		if (!is_harmless(s->p[i]))
			s->p[i] = '_';
}

static void
add_envelope(struct environment *e, const struct order *o,
    const char *delimiters)
{
	size_t at = view_rfind(o->address, '@');
	struct view local = { o->address.p, at }, base, detail;

	address_detail(local, delimiters, &base, &detail);
	add_foreign(e, "SENDER", o->sender);
	add_foreign(e, "RECIPIENT", o->address);
	add_foreign(e, "ORIGINAL_RECIPIENT", o->original);
	add_foreign(e, "LOCAL", base);
	add_foreign(e, "EXTENSION", detail);
	add_foreign(e, "DOMAIN", view_skip(o->address,
	    at < o->address.n ? at + 1 : at));
}

void
environment_make(struct environment *e, const struct order *o,
    const char *delimiters, const struct passwd *who)
{
	const char *zone = getenv("TZ");
	const char *settings = getenv("POSTHOUSE_CONF");	/* for sendmail */

	*e = (struct environment){ .n = 0 };
	add(e, "PATH", VIEW_LIT(PATH));
	add(e, "SHELL", VIEW_LIT("/bin/sh"));
	add(e, "HOME", view_of(who != NULL ? who->pw_dir : "/"));
	add(e, "USER", view_of(who != NULL ? who->pw_name : ""));
	add(e, "LOGNAME", view_of(who != NULL ? who->pw_name : ""));
	if (zone != NULL)
		add(e, "TZ", view_of(zone));
	if (o->item.n > 0 && o->item.p[0] == '!' && settings != NULL)
		add(e, "POSTHOUSE_CONF", view_of(settings));
	add_envelope(e, o, delimiters);
}

void
environment_free(struct environment *e)
{
	for (size_t i = 0; i < e->n; i++)
		str_free(&e->text[i]);
	e->n = 0;
}
