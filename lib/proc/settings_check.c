/* SPDX-License-Identifier: ISC */
/*
 * settings_check - rules that concern what values mean
 *
 * Each rule is a function over the whole settings in the list at the end; it
 * tells every fault that it finds and names the value that should change.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/string.h>

#include "lib/proc/pop_settings.h"
#include "lib/proc/network.h"
#include "lib/proc/role.h"
#include "lib/proc/settings_address.h"
#include "lib/proc/settings_rules.h"

struct protocol {
	const char *name;
	unsigned role;
};

static const struct protocol protocols[] = {
	{ "smtp", ROLE_SMTPD },
	{ "submission", ROLE_SMTPD },
	{ "lmtp", ROLE_SMTPD },
	{ "pop3", ROLE_POP3D },
	{ "pop2", ROLE_POP3D },
	{ "imap", ROLE_IMAPD },
};

void
settings_complain(const struct setting_judge *j,
    const struct setting_spot *spot, const char *fmt, ...)
{
	struct str sentence = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&sentence, fmt, ap);
	va_end(ap);
	j->complain(j->arg, spot, str_c(&sentence));
	str_free(&sentence);
}

bool
settings_is_domain(struct view v)
{
	size_t label = 0;

	if (v.n > 253)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '.' && (label == 0 || label > 63))
			return false;
		if (c != '.' && c != '-' && !is_alnum(c) && (c & 0x80) == 0)
			return false;
		label = c == '.' ? 0 : label + 1;
	}
	return label > 0 && label <= 63;
}

static bool
is_address(const char *s)
{
	struct view v = view_of(s);
	size_t at = view_rfind(v, '@');

	return at > 0 && at < v.n && settings_is_domain(view_skip(v, at + 1));
}

static void
check_names(struct settings *s, const struct setting_judge *j)
{
	if (s->hostname[0] != '\0' && !settings_is_domain(view_of(s->hostname)))
		complain_main(j, "hostname", "is no host name: %s",
		    s->hostname);
	if (s->postmaster[0] != '\0' && !is_address(s->postmaster))
		complain_main(j, "postmaster",
		    "must be an address with its domain, not %s",
		    s->postmaster);
	for (const char *p = s->recipient_delimiter; *p != '\0'; p++)
		if (*p <= 32 || *p == 127 || is_alnum(*p) || *p == '@')
			complain_main(j, "recipient_delimiter",
			    "cannot contain letters, digits, blanks or @");
	for (const char *p = s->log_ident; *p != '\0'; p++)
		if (!is_alnum(*p) && strchr("-_./", *p) == NULL)
			complain_main(j, "log_ident",
			    "may contain letters, digits, - _ . and / only");
}

static bool
is_among(const struct words *w, struct view name)
{
	for (size_t i = 0; i < w->n; i++)
		if (view_eqi(w->word[i], name))
			return true;
	return false;
}

static void
check_system(struct settings *s, const struct setting_judge *j)
{
	for (size_t i = 0; i < s->system_domains.n; i++) {
		struct view v = s->system_domains.word[i];

		if (!is_among(&s->domains, v))
			complain_main(j, "system_domains", "has %.*s, which "
			    "is not among domains", VIEW(v));
	}
	if (strcmp(s->system_mailbox, "mbox") != 0 &&
	    strcmp(s->system_mailbox, "maildir") != 0)
		complain_main(j, "system_mailbox", "must be mbox or maildir, "
		    "not %s", s->system_mailbox);
}

static void
check_log_level(struct settings *s, const struct setting_judge *j)
{
	static const char *const level[] = { "debug", "info", "warning",
		"error" };

	for (size_t i = 0; i < nitems(level); i++)
		if (strcmp(s->log_level, level[i]) == 0)
			return;
	complain_main(j, "log_level", "must be debug, info, warning or error");
}

/* Domain names are compared in lower case everywhere. */
static void
check_domains(struct settings *s, const struct setting_judge *j)
{
	for (size_t i = 0; i < s->domains.n; i++) {
		struct view *v = &s->domains.word[i];
		char *lower = arena_copy(&s->arena, *v);

		for (char *p = lower; *p != '\0'; p++)
			*p = to_lower(*p);
		v->p = lower;
		if (!settings_is_domain(*v))
			complain_main(j, "domains",
			    "has %s, which is no domain", lower);
		for (size_t k = 0; k < i; k++)
			if (view_eq(*v, s->domains.word[k]))
				complain_main(j, "domains", "has %s twice",
				    lower);
	}
}

