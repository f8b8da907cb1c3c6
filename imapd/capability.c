/* SPDX-License-Identifier: ISC */
/*
 * capability - the table of extensions; CAPABILITY and ENABLE
 */
#include "imapd/append.h"
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/notify.h"
#include "lib/proc/deflate.h"
#include "lib/proc/service.h"

enum when { EARLY = 1, LATE = 2, BOTH = EARLY | LATE };

static bool
tls_offered(const struct imap *im)
{
	return im->gate.house->tls_offered(im->session);
}

static bool
plain_forbidden(const struct imap *im)
{
	return !im->gate.house->plain_allowed(im->session);
}

static bool
not_compressed(const struct imap *im)
{
	return im->session == NULL || !deflate_is_on(&im->session->stream);
}

bool
may_unauthenticate(const struct imap *im)
{
	return im->settings->imap_unauthenticate && not_compressed(im);
}

static bool
small_literals(const struct imap *im)
{
	return im->settings->imap_literal_minus;
}

static bool
any_literals(const struct imap *im)
{
	return !small_literals(im);
}

static bool
quotas_are_set(const struct imap *im)
{
	return im->settings->imap_quota_admins.n > 0;
}

static const struct capability {
	const char *name;
	enum when when;
	bool (*here)(const struct imap *);	/* NULL: always */
} table[] = {
	{ "IMAP4rev1", BOTH, NULL },
	{ "IMAP4rev2", BOTH, NULL },
	{ "SASL-IR", BOTH, NULL },
	{ "LITERAL+", BOTH, any_literals },
	{ "LITERAL-", BOTH, small_literals },
	{ "ID", BOTH, NULL },
	{ "ENABLE", BOTH, NULL },
	{ "IDLE", BOTH, NULL },
	{ "STARTTLS", EARLY, tls_offered },
	{ "LOGINDISABLED", EARLY, plain_forbidden },
	{ "NAMESPACE", LATE, NULL },
	{ "CHILDREN", LATE, NULL },
	{ "UIDPLUS", LATE, NULL },
	{ "UNSELECT", LATE, NULL },
	{ "MOVE", LATE, NULL },
	{ "MULTIAPPEND", LATE, NULL },
	{ "BINARY", LATE, NULL },
	{ "CONDSTORE", LATE, NULL },
	{ "QRESYNC", LATE, NULL },
	{ "ESEARCH", LATE, NULL },
	{ "SEARCHRES", LATE, NULL },
	{ "SORT", LATE, NULL },
	{ "SORT=DISPLAY", LATE, NULL },
	{ "ESORT", LATE, NULL },
	{ "THREAD=ORDEREDSUBJECT", LATE, NULL },
	{ "THREAD=REFERENCES", LATE, NULL },
	{ "WITHIN", LATE, NULL },
	{ "MULTISEARCH", LATE, NULL },
	{ "NOTIFY", LATE, NULL },
	{ "PARTIAL", LATE, NULL },
	{ "SAVEDATE", LATE, NULL },
	{ "OBJECTID", LATE, NULL },
	{ "LIST-EXTENDED", LATE, NULL },
	{ "LIST-STATUS", LATE, NULL },
	{ "SPECIAL-USE", LATE, NULL },
	{ "CREATE-SPECIAL-USE", LATE, NULL },
	{ "INPROGRESS", LATE, NULL },
	{ "COMPRESS=DEFLATE", LATE, not_compressed },
	{ "STATUS=SIZE", LATE, NULL },
	{ "UTF8=ACCEPT", LATE, NULL },
	{ "UIDONLY", LATE, NULL },
	{ "ACL", LATE, NULL },
	{ "RIGHTS=texk", LATE, NULL },
	{ "LIST-MYRIGHTS", LATE, NULL },
	{ "METADATA", LATE, NULL },
	{ "METADATA-SERVER", LATE, NULL },
	{ "LIST-METADATA", LATE, NULL },
	{ "CATENATE", LATE, NULL },
	{ "REPLACE", LATE, NULL },
	{ "PREVIEW", LATE, NULL },
	{ "UNAUTHENTICATE", LATE, may_unauthenticate },
	{ "QUOTA", LATE, NULL },
	{ "QUOTA=RES-STORAGE", LATE, NULL },
	{ "QUOTA=RES-MESSAGE", LATE, NULL },
	{ "QUOTASET", LATE, quotas_are_set },
};

/* What ENABLE knows: the word, what it switches on, and what that implies. */
static const struct {
	const char *name;
	unsigned features;
} switches[] = {
	{ "CONDSTORE", FEATURE_CONDSTORE },
	{ "QRESYNC", FEATURE_QRESYNC | FEATURE_CONDSTORE },
	{ "UTF8=ACCEPT", FEATURE_UTF8 },
	{ "UIDONLY", FEATURE_UIDONLY },
	{ "IMAP4rev2", FEATURE_REV2 },
	{ "METADATA", FEATURE_METADATA },
	{ "METADATA-SERVER", FEATURE_METADATA },
};

const char *
capabilities(struct imap *im)
{
	enum when now = im->user != NULL ? LATE : EARLY;
	struct str list = { 0 };
	const char *text;

	for (size_t i = 0; i < nitems(table); i++) {
		const struct capability *c = &table[i];

		if (!(c->when & now) || (c->here != NULL && !c->here(im)))
			continue;
		str_addf(&list, "%s%s", list.n > 0 ? " " : "", c->name);
	}
	if (im->user != NULL)
		str_addf(&list, " APPENDLIMIT=%llu",
		    (unsigned long long)append_limit(im));
	if (im->user == NULL)
		im->gate.house->offer(im->session, " AUTH=", &list);
	text = arena_copy(&im->arena, str_view(&list));
	str_free(&list);
	return text;
}

enum answer
cmd_capability(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_printf(im, "* CAPABILITY %s\r\n", capabilities(im));
	return ANSWER_OK;
}

static void
enable(struct imap *im, struct view name)
{
	for (size_t i = 0; i < nitems(switches); i++) {
		if (!view_isi(name, switches[i].name))
			continue;
		if ((im->enabled & switches[i].features) != switches[i].features)
			out_printf(im, " %s", switches[i].name);
		im->enabled |= switches[i].features;
		if (switches[i].features & FEATURE_METADATA)
			notify_metadata(im);
	}
}

/* What nobody knows is passed over (RFC 5161 3.1). */
enum answer
cmd_enable(struct imap *im, struct parse *p)
{
	struct parse again = *p;

	do {
		parse_space(p);
		parse_atom(p);
	} while (parse_peek(p) == ' ');
	if (!parse_end(p))
		return answer_syntax(im, p);
	out_puts(im, "* ENABLED");
	while (parse_take(&again, ' '))
		enable(im, parse_atom(&again));
	out_puts(im, "\r\n");
	return ANSWER_OK;
}
