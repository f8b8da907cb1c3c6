/* SPDX-License-Identifier: ISC */
/*
 * serve - the router's state, and its few handlers
 *
 * A question is answered in its handler, from tables in memory and pages that
 * the index has cached; nothing here waits. The list of users outlives the link
 * to auth, so that mail goes on while auth is started again.
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "router/alias_index.h"
#include "router/decide.h"
#include "router/serve.h"
#include "router/users.h"

static struct {
	struct tables tables;
	struct users users;
	struct alias_index *aliases;
	struct str first_user, host;
	struct arena arena;
	struct decision decision;
} router;

static bool
has_user(void *arg, struct view name)
{
	return users_has(arg, name);
}

static enum kv_result
get_alias(void *arg UNUSED, struct view key, struct view *items)
{
	return alias_index_get(router.aliases, key, items);
}

/* The local domain of a site that names none. */
static struct view
host_name(const struct settings *s)
{
	char name[256];

	str_reset(&router.host);
	str_adds(&router.host, s->hostname);
	if (router.host.n == 0 && gethostname(name, sizeof(name)) == 0) {
		name[sizeof(name) - 1] = '\0';
		str_adds(&router.host, name);
	}
	if (router.host.n == 0)
		str_adds(&router.host, "localhost");
	return str_view(&router.host);
}

void
serve_changed(void)
{
	const struct settings *s = service_settings();
	struct why w;

	tables_settings(&router.tables, s, host_name(s));
	if (!alias_index_refresh(router.aliases, &s->aliases, &w))
		log_error("aliases", "they stay as they were: %s", w.text);
}

void
serve_begin(void)
{
	const struct settings *s = service_settings();
	struct str dir = { 0 };
	struct why w;

	str_addf(&dir, "%s/index/router", s->state_dir);
	router.aliases = alias_index_open(dir.p, &w);
	if (router.aliases == NULL)
		fatal("%s: %s", dir.p, w.text);
	str_free(&dir);
	router.tables.user = has_user;
	router.tables.alias = get_alias;
	router.tables.arg = &router.users;
	serve_changed();
}

static void
answer(struct channel *c, uint32_t tag, const struct decision *d)
{
	struct message m = { .type = MSG_routed, .tag = tag };

	m.routed.verdict = (uint8_t)d->why.verdict;
	m.routed.status = view_of(d->why.status);
	m.routed.sentence = view_of(d->why.text);
	if (d->why.verdict == VERDICT_DONE)
		m.routed.targets = str_view(&d->targets);
	channel_send(c, &m);
}

void
serve_route(struct channel *c, uint32_t tag, struct msg_route *m)
{
	struct decision *d = &router.decision;

	decide(&router.tables, m->recipient, m->trusted != 0, &router.arena,
	    d);
	if (d->dangling)
		log_warning("aliases", "%s leads to an unknown user",
		    log_quote(m->recipient));
	answer(c, tag, d);
	arena_reset(&router.arena);
}

void
serve_user_table(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_user_table *m)
{
	if (!users_map(&router.users, m->table)) {
		log_error("users", "the list cannot be mapped");
		return;
	}
	str_reset(&router.first_user);
	str_add(&router.first_user, m->first);
	router.tables.first_user = str_view(&router.first_user);
	router.tables.ready = true;
	log_debug("users", "a list of %zu octets", router.users.names.n);
}

void
serve_closed(struct channel *c UNUSED)
{
}