static void
check_domain_number(const struct domain_settings *d, const char *name,
    const char *value, const struct setting_judge *j)
{
	struct setting_spot spot = { TABLE_DOMAIN, d->name, name };
	uint64_t n;

	if (value[0] != '\0' &&
	    !view_size(view_of(value), UINT64_C(1) << 60, &n))
		settings_complain(j, &spot, "%s must be a number, with K, M, G "
		    "or T behind it or without, not %s", name, value);
}

static void
check_domain_sections(struct settings *s, const struct setting_judge *j)
{
	for (size_t i = 0; i < s->domain_count; i++) {
		const struct domain_settings *d = &s->domain[i];
		struct setting_spot whole = { TABLE_DOMAIN, d->name, NULL };
		struct setting_spot user = { TABLE_DOMAIN, d->name,
			"catch_all" };

		if (!settings_has_domain(s, view_of(d->name)))
			settings_complain(j, &whole, "[domain %s] has no effect unless "
			    "%s stands in domains", d->name, d->name);
		if (d->catch_all[0] != '\0' && !is_address(d->catch_all))
			settings_complain(j, &user, "catch_all must be a user with the "
			    "domain, not %s", d->catch_all);
		check_domain_number(d, "quota", d->quota, j);
		check_domain_number(d, "quota_messages", d->quota_messages, j);
	}
}

static void
check_protocol(const struct listener_settings *l,
    const struct setting_judge *j)
{
	if (listener_role(l) == 0)
		complain_listener(j, l, "protocol", "must be smtp, submission, "
		    "lmtp, pop3, pop2 or imap, not %s", l->protocol);
}

static void
check_listener_tls(struct settings *s, const struct listener_settings *l,
    const struct setting_judge *j)
{
	bool asked = strcmp(l->tls, "starttls") == 0 ||
	    strcmp(l->tls, "implicit") == 0;

	if (!asked && strcmp(l->tls, "none") != 0 &&
	    strcmp(l->tls, "auto") != 0)
		complain_listener(j, l, "tls",
		    "must be none, starttls, implicit or auto, not %s", l->tls);
	else if (asked && s->tls_cert.n == 0)
		complain_listener(j, l, "tls", "%s needs a certificate: set "
		    "tls_cert and tls_key (posthouse tls self-signed makes "
		    "them)", l->tls);
	else if (strcmp(l->protocol, "pop2") == 0 &&
	    strcmp(l->tls, "starttls") == 0)
		complain_listener(j, l, "tls", "cannot be starttls, which POP2 "
		    "does not have");
}

static void
check_tls(struct settings *s, const struct setting_judge *j)
{
	if (s->tls_cert.n > s->tls_key.n)
		complain_main(j, "tls_key", "names %zu files and tls_cert %zu: "
		    "a key for each certificate, in the same order",
		    s->tls_key.n, s->tls_cert.n);
	else if (s->tls_cert.n < s->tls_key.n)
		complain_main(j, "tls_cert", "names %zu files and tls_key %zu: "
		    "a certificate for each key, in the same order",
		    s->tls_cert.n, s->tls_key.n);
	if (strcmp(s->tls_min, "1.2") != 0 && strcmp(s->tls_min, "1.3") != 0)
		complain_main(j, "tls_min", "must be 1.2 or 1.3, not %s",
		    s->tls_min);
	if (s->tls_client_ca[0] != '\0' && s->tls_cert.n == 0)
		complain_main(j, "tls_client_ca", "has no effect without "
		    "tls_cert");
}

/* Whether both cannot be listened on: the same, or one is on every address. */
static bool
in_the_way(const char *a, const char *b)
{
	if (!settings_address_any(a) && !settings_address_any(b))
		return strcmp(a, b) == 0;
	return strncmp(a, "unix:", 5) != 0 && strncmp(b, "unix:", 5) != 0 &&
	    strcmp(strrchr(a, ':'), strrchr(b, ':')) == 0;
}

