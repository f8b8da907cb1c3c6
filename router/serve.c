/* SPDX-License-Identifier: ISC */
/*
 * serve - the router's state, and its few handlers
 *
 * A question is answered in its handler, from tables in memory and pages that
 * the index has cached; nothing here waits. One that a table over a socket has a
 * part in is asked again from its start when that has answered: until then
 * nothing is said, counted or logged. The list of users outlives the link to auth,
 * so that mail goes on while auth is started again.
 */
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/user_table.h"
#include "lib/proc/service.h"
#include "router/access.h"
#include "router/answers.h"
#include "router/canonical.h"
#include "router/decide.h"
#include "router/expand.h"
#include "router/files.h"
#include "router/full.h"
#include "router/members.h"
#include "router/questions.h"
#include "router/rate.h"
#include "router/remote.h"
#include "router/sender.h"
#include "router/serve.h"

static struct {
	struct tables tables;
	struct user_table users, system;
	struct str first_user, host;
	struct arena arena;
	struct decision decision, copied;
	struct access_answer access;
	struct steps steps;		/* of the last question of ctl */
	struct str copies;
	struct str expanded, renamed;
} router;

static bool
has_user(void *arg, struct view name)
{
	return user_table_find(arg, name, NULL);
}

static bool
has_system_user(void *arg UNUSED, struct view name)
{
	return user_table_find(&router.system, name, NULL);
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

static void
take_settings(const struct settings *s)
{
	tables_settings(&router.tables, s, host_name(s));
}

void
serve_changed(void)
{
	take_settings(service_settings());
	files_changed(service_settings());
}

void
serve_begin(void)
{
	router.tables.user = has_user;
	router.tables.system_user = has_system_user;
	router.tables.alias = files_alias;
	router.tables.alias_table = files_alias_table;
	router.tables.recipient_table = files_recipient_table;
	router.tables.route = files_route;
	router.tables.recipient = files_recipient;
	router.tables.canonical = files_canonical;
	router.tables.rule = files_rule;
	router.tables.patterns = files_patterns();
	router.tables.place = files_place;
	router.tables.arg = &router.users;
	take_settings(service_settings());
	files_begin(service_settings());
	answers_begin(remote_ask, questions_go_on);
}

/* access: what the rules say, or NULL if they were not asked. */
static void
answer(struct channel *c, uint32_t tag, const struct decision *d,
    const struct access_answer *access)
{
	struct message m = { .type = MSG_routed, .tag = tag };

	if (access != NULL && d->why.verdict == VERDICT_DONE) {
		m.routed.hold = access->decided &&
				access->action == ACCESS_HOLD;
		m.routed.discard = access->decided &&
				   access->action == ACCESS_DISCARD;
		m.routed.copies = str_view(&router.copies);
	}
	m.routed.verdict = (uint8_t)d->why.verdict;
	m.routed.status = view_of(d->why.status);
	m.routed.sentence = view_of(d->why.text);
	if (d->why.verdict == VERDICT_DONE)
		m.routed.targets = str_view(&d->targets);
	if (channel_peer(c)->role == ROLE_CTL)
		m.routed.lines = str_view(d->why.verdict == VERDICT_DONE ?
		    &d->lines : &d->refusals);
	if (channel_peer(c)->role == ROLE_CTL)
		m.routed.steps = str_view(&router.steps.list);
	if (channel_peer(c)->role == ROLE_CTL && access != NULL)
		m.routed.rules = str_view(&access->lines);
	channel_send(c, &m);
}

static bool
too_many(struct why *w)
{
	return why_later(w, "7.1", "Too many recipients: at most %llu in an "
	    "hour; try again later",
	    (unsigned long long)service_settings()->user_rate);
}

/* Only recipients that are taken count. */
static void
count_recipient(struct view login, struct decision *d)
{
	uint64_t most = service_settings()->user_rate;
	bool first;

	if (login.n == 0 || d->why.verdict != VERDICT_DONE ||
	    rate_take(login, most, clock_ms() / 1000, &first))
		return;
	if (first)
		log_warning("rate", "user=%s has sent to %llu recipients in an "
		    "hour: more are put off", log_quote(login),
		    (unsigned long long)most);
	too_many(&d->why);
}

/* The network of relay_clients that has it; "" if none has. */
static struct view
relay_network(struct view ip)
{
	const struct networks *list = &service_settings()->relay_clients;
	struct address16 a;

	if (list->words.n == 0 || !address16_parse(ip, &a))
		return VIEW_NONE;
	for (size_t i = 0; i < list->words.n; i++)
		if (network_has(&list->network[i], &a))
			return list->words.word[i];
	return VIEW_NONE;
}

/* ---- rules ---- */

/* Where the copies go. One that cannot be made is no reason to lose the mail,
 * and not to be passed over either: it waits, as mail for a broken alias. */
static bool
find_copies(struct access_answer *a, struct steps *steps, struct why *w)
{
	struct view copies = str_view(&a->copies), one;

	str_reset(&router.copies);
	while (list_next(&copies, &one)) {
		const struct inquiry q = { .recipient = one, .trusted = true,
			.taken = true, .steps = steps,
			.permit = "permitted to rules" };
		struct view targets, part;
		bool found;

		steps_add(steps, "copy", one, VIEW_NONE, "by a rule");
		steps_deeper(steps);
		found = decide(&router.tables, &q, &router.arena,
		    &router.copied);
		steps_back(steps);
		if (!found && !questions_open()) {
			log_warning("access", "a copy for %s cannot be made: "
			    "%s", log_quote(one), router.copied.why.text);
			return why_later(w, "3.5", "A copy of the mail cannot "
			    "be made");
		}
		targets = str_view(&router.copied.targets);
		while (list_next(&targets, &part))
			list_put(&router.copies, part);
	}
	return true;
}

/* Whom do the rules concern, and what do they say? False: that decides. */
static bool
ask_rules(const struct question *q, struct decision *d, struct steps *steps)
{
	const struct access_question a = { q->text[CLIENT], q->text[HELO],
		q->text[LOGIN], q->text[SENDER], q->text[NAME] };
	struct access_answer *answer = &router.access;

	access_ask(&router.tables, &a, &router.arena, answer);
	if (answer->unsure > 0)
		log_warning("access", "line %u: its expression takes too long, "
		    "the mail waits sender=%s recipient=%s", answer->unsure,
		    log_quote(q->text[SENDER]), log_quote(q->text[NAME]));
	if (answer->decided && answer->line > 0) {
		struct str line = { 0 };

		str_addf(&line, "%u", answer->line);
		list_put(&answer->lines, str_view(&line));
		str_free(&line);
	}
	decision_clear(d);
	if (answer->decided && answer->line == 0)
		steps_add(steps, "rules",
		    view_of(router.tables.settings->access), VIEW_NONE,
		    "never read without a mistake: see posthouse check");
	if (answer->decided && answer->action != ACCESS_ALLOW &&
	    answer->action != ACCESS_HOLD) {
		d->why = answer->why;
		return false;
	}
	return find_copies(answer, steps, &d->why);
}

/* Which mailboxes are full. */
static void
tell_room(struct steps *s, struct view targets)
{
	struct view transport, user, address;
	bool full = false, some = false;

	while (s != NULL && list_next(&targets, &transport) &&
	    list_next(&targets, &user) && list_next(&targets, &address)) {
		some |= view_is(transport, "local");
		if (!view_is(transport, "local") || !full_has(user))
			continue;
		steps_add(s, "quota", user, VIEW_NONE, "the mailbox is full");
		full = true;
	}
	if (some && !full)
		steps_add(s, "quota", VIEW_NONE, VIEW_NONE,
		    "no mailbox is full");
}

/* Not when some of several have room: those get it. */
static void
look_for_room(const struct question *q, struct decision *d,
    struct steps *steps)
{
	if (!q->room || d->why.verdict != VERDICT_DONE)
		return;
	tell_room(steps, str_view(&d->targets));
	if (!full_all(str_view(&d->targets)))
		return;
	if (service_settings()->quota_refuse)
		why_never(&d->why, "2.2", "<%.160s>: The mailbox is full",
		    arena_copy(&router.arena, q->text[NAME]));
	else
		why_later(&d->why, "2.2", "<%.160s>: The mailbox is full; try "
		    "again later", arena_copy(&router.arena, q->text[NAME]));
}

/* Who is logged in may relay, and who comes from a network of relay_clients, as
 * those may who the asking program trusts: by which of these, NULL by none. */
static const char *
permission(const struct question *q, const struct steps *steps)
{
	struct view network;

	if (q->flag)
		return "permitted to programs of this host";
	if (q->text[LOGIN].n > 0)
		return "the login permits it";
	network = relay_network(q->text[CLIENT]);
	if (network.n == 0)
		return NULL;
	return steps == NULL ? "relay_clients permits it" :
	    arena_printf(&router.arena, "relay_clients permits it, by %.*s",
		VIEW(network));
}

/* Where the steps of an answer go: NULL to all but ctl. */
static struct steps *
steps_for(const struct channel *c)
{
	if (channel_peer(c)->role != ROLE_CTL)
		return NULL;
	steps_clear(&router.steps);
	return &router.steps;
}

/* Of lists that the mail opens later: who is on them now. */
static void
tell_members(struct steps *s, struct view targets)
{
	struct view transport, name, address;

	while (s != NULL && list_next(&targets, &transport) &&
	    list_next(&targets, &name) && list_next(&targets, &address)) {
		struct members members = { 0 };
		const struct inquiry i = { .recipient = name, .trusted = true,
			.taken = true, .members = true, .steps = s };

		if (!view_is(transport, "list"))
			continue;
		steps_add(s, "members", name, VIEW_NONE, "");
		steps_deeper(s);
		router.copied.members = &members;
		decide(&router.tables, &i, &router.arena, &router.copied);
		router.copied.members = NULL;
		steps_back(s);
		members_free(&members);
	}
}

/* True: answers are missing, and the question is kept until they are there. */
static bool
put_off(struct channel *c, uint32_t tag, const struct question *q)
{
	if (!questions_open())
		return false;
	questions_keep(c, tag, q);
	arena_reset(&router.arena);
	return true;
}

static void
answer_route(struct channel *c, uint32_t tag, const struct question *q)
{
	struct decision *d = &router.decision;
	struct steps *steps = steps_for(c);
	const char *permit = permission(q, steps);
	const struct inquiry i = {
		.recipient = q->text[NAME],
		.sender = q->text[SENDER],
		.trusted = permit != NULL,
		.taken = channel_peer(c)->role == ROLE_QUEUE,
		.steps = steps,
		.permit = permit,
	};
	const bool rules = files_have_rules() &&
	    (channel_peer(c)->role & (ROLE_SMTPD | ROLE_CTL)) != 0;

	str_reset(&router.copies);
	if (!rules || ask_rules(q, d, steps))
		decide(&router.tables, &i, &router.arena, d);
	if (put_off(c, tag, q))
		return;
	if (d->dangling)
		log_warning("aliases", "%s leads to an unknown user",
		    log_quote(q->text[NAME]));
	look_for_room(q, d, steps);
	if (d->why.verdict == VERDICT_DONE)
		tell_members(steps, str_view(&d->targets));
	if (put_off(c, tag, q))
		return;
	if (channel_peer(c)->role != ROLE_CTL)
		count_recipient(q->text[LOGIN], d);
	answer(c, tag, d, rules ? &router.access : NULL);
	arena_reset(&router.arena);
}

/* Asked before the recipients: a mail that could have none is put off early. */
static void
answer_may_send(struct channel *c, uint32_t tag, const struct question *q)
{
	struct decision *d = &router.decision;
	struct view login = q->text[LOGIN];

	if (login.n == 0)
		why_never(&d->why, "7.0", "Nobody is logged in");
	else if (sender_may(&router.tables, login, q->text[SENDER],
		     &router.arena, d) && !questions_open() &&
	    !rate_is_free(login, service_settings()->user_rate,
		clock_ms() / 1000))
		too_many(&d->why);
	if (put_off(c, tag, q))
		return;
	channel_answer(c, tag, &d->why);
	arena_reset(&router.arena);
}

static void
answer_expand(struct channel *c, uint32_t tag, const struct question *q)
{
	struct message e = { .type = MSG_expanded, .tag = tag };
	struct decision *d = &router.decision;
	bool known = expand(&router.tables, q->text[NAME], q->flag,
	    &router.arena, d, &router.expanded);

	if (put_off(c, tag, q))
		return;
	if (known) {
		e.expanded.addresses = str_view(&router.expanded);
		channel_send(c, &e);
	} else {
		channel_answer(c, tag, &d->why);
	}
	arena_reset(&router.arena);
}

static void
send_members(struct channel *c, uint32_t tag, struct members *members,
    struct decision *d)
{
	struct message m = { .type = MSG_list_got, .tag = tag,
		.list_got = { .members = -1 } };

	if (d->why.verdict == VERDICT_DONE) {
		m.list_got.owner = str_view(&d->owner);
		m.list_got.members = members_memfd(members,
		    &m.list_got.count);
		if (m.list_got.members < 0)
			why_errno(&d->why, "cannot hand over a list");
		else if (m.list_got.count > MEMBERS_MAX)
			why_later(&d->why, "3.5", "The list leads to too many "
			    "addresses");
	}
	if (d->why.verdict == VERDICT_DONE) {
		channel_send(c, &m);
	} else {
		if (m.list_got.members >= 0)
			close(m.list_got.members);
		channel_answer(c, tag, &d->why);
	}
}

/* No rules are asked and nobody is counted: the mail is in the queue. */
static void
answer_list(struct channel *c, uint32_t tag, const struct question *q)
{
	const struct inquiry i = { .recipient = q->text[NAME],
		.trusted = true, .taken = true, .members = true };
	struct decision *d = &router.decision;
	struct members members = { 0 };

	d->members = &members;
	decide(&router.tables, &i, &router.arena, d);
	d->members = NULL;
	if (!put_off(c, tag, q)) {
		if (d->dangling)
			log_warning("aliases", "%s leads to an unknown user",
			    log_quote(q->text[NAME]));
		send_members(c, tag, &members, d);
		arena_reset(&router.arena);
	}
	members_free(&members);
}

/* All or nothing: who has one name too few would tell the old one. */
static void
answer_rewrite(struct channel *c, uint32_t tag, const struct question *q)
{
	struct message got = { .type = MSG_rewritten, .tag = tag };
	struct view list = q->text[NAME], one, to;
	enum kv_result r = KV_NONE;
	struct why w;

	str_reset(&router.renamed);
	while (r != KV_TROUBLE && list_next(&list, &one)) {
		r = canonical_rewrite(&router.tables, one, &router.arena, &to);
		list_put(&router.renamed, r == KV_FOUND ? to : VIEW_NONE);
	}
	if (put_off(c, tag, q))
		return;
	got.rewritten.addresses = str_view(&router.renamed);
	if (r == KV_TROUBLE || !channel_send(c, &got)) {
		why_later(&w, "3.0", "a table of the setting canonical cannot "
		    "be asked");
		channel_answer(c, tag, &w);
	}
	arena_reset(&router.arena);
}

/* ---- handlers ---- */

void
serve_route(struct channel *c, uint32_t tag, struct msg_route *m)
{
	struct question q = { answer_route, { m->recipient, m->login,
		m->sender, m->client, m->helo }, m->trusted != 0,
		m->room != 0 };

	questions_ask(c, tag, &q);
}

void
serve_may_send(struct channel *c, uint32_t tag, struct msg_may_send *m)
{
	struct question q = { answer_may_send, { VIEW_NONE, m->login,
		m->sender, m->client, VIEW_NONE }, .flag = false };

	questions_ask(c, tag, &q);
}

void
serve_expand(struct channel *c, uint32_t tag, struct msg_expand *m)
{
	struct question q = { answer_expand, { m->name, VIEW_NONE,
		VIEW_NONE, VIEW_NONE, VIEW_NONE }, .flag = m->list != 0 };

	questions_ask(c, tag, &q);
}

void
serve_list_get(struct channel *c, uint32_t tag, struct msg_list_get *m)
{
	struct question q = { answer_list, { m->address, VIEW_NONE, VIEW_NONE,
		VIEW_NONE, VIEW_NONE }, .flag = false };

	questions_ask(c, tag, &q);
}

/* Users do not matter here, so nobody waits for them. */
void
serve_rewrite(struct channel *c, uint32_t tag, struct msg_rewrite *m)
{
	struct question q = { answer_rewrite, { m->addresses, VIEW_NONE,
		VIEW_NONE, VIEW_NONE, VIEW_NONE }, .flag = false };

	questions_ask_now(c, tag, &q);
}

void
serve_user_table(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_user_table *m)
{
	if (!user_table_map(&router.users, m->table)) {
		log_error("users", "the list cannot be mapped");
		return;
	}
	str_reset(&router.first_user);
	str_add(&router.first_user, m->first);
	router.tables.first_user = str_view(&router.first_user);
	router.tables.ready = true;
	questions_ready();
}

void
serve_system_users(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_system_users *m)
{
	if (!user_table_map(&router.system, m->table))
		log_error("users", "the list of the system's users cannot be "
		    "mapped");
}

void
serve_quota_full(struct channel *c, uint32_t tag UNUSED,
    struct msg_quota_full *m)
{
	full_take(channel_peer(c)->instance, m->whole != 0, m->full != 0,
	    m->users);
}

void
serve_closed(struct channel *c)
{
	questions_closed(c);
}
