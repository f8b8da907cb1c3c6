/* SPDX-License-Identifier: ISC */
/*
 * sts - a tree of domains, each with the last policy that could be had
 *
 * Only domains that have a TXT record, or had one, are in it. Nothing that goes
 * wrong on the way removes a policy: somebody who can disturb the DNS or the
 * fetching must not be able to lift what the domain has asked for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/tree.h"
#include "lib/mail/tell.h"
#include "lib/proc/dns.h"
#include "lib/proc/service.h"
#include "smtp/sts.h"
#include "smtp/sts_fetch.h"

#define KNOWN_MOST	20000
#define REFUSE_MS	300000	/* RFC 8461 3.3 */
#define SHELVE_MS	30000	/* it was our own fault */
#define REFRESH_S	86400	/* RFC 8461 10.2: once a day */

struct known {
	RB_ENTRY(known) entry;
	struct view domain;	/* behind the struct */
	char id[STS_ID_MOST + 1];
	struct str text;	/* as it was fetched */
	struct sts_policy policy;
	int64_t expires;	/* seconds since 1970; 0: there is none */
	int64_t fetched;
	/* of the last try that came to nothing */
	int64_t refuse_until;	/* clock_ms() */
	char refused_id[STS_ID_MOST + 1];
	char failure[32], sentence[256];
	unsigned users;		/* fibers that hold it */
	bool fetching;
	struct fiber_queue waiting;
};

static int
by_domain(const struct known *a, const struct known *b)
{
	return view_cmp(a->domain, b->domain);
}

RB_HEAD(knowns, known);
TREE_GENERATE(knowns, known, entry, by_domain)

static struct knowns all = RB_INITIALIZER(&all);
static size_t count;

/* ---- the tree ---- */

static void
forget(struct known *k)
{
	RB_REMOVE(knowns, &all, k);
	count--;
	str_free(&k->text);
	sts_policy_free(&k->policy);
	free(k);
}

/* Whose time is over; where there are too many all the same, whatever nobody
 * holds. */
static void
make_place(void)
{
	struct known *k, *next;
	int64_t now = clock_wall();

	RB_FOREACH_SAFE(k, knowns, &all, next)
		if (k->users == 0 && k->expires <= now &&
		    k->refuse_until <= clock_ms())
			forget(k);
	RB_FOREACH_SAFE(k, knowns, &all, next)
		if (k->users == 0 && count > KNOWN_MOST - KNOWN_MOST / 10)
			forget(k);
}

static struct known *
look_up(struct view domain, bool make)
{
	struct known key = { .domain = domain };
	struct known *k = RB_FIND(knowns, &all, &key);

	if (k != NULL || !make)
		return k;
	if (count >= KNOWN_MOST)
		make_place();
	k = xcalloc(1, sizeof(*k) + domain.n);
	memcpy(k + 1, domain.p, domain.n);
	k->domain = view_bytes(k + 1, domain.n);
	RB_INSERT(knowns, &all, k);
	count++;
	return k;
}

/* ---- policies that come ---- */

static void
set_id(char id[STS_ID_MOST + 1], struct view v)
{
	snprintf(id, STS_ID_MOST + 1, "%.*s", VIEW(v));
}

static bool
adopt(struct known *k, struct view id, struct view text, const char **wrong)
{
	struct sts_policy p;

	if (!sts_policy_read(text, &p, wrong))
		return false;
	sts_policy_free(&k->policy);
	k->policy = p;
	str_reset(&k->text);
	str_add(&k->text, text);
	set_id(k->id, id);
	k->fetched = clock_wall();
	k->expires = k->fetched + p.max_age;
	k->failure[0] = k->sentence[0] = '\0';
	return true;
}

static void
keep(const struct known *k)
{
	struct channel *c = service_peer(ROLE_HISTORY, 0);
	struct message m = { .type = MSG_sts_keep,
		.sts_keep = { k->domain, view_of(k->id), str_view(&k->text),
		    k->expires } };

	if (c != NULL && channel_backlog(c) <= TELL_BACKLOG)
		channel_send(c, &m);
}

static void
refuse(struct known *k, struct view id, const char *failure,
    const char *sentence)
{
	set_id(k->refused_id, id);
	k->refuse_until = deadline_in(REFUSE_MS);
	snprintf(k->failure, sizeof(k->failure), "%s", failure);
	snprintf(k->sentence, sizeof(k->sentence), "%s", sentence);
	log_warning("sts", "domain=%s policy cannot be had: %s: %s",
	    log_quote(k->domain), failure, sentence);
}

