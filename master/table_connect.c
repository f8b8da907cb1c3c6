/* SPDX-License-Identifier: ISC */
/*
 * table_connect - find the setting, begin to connect
 */
#include <errno.h>

#include "lib/mail/table_client.h"
#include "master/house.h"
#include "master/table_connect.h"

static bool
has(const struct words *w, struct view name)
{
	for (size_t i = 0; i < w->n; i++)
		if (view_eq(w->word[i], name))
			return true;
	return false;
}

static bool
is_named(struct view table)
{
	const struct settings *s = house_settings();

	return has(&s->aliases, table) || has(&s->canonical, table) ||
	       view_is(table, s->relay_recipients);
}

static void
ignore(void *arg UNUSED, size_t line UNUSED, const char *sentence UNUSED)
{
}

/* -1 with errno. */
static int
begin(struct view table)
{
	const struct table_sink sink = { ignore, NULL, NULL };
	/* root needs no code for expressions */
	static const struct table_kind *const remote[] = { &table_socketmap,
		&table_tcp };
	struct view source;
	const struct table_kind *kind = table_among(remote, nitems(remote),
	    table, &source);
	void *t;
	int fd, error;

	if (kind == NULL || !is_named(table)) {
		errno = ENOENT;
		return -1;
	}
	t = kind->open(source, &sink);
	if (t == NULL) {
		errno = EINVAL;
		return -1;
	}
	fd = table_client_connect(t);
	error = errno;
	kind->close(t);
	errno = error;
	return fd;
}

void
table_connect(struct channel *c, uint32_t tag, struct msg_table_connect *m)
{
	struct message made = { .type = MSG_table_connected, .tag = tag,
		.table_connected = { begin(m->table) } };
	struct why w;

	if (made.table_connected.socket >= 0) {
		channel_send(c, &made);
		return;
	}
	why_later(&w, "3.0", "%s", errno == ENOENT ? "no setting names it, or "
	    "there is no such socket" : errno == EINVAL ?
	    "its address is none to connect to" : strerror(errno));
	channel_answer(c, tag, &w);
}