static void
check_address(struct settings *s, const struct listener_settings *l,
    const struct setting_judge *j)
{
	struct sockaddr_storage to;
	socklen_t length;
	const char *fault;

	if (l->address[0] == '\0') {
		settings_complain(j, &(struct setting_spot){ TABLE_LISTENER, l->name,
		    NULL }, "[listener %s] has no address", l->name);
		return;
	}
	fault = settings_address(l->address, &to, &length);
	if (fault != NULL) {
		complain_listener(j, l, "address", "%s, not %s", fault,
		    l->address);
		return;
	}
	for (const struct listener_settings *o = s->listener; o < l; o++)
		if (settings_address(o->address, &to, &length) == NULL &&
		    in_the_way(o->address, l->address))
			complain_listener(j, l, "address",
			    "%s is that of [listener %s]", l->address, o->name);
}

static void
check_submit(struct settings *s, const struct listener_settings *l,
    const struct setting_judge *j)
{
	char *right = arena_printf(&s->arena, "unix:%s/submit", s->run_dir);

	if (strcmp(l->address, right) != 0)
		complain_listener(j, l, "address", "of the listener named "
		    "submit is always %s, where sendmail looks", right);
	if (strcmp(l->protocol, "smtp") != 0)
		complain_listener(j, l, "protocol",
		    "of the listener named submit is always smtp");
}

static void
check_listeners(struct settings *s, const struct setting_judge *j)
{
	for (size_t i = 0; i < s->listener_count; i++) {
		const struct listener_settings *l = &s->listener[i];

		check_protocol(l, j);
		check_listener_tls(s, l, j);
		check_address(s, l, j);
		if (strcmp(l->name, "submit") == 0)
			check_submit(s, l, j);
	}
}

static void
check_directories(struct settings *s, const struct setting_judge *j)
{
	struct view spool = view_of(s->spool_dir), mail = view_of(s->mail_dir);
	struct view state = view_of(s->state_dir), run = view_of(s->run_dir);

	if (view_eq(spool, mail))
		complain_main(j, "mail_dir", "must differ from spool_dir");
	if (view_eq(state, mail) || view_eq(state, spool))
		complain_main(j, "state_dir",
		    "must differ from spool_dir and mail_dir");
	if (view_eq(run, mail) || view_eq(run, spool))
		complain_main(j, "run_dir",
		    "must differ from spool_dir and mail_dir");
}

static void
check_warnings(struct settings *s, const struct setting_judge *j)
{
	uint64_t n;

	if (s->quota_warnings.n > 8)
		complain_main(j, "quota_warnings", "has more than 8 numbers");
	for (size_t i = 0; i < s->quota_warnings.n; i++)
		if (!view_u64(s->quota_warnings.word[i], 100, &n) || n == 0)
			complain_main(j, "quota_warnings",
			    "has %s, which is no number from 1 to 100",
			    s->quota_warnings.word[i].p);
}

static void
check_times(struct settings *s, const struct setting_judge *j)
{
	if (s->retry_first > s->retry_most)
		complain_main(j, "retry_first",
		    "must not be longer than retry_most");
}

static void
check_pop3(struct settings *s, const struct setting_judge *j)
{
	struct uidl_form form;
	int64_t days;

	if (!uidl_form(&form, s->pop3_uidl))
		complain_main(j, "pop3_uidl", "must be posthouse, dovecot, "
		    "courier, cyrus, cyrus-old, uw, or a form with %%u in it, "
		    "as %%08Xu%%08Xv, of at most 70 octets; not %s",
		    s->pop3_uidl);
	if (!pop3_expire_days(s->pop3_expire, &days))
		complain_main(j, "pop3_expire",
		    "must be never or a number of days, not %s",
		    s->pop3_expire);
}

/* The words of lib/mail/uses.h, which is a layer above. */
static bool
is_use(struct view word)
{
	static const char *const uses[] = { "Archive", "Drafts", "Important",
		"Junk", "Sent", "Trash" };

	for (size_t i = 0; i < nitems(uses); i++)
		if (view_is(word, uses[i]))
			return true;
	return false;
}

