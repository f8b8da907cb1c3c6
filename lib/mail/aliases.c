/* SPDX-License-Identifier: ISC */
/*
 * aliases - logical lines, then a name, then items between commas
 *
 * An item is looked at before it is parsed: "|command", "/file" and
 * ":include:/file" are no addresses but are known, and told apart from mistakes.
 * What cannot be carried out is refused; the alias stays in the table, so that
 * its mail waits for the administrator instead of bouncing.
 */
#include <stdio.h>

#include "lib/mail/addrlist.h"
#include "lib/mail/aliases.h"
#include "lib/proc/message.h"

struct reader {
	const struct aliases_sink *sink;
	size_t line;		/* physical line that is being read */
	size_t first;		/* first physical line of the logical one */
	struct str logical;
	struct str items;
	bool list;		/* values only, no names */
	bool own;		/* a list whose writer may name all */
	struct arena arena;	/* reset after each logical line */
};

#define INCLUDE VIEW_LIT(":include:")

static void PRINTF(2, 3)
complain(struct reader *r, const char *fmt, ...)
{
	char sentence[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	r->sink->complain(r->sink->arg, r->first, sentence);
}

/* How far it is to the first c that stands outside quotes, comments and angle
 * brackets. */
static size_t
find_bare(struct view v, char c)
{
	bool quoted = false, angle = false;
	unsigned depth = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\')
			i++;
		else if (v.p[i] == '"' && depth == 0)
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (v.p[i] == '(')
			depth++;
		else if (v.p[i] == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !angle && v.p[i] == c)
			return i;
		else if (v.p[i] == '<' || v.p[i] == '>')
			angle = v.p[i] == '<';
	}
	return v.n;
}

/* Cut off and return what stands before the first bare c. */
static struct view
cut_bare(struct view *v, char c)
{
	size_t n = find_bare(*v, c);
	struct view head = { v->p, n };

	*v = view_skip(*v, n < v->n ? n + 1 : n);
	return view_trim(head);
}

static bool
is_target(struct view item)
{
	return item.n > 0 &&
	       (item.p[0] == ALIAS_COMMAND || item.p[0] == ALIAS_FILE);
}

/* One mailbox, also "Name <user@domain>" and with comments. */
static bool
parse_address(struct view item, struct arena *a, struct address *out)
{
	const unsigned allow = ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE;
	struct addrlist list;

	if (address_parse(item, allow, a, out) == ADDRESS_FINE)
		return true;
	addrlist_init(&list);
	addrlist_add(&list, item, 2, a);
	return list.count == 1 && !list.bad &&
	       addrlist_address(list.first, ADDRESS_UTF8, out);
}

static void
put_item(struct reader *r, char kind, struct view text)
{
	struct str item = { 0 };

	str_addc(&item, kind);
	str_add(&item, text);
	list_put(&r->items, str_view(&item));
	str_free(&item);
}

/* What stands in the quotes that are around all of it, else the item. */
static struct view
unquoted(struct reader *r, struct view item)
{
	char *p = arena_alloc(&r->arena, item.n + 1);
	size_t n = 0;

	if (item.n < 2 || item.p[0] != '"')
		return item;
	for (size_t i = 1; i < item.n; i++) {
		if (item.p[i] == '"')
			return i + 1 == item.n ? view_bytes(p, n) : item;
		if (item.p[i] == '\\' && i + 1 < item.n)
			i++;
		p[n++] = item.p[i];
	}
	return item;
}

static const char *
place_of(const struct reader *r)
{
	return r->own ? "The file" : r->list ? "The list" : "The alias";
}

static bool
leads_up(struct view path)
{
	while (path.n > 0)
		if (view_is(view_cut(&path, '/'), ".."))
			return true;
	return false;
}

static void
put_refused(struct reader *r, const char *special)
{
	struct str text = { 0 };

	complain(r, "%s names %s, which is not supported%s", place_of(r),
	    special, r->list && !r->own ? " in a list" : "");
	str_addf(&text, "%s leads to %s, which is not supported here",
	    place_of(r), special);
	put_item(r, ALIAS_REFUSED, str_view(&text));
	str_free(&text);
}

static void
put_include(struct reader *r, struct view path)
{
	if (path.n == 0 || path.p[0] != '/')
		put_refused(r, "a list without an absolute path");
	else
		put_item(r, ALIAS_INCLUDE, path);
}

static bool
is_plain(struct view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] < 32 && text.p[i] != '\t') ||
		    text.p[i] == 127)
			return false;
	return true;
}

/* What is wrong with it, or NULL. */
static const char *
target_fault(const struct reader *r, struct view item)
{
	bool command = item.p[0] == ALIAS_COMMAND;

	if (r->list && !r->own)
		return command ? "a command" : "a file";
	if (item.n > ALIASES_TARGET_MAX)
		return command ? "a command that is too long" :
				 "a path that is too long";
	if (!is_plain(item))
		return command ? "a command with control characters" :
				 "a file with control characters";
	if (command)
		return item.n > 1 ? NULL : "an empty command";
	return item.n > 1 && !leads_up(item) ? NULL :
	    "a path that is / or leads up";
}

/* "|command args", also as |"command args", or "/path". */
static void
put_target(struct reader *r, struct view item)
{
	struct view rest = view_trim(view_skip(item, 1));
	struct str text = { 0 };
	const char *fault;

	str_addc(&text, item.p[0]);
	str_add(&text, item.p[0] == ALIAS_COMMAND ?
	    view_trim(unquoted(r, rest)) : rest);
	fault = target_fault(r, str_view(&text));
	if (fault != NULL)
		put_refused(r, fault);
	else
		list_put(&r->items, str_view(&text));
	str_free(&text);
}

