/* SPDX-License-Identifier: ISC */
/*
 * files - one row for each table, and a timer
 *
 * A route is looked for by many keys, most of which have no line of their kind:
 * which kinds there are is known, so that mail for users here costs nothing
 * more. The table of recipients is opened when the settings name its file.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/access.h"
#include "lib/mail/aliases.h"
#include "lib/mail/canonical.h"
#include "lib/mail/routes.h"
#include "lib/proc/fiber.h"
#include "lib/proc/message.h"
#include "lib/proc/table_name.h"
#include "router/file_index.h"
#include "router/files.h"
#include "router/lookups.h"
#include "router/patterns.h"

#define LOOK_MS 5000

static bool read_aliases(struct file_index *i, struct view text);
static bool read_list(struct file_index *i, const char *path,
    const struct view *text);
static bool read_routes(struct file_index *i, struct view text);
static bool read_recipients(struct file_index *i, struct view text);
static bool read_rules(struct file_index *i, struct view text);

enum { ALIASES, ROUTES, RECIPIENTS, RULES, FILES };
enum source { FROM_ALIASES, FROM_ALIAS_TABLES, FROM_RECIPIENTS,
	FROM_RECIPIENT_TABLES };

static const struct file_kind kinds[FILES] = {
	[ALIASES] = { "aliases", "aliases 4", true, false, read_aliases,
	    read_list },
	[ROUTES] = { "routes", "routes 1", true, true, read_routes, NULL },
	[RECIPIENTS] = { "recipients", "recipients 1", false, false,
	    read_recipients, NULL },
	[RULES] = { "access", "access 1", true, true, read_rules, NULL },
};

static const char *const places[FILES] = {
	[ALIASES] = "",
	[ROUTES] = "/routes",
	[RECIPIENTS] = "/recipients",
	[RULES] = "/access",
};

static struct {
	const struct settings *settings;
	struct file_index *index[FILES];
	struct loop_timer *timer;
	bool has[128];		/* routes of this kind of key */
	/* The same of rules: which begin with what stands here, two letters
	 * for each. */
	struct str rules;
	unsigned rules_age;	/* of the table when that was written */
	struct patterns patterns;
	struct lookups alias_tables, recipient_tables, canonical_tables;
	struct str value, items;	/* of what they have found */
	struct view *plain;		/* the aliases without a kind */
	enum source source;		/* of the last answer */
	struct view place;		/* in an index; borrowed */
} files = { .alias_tables = { .subject = "aliases" },
	.recipient_tables = { .subject = "recipients" },
	.canonical_tables = { .subject = "canonical", .plain = true,
	    .judge = canonical_judge } };

/* ---- what the readers find ---- */

/* The table has a list under this key, which is no name that mail can have. */
static void
list_key(struct str *key, struct view path)
{
	str_addc(key, '\n');
	str_add(key, path);
}

/* One item; a list is read later, if it may be. */
static void
add_item(struct file_index *i, size_t line, struct view item,
    struct str *items)
{
	struct view path = view_skip(item, 1);
	struct str out = { 0 };

	if (item.p[0] != ALIAS_INCLUDE ||
	    (aliases_may_include(&files.settings->aliases, path) &&
		file_index_part(i, path))) {
		list_put(items, item);
		return;
	}
	str_addf(&out, "the list %s is not below the directory of an alias "
	    "file, or one too many", log_quote(path));
	file_index_complain(i, line, 0, str_c(&out));
	str_reset(&out);
	str_addc(&out, ALIAS_REFUSED);
	str_adds(&out, "The alias leads to a list that is not read here");
	list_put(items, str_view(&out));
	str_free(&out);
}

/* Its place, then its items. */
static enum kv_result
add_entry(struct file_index *i, size_t line, struct view key,
    struct view items)
{
	struct str kept = { 0 }, place = { 0 };
	struct view item;
	enum kv_result k;

	file_index_place(i, key.p[0] == '\n' ? 0 : line, &place);
	list_put(&kept, str_view(&place));
	str_free(&place);
	while (list_next(&items, &item))
		add_item(i, line, item, &kept);
	k = file_index_add(i, key, str_view(&kept));
	str_free(&kept);
	return k;
}

