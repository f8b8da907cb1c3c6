/* SPDX-License-Identifier: ISC */
/*
 * claim - look up, work, answer
 *
 * A claim runs in a fiber while something is decided: hashes are computed in
 * a thread of the pool, store is told. A wrong one leaves the fiber and waits
 * for its penalty on a timer, which costs less. Passwords are wiped with the
 * struct.
 *
 * Limits bound what strangers can make us hold and do: WORKING claims that
 * need a hash (beyond it: try again later), DELAYED answers (beyond it they come
 * at once). Those from addresses that have guessed wrong lately are SUSPECTS:
 * few of them are with the threads at a time, so that others need not queue
 * behind them.
 */
#include <stdlib.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>

#include "auth/cache.h"
#include "auth/claim.h"
#include "auth/delay.h"
#include "auth/fake.h"
#include "auth/penalty.h"
#include "auth/system.h"
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
	struct view password;		/* of the claim, which waits */
	struct secret secret;
	bool right;
};

static LIST_HEAD(, claim) claims = LIST_HEAD_INITIALIZER(claims);
static struct users *users;
static struct fiber_queue suspects;
static unsigned working, suspects_working, delayed;

void
claim_begin(struct claim *a, struct channel *c, struct view client)
{
	a->channel = c;
	a->process = channel_peer(c)->process;
	a->role = channel_peer(c)->role;
	a->since = clock_ms();
	a->base = "passwd-file";
	str_add(&a->client, client);
	LIST_INSERT_HEAD(&claims, a, entry);
}

void
claim_end(struct claim *a)
{
	LIST_REMOVE(a, entry);
	loop_timer_free(&a->delay);
	if (a->free != NULL)
		a->free(a);
	str_free(&a->given);
	str_free(&a->client);
	str_free(&a->plain);
	str_free(&a->mailbox);
	str_free(&a->name);
	str_wipe(&a->secret);
	str_free(&a->secret);
	str_wipe(&a->password);
	str_free(&a->password);
	free(a);
}

void
claim_closed(struct channel *c)
{
	struct claim *a;

	LIST_FOREACH(a, &claims, entry)
		if (a->channel == c)
			a->channel = NULL;
}

/* ---- whom does the name mean ---- */

/* Whose password is being guessed. */
static struct view
account(const struct claim *a)
{
	return str_view(a->name.n > 0 ? &a->name : &a->given);
}

/* Take over the secret of an existing user. */
static enum kv_result
take_user(struct claim *a)
{
	struct view secret;
	enum kv_result r = users_get(users, str_view(&a->name), &secret);

	if (r == KV_FOUND)
		str_add(&a->secret, secret);
	return r;
}

static void
lower_name(struct claim *a, struct view domain)
{
	str_reset(&a->name);
	str_add(&a->name, str_view(&a->plain));
	if (domain.n > 0)
		str_addc(&a->name, '@');
	str_add(&a->name, domain);
	for (size_t i = 0; i < a->name.n; i++)
		a->name.p[i] = to_lower(a->name.p[i]);
}

/* Nobody has the name in any of our domains. It counts as one of them, as that
 * of a user does, lest salts tell the difference (auth/fake.h). */
static void
choose_domain(struct claim *a, const struct words *domains)
{
	unsigned char octets[FAKE_SIZE];

	fake_octets(str_view(&a->plain), "domain", octets);
	lower_name(a, domains->word[octets[0] % domains->n]);
}

/* A name without a domain is tried in each of ours, in their order. */
static enum kv_result
find(struct claim *a)
{
	const struct settings *s = service_settings();
	struct view given = str_view(&a->plain);
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
	if (r == KV_NONE && s->domains.n > 1)
		choose_domain(a, &s->domains);
	if (s->domains.n == 0) {
		lower_name(a, view_of(s->hostname));
		r = take_user(a);
	}
	return r;
}

/* "user+mailbox" and "user+mailbox@domain" of a POP client, which has no other
 * way to say what it wants. */
static bool
take_mailbox(struct claim *a)
{
	struct view domain = str_view(&a->given), user, mailbox;
	struct view local = view_cut(&domain, '@');

	if (a->role != ROLE_POP3D || !address_detail(local,
	    service_settings()->recipient_delimiter, &user, &mailbox))
		return false;
	str_reset(&a->plain);
	str_add(&a->plain, user);
	if (local.n < a->given.n)
		str_addf(&a->plain, "@%.*s", VIEW(domain));
	str_add(&a->mailbox, mailbox);
	return true;
}

enum kv_result
claim_find(struct claim *a)
{
	enum kv_result r;

	str_reset(&a->name);
	str_reset(&a->mailbox);
	str_reset(&a->plain);
	str_add(&a->plain, str_view(&a->given));
	str_wipe(&a->secret);
	r = find(a);
	if (r == KV_NONE && take_mailbox(a))
		r = find(a);
	if (r == KV_TROUBLE)
		why_later(&a->why, "3.0", "The users cannot be looked up now");
	if (r != KV_FOUND)
		a->wrong = "unknown user";
	if (penalty_is_shut_out(str_view(&a->client), account(a),
		clock_ms())) {
		a->shut_out = true;
		a->wrong = CLAIM_SHUT_OUT;
		return r == KV_TROUBLE ? r : KV_NONE;
	}
	return r;
}

