/* SPDX-License-Identifier: ISC */
/*
 * users_file - lines to sorted entries
 *
 * 20 octets and the name for each user while the file is being read, so that a
 * million users pass through with little more than the text itself.
 */
#include <stdlib.h>

#include "lib/mail/address.h"
#include "lib/mail/scheme.h"
#include "lib/mail/scram.h"
#include "lib/mail/users_file.h"

#define LINE_MAX_OCTETS 4096
#define SECRET_MAX_OCTETS 1024
#define COMPLAINTS_MOST 50

struct view
users_domain(const struct settings *s)
{
	return s->domains.n == 1 ? s->domains.word[0] : VIEW_NONE;
}

static bool
take_name(struct view user, struct view domain, struct users_line *l)
{
	const unsigned allow = ADDRESS_UTF8 | ADDRESS_BARE;
	struct arena arena = { 0 };
	struct str full = { 0 };
	struct address a;
	bool ok;

	str_add(&full, user);
	if (view_find(user, '@') == user.n && domain.n > 0)
		str_addf(&full, "@%.*s", VIEW(domain));
	ok = address_parse(str_view(&full), allow, &arena, &a) ==
		ADDRESS_FINE && !a.literal && a.domain.n > 0;
	if (ok)
		address_canonical_user(&l->name, &a);
	arena_reset(&arena);
	str_free(&full);
	return ok;
}

/* Is there such a word, with or without a value, among the extra fields? */
static bool
has_extra(struct view extra, const char *name)
{
	while (extra.n > 0) {
		struct view word = view_word(&extra);

		if (view_isi(view_cut(&word, '='), name))
			return true;
	}
	return false;
}

/* uid, gid, gecos, home and shell, and what Dovecot has behind them. A home may
 * hold no colon, as nowhere in such files. */
static void
take_extra(struct view rest, struct users_line *l)
{
	for (int i = 0; i < 5; i++)
		view_cut(&rest, ':');
	if (!quota_fields(rest, &l->limits))
		l->wrong = "a quota makes no sense: quota=2G, "
			   "quota_messages=100000";
	if (has_extra(rest, "nopassword"))
		l->wrong = "nopassword is not believed: the user cannot log in";
	if (has_extra(rest, "nopassword") || has_extra(rest, "nologin"))
		l->secret.n = 0;
}

bool
users_line(struct view line, struct view domain, struct users_line *l)
{
	struct view text = line, user;

	l->wrong = NULL;
	str_reset(&l->name);
	if (view_trim(text).n == 0 || text.p[0] == '#')
		return false;
	/* a blank at the end may be the password's */
	if (text.p[text.n - 1] == '\r')
		text.n--;
	l->wrong = "the line is too long";
	if (text.n > LINE_MAX_OCTETS)
		return false;
	l->wrong = "there is no colon behind the name";
	if (view_find(text, ':') == text.n)
		return false;
	user = view_trim(view_cut(&text, ':'));
	l->secret = view_cut(&text, ':');
	l->wrong = "the password is too long";
	if (l->secret.n > SECRET_MAX_OCTETS)
		return false;
	l->wrong = "there is a NUL in the password";
	if (view_find(l->secret, '\0') < l->secret.n)
		return false;
	l->wrong = "the name is not of the form user@domain";
	if (!take_name(user, domain, l))
		return false;
	l->wrong = NULL;
	take_extra(text, l);
	return true;
}

static void
complain(struct users_file *f, uint32_t line, const char *sentence)
{
	if (f->wrong++ < COMPLAINTS_MOST)
		str_addf(&f->complaints, "%u: %s\n", line, sentence);
}

struct view
users_file_name(const struct users_file *f, size_t i)
{
	return view_bytes(f->names.p + f->entry[i].name, f->entry[i].name_n);
}

struct view
users_file_secret(const struct users_file *f, size_t i)
{
	return view_bytes(f->text.p + f->entry[i].secret,
	    f->entry[i].secret_n);
}

struct quota_limits
users_file_limits(const struct users_file *f, size_t i)
{
	struct view rest = view_skip(f->text, f->entry[i].secret);
	struct users_line l = { 0 };

	rest = view_cut(&rest, '\n');
	view_cut(&rest, ':');
	take_extra(rest, &l);
	return l.limits;
}

static void
add(struct users_file *f, struct view name, struct view secret, uint32_t line)
{
	struct users_entry *e;

	f->entry = xgrow(f->entry, f->n, &f->cap, sizeof(*f->entry));
	e = &f->entry[f->n++];
	e->name = (uint32_t)f->names.n;
	e->name_n = (uint16_t)name.n;
	e->secret = (uint32_t)(secret.p - f->text.p);
	e->secret_n = (uint16_t)secret.n;
	e->line = line;
	str_add(&f->names, name);
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct users_entry *x = a, *y = b;
	const struct users_file *f = arg;
	int order = view_cmp(view_bytes(f->names.p + x->name, x->name_n),
	    view_bytes(f->names.p + y->name, y->name_n));

	return order != 0 ? order : x->line < y->line ? -1 : 1;
}

/* Keep the first of each name. */
static void
drop_repeated(struct users_file *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (kept > 0 && view_eq(users_file_name(f, kept - 1),
			users_file_name(f, i)))
			complain(f, f->entry[i].line,
			    "the user exists already; the first line counts");
		else
			f->entry[kept++] = f->entry[i];
	}
	f->n = kept;
}

/* How many iterations keys of SCRAM have here; one user stands for all. */
static void
take_iterations(struct users_file *f, const struct secret *s)
{
	struct view text = s->hash;
	uint64_t n;

	if (f->iterations == 0 && s->encoding == SCHEME_AS_IS &&
	    (s->scheme->serves & SERVES_CRAM_MD5) == 0 &&
	    s->scheme->serves != 0 &&
	    view_u64(view_cut(&text, ','), SCRAM_ITERATIONS_MOST, &n))
		f->iterations = (uint32_t)n;
}

static void
read_line(struct users_file *f, struct view line, struct view domain,
    struct users_line *l)
{
	struct secret secret;

	f->lines++;
	if (users_line(line, domain, l)) {
		add(f, str_view(&l->name), l->secret, f->lines);
		if (!scheme_of(l->secret, &secret)) {
			l->wrong = "the scheme is unknown: the user cannot "
			    "log in";
		} else {
			f->serves |= secret.scheme->serves;
			take_iterations(f, &secret);
		}
	}
	if (l->wrong != NULL)
		complain(f, f->lines, l->wrong);
}

bool
users_file_read(struct users_file *f, struct view text, struct view domain)
{
	struct view rest = text;
	struct users_line l = { 0 };

	*f = (struct users_file){ .text = text };
	if (text.n > UINT32_MAX / 2)
		return false;
	while (rest.n > 0)
		read_line(f, view_cut(&rest, '\n'), domain, &l);
	str_free(&l.name);
	f->first = f->n > 0 ? users_file_name(f, 0) : VIEW_NONE;
	if (f->n > 0)
		qsort_r(f->entry, f->n, sizeof(*f->entry), by_name, f);
	drop_repeated(f);
	return true;
}

void
users_file_free(struct users_file *f)
{
	str_free(&f->names);
	str_free(&f->complaints);
	free(f->entry);
	*f = (struct users_file){ 0 };
}
