/* SPDX-License-Identifier: ISC */
/*
 * system_users - the names of persons, sorted
 *
 * Names in other than lower case are not found by mail, which knows no case.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "master/deliver.h"
#include "master/file_state.h"
#include "master/house.h"
#include "master/system_users.h"
#include "master/watch.h"

#define PASSWD	"/etc/passwd"

struct names {
	char **at;
	size_t n, cap;
};

static struct file_state seen;

static void
take(struct names *l, const char *name)
{
	l->at = xgrow(l->at, l->n, &l->cap, sizeof(*l->at));
	l->at[l->n++] = xstrdup(name);
}

static void
read_names(struct names *l)
{
	FILE *f = fopen(PASSWD, "re");
	const struct passwd *pw;

	if (f == NULL) {
		log_error("users", "cannot read " PASSWD ": %s",
		    strerror(errno));
		return;
	}
	while ((pw = fgetpwent(f)) != NULL)
		if (deliver_is_person(pw) && strchr(pw->pw_name, ' ') == NULL)
			take(l, pw->pw_name);
	fclose(f);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
hand_over(struct child *c)
{
	struct message m = { .type = MSG_system_users };
	struct names l = { NULL, 0, 0 };
	struct str text = { 0 };

	if (house_settings()->system_domains.n > 0)
		read_names(&l);
	if (l.n > 0)
		qsort(l.at, l.n, sizeof(*l.at), compare);
	for (size_t i = 0; i < l.n; i++) {
		str_addf(&text, "%s\n", l.at[i]);
		free(l.at[i]);
	}
	free(l.at);
	m.system_users.table = file_memfd("system", str_view(&text));
	str_free(&text);
	if (m.system_users.table >= 0)
		channel_send(c->channel, &m);
}

static bool
look_again(void)
{
	struct file_state now = file_state_of(PASSWD);
	bool changed = !file_state_same(&now, &seen);

	seen = now;
	return changed;
}

static struct watch watch = { .role = ROLE_ROUTER,
	.changed = look_again, .send = hand_over };

void
system_users_give(struct child *c)
{
	watch_give(&watch, c);
}

void
system_users_changed(void)
{
	watch_hand_over(&watch);
}

void
system_users_begin(void)
{
	watch_begin(&watch);
}
