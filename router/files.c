/* SPDX-License-Identifier: ISC */
/*
 * files - one row for each table, and a timer
 *
 * A route is looked for by many keys, most of which have no line of their kind:
 * which kinds there are is known, so that mail for users here costs nothing
 * more. The table of recipients is opened when the settings name its file.
 */
#include "lib/base/log.h"
#include "lib/mail/aliases.h"
#include "lib/mail/routes.h"
#include "lib/proc/fiber.h"
#include "router/file_index.h"
#include "router/files.h"

#define LOOK_MS 5000

static bool read_aliases(struct file_index *i, struct view text);
static bool read_routes(struct file_index *i, struct view text);
static bool read_recipients(struct file_index *i, struct view text);

enum { ALIASES, ROUTES, RECIPIENTS, FILES };

static const struct file_kind kinds[FILES] = {
	[ALIASES] = { "aliases", "aliases 1", true, false, read_aliases },
	[ROUTES] = { "routes", "routes 1", true, true, read_routes },
	[RECIPIENTS] = { "recipients", "recipients 1", false, false,
	    read_recipients },
};

static const char *const places[FILES] = {
	[ALIASES] = "",
	[ROUTES] = "/routes",
	[RECIPIENTS] = "/recipients",
};

static struct {
	const struct settings *settings;
	struct file_index *index[FILES];
	struct loop_timer *timer;
	bool has[128];		/* routes of this kind of key */
} files;

/* ---- what the readers find ---- */

static bool
add_alias(void *arg, size_t line, struct view key, struct view items)
{
	enum kv_result k = file_index_add(arg, key, items);
	struct str sentence = { 0 };

	if (k == KV_FOUND) {
		str_addf(&sentence, "alias %s exists already; the first one "
		    "counts", log_quote(key));
		file_index_complain(arg, line, 0, str_c(&sentence));
	}
	str_free(&sentence);
	return k != KV_TROUBLE;
}

static void
complain_alias(void *arg, size_t line, const char *sentence)
{
	file_index_complain(arg, line, 0, sentence);
}

static bool
read_aliases(struct file_index *i, struct view text)
{
	const struct aliases_sink sink = { add_alias, complain_alias, i };

	return aliases_read(text, &sink);
}

/* Two lines of one pattern contradict each other. */
static bool
add_route(void *arg, struct view key, const struct route *r)
{
	struct str value = { 0 }, sentence = { 0 };
	enum kv_result k;

	route_write(r, &value);
	k = file_index_add(arg, key, str_view(&value));
	if (k == KV_FOUND) {
		routes_pattern(key, &sentence);
		str_adds(&sentence, " stands in a line before this one, too");
		file_index_complain(arg, r->line, 1, str_c(&sentence));
	}
	str_free(&value);
	str_free(&sentence);
	return k != KV_TROUBLE;
}

static bool
read_routes(struct file_index *i, struct view text)
{
	const struct routes_sink sink = { add_route, file_index_complain,
		i };

	return routes_read(text, &sink);
}

/* Twice is as good as once. */
static bool
add_recipient(void *arg, struct view key, const struct route *r)
{
	struct str value = { 0 };
	enum kv_result k;

	str_addf(&value, "%u", r->line);
	k = file_index_add(arg, key, str_view(&value));
	str_free(&value);
	return k != KV_TROUBLE;
}

static bool
read_recipients(struct file_index *i, struct view text)
{
	const struct routes_sink sink = { add_recipient,
		file_index_complain, i };

	return routes_read_recipients(text, &sink);
}

/* ---- the tables ---- */

/* The files of one table; one that is not set is none. */
static struct words
names(int n, const struct settings *s, struct view *one)
{
	const char *file = n == ROUTES ? s->routes : s->relay_recipients;

	if (n == ALIASES)
		return s->aliases;
	*one = view_of(file);
	return (struct words){ one->n > 0, one };
}

static void
open_table(int n, const struct settings *s)
{
	struct str dir = { 0 };
	struct why w;

	str_addf(&dir, "%s/index/router%s", s->state_dir, places[n]);
	files.index[n] = file_index_open(dir.p, &kinds[n], &w);
	if (files.index[n] == NULL)
		fatal("%s: %s", dir.p, w.text);
	str_free(&dir);
}

typedef bool refresh_fn(struct file_index *i, const struct words *files,
    struct why *w);

static void
refresh(refresh_fn *fn)
{
	static const enum routes_key keys[] = { ROUTES_ADDRESS, ROUTES_DOMAIN,
		ROUTES_BELOW, ROUTES_SENDER, ROUTES_SENDER_DOMAIN,
		ROUTES_DEFAULT };
	struct view one;
	struct why w;

	for (int n = 0; n < FILES; n++) {
		struct words w_n = names(n, files.settings, &one);

		if (n == RECIPIENTS && w_n.n == 0)
			continue;
		if (files.index[n] == NULL)
			open_table(n, files.settings);
		if (!fn(files.index[n], &w_n, &w))
			log_error(kinds[n].subject, "they stay as they were: "
			    "%s", w.text);
	}
	for (size_t k = 0; k < nitems(keys); k++)
		files.has[keys[k]] =
		    file_index_has(files.index[ROUTES], (char)keys[k]);
}

static void
look(void *arg UNUSED)
{
	loop_timer_free(&files.timer);
	refresh(file_index_look);
	files.timer = loop_timer_new(LOOK_MS, look, NULL);
}

void
files_changed(const struct settings *s)
{
	files.settings = s;
	refresh(file_index_refresh);
}

void
files_begin(const struct settings *s)
{
	files_changed(s);
	files.timer = loop_timer_new(LOOK_MS, look, NULL);
}

void
files_end(void)
{
	for (int n = 0; n < FILES; n++)
		file_index_close(&files.index[n]);
	loop_timer_free(&files.timer);
}

enum kv_result
files_alias(void *arg UNUSED, struct view key, struct view *items)
{
	return file_index_get(files.index[ALIASES], key, items);
}

/* Without any table the way is not known, and no way is not a way. */
enum kv_result
files_route(void *arg UNUSED, struct view key, struct view *route)
{
	must(key.n > 0 && (unsigned char)key.p[0] < nitems(files.has));
	if (!files.has[(unsigned char)key.p[0]])
		return KV_NONE;
	return file_index_get(files.index[ROUTES], key, route);
}

enum kv_result
files_recipient(void *arg UNUSED, struct view key, struct view *line)
{
	return files.index[RECIPIENTS] == NULL ? KV_TROUBLE :
	    file_index_get(files.index[RECIPIENTS], key, line);
}
