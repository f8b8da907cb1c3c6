/* SPDX-License-Identifier: ISC */
/*
 * tables - what a decision about an address looks things up in
 *
 * The local domains come from the settings; users and aliases are two
 * functions, so that a test can put arrays in their place. Everything here is
 * lower case.
 */
#ifndef ROUTER_TABLES_H
#define ROUTER_TABLES_H

#include "lib/base/kv.h"
#include "lib/proc/settings.h"

/* A local domain: its name in lower case as the settings spell it, which is how
 * users and aliases are named, and with A-labels, by which it is found. */
struct local {
	struct view name, ascii;
};

struct patterns;

struct tables {
	const struct settings *settings;
	bool ready;		/* the list of users has come */
	struct view first_user;	/* of the users file, "" if there is none */
	/* Local domains: as the settings have them, and sorted. */
	size_t domains;
	struct view *domain;
	struct local *sorted;
	/* Of others, but anybody may send there; sorted. */
	size_t relays;
	struct view *relay;	/* A-labels; ".x": all that is below x */

	/* Is there a user of this canonical name? */
	bool (*user)(void *arg, struct view name);
	/* Is there a user of the system of this name, in lower case? NULL: no. */
	bool (*system_user)(void *arg, struct view name);
	/* The right-hand side of an alias, a list as aliases.h describes it;
	 * may be borrowed until the next call. */
	enum kv_result (*alias)(void *arg, struct view key, struct view *items);
	/* The same of a whole address that no alias has: from tables that have
	 * no keys. NULL: there are none. */
	enum kv_result (*alias_table)(void *arg, struct view key,
	    struct view *items);
	/* Is a whole address in such a table of relay_recipients? NULL: there
	 * are none. */
	enum kv_result (*recipient_table)(void *arg, struct view key);
	/* A row of the setting canonical, by the keys of
	 * lib/mail/canonical.h; part: the key is not the whole address. The
	 * value may be borrowed until the next call. NULL: there are none. */
	enum kv_result (*canonical)(void *arg, struct view key, bool part,
	    struct view *value);
	/* A line of the routes, and one of relay_recipients, by the keys of
	 * lib/mail/routes.h; may be borrowed until the next call. */
	enum kv_result (*route)(void *arg, struct view key,
	    struct view *route);
	enum kv_result (*recipient)(void *arg, struct view key,
	    struct view *line);
	/* A rule of the access file by the keys of lib/mail/access.h; may be
	 * borrowed until the next call. Those that have no key are patterns;
	 * NULL: none. */
	enum kv_result (*rule)(void *arg, struct view key, struct view *rule);
	const struct patterns *patterns;
	/* Append where the last answer of alias, alias_table, recipient or
	 * recipient_table stands: "file:line". NULL: that is not known. */
	void (*place)(void *arg, struct str *out);
	void *arg;
};

/* Ask alias, then alias_table. */
enum kv_result tables_alias(const struct tables *t, struct view key,
    struct view *items);

/* Take the domains out of the settings; host stands in where they name none.
 * settings and host must outlive the tables. */
void tables_settings(struct tables *t, const struct settings *s,
    struct view host);
void tables_free(struct tables *t);

/* The name of a local domain, however it is spelled: upper case, or U-labels
 * for A-labels; false for all others. */
bool tables_local(const struct tables *t, struct view domain,
    struct view *name);
/* Do users of the system get mail in this local domain? */
bool tables_system(const struct tables *t, struct view domain);
/* A domain of relay_domains, or below one. */
bool tables_relay(const struct tables *t, struct view domain);
/* Who gets mail for unknown names there; "" for nobody. */
struct view tables_catch_all(const struct tables *t, struct view domain);

#endif
