/* SPDX-License-Identifier: ISC */
/*
 * full - behind the turn: compare, tell router, warn
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"
#include "store/full.h"
#include "store/index.h"
#include "store/limits.h"
#include "store/warning.h"

#define AGAIN	  5		 /* percent below, and it may be warned again */
#define LIST_MOST (128u * 1024)	 /* octets of one message to router */
#define REVIEW_BREATH 64	 /* users between two breaths */

TAILQ_HEAD(quota_list, quota);
static struct quota_list changed_list = TAILQ_HEAD_INITIALIZER(changed_list);
static bool planned;
static const struct settings *settings;

uint64_t
full_grace(void)
{
	return settings != NULL ? settings->quota_grace : 0;
}

bool
full_refuses(void)
{
	return settings != NULL && settings->quota_refuse;
}

const struct quota_limits *
full_limits(struct quota *q)
{
	if (q->generation != limits_generation()) {
		q->generation = limits_generation();
		q->limits = quota_is_said(&q->own) ? q->own :
		    limits_any() ? limits_of(view_of(q->user)) :
				   (struct quota_limits){ 0, 0 };
	}
	return &q->limits;
}

/*
 * Router
 */

static void
send_users(struct channel *c, bool whole, bool full, struct view users)
{
	struct message m = { .type = MSG_quota_full,
		.quota_full = { .whole = whole, .full = full,
		    .users = users } };

	channel_send(c, &m);
}

static void
tell_routers(const struct quota *q)
{
	struct str list = { 0 };
	struct channel *c;

	list_put(&list, view_of(q->user));
	for (size_t n = 0; (c = service_peer_nth(ROLE_ROUTER, n)) != NULL; n++)
		send_users(c, false, q->full, str_view(&list));
	str_free(&list);
}

/*
 * What is remembered: two octets, full and warned
 */

static void
read_note(struct quota *q)
{
	struct kv_key key = index_key_about("quota", view_of(q->user));
	enum kv_result r;
	struct view v;

	if (q->noted)
		return;
	r = index_get(INDEX_ABOUT, &key, &v);
	q->noted = r != KV_TROUBLE;
	if (r == KV_FOUND && v.n == 2) {
		q->full = v.p[0] != 0;
		q->warned = (uint8_t)v.p[1];
	}
}

static void
write_note(const struct quota *q)
{
	struct kv_key key = index_key_about("quota", view_of(q->user));
	char row[2] = { (char)q->full, (char)q->warned };

	if (q->full || q->warned > 0)
		index_put(INDEX_ABOUT, &key, view_bytes(row, sizeof(row)));
	else
		index_delete(INDEX_ABOUT, &key);
}

void
full_warned(struct quota *q, uint8_t percent)
{
	q->warned = percent;
	write_note(q);
}

/*
 * Looking
 */

static bool
reaches(uint64_t have, uint64_t limit, uint64_t percent)
{
	return limit > 0 && have >= limit / 100 * percent +
	    limit % 100 * percent / 100;
}

static bool
is_at(const struct quota *q, uint64_t percent)
{
	return reaches(q->octets, q->limits.octets, percent) ||
	    reaches(q->messages, q->limits.messages, percent);
}

/* The greatest percentage of the settings that is reached, so much missing. */
static uint8_t
level(const struct quota *q, uint64_t missing)
{
	const struct words *w = &settings->quota_warnings;
	uint64_t best = 0, n;

	for (size_t i = 0; i < w->n; i++)
		if (view_u64(w->word[i], 100, &n) && n > best &&
		    is_at(q, n > missing ? n - missing : 0))
			best = n;
	return (uint8_t)best;
}

static void
look_full(struct quota *q)
{
	bool full = is_at(q, 100);

	if (full == q->full)
		return;
	q->full = full;
	write_note(q);
	log_info("quota", "user=%s %s octets=%llu messages=%llu",
	    log_quote(view_of(q->user)), full ? "full" : "has-room",
	    (unsigned long long)q->octets, (unsigned long long)q->messages);
	tell_routers(q);
}

static void
look_warnings(struct quota *q)
{
	uint8_t now, still;

	if (settings == NULL || q->warning)
		return;
	now = level(q, 0);
	still = level(q, AGAIN);
	if (now > q->warned)
		warning_start(q, now);
	else if (still < q->warned)
		full_warned(q, still);
}

static void
look(struct quota *q)
{
	const struct quota_limits *l = full_limits(q);
	bool limited = l->octets > 0 || l->messages > 0;

	if (index_broken())
		return;
	read_note(q);
	if (limited && !quota_know(q))
		return;
	if (limited)
		quota_read_behind(q);
	look_full(q);
	look_warnings(q);
}

static void
look_all(void *arg UNUSED)
{
	struct quota *q;

	planned = false;
	while ((q = TAILQ_FIRST(&changed_list)) != NULL) {
		TAILQ_REMOVE(&changed_list, q, changed);
		q->is_changed = false;
		look(q);
		quota_unref(q);
	}
}

/* Those without a limit are looked at when they had one. */
void
full_look(struct quota *q)
{
	const struct quota_limits *l = full_limits(q);

	if (q->is_changed || (l->octets == 0 && l->messages == 0 &&
		!q->full && q->warned == 0))
		return;
	q->is_changed = true;
	q->refs++;
	TAILQ_INSERT_TAIL(&changed_list, q, changed);
	if (!planned) {
		planned = true;
		loop_defer(look_all, NULL);
	}
}

/*
 * All at once
 */

static bool
take_full(void *arg, struct view key, struct view value)
{
	view_cut(&key, '\0');
	if (value.n == 2 && value.p[0] != 0)
		list_put(arg, key);
	return true;
}

/* Everybody whom a row calls full. */
static void
full_users(struct str *list)
{
	struct kv_key key = index_key_about("quota", VIEW_NONE);

	index_each(INDEX_ABOUT, &key, take_full, list);
}

static void
review_run(void *arg UNUSED)
{
	struct str list = { 0 };
	struct view rest, user;
	size_t n = 0;

	full_users(&list);
	rest = str_view(&list);
	while (list_next(&rest, &user)) {
		struct quota *q = quota_ref(user);

		look(q);
		quota_unref(q);
		if (++n % REVIEW_BREATH == 0)
			fiber_sleep(0);
	}
	str_free(&list);
}

/* Limits have changed: those in memory, and those who were full. Others are
 * looked at when something of theirs changes. */
static void
review(void)
{
	quota_each(full_look);
	fiber_start(review_run, NULL);
}

void
full_settings(const struct settings *s)
{
	settings = s;
	limits_settings(s);
}

void
full_begin(void)
{
	review();
}

void
full_table(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_quota_table *m)
{
	if (limits_table(m->table))
		review();
	else
		log_error("quota", "the table of limits cannot be mapped");
}

void
full_linked(struct channel *c)
{
	struct str list = { 0 }, part = { 0 };
	struct view rest, user;
	bool whole = true;

	full_users(&list);
	rest = str_view(&list);
	do {
		str_reset(&part);
		while (part.n < LIST_MOST && list_next(&rest, &user))
			list_put(&part, user);
		send_users(c, whole, true, str_view(&part));
		whole = false;
	} while (rest.n > 0);
	str_free(&list);
	str_free(&part);
}
