/* SPDX-License-Identifier: ISC */
/*
 * attempt - look up, work, answer
 *
 * An attempt runs in a fiber while something is decided: hashes are computed in
 * a thread of the pool, store is told. A wrong one leaves the fiber and waits
 * for its penalty on a timer, which costs less. Passwords are wiped with the
 * struct.
 *
 * Limits bound what strangers can make us hold and do: WORKING attempts that
 * need a hash (beyond it: try again later), DELAYED answers (beyond it they come
 * at once). Those from addresses that have guessed wrong lately are SUSPECTS:
 * few of them are with the threads at a time, so that others need not queue
 * behind them.
 */
#include <stdlib.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>

#include "auth/attempt.h"
#include "auth/cache.h"
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

/* What a thread needs, and finds out. */
struct check {
	struct view password;		/* of the attempt, which waits */
	struct secret secret;
	bool right;
};

static LIST_HEAD(, attempt) attempts = LIST_HEAD_INITIALIZER(attempts);
static struct users *users;
static struct fiber_queue suspects;
static unsigned working, suspects_working, delayed;

void
attempt_begin(struct attempt *a, struct channel *c, struct view client)
{
	a->channel = c;
	a->process = channel_peer(c)->process;
	a->role = channel_peer(c)->role;
	a->since = clock_ms();
	a->base = "passwd-file";
	str_add(&a->client, client);
	LIST_INSERT_HEAD(&attempts, a, entry);
}

void
attempt_end(struct attempt *a)
{
	LIST_REMOVE(a, entry);
	loop_timer_free(&a->delay);
	if (a->free != NULL)
		a->free(a);
	str_free(&a->given);
	str_free(&a->client);
	str_free(&a->name);
	str_wipe(&a->secret);
	str_free(&a->secret);
	str_wipe(&a->password);
	str_free(&a->password);
	free(a);
}

void
attempt_closed(struct channel *c)
{
	struct attempt *a;

	LIST_FOREACH(a, &attempts, entry)
		if (a->channel == c)
			a->channel = NULL;
}

/* ---- whom does the name mean ---- */

/* Whose password is being guessed. */
static struct view
account(const struct attempt *a)
{
	return str_view(a->name.n > 0 ? &a->name : &a->given);
}

/* Take over the secret of an existing user. */
static enum kv_result
take_user(struct attempt *a)
{
	struct view secret;
	enum kv_result r = users_get(users, str_view(&a->name), &secret);

	if (r == KV_FOUND)
		str_add(&a->secret, secret);
	return r;
}

static void
lower_name(struct attempt *a, struct view domain)
{
	str_reset(&a->name);
	str_add(&a->name, str_view(&a->given));
	if (domain.n > 0)
		str_addc(&a->name, '@');
	str_add(&a->name, domain);
	for (size_t i = 0; i < a->name.n; i++)
		a->name.p[i] = to_lower(a->name.p[i]);
}

/* A name without a domain is tried in each of ours, in their order. */
static enum kv_result
find(struct attempt *a)
{
	const struct settings *s = service_settings();
	struct view given = str_view(&a->given);
	enum kv_result r = KV_NONE;

	if (given.n == 0 || given.n > NAME_MOST ||
	    memchr(given.p, '\0', given.n) != NULL)
		return KV_NONE;
	if (view_find(given, '@') < given.n) {
		lower_name(a, VIEW_NONE);
		return take_user(a);
	}
	for (size_t i = 0; r == KV_NONE && i < s->domains.n; i++) {
		lower_name(a, s->domains.word[i]);
		r = take_user(a);
	}
	if (s->domains.n == 0) {
		lower_name(a, view_of(s->hostname));
		r = take_user(a);
	}
	return r;
}

enum kv_result
attempt_find(struct attempt *a)
{
	enum kv_result r;

	str_reset(&a->name);
	str_wipe(&a->secret);
	r = find(a);
	if (r == KV_TROUBLE)
		why_later(&a->why, "3.0", "The users cannot be looked up now");
	if (r != KV_FOUND)
		a->wrong = "unknown user";
	if (penalty_is_shut_out(str_view(&a->client), account(a),
		clock_ms())) {
		a->shut_out = true;
		a->wrong = "shut out from this account";
		return r == KV_TROUBLE ? r : KV_NONE;
	}
	return r;
}

/* ---- is the password right ---- */

static void
work_suspect(void (*fn)(void *), void *arg)
{
	while (suspects_working >= SUSPECTS_AT_ONCE)
		fiber_queue_wait(&suspects, DEADLINE_NEVER);
	suspects_working++;
	pool_call(fn, arg);
	suspects_working--;
	fiber_queue_wake(&suspects);
}

bool
attempt_work(struct attempt *a, void (*fn)(void *), void *arg)
{
	bool suspect = penalty_is_suspect(str_view(&a->client), clock_ms());

	if (working >= (suspect ? SUSPECTS_MOST : WORKING_MOST))
		return why_later(&a->why, "7.0",
		    "Too many logins at once, try again later");
	working++;
	if (suspect)
		work_suspect(fn, arg);
	else
		pool_call(fn, arg);
	working--;
	return true;
}

static void
compare(void *arg)
{
	struct check *c = arg;

	c->right = scheme_check(&c->secret, c->password);
}

static void
pretend(void *arg)
{
	struct check *c = arg;

	scheme_pretend(c->password);
}

enum outcome
attempt_nobody(struct attempt *a, const char *wrong)
{
	struct check c = { .password = str_view(&a->password) };

	a->wrong = wrong;
	return attempt_work(a, pretend, &c) ? OUTCOME_WRONG : OUTCOME_TROUBLE;
}