static bool
add_alias(void *arg, size_t line, struct view key, struct view items)
{
	enum kv_result k = add_entry(arg, line, key, items);
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

struct list_reading {
	struct file_index *index;
	const char *path;
};

static bool
add_list(void *arg, size_t line, struct view none UNUSED, struct view items)
{
	struct list_reading *r = arg;
	struct str key = { 0 };
	enum kv_result k;

	list_key(&key, view_of(r->path));
	k = add_entry(r->index, line, str_view(&key), items);
	str_free(&key);
	return k != KV_TROUBLE;
}

static void
complain_list(void *arg, size_t line, const char *sentence)
{
	complain_alias(((struct list_reading *)arg)->index, line, sentence);
}

static bool
read_list(struct file_index *i, const char *path, const struct view *text)
{
	struct list_reading r = { i, path };
	const struct aliases_sink sink = { add_list, complain_list, &r };
	struct str missing = { 0 };
	bool ok;

	if (text != NULL)
		return aliases_read_list(*text, &sink);
	list_put(&missing, VIEW_LIT("rThe alias leads to a list that cannot be "
				    "read"));
	ok = add_list(&r, 0, VIEW_NONE, str_view(&missing));
	str_free(&missing);
	return ok;
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

/* A pattern's row is its line, by its number, so that they come in order. */
static bool
add_pattern(struct file_index *i, const struct access_rule *r,
    struct view line)
{
	struct patterns alone = { 0 };
	struct str key = { 0 }, wrong = { 0 };
	enum kv_result k = KV_NONE;

	if (patterns_add(&alone, line, r->line, &wrong)) {
		str_addf(&key, "p%010u", r->line);
		k = file_index_add(i, str_view(&key), line);
	} else {
		file_index_complain(i, r->line, 0, str_c(&wrong));
	}
	patterns_clear(&alone);
	str_free(&key);
	str_free(&wrong);
	return k != KV_TROUBLE;
}

static bool
add_rule(void *arg, const struct access_rule *r, struct view line)
{
	struct str key = { 0 }, value = { 0 };
	enum kv_result k;

	if (!access_key(r, &key)) {
		str_free(&key);
		return add_pattern(arg, r, line);
	}
	access_write(r, &value);
	k = file_index_add(arg, str_view(&key), str_view(&value));
	if (k == KV_FOUND)
		file_index_complain(arg, r->line, 1,
		    "A line before this one has the same condition");
	str_free(&key);
	str_free(&value);
	return k != KV_TROUBLE;
}

static bool
read_rules(struct file_index *i, struct view text)
{
	const struct access_sink sink = { add_rule, file_index_complain, i };

	return access_read(text, &sink);
}

/* ---- the tables ---- */

/* Those that an index is made of. */
static struct words
plain_aliases(const struct words *all)
{
	struct words w = { 0, NULL };

	w.word = files.plain = xrealloc(files.plain,
	    (all->n + 1) * sizeof(*files.plain));
	for (size_t i = 0; i < all->n; i++)
		if (!table_name_has_kind(all->word[i]))
			w.word[w.n++] = all->word[i];
	return w;
}

/* The files of one table; one that is not set is none. */
static struct words
names(int n, const struct settings *s, struct view *one)
{
	const char *file = n == ROUTES ? s->routes :
	    n == RULES ? s->access : s->relay_recipients;

	if (n == ALIASES)
		return plain_aliases(&s->aliases);
	*one = view_of(file);
	return (struct words){ one->n > 0 && !table_name_has_kind(*one), one };
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

static bool
take_pattern(void *arg UNUSED, struct view key, struct view line)
{
	struct str wrong = { 0 };
	uint64_t number;

	if (!view_u64(view_skip(key, 1), UINT32_MAX, &number) ||
	    !patterns_add(&files.patterns, line, (uint32_t)number, &wrong))
		log_error("access", "line %.*s: %s", VIEW(view_skip(key, 1)),
		    str_c(&wrong));
	str_free(&wrong);
	return true;
}

/* Which kinds of keys there are, and all patterns, when they have changed. */
static void
take_rules(struct file_index *rules)
{
	static const char whats[] = { ACCESS_CLIENT, ACCESS_HELO,
		ACCESS_LOGIN, ACCESS_SENDER, ACCESS_RECIPIENT };

	if (files.rules_age == file_index_age(rules))
		return;
	files.rules_age = file_index_age(rules);
	str_reset(&files.rules);
	for (size_t i = 0; i < 2 * sizeof(whats); i++) {
		const char key[2] = { i % 2 == 0 ? 'k' : 'C', whats[i / 2] };

		if (file_index_has(rules, view_bytes(key, 2)))
			str_addn(&files.rules, key, 2);
	}
	patterns_clear(&files.patterns);
	file_index_each(rules, VIEW_LIT("p"), take_pattern, NULL);
}

static void
take_lookups(const struct settings *s, bool at_once)
{
	struct view recipients = view_of(s->relay_recipients);
	const struct words one = { recipients.n > 0, &recipients };

	lookups_take(&files.alias_tables, &s->aliases, at_once);
	lookups_take(&files.recipient_tables, &one, at_once);
	lookups_take(&files.canonical_tables, &s->canonical, at_once);
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
	for (size_t k = 0; k < nitems(keys); k++) {
		const char key = (char)keys[k];

		files.has[keys[k]] =
		    file_index_has(files.index[ROUTES], view_bytes(&key, 1));
	}
	take_rules(files.index[RULES]);
	take_lookups(files.settings, fn == file_index_refresh);
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
	patterns_clear(&files.patterns);
	str_free(&files.rules);
	lookups_free(&files.alias_tables);
	lookups_free(&files.recipient_tables);
	lookups_free(&files.canonical_tables);
	str_free(&files.value);
	str_free(&files.items);
	free(files.plain);
	files.plain = NULL;
	files.rules_age = 0;
}

enum kv_result
files_alias(void *arg UNUSED, struct view key, struct view *items)
{
	enum kv_result r = file_index_get(files.index[ALIASES], key, items);

	files.source = FROM_ALIASES;
	if (r == KV_FOUND && !list_next(items, &files.place))
		return KV_TROUBLE;
	return r;
}

/* What a stranger can write into a result, where groups stand for parts of his
 * address: one @ and no sign that could make several addresses, a command or a
 * list of it. All others are not asked about. */
static bool
is_plain(struct view key)
{
	static const char allowed[] = "!#$%&'*+-/=?^_`{|}~.@";

	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] == '\0' || (!is_alnum(key.p[i]) &&
		    (unsigned char)key.p[i] < 128 &&
		    strchr(allowed, key.p[i]) == NULL))
			return false;
	return view_count(key, '@') == 1;
}

static bool
keep_items(void *arg UNUSED, size_t line UNUSED, struct view key UNUSED,
    struct view items)
{
	str_reset(&files.items);
	str_add(&files.items, items);
	return true;
}

static void
complain_value(void *arg, size_t line UNUSED, const char *sentence)
{
	log_warning("aliases", "result=%s: %s",
	    log_quote(str_view(&files.value)), sentence);
	*(bool *)arg = true;
}

/* The value is read as a list is: it has addresses only. */
enum kv_result
files_alias_table(void *arg UNUSED, struct view key, struct view *items)
{
	bool wrong = false;
	const struct aliases_sink sink = { keep_items, complain_value, &wrong };
	enum kv_result r = KV_NONE;
	struct view domain = key;

	str_reset(&files.value);
	str_reset(&files.items);
	files.source = FROM_ALIAS_TABLES;
	if (is_plain(key))
		r = lookups_find_either(&files.alias_tables, key,
		    view_cut(&domain, '@'), &files.value);
	if (r != KV_FOUND)
		return r;
	aliases_read_list(str_view(&files.value), &sink);
	*items = str_view(&files.items);
	return wrong ? KV_TROUBLE : KV_FOUND;
}

enum kv_result
files_recipient_table(void *arg UNUSED, struct view key)
{
	str_reset(&files.value);
	files.source = FROM_RECIPIENT_TABLES;
	return lookups_find_either(&files.recipient_tables, key,
	    view_skip(key, view_rfind(key, '@')), &files.value);
}

enum kv_result
files_canonical(void *arg UNUSED, struct view key, bool part,
    struct view *value)
{
	enum kv_result r;

	str_reset(&files.value);
	r = part ? lookups_find_part(&files.canonical_tables, key,
		       &files.value) :
		   lookups_find(&files.canonical_tables, key, &files.value);
	*value = str_view(&files.value);
	return r;
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
	enum kv_result r;

	if (table_name_has_kind(view_of(files.settings->relay_recipients)))
		return KV_NONE;
	if (files.index[RECIPIENTS] == NULL ||
	    (r = file_index_get(files.index[RECIPIENTS], key, line)) ==
		KV_TROUBLE)
		return KV_TROUBLE;
	files.source = FROM_RECIPIENTS;
	files.place = *line;
	return r;
}

void
files_place(void *arg UNUSED, struct str *out)
{
	if (files.source == FROM_ALIASES)
		file_index_tell(files.index[ALIASES], files.place, out);
	else if (files.source == FROM_RECIPIENTS)
		str_addf(out, "%s:%.*s", files.settings->relay_recipients,
		    VIEW(files.place));
	else
		lookups_place(files.source == FROM_ALIAS_TABLES ?
		    &files.alias_tables : &files.recipient_tables, out);
}

/* The same: most files have rules of one or two kinds. */
enum kv_result
files_rule(void *arg UNUSED, struct view key, struct view *rule)
{
	struct view begins = str_view(&files.rules);

	must(key.n >= 2);
	for (; begins.n > 0; begins = view_skip(begins, 2))
		if (memcmp(begins.p, key.p, 2) == 0)
			return file_index_get(files.index[RULES], key, rule);
	return KV_NONE;
}

const struct patterns *
files_patterns(void)
{
	return &files.patterns;
}

bool
files_have_rules(void)
{
	return files.rules.n > 0 || files.patterns.n > 0;
}
