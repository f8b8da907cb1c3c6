/* SPDX-License-Identifier: ISC */
/*
 * settings - etc/posthouse.conf as a struct
 *
 * Flat "name = value" lines, [listener NAME] and [domain NAME] sections,
 * "include FILE"; # begins a comment at the start of a line. Made from
 * lib/proc/settings.def. An unknown name is an error that names the nearest
 * right one; all errors of a file are told at once, with file, line, column.
 * A struct settings never changes; a reload makes another.
 */
#ifndef PROC_SETTINGS_H
#define PROC_SETTINGS_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/proc/network.h"

/* Each element is NUL-terminated behind its end. */
struct words {
	size_t n;
	struct view *word;
};

/* Addresses and networks, as written and as read; words.n of them. */
struct networks {
	struct words words;
	struct network *network;
};

typedef const char *setting_text;
typedef const char *setting_path;
typedef const char *setting_address;
typedef struct words setting_words;
typedef struct words setting_paths;
typedef struct networks setting_networks;
typedef uint64_t setting_count;
typedef uint64_t setting_size;
typedef int64_t setting_time;	/* seconds */
typedef bool setting_flag;

struct listener_settings {
	const char *name;
#define LISTENER_SETTING(type, name, ...) setting_##type name;
#include "lib/proc/settings.def"
};

struct domain_settings {
	const char *name;
#define DOMAIN_SETTING(type, name, ...) setting_##type name;
#include "lib/proc/settings.def"
};

struct settings {
	struct arena arena;
#define SETTING(type, name, ...) setting_##type name;
#include "lib/proc/settings.def"
	size_t listener_count, domain_count;
	struct listener_settings *listener;
	struct domain_settings *domain;
	char *digest;		/* tells two settings apart */
};

/* Read a file with its includes; one without a [listener] section gets the
 * usual ones. NULL when there are errors: each is a line
 * "file:line:column: sentence" in errors. Relative paths in values are taken
 * relative to the directory of the file they stand in. */
struct settings *settings_load(const char *file, struct str *errors);
/* The same from text, as master hands it to its children. */
struct settings *settings_parse(struct view text, struct str *errors);
void settings_free(struct settings **s);

/* The settings in force as text that settings_parse() reads: all of them, or
 * only what differs from the defaults. Each with its sentence as a comment when
 * explained. */
void settings_write(const struct settings *s, bool all, bool explained,
    struct str *out);
/* Walk over everything as (section or NULL, name, value, default?, sentence)
 * for `config show` and its JSON. */
void settings_each(const struct settings *s,
    void (*fn)(void *arg, const char *section, const char *name,
	const char *value, bool is_default, const char *sentence), void *arg);

const struct listener_settings *settings_listener(const struct settings *s,
    const char *name);
const struct domain_settings *settings_domain(const struct settings *s,
    struct view name);
/* Is it among those whose mail is delivered here? */
bool settings_has_domain(const struct settings *s, struct view domain);
/* Value of a path setting by its name, NULL when there is no such one. */
const char *settings_path(const struct settings *s, const char *name);
/* What a listener's tls setting amounts to. */
enum listener_tls { LISTENER_CLEAR, LISTENER_STARTTLS, LISTENER_IMPLICIT };
enum listener_tls listener_tls(const struct settings *s,
    const struct listener_settings *l);
/* The role bit that serves a listener's protocol ("smtp" -> ROLE_SMTPD). */
unsigned listener_role(const struct listener_settings *l);

/* -c FILE, or $POSTHOUSE_CONF, or the installed place. */
const char *settings_file(const char *given);

#endif
