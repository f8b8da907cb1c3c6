/* SPDX-License-Identifier: ISC */
/*
 * login - one struct login per question, in a fiber until it is decided
 *
 * The fiber looks the user up, checks the password (hashes in a thread of the
 * pool), and tells store. A wrong one leaves the fiber and waits for its
 * penalty on a timer, which costs less. Passwords are wiped with the struct.
 *
 * Limits bound what strangers can make us hold and do: WORKING logins that
 * need a hash (beyond it: try again later), DELAYED answers (beyond it they come
 * at once). Logins from addresses that have guessed wrong lately are SUSPECTS:
 * few of them are with the threads at a time, so that others need not queue
 * behind them.
 */
#include <stdlib.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>

#include "auth/cache.h"
#include "auth/login.h"
#include "auth/penalty.h"
#include "auth/users.h"
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/scheme.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"

#define WORKING_MOST	256
#define SUSPECTS_MOST	192	/* among them */
#define SUSPECTS_AT_ONCE 4
#define DELAYED_MOST	8192
#define NAME_MOST	320

struct login {
	LIST_ENTRY(login) entry;
	struct channel *channel;	/* NULL: gone */
	uint32_t tag, process;
	uint64_t session;
	unsigned role;
	int64_t since;
	struct str given, client;	/* as the client said it */
	struct str name;		/* canonical, when the user exists */
	struct str secret;		/* as stored */
	struct str password;
	const struct scheme *scheme;	/* NULL: none that can be right */
	struct view hash;		/* within secret */
	bool right;
	const char *wrong;		/* for the log */
	struct loop_timer *delay;
	struct why why;
};

LIST_HEAD(login_list, login);

static struct login_list logins = LIST_HEAD_INITIALIZER(logins);
static struct users *users;
static struct fiber_queue suspects;
static unsigned working, suspects_working, delayed;

static void
login_free(struct login *l)
{
	LIST_REMOVE(l, entry);
	loop_timer_free(&l->delay);
	str_free(&l->given);
	str_free(&l->client);
	str_free(&l->name);
	str_wipe(&l->secret);
	str_free(&l->secret);
	str_wipe(&l->password);
	str_free(&l->password);
	free(l);
}

/* ---- whom does the name mean ---- */

/* Take over the secret of an existing user. */
static enum kv_result
take_user(struct login *l)
{
	struct view secret;
	enum kv_result r = users_get(users, str_view(&l->name), &secret);

	if (r == KV_FOUND)
		str_add(&l->secret, secret);
	return r;
}

static void
lower_name(struct login *l, struct view domain)
{
	str_reset(&l->name);
	str_add(&l->name, str_view(&l->given));
	if (domain.n > 0)
		str_addc(&l->name, '@');
	str_add(&l->name, domain);
	for (size_t i = 0; i < l->name.n; i++)
		l->name.p[i] = to_lower(l->name.p[i]);
}

/* A name without a domain is tried in each of ours, in their order. */
static enum kv_result
find_user(struct login *l)
{
	const struct settings *s = service_settings();
	struct view given = str_view(&l->given);
	enum kv_result r = KV_NONE;

	if (given.n == 0 || given.n > NAME_MOST ||
	    memchr(given.p, '\0', given.n) != NULL)
		return KV_NONE;
	if (view_find(given, '@') < given.n) {
		lower_name(l, VIEW_NONE);
		return take_user(l);
	}
	for (size_t i = 0; r == KV_NONE && i < s->domains.n; i++) {
		lower_name(l, s->domains.word[i]);
		r = take_user(l);
	}
	if (s->domains.n == 0) {
		lower_name(l, view_of(s->hostname));
		r = take_user(l);
	}
	return r;
}

/* ---- is the password right ---- */

static void
compare(void *arg)
{
	struct login *l = arg;

	l->right = l->scheme->check(str_view(&l->password), l->hash);
}

static void
pretend(void *arg)
{
	struct login *l = arg;

	scheme_pretend(str_view(&l->password));
}

static void
work_suspect(struct login *l, void (*fn)(void *))
{
	while (suspects_working >= SUSPECTS_AT_ONCE)
		fiber_queue_wait(&suspects, DEADLINE_NEVER);
	suspects_working++;
	pool_call(fn, l);
	suspects_working--;
	fiber_queue_wake(&suspects);
}

/* Run a slow function in the pool, if it is not too busy. */
static bool
work(struct login *l, void (*fn)(void *))
{
	bool suspect = penalty_is_suspect(str_view(&l->client), clock_ms());

	if (working >= (suspect ? SUSPECTS_MOST : WORKING_MOST))
		return why_later(&l->why, "7.0",
		    "Too many logins at once, try again later");
	working++;
	if (suspect)
		work_suspect(l, fn);
	else
		pool_call(fn, l);
	working--;
	return true;
}