uint32_t
claim_iterations(void)
{
	return users_iterations(users);
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
claim_work(struct claim *a, void (*fn)(void *), void *arg)
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
claim_nobody(struct claim *a, const char *wrong)
{
	struct check c = { .password = str_view(&a->password) };

	a->wrong = wrong;
	return claim_work(a, pretend, &c) ? OUTCOME_WRONG : OUTCOME_TROUBLE;
}

/* A hash that was right a moment ago need not be computed again. */
static enum outcome
check_slow(struct claim *a, struct check *c)
{
	struct cache_entry e;

	cache_entry(&e, str_view(&a->name), str_view(&a->secret), c->password);
	if (cache_has(&e, clock_ms()))
		return OUTCOME_RIGHT;
	if (!claim_work(a, compare, c))
		return OUTCOME_TROUBLE;
	if (!c->right) {
		a->wrong = "Password mismatch";
		return OUTCOME_WRONG;
	}
	cache_put(&e, clock_ms());
	return OUTCOME_RIGHT;
}

static enum outcome
check_secret(struct claim *a)
{
	struct check c = { .password = str_view(&a->password) };

	if (!scheme_of(str_view(&a->secret), &c.secret))
		return claim_nobody(a, "unknown password scheme");
	if (c.secret.scheme->check == NULL)
		return system_password(a, c.secret.hash);
	if (c.secret.scheme->slow)
		return check_slow(a, &c);
	compare(&c);
	return c.right ? OUTCOME_RIGHT : claim_nobody(a, "Password mismatch");
}

bool
claim_may_be(const struct claim *a, struct view as)
{
	struct view name = str_view(&a->name), local = view_cut(&name, '@');

	return as.n == 0 || view_eq(as, str_view(&a->given)) ||
	    view_eqi(as, str_view(&a->name)) || view_eqi(as, local);
}

enum outcome
claim_password(struct claim *a, struct view as)
{
	struct view password = str_view(&a->password);
	enum kv_result r = claim_find(a);

	if (r == KV_TROUBLE)
		return OUTCOME_TROUBLE;
	if (password.n == 0 || password.n > SCHEME_PASSWORD_MAX ||
	    memchr(password.p, '\0', password.n) != NULL) {
		str_wipe(&a->password);
		return claim_nobody(a, "impossible password");
	}
	if (!claim_may_be(a, as))
		return claim_nobody(a, "wants to act for somebody else");
	if (r == KV_FOUND)
		return check_secret(a);
	if (!a->shut_out && system_is_asked(a))
		return system_password(a, VIEW_NONE);
	return claim_nobody(a, a->wrong);
}

/* ---- the answer ---- */

/* store must know before the session asks it for anything. */
static bool
grant(struct claim *a, uint32_t instance)
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
claim_refuse(struct claim *a)
{
	if (a->channel != NULL)
		channel_answer(a->channel, a->tag, &a->why);
	claim_end(a);
}

static void
delay_ends(void *arg)
{
	delayed--;
	claim_refuse(arg);
}

static void
log_wrong(const struct claim *a, enum penalty_shut shut)
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

void
claim_count(struct claim *a)
{
	const struct guess g = { str_view(&a->client), account(a),
		str_view(&a->password) };
	enum penalty_shut shut = PENALTY_OPEN;

	if (a->counted)
		return;
	a->counted = true;
	if (!a->shut_out)
		a->wait = penalty_add(&g, clock_ms(), &shut);
	log_wrong(a, shut);
}

static void
wrong(struct claim *a)
{
	int64_t left;

	claim_count(a);
	why_never(&a->why, "7.8", "Authentication failed");
	str_wipe(&a->password);
	left = a->since + a->wait - clock_ms();
	if (left <= 0 || delayed >= DELAYED_MOST) {
		claim_refuse(a);
		return;
	}
	delayed++;
	a->delay = loop_timer_new(left, delay_ends, a);
}

static void
right(struct claim *a)
{
	uint32_t instance = user_instance(str_view(&a->name),
	    (uint32_t)service_settings()->store_instances);
	struct message m = { .type = MSG_logged_in, .tag = a->tag };

	if (a->channel == NULL) {
		claim_end(a);
		return;
	}
	penalty_forget(str_view(&a->client), account(a));
	if (a->role == ROLE_POP3D && !delay_allows(str_view(&a->name), &a->why)) {
		claim_refuse(a);
		return;
	}
	if ((a->role & ROLE_READERS) && !grant(a, instance)) {
		claim_refuse(a);
		return;
	}
	m.logged_in.user = str_view(&a->name);
	m.logged_in.store = instance;
	m.logged_in.mailbox = str_view(&a->mailbox);
	if (a->channel != NULL)
		channel_send(a->channel, &m);
	claim_end(a);
}

void
claim_finish(struct claim *a, enum outcome outcome)
{
	static void (*const ends[])(struct claim *) = {
		[OUTCOME_RIGHT] = right,
		[OUTCOME_WRONG] = wrong,
		[OUTCOME_TROUBLE] = claim_refuse,
	};

	ends[outcome](a);
}

bool
claim_is_shut_out(struct claim *a)
{
	if (!penalty_is_shut_out(str_view(&a->client), VIEW_NONE, clock_ms()))
		return false;
	why_never(&a->why, "7.8", "Authentication failed");
	claim_refuse(a);
	return true;
}

void
claim_start(struct users *u)
{
	users = u;
	cache_start();
	penalty_start();
}
