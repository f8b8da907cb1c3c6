/* SPDX-License-Identifier: ISC */
/*
 * forward - find, look at, read, and the lists that it includes
 *
 * A mistake is not passed over: mail would be lost by it, so it waits.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/forward.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/aliases.h"
#include "lib/proc/message.h"

#define FILE_MOST	((size_t)1 << 20)
#define VALUE_MOST	900	/* octets: queue keeps the user with it */
#define DEPTH_MOST	5	/* of lists in lists */
#define ALLOW		(ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE)

struct reading {
	const struct order *o;
	const char *file;
	struct str *items;
	struct why *w;
	unsigned depth, count;
	bool bad;
};

static bool read_file(struct reading *r, const char *path, bool must_be);

static void
say_wrong(struct reading *r, size_t line, const char *sentence)
{
	log_warning("deliver", "user=%s %s:%zu: %s", log_quote(r->o->user),
	    log_quote(view_of(r->file)), line, sentence);
	if (!r->bad)
		why_later(r->w, "3.5", "%.60s:%zu: %.150s", r->file, line,
		    sentence);
	r->bad = true;
}

static void
complain(void *arg, size_t line, const char *sentence)
{
	say_wrong(arg, line, sentence);
}

/* ---- values ---- */

static void
put(struct reading *r, struct view text)
{
	if (++r->count > FORWARD_MOST) {
		say_wrong(r, 1, "there are too many values");
	} else if (text.n > VALUE_MOST) {
		say_wrong(r, 1, "a value is too long");
	} else {
		str_add(r->items, text);
		str_addc(r->items, '\0');
	}
}

/* His own name, or the address that the mail came to. */
static bool
is_self(const struct reading *r, const struct address *a)
{
	struct view own = r->o->address;
	size_t at = view_rfind(own, '@');
	struct view local = { own.p, at };

	if (a->domain.n > 0 && (at == own.n ||
	    !view_eqi(a->domain, view_skip(own, at + 1))))
		return false;
	return view_eqi(a->local, r->o->user) || view_eqi(a->local, local);
}

/* A name without a domain is one of the domain that the mail was for. */
static void
put_address(struct reading *r, struct view text)
{
	struct view own = r->o->address;
	struct arena arena = { 0 };
	struct str out = { 0 };
	struct address a;

	if (address_parse(text, ALLOW, &arena, &a) == ADDRESS_FINE) {
		if (a.domain.n == 0 && !is_self(r, &a))
			a.domain = view_skip(own, view_rfind(own, '@') + 1);
		str_addc(&out, '!');
		address_write(&out, &a);
		put(r, is_self(r, &a) ? VIEW_LIT("\\") : str_view(&out));
	}
	arena_reset(&arena);
	str_free(&out);
}

static void
put_include(struct reading *r, struct view path)
{
	struct reading inner = *r;
	char *name = xstrndup(path.p, path.n);

	if (++inner.depth > DEPTH_MOST) {
		say_wrong(r, 1, "lists include lists too many times");
	} else {
		inner.file = name;
		read_file(&inner, name, true);
		r->count = inner.count;
		r->bad = inner.bad;
	}
	free(name);
}

static bool
take(void *arg, size_t line, struct view none UNUSED, struct view items)
{
	struct reading *r = arg;
	struct view item;

	while (!r->bad && list_next(&items, &item)) {
		struct view text = view_skip(item, 1);

		if (item.p[0] == ALIAS_COMMAND || item.p[0] == ALIAS_FILE)
			put(r, item);
		else if (item.p[0] == ALIAS_INCLUDE)
			put_include(r, text);
		else if (item.p[0] == ALIAS_ADDRESS ||
		    item.p[0] == ALIAS_USER)
			put_address(r, text);
		else
			say_wrong(r, line, "a value cannot be carried out");
	}
	return true;
}

static void
parse(struct reading *r, struct view text)
{
	const struct aliases_sink sink = { take, complain, r };

	aliases_read_forward(text, &sink);
}

/* ---- files ---- */

static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is no file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to somebody else";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "it can be written by others: chmod go-w";
	return NULL;
}

/* False: there is none, or it is wrong, which r knows. */
static bool
read_file(struct reading *r, const char *path, bool must_be)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct str text = { 0 };
	const char *fault = NULL;
	struct stat st;

	if (fd < 0) {
		if (must_be || (errno != ENOENT && errno != ENOTDIR))
			say_wrong(r, 0, strerror(errno));
		return false;
	}
	if (fstat(fd, &st) < 0 || (fault = fault_of(&st)) != NULL)
		say_wrong(r, 0, fault != NULL ? fault : strerror(errno));
	else if (!file_read_fd(fd, FILE_MOST, &text))
		say_wrong(r, 0, strerror(errno));
	else
		parse(r, str_view(&text));
	close(fd);
	str_free(&text);
	return !r->bad;
}

/* Whoever can write there can put a file there. */
static bool
is_safe_home(struct reading *r, const char *home)
{
	struct stat st;

	if (stat(home, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return true;
		say_wrong(r, 0, strerror(errno));
	} else if (st.st_mode & S_IWOTH) {
		say_wrong(r, 0, "everybody can write in the home directory");
	}
	return !r->bad;
}

static bool
is_plain_detail(struct view detail)
{
	return detail.n > 0 && detail.p[0] != '.' && detail.n < 100 &&
	       view_find(detail, '/') == detail.n;
}

static void
read_his(struct reading *r, const char *home, const char *delimiters)
{
	struct view local = { r->o->address.p,
		view_rfind(r->o->address, '@') }, base, detail;
	struct str path = { 0 };
	bool found = false;

	address_detail(local, delimiters, &base, &detail);
	if (is_plain_detail(detail)) {
		str_addf(&path, "%s/.forward+%.*s", home, VIEW(detail));
		r->file = str_c(&path);
		found = read_file(r, r->file, false);
	}
	if (!found && !r->bad) {
		str_reset(&path);
		str_addf(&path, "%s/.forward", home);
		r->file = str_c(&path);
		read_file(r, r->file, false);
	}
	str_free(&path);
}

bool
forward_read(const struct order *o, const char *home, const char *delimiters,
    struct str *items, struct why *w)
{
	struct reading r = { .o = o, .file = home, .items = items, .w = w };

	if (is_safe_home(&r, home))
		read_his(&r, home, delimiters);
	if (items->n == 0)
		put(&r, VIEW_LIT("\\"));
	return !r.bad;
}

bool
forward_parse(struct view text, const struct order *o, const char *file,
    struct str *items, struct why *w)
{
	struct reading r = { .o = o, .file = file, .items = items, .w = w };

	parse(&r, text);
	return !r.bad;
}

bool
forward_has(const struct order *o, const char *home, const char *delimiters,
    struct why *w)
{
	struct str items = { 0 };
	struct view all;
	bool found = false;

	if (!forward_read(o, home, delimiters, &items, w)) {
		str_free(&items);
		return false;
	}
	all = str_view(&items);
	while (!found && all.n > 0)
		found = view_eq(view_cut(&all, '\0'), o->item);
	str_free(&items);
	return found || why_later(w, "3.5", "\"%.100s\" does not stand in "
	    ".forward any more", o->item.p);
}