/* A hash that was right a moment ago need not be computed again. */
static bool
check_slow(struct login *l)
{
	struct cache_entry e;

	cache_entry(&e, str_view(&l->name), str_view(&l->secret),
	    str_view(&l->password));
	l->right = cache_has(&e, clock_ms());
	if (l->right)
		return true;
	if (!work(l, compare))
		return false;
	if (l->right)
		cache_put(&e, clock_ms());
	else
		l->wrong = "Password mismatch";
	return true;
}

/* Whoever cannot be right gets the same work done. */
static bool
check_nobody(struct login *l, const char *wrong)
{
	l->wrong = wrong;
	return work(l, pretend);
}

/* False: no verdict is possible now, l->why tells. */
static bool
check(struct login *l)
{
	enum kv_result r = find_user(l);
	struct view password = str_view(&l->password);

	if (r == KV_TROUBLE)
		return why_later(&l->why, "3.0",
		    "The users cannot be looked up now");
	if (password.n == 0 || password.n > SCHEME_PASSWORD_MAX ||
	    memchr(password.p, '\0', password.n) != NULL) {
		str_wipe(&l->password);
		return check_nobody(l, "impossible password");
	}
	if (r == KV_NONE)
		return check_nobody(l, "unknown user");
	l->scheme = scheme_of(str_view(&l->secret), &l->hash);
	if (l->scheme == NULL)
		return check_nobody(l, "unknown password scheme");
	if (l->scheme->slow)
		return check_slow(l);
	compare(l);
	return l->right || check_nobody(l, "Password mismatch");
}

/* ---- the answer ---- */

/* store must know before the session asks it for anything. */
static bool
grant(struct login *l, uint32_t instance)
{
	struct message m = { .type = MSG_grant };
	struct reply reply;
	bool ok;

	m.grant.process = l->process;
	m.grant.session = l->session;
	m.grant.user = str_view(&l->name);
	if (!service_call(ROLE_STORE, instance, &m, &reply, &l->why))
		return false;
	ok = reply_is(&reply, MSG_answer, &l->why);
	reply_free(&reply);
	return ok;
}

static void
refuse(struct login *l)
{
	if (l->channel != NULL)
		channel_answer(l->channel, l->tag, &l->why);
	login_free(l);
}

static void
delay_ends(void *arg)
{
	delayed--;
	refuse(arg);
}

static void
wrong(struct login *l)
{
	int64_t penalty = penalty_add(str_view(&l->client), clock_ms());
	int64_t left = l->since + penalty - clock_ms();

	log_info("auth", "passwd-file(%s,%s): %s",
	    log_quote(str_view(&l->given)), log_quote(str_view(&l->client)),
	    l->wrong);
	why_never(&l->why, "7.8", "Authentication failed");
	str_wipe(&l->password);
	if (left <= 0 || delayed >= DELAYED_MOST) {
		refuse(l);
		return;
	}
	delayed++;
	l->delay = loop_timer_new(left, delay_ends, l);
}

static void
right(struct login *l)
{
	uint32_t instance = user_instance(str_view(&l->name),
	    (uint32_t)service_settings()->store_instances);
	struct message m = { .type = MSG_logged_in, .tag = l->tag };

	if ((l->role & ROLE_READERS) && !grant(l, instance)) {
		refuse(l);
		return;
	}
	m.logged_in.user = str_view(&l->name);
	m.logged_in.store = instance;
	if (l->channel != NULL)
		channel_send(l->channel, &m);
	login_free(l);
}

static void
run(void *arg)
{
	struct login *l = arg;

	if (!check(l))
		refuse(l);
	else if (l->right)
		right(l);
	else
		wrong(l);
}

void
login_start(struct users *u)
{
	users = u;
	cache_start();
	penalty_start();
}

void
login_handle(struct channel *c, uint32_t tag, struct msg_login *m)
{
	struct login *l = xcalloc(1, sizeof(*l));

	l->channel = c;
	l->tag = tag;
	l->process = channel_peer(c)->process;
	l->role = channel_peer(c)->role;
	l->session = m->session;
	l->since = clock_ms();
	str_add(&l->given, m->user);
	str_add(&l->password, m->password);
	str_add(&l->client, m->client);
	LIST_INSERT_HEAD(&logins, l, entry);
	fiber_start(run, l);
}

void
login_closed(struct channel *c)
{
	struct login *l;

	LIST_FOREACH(l, &logins, entry)
		if (l->channel == c)
			l->channel = NULL;
}