/* RFC 5464 3.2.1.1 wants a URI. */
static void
check_imap(struct settings *s, const struct setting_judge *j)
{
	size_t colon = strcspn(s->imap_admin, ":");

	for (size_t i = 0; i < s->new_mailboxes.n; i++)
		if (!is_use(s->new_mailboxes.word[i]))
			complain_main(j, "new_mailboxes", "must be of Archive, "
			    "Drafts, Important, Junk, Sent and Trash, not %s",
			    s->new_mailboxes.word[i].p);

	if (s->imap_admin[0] != '\0' &&
	    (colon == 0 || s->imap_admin[colon] == '\0'))
		complain_main(j, "imap_admin",
		    "must be a URI, as mailto:postmaster@example.org, not %s",
		    s->imap_admin);
}

/* Who is believed may name a login, and so relay. */
static void
check_proxies(struct settings *s, const struct setting_judge *j)
{
	const struct networks *list = &s->proxy_clients;

	for (size_t i = 0; i < list->words.n; i++)
		if (settings_is_everybody(&list->network[i]))
			complain_main(j, "proxy_clients",
			    "has %s, which is everybody",
			    list->words.word[i].p);
	for (size_t i = 0; i < s->listener_count; i++) {
		const struct listener_settings *l = &s->listener[i];

		if (l->proxy && strncmp(l->address, "unix:", 5) == 0)
			complain_listener(j, l, "proxy",
			    "is for listeners with an IP address");
		else if (l->proxy && list->words.n == 0)
			complain_listener(j, l, "proxy", "lets nobody in "
			    "unless proxy_clients names the proxies");
	}
}

typedef void settings_rule(struct settings *, const struct setting_judge *);

static settings_rule *const rules[] = {
	check_names,
	check_system,
	check_log_level,
	check_domains,
	check_domain_sections,
	check_tls,
	check_listeners,
	check_directories,
	check_times,
	check_warnings,
	check_pop3,
	check_imap,
	check_proxies,
	settings_check_away,
};

void
settings_check(struct settings *s, const struct setting_judge *j)
{
	for (size_t i = 0; i < nitems(rules); i++)
		rules[i](s, j);
}

unsigned
listener_role(const struct listener_settings *l)
{
	for (size_t i = 0; i < nitems(protocols); i++)
		if (strcmp(l->protocol, protocols[i].name) == 0)
			return protocols[i].role;
	return 0;
}

static bool
is_tls_port(const char *address)
{
	static const char *const ports[] = { "465", "993", "995" };
	struct view a = view_of(address);
	size_t at = view_rfind(a, ':');

	for (size_t i = 0; at < a.n && i < nitems(ports); i++)
		if (view_is(view_skip(a, at + 1), ports[i]))
			return true;
	return false;
}

enum listener_tls
listener_tls(const struct settings *s, const struct listener_settings *l)
{
	bool local = strncmp(l->address, "unix:", 5) == 0;

	if (s->tls_cert.n == 0 || strcmp(l->tls, "none") == 0)
		return LISTENER_CLEAR;
	if (strcmp(l->tls, "starttls") == 0)
		return LISTENER_STARTTLS;
	if (strcmp(l->tls, "implicit") == 0)
		return LISTENER_IMPLICIT;
	if (local)
		return LISTENER_CLEAR;
	if (is_tls_port(l->address))
		return LISTENER_IMPLICIT;
	return strcmp(l->protocol, "pop2") == 0 ? LISTENER_CLEAR :
						  LISTENER_STARTTLS;
}

/* Where the running program stands, when the others are there, too. */
static const char *
own_directory(struct arena *a)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL || slash == self)
		return NULL;
	*slash = '\0';
	if (access(arena_printf(a, "%s/master", self), X_OK) < 0)
		return NULL;
	return arena_copy(a, view_of(self));
}

void
settings_from_system(struct settings *s)
{
	char name[256];
	const char *dir;

	if (s->hostname[0] == '\0' && gethostname(name, sizeof(name)) == 0) {
		name[sizeof(name) - 1] = '\0';
		s->hostname = arena_copy(&s->arena, view_of(name));
	}
	if (s->program_dir[0] == '\0') {
		dir = own_directory(&s->arena);
		s->program_dir = dir != NULL ? dir : LIBEXECDIR;
	}
}
