/* SPDX-License-Identifier: ISC */
/*
 * cmd_quota - GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 2087, RFC 9208)
 *
 * All mailboxes of a user have one quota root, which is called as he is. One
 * without a limit has none. Limits stand in files of the administrator; the users
 * whom he names in imap_quota_admins may set others, which go before those.
 * Without any, QUOTASET is not on offer.
 */
#include "imapd/commands.h"
#include "lib/mail/quota.h"
#include "lib/mail/shared.h"
#include "lib/proc/channel.h"

/* Units as RFC 9208 5 has them: STORAGE counts 1024 octets. */
static const struct {
	const char *name;
	size_t used, most;	/* in struct msg_quota_state */
	unsigned unit;
} resources[] = {
	{ "STORAGE", offsetof(struct msg_quota_state, octets),
	    offsetof(struct msg_quota_state, octets_most), 1024 },
	{ "MESSAGE", offsetof(struct msg_quota_state, messages),
	    offsetof(struct msg_quota_state, messages_most), 1 },
};

static uint64_t
number(const struct msg_quota_state *s, size_t at, unsigned unit)
{
	uint64_t n;

	memcpy(&n, (const char *)s + at, sizeof(n));
	return n / unit + (n % unit != 0);
}

static bool
is_limited(const struct msg_quota_state *s)
{
	return s->octets_most != 0 || s->messages_most != 0;
}

static void
put_quota(struct imap *im, const struct msg_quota_state *s)
{
	const char *blank = "";

	out_puts(im, "* QUOTA ");
	out_astring(im, s->user);
	out_puts(im, " (");
	for (size_t i = 0; i < nitems(resources); i++) {
		uint64_t most = number(s, resources[i].most, resources[i].unit);

		if (most == 0)
			continue;
		out_printf(im, "%s%s %llu %llu", blank, resources[i].name,
		    (unsigned long long)number(s, resources[i].used,
			resources[i].unit), (unsigned long long)most);
		blank = " ";
	}
	out_puts(im, ")\r\n");
}

static bool
ask(struct imap *im, const struct message *m, struct reply *reply,
    struct why *w)
{
	return store_ask(im, m, reply, w) &&
	    store_want(reply, MSG_quota_state, w);
}

enum answer
cmd_getquotaroot(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_quota_get,
		.quota_get.session = imap_number(im) };
	const struct msg_quota_state *s;
	struct reply reply = { 0 };
	struct why w = { 0 };
	struct view name;
	bool fine;

	parse_space(p);
	name = parse_mailbox_named(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	m.quota_get.mailbox = name;
	fine = ask(im, &m, &reply, &w);
	s = &reply.m.quota_state;
	if (fine) {
		out_puts(im, "* QUOTAROOT ");
		out_mailbox(im, name);
		if (is_limited(s)) {
			out_puts(im, " ");
			out_astring(im, s->user);
		}
		out_puts(im, "\r\n");
		if (is_limited(s))
			put_quota(im, s);
	}
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

/* Store is asked by the name of a mailbox, be it there or not. */
static void
inbox_of_root(const struct imap *im, struct view root, struct str *name)
{
	if (view_is(root, im->user))
		str_adds(name, "INBOX");
	else
		shared_write(name, root, VIEW_LIT("INBOX"));
}

static bool
no_such_root(struct why *w)
{
	return why_never(w, "2.1", "There is no such quota root");
}

enum answer
cmd_getquota(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_quota_get,
		.quota_get = { .session = imap_number(im), .root = 1 } };
	struct reply reply = { 0 };
	struct str name = { 0 };
	struct why w = { 0 };
	struct view root;
	bool fine;

	parse_space(p);
	root = parse_astring(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	inbox_of_root(im, root, &name);
	m.quota_get.mailbox = str_view(&name);
	fine = ask(im, &m, &reply, &w);
	if (fine ? !is_limited(&reply.m.quota_state) :
		   w.verdict == VERDICT_NEVER)
		fine = no_such_root(&w);
	if (fine)
		put_quota(im, &reply.m.quota_state);
	reply_free(&reply);
	str_free(&name);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

/* ---- SETQUOTA ---- */

#define LIMITS_MOST 16		/* of one command; there are fewer names */

struct wanted {
	struct view name;
	uint64_t n;
};

static size_t
parse_limits(struct parse *p, struct wanted *all)
{
	size_t n = 0;

	parse_want(p, '(');
	if (parse_take(p, ')'))
		return 0;
	do {
		if (n == LIMITS_MOST) {
			parse_fail(p, "Too many resources");
			return 0;
		}
		all[n].name = parse_atom(p);
		parse_space(p);
		all[n++].n = parse_number(p, INT64_MAX);
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	return n;
}

/* One limit; a limit of nothing at all is not among those that can be kept. */
static bool
take_limit(const struct wanted *l, struct msg_quota_set *m)
{
	uint64_t *to[] = { &m->octets, &m->messages };

	_Static_assert(nitems(resources) == nitems(to), "one for each");
	for (size_t i = 0; i < nitems(resources); i++)
		if (view_isi(l->name, resources[i].name)) {
			*to[i] = l->n * resources[i].unit;
			return l->n > 0 && l->n <= QUOTA_MOST / resources[i].unit;
		}
	return false;
}

/* What is not named has no limit any more (RFC 9208 4.1.3). */
enum answer
cmd_setquota(struct imap *im, struct parse *p)
{
	struct message m = { .type = MSG_quota_set,
		.quota_set.session = imap_number(im) };
	struct wanted all[LIMITS_MOST];
	struct reply reply = { 0 };
	struct str name = { 0 };
	struct why w = { 0 };
	struct view root;
	size_t n;
	bool fine;

	parse_space(p);
	root = parse_astring(p);
	parse_space(p);
	n = parse_limits(p, all);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!im->settings->imap_quota_admins.n)
		return answer_no(im,
		    "[NOPERM] Limits are set by the administrator");
	for (size_t i = 0; i < n; i++)
		if (!take_limit(&all[i], &m.quota_set))
			return answer_no(im, "[CANNOT] There is no such limit");
	inbox_of_root(im, root, &name);
	m.quota_set.mailbox = str_view(&name);
	fine = ask(im, &m, &reply, &w);
	if (!fine && strcmp(w.status, "2.1") == 0)
		no_such_root(&w);
	if (fine)
		put_quota(im, &reply.m.quota_state);
	reply_free(&reply);
	str_free(&name);
	return fine ? ANSWER_OK : answer_why(im, &w);
}
