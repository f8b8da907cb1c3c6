/* SPDX-License-Identifier: ISC */
/*
 * cmd_quota - GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 2087, RFC 9208)
 *
 * All mailboxes of a user have one quota root, which is called as he is. One
 * without a limit has none. Limits stand in files of the administrator, so
 * SETQUOTA is refused to everybody, and QUOTASET is not on offer.
 */
#include "imapd/commands.h"
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

/* mailbox may be empty: the user's own root. */
static bool
ask(struct imap *im, struct view mailbox, struct reply *reply, struct why *w)
{
	struct message m = { .type = MSG_quota_get,
		.quota_get = { .session = imap_number(im),
		    .mailbox = mailbox } };

	return store_ask(im, &m, reply, w) &&
	    store_want(reply, MSG_quota_state, w);
}

enum answer
cmd_getquotaroot(struct imap *im, struct parse *p)
{
	const struct msg_quota_state *s;
	struct reply reply = { 0 };
	struct why w = { 0 };
	struct view name;
	bool fine;

	parse_space(p);
	name = parse_mailbox_named(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	fine = ask(im, name, &reply, &w);
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

enum answer
cmd_getquota(struct imap *im, struct parse *p)
{
	struct reply reply = { 0 };
	struct why w = { 0 };
	struct view root;
	bool fine;

	parse_space(p);
	root = parse_astring(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	fine = ask(im, VIEW_NONE, &reply, &w);
	if (fine && (!view_eq(root, reply.m.quota_state.user) ||
			!is_limited(&reply.m.quota_state)))
		fine = why_never(&w, "2.1", "There is no such quota root");
	if (fine)
		put_quota(im, &reply.m.quota_state);
	reply_free(&reply);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

enum answer
cmd_setquota(struct imap *im, struct parse *p)
{
	parse_space(p);
	parse_astring(p);
	parse_space(p);
	parse_want(p, '(');
	if (!parse_take(p, ')')) {
		do {
			parse_atom(p);
			parse_space(p);
			parse_number(p, INT64_MAX);
		} while (parse_take(p, ' '));
		parse_want(p, ')');
	}
	if (!parse_end(p))
		return answer_syntax(im, p);
	return answer_no(im, "[NOPERM] Limits are set by the administrator");
}