/* A hash that was right a moment ago need not be computed again. */
static enum outcome
check_slow(struct attempt *a, struct check *c)
{
	struct cache_entry e;

	cache_entry(&e, str_view(&a->name), str_view(&a->secret), c->password);
	if (cache_has(&e, clock_ms()))
		return OUTCOME_RIGHT;
	if (!attempt_work(a, compare, c))
		return OUTCOME_TROUBLE;
	if (!c->right) {
		a->wrong = "Password mismatch";
		return OUTCOME_WRONG;
	}
	cache_put(&e, clock_ms());
	return OUTCOME_RIGHT;
}

static enum outcome
check_secret(struct attempt *a)
{
	struct check c = { .password = str_view(&a->password) };

	if (!scheme_of(str_view(&a->secret), &c.secret))
		return attempt_nobody(a, "unknown password scheme");
	if (c.secret.scheme->slow)
		return check_slow(a, &c);
	compare(&c);
	return c.right ? OUTCOME_RIGHT : attempt_nobody(a, "Password mismatch");
}

bool
attempt_may_be(const struct attempt *a, struct view as)
{
	return as.n == 0 || view_eq(as, str_view(&a->given)) ||
	    view_eqi(as, str_view(&a->name));
}

enum outcome
attempt_password(struct attempt *a, struct view as)
{
	struct view password = str_view(&a->password);
	enum kv_result r = attempt_find(a);

	if (r == KV_TROUBLE)
		return OUTCOME_TROUBLE;
	if (password.n == 0 || password.n > SCHEME_PASSWORD_MAX ||
	    memchr(password.p, '\0', password.n) != NULL) {
		str_wipe(&a->password);
		return attempt_nobody(a, "impossible password");
	}
	if (!attempt_may_be(a, as))
		return attempt_nobody(a, "wants to act for somebody else");
	if (r == KV_NONE)
		return attempt_nobody(a, a->wrong);
	return check_secret(a);
}

/* ---- the answer ---- */

/* store must know before the session asks it for anything. */
static bool
grant(struct attempt *a, uint32_t instance)
{
	struct message m = { .type = MSG_grant };
	struct reply reply;
	bool ok;

	m.grant.process = a->process;
	m.grant.session = a->session;
	m.grant.user = str_view(&a->name);
	if (!service_call(ROLE_STORE, instance, &m, &reply, &a->why))
		return false;
	ok = reply_is(&reply, MSG_answer, &a->why);
	reply_free(&reply);
	return ok;
}

void
attempt_refuse(struct attempt *a)
{
	if (a->channel != NULL)
		channel_answer(a->channel, a->tag, &a->why);
	attempt_end(a);
}

static void
delay_ends(void *arg)
{
	delayed--;
	attempt_refuse(arg);
}

static void
log_wrong(const struct attempt *a, enum penalty_shut shut)
{
	const struct settings *s = service_settings();
	const char *client = log_quote(str_view(&a->client));

	log_info("auth", "%s(%s,%s): %s", a->base,
	    log_quote(str_view(&a->given)), client, a->wrong);
	if (shut == PENALTY_ADDRESS)
		log_warning("auth", "client=%s shut out for %llds after %llu "
		    "wrong logins", client, (long long)s->login_lockout,
		    (unsigned long long)s->login_failures);
	else if (shut == PENALTY_ACCOUNT)
		log_warning("auth", "client=%s shut out from account %s for "
		    "%llds", client, log_quote(account(a)),
		    (long long)s->login_lockout);
}

static void
wrong(struct attempt *a)
{
	enum penalty_shut shut = PENALTY_OPEN;
	int64_t left = 0;

	if (!a->shut_out)
		left = a->since - clock_ms() + penalty_add(
		    str_view(&a->client), account(a), clock_ms(), &shut);
	log_wrong(a, shut);
	why_never(&a->why, "7.8", "Authentication failed");
	str_wipe(&a->password);
	if (left <= 0 || delayed >= DELAYED_MOST) {
		attempt_refuse(a);
		return;
	}
	delayed++;
	a->delay = loop_timer_new(left, delay_ends, a);
}

static void
right(struct attempt *a)
{
	uint32_t instance = user_instance(str_view(&a->name),
	    (uint32_t)service_settings()->store_instances);
	struct message m = { .type = MSG_logged_in, .tag = a->tag };

	if (a->channel == NULL) {
		attempt_end(a);
		return;
	}
	penalty_forget(str_view(&a->client), account(a));
	if ((a->role & ROLE_READERS) && !grant(a, instance)) {
		attempt_refuse(a);
		return;
	}
	m.logged_in.user = str_view(&a->name);
	m.logged_in.store = instance;
	if (a->channel != NULL)
		channel_send(a->channel, &m);
	attempt_end(a);
}

void
attempt_finish(struct attempt *a, enum outcome outcome)
{
	static void (*const ends[])(struct attempt *) = {
		[OUTCOME_RIGHT] = right,
		[OUTCOME_WRONG] = wrong,
		[OUTCOME_TROUBLE] = attempt_refuse,
	};

	ends[outcome](a);
}

bool
attempt_is_shut_out(struct attempt *a)
{
	if (!penalty_is_shut_out(str_view(&a->client), VIEW_NONE, clock_ms()))
		return false;
	why_never(&a->why, "7.8", "Authentication failed");
	attempt_refuse(a);
	return true;
}

void
attempt_start(struct users *u)
{
	users = u;
	cache_start();
	penalty_start();
}