/* A backslash in front means the user of that name. */
static void
read_address(struct reader *r, struct view item)
{
	bool user = item.n > 1 && item.p[0] == '\\';
	struct address address;
	struct str text = { 0 };

	if (parse_address(view_skip(item, user), &r->arena, &address)) {
		address_write(&text, &address);
		put_item(r, user ? ALIAS_USER : ALIAS_ADDRESS,
		    str_view(&text));
	} else {
		complain(r, "\"%.*s\" is not an address", VIEW(item));
	}
	str_free(&text);
}

static void
read_item(struct reader *r, struct view item)
{
	struct view bare = unquoted(r, item);

	if (is_target(bare))
		put_target(r, bare);
	else if (view_startsi(bare, INCLUDE))
		put_include(r, view_trim(view_skip(bare, INCLUDE.n)));
	else
		read_address(r, item);
}

static void
read_items(struct reader *r, struct view rest)
{
	while (rest.n > 0) {
		struct view item = cut_bare(&rest, ',');

		if (item.n > 0)
			read_item(r, item);
	}
}

/* "name" or "name@domain" in lower case; empty when it is neither. */
static struct view
read_key(struct reader *r, struct view text)
{
	const unsigned allow = ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE;
	struct address address;
	struct str key = { 0 };
	struct view out;

	if (address_parse(text, allow, &r->arena, &address) != ADDRESS_FINE)
		return VIEW_NONE;
	address_canonical_user(&key, &address);
	out = arena_view(&r->arena, str_view(&key));
	str_free(&key);
	return out;
}

static bool
read_entry(struct reader *r)
{
	struct view rest = str_view(&r->logical), name, key;
	bool colon = find_bare(rest, ':') < rest.n;

	name = cut_bare(&rest, ':');
	if (!colon) {
		complain(r, "there is no colon behind the name");
		return true;
	}
	if (name.n > 0 && name.p[0] == '@') {
		complain(r, "%.*s: for all names of a domain, set catch_all "
		    "in its [domain] section", VIEW(name));
		return true;
	}
	key = read_key(r, name);
	if (key.n == 0) {
		complain(r, "\"%.*s\" is not a name", VIEW(name));
		return true;
	}
	read_items(r, rest);
	if (r->items.n == 0) {
		complain(r, "alias %.*s names nobody", VIEW(key));
		return true;
	}
	return r->sink->entry(r->sink->arg, r->first, key,
	    str_view(&r->items));
}

/* The logical line is complete. */
static bool
flush(struct reader *r)
{
	bool ok = true;

	if (str_full(&r->logical))
		complain(r, "the entry is too long");
	else if (r->logical.n > 0 && r->list)
		read_items(r, str_view(&r->logical));
	else if (r->logical.n > 0)
		ok = read_entry(r);
	arena_reset(&r->arena);
	if (!r->list)
		str_reset(&r->items);
	str_reset(&r->logical);
	r->logical.full = false;
	return ok;
}

static bool
read_line(struct reader *r, struct view line)
{
	struct view text = view_trim(line);

	r->line++;
	if (text.n == 0 || line.p[0] == '#')
		return true;
	if (line.p[0] == ' ' || line.p[0] == '\t') {
		if (r->logical.n == 0) {
			r->first = r->line;
			complain(r, "there is nothing to continue");
			return true;
		}
		str_addc(&r->logical, ' ');
		str_add(&r->logical, text);
		return true;
	}
	if (!flush(r))
		return false;
	r->first = r->line;
	str_add(&r->logical, text);
	return true;
}

static bool
read_lines(struct reader *r, struct view text)
{
	bool ok = true;

	r->logical.limit = ALIASES_LINE_MAX;
	while (ok && text.n > 0)
		ok = read_line(r, view_cut(&text, '\n'));
	return ok && flush(r);
}

static void
clear(struct reader *r)
{
	str_free(&r->logical);
	str_free(&r->items);
	arena_reset(&r->arena);
}

bool
aliases_read(struct view text, const struct aliases_sink *sink)
{
	struct reader r = { .sink = sink };
	bool ok = read_lines(&r, text);

	clear(&r);
	return ok;
}

static bool
read_values(struct reader *r, struct view text)
{
	bool ok;

	r->list = true;
	r->first = 1;
	r->items.limit = ALIASES_LINE_MAX;
	ok = read_lines(r, text);
	if (str_full(&r->items)) {
		str_reset(&r->items);
		r->items.full = false;
		put_refused(r, "too many addresses");
	}
	ok = ok && r->sink->entry(r->sink->arg, 1, VIEW_NONE,
	    str_view(&r->items));
	clear(r);
	return ok;
}

bool
aliases_read_list(struct view text, const struct aliases_sink *sink)
{
	struct reader r = { .sink = sink };

	return read_values(&r, text);
}

bool
aliases_read_forward(struct view text, const struct aliases_sink *sink)
{
	struct reader r = { .sink = sink, .own = true };

	return read_values(&r, text);
}

bool
aliases_may_include(const struct words *files, struct view path)
{
	if (leads_up(path))
		return false;
	for (size_t i = 0; i < files->n; i++) {
		struct view file = files->word[i];
		struct view dir = { file.p, view_rfind(file, '/') };

		if (dir.n < file.n && path.n > dir.n &&
		    view_starts(path, dir) && path.p[dir.n] == '/')
			return true;
	}
	return false;
}
