/* SPDX-License-Identifier: ISC */
/*
 * caller - the password file and the host name
 *
 * The user counts that the program really runs as; LOGNAME is believed only
 * when it names the same user id, for accounts with several names.
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "sendmail/caller.h"

static const struct passwd *
account(uid_t uid)
{
	const char *name = getenv("LOGNAME");
	const struct passwd *p = name ? getpwnam(name) : NULL;

	return p != NULL && p->pw_uid == uid ? p : getpwuid(uid);
}

/* The first field of the comment; & stands for the login name. */
static const char *
gecos_name(const struct passwd *p, struct arena *a)
{
	struct view v = view_of(p->pw_gecos ? p->pw_gecos : "");
	struct str out = { 0 };
	char *name;

	v = view_cut(&v, ',');
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '&') {
			str_addc(&out, v.p[i]);
		} else if (p->pw_name[0] != '\0') {
			str_addc(&out, to_upper(p->pw_name[0]));
			str_adds(&out, p->pw_name + 1);
		}
	name = arena_copy(a, str_view(&out));
	str_free(&out);
	return name;
}

static const char *
host_name(const struct settings *s, struct arena *a)
{
	char name[256] = "";

	if (s->hostname != NULL && s->hostname[0] != '\0')
		return s->hostname;
	if (gethostname(name, sizeof(name) - 1) < 0 || name[0] == '\0')
		return "localhost";
	return arena_copy(a, view_of(name));
}

void
caller_find(struct caller *c, const struct settings *s, struct arena *a)
{
	const struct passwd *p;

	c->uid = getuid();
	p = account(c->uid);
	c->user = p != NULL ? arena_copy(a, view_of(p->pw_name)) :
	    arena_printf(a, "uid%u", (unsigned)c->uid);
	c->full_name = p != NULL ? gecos_name(p, a) : "";
	c->hostname = host_name(s, a);
	c->domain = s->domains.n > 0 ? s->domains.word[0].p : c->hostname;
}