/* Only one fiber of a domain does this at a time. */
static void
fetch(struct known *k, struct view id)
{
	struct sts_fetched f = { .ok = false };
	const char *wrong = NULL;

	k->fetching = true;
	sts_fetch(k->domain, &f);
	k->fetching = false;
	if (!f.ok) {
		refuse(k, id, f.result, f.sentence);
		if (f.shelved)
			k->refuse_until = deadline_in(SHELVE_MS);
	} else if (adopt(k, id, str_view(&f.text), &wrong)) {
		log_info("sts", "domain=%s policy id=%s mode=%s max_age=%u",
		    log_quote(k->domain), k->id,
		    sts_mode_name(k->policy.mode), k->policy.max_age);
		keep(k);
	} else {
		refuse(k, id, "sts-policy-invalid", wrong);
	}
	str_free(&f.text);
	fiber_queue_wake_all(&k->waiting);
}

static void
refresh(void *arg)
{
	struct known *k = arg;
	char id[STS_ID_MOST + 1];

	memcpy(id, k->id, sizeof(id));
	if (!k->fetching)
		fetch(k, view_of(id));
	k->users--;
}

/* ---- what holds ---- */

/* The id that the domain has now, in the arena; "" when there is none, or when
 * it cannot be known. More than one record is none (RFC 8461 3.1). */
static struct view
ask_id(struct view domain, struct arena *a)
{
	int64_t deadline = deadline_in(service_settings()->dns_timeout * 1000);
	struct view name = view_of(arena_printf(a, "_mta-sts.%.*s",
	    VIEW(domain)));
	struct view r, txt, id, found = VIEW_NONE;
	struct dns_answer answer;
	unsigned n = 0;

	dns_ask(name, DNS_TXT, deadline, a, &answer);
	while (answer.result == DNS_FOUND && list_next(&answer.records, &r))
		if (dns_txt(r, a, &txt) && sts_record(txt, &id)) {
			found = id;
			n++;
		}
	return n == 1 ? found : VIEW_NONE;
}

static bool
is_valid(const struct known *k)
{
	return k->expires > clock_wall();
}

/* There is a policy of this id, and we have another one or none. */
static bool
must_fetch(const struct known *k, struct view id)
{
	if (is_valid(k) && view_is(id, k->id))
		return false;
	return k->refuse_until <= clock_ms() ||
	    !view_is(id, k->refused_id);
}

/* What is in force is asked for again once a day, behind the mail. */
static void
refresh_behind(struct known *k)
{
	if (k->fetching || clock_wall() - k->fetched < REFRESH_S ||
	    k->refuse_until > clock_ms())
		return;
	k->users++;
	fiber_start(refresh, k);
}

static void
bring_up(struct known *k, struct view id)
{
	while (k->fetching && !fiber_cancelled())
		fiber_queue_wait(&k->waiting, DEADLINE_NEVER);
	if (fiber_cancelled())
		return;
	if (must_fetch(k, id))
		fetch(k, id);
	else if (is_valid(k))
		refresh_behind(k);
}

static void
add_lines(struct str *list, struct view text)
{
	while (text.n > 0) {
		struct view line = view_trim(view_cut(&text, '\n'));

		if (line.n > 0)
			list_put(list, line);
	}
}

/* announced: the domain has a record, so a policy that is not to be had is a
 * failure. */
static void
tell(const struct known *k, bool announced, struct arena *a, struct sts *out)
{
	struct str lines = { 0 };

	if (!is_valid(k)) {
		if (!announced)
			return;
		out->failure = arena_view(a, view_of(k->failure));
		out->sentence = arena_view(a, view_of(k->sentence));
		return;
	}
	out->mode = k->policy.mode;
	out->policy = k->policy;
	/* a copy: the policy may be replaced while the mail is under way */
	out->policy.mx = (struct str){ 0 };
	out->policy.mx.p = arena_copy(a, str_view(&k->policy.mx));
	out->policy.mx.n = k->policy.mx.n;
	add_lines(&lines, str_view(&k->text));
	out->lines = arena_view(a, str_view(&lines));
	str_free(&lines);
}

void
sts_find(struct view domain, struct arena *a, struct sts *out)
{
	struct view id = ask_id(domain, a);
	struct known *k = look_up(domain, id.n > 0);

	*out = (struct sts){ .mode = STS_NONE, .lines = VIEW_NONE,
		.failure = VIEW_NONE, .sentence = VIEW_NONE };
	if (k == NULL)
		return;
	k->users++;
	if (id.n > 0)
		bring_up(k, id);
	tell(k, id.n > 0, a, out);
	k->users--;
}

void
sts_known(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_sts_known *m)
{
	const char *wrong;
	struct known *k;

	if (m->expires <= clock_wall() || m->id.n > STS_ID_MOST)
		return;
	k = look_up(m->domain, true);
	/* what was fetched in this process is newer */
	if (k->expires != 0 || !adopt(k, m->id, m->policy, &wrong))
		return;
	if (m->expires < k->expires)
		k->expires = m->expires;
}
