/* SPDX-License-Identifier: ISC */
/*
 * relay_logins - three words a line, some of them in quotes
 *
 * Words are as long as they may be from the start, so that no copy of a password
 * stays behind where a string has grown.
 */
#include "lib/mail/relay_logins.h"

#define NAME_MOST 128		/* as a hop may have it */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
prepare(struct str *s, size_t most)
{
	str_wipe(s);
	s->limit = most;
	s->full = false;
	(void)str_room(s, most);
}

/* Behind the first quote, up to the one that ends it. */
static const char *
read_quoted(struct view *rest, struct str *out)
{
	while (rest->n > 0) {
		char c = rest->p[0];

		*rest = view_skip(*rest, 1);
		if (c == '"')
			return rest->n == 0 || is_blank(rest->p[0]) ? NULL :
			    "a blank is missing behind a quoted word";
		if (c == '\\') {
			if (rest->n == 0 ||
			    (rest->p[0] != '"' && rest->p[0] != '\\'))
				return "in quotes, \\ stands before \" and \\ "
				       "alone";
			c = rest->p[0];
			*rest = view_skip(*rest, 1);
		}
		str_addc(out, c);
	}
	return "a quote is not closed";
}

static const char *
read_word(struct view *rest, struct str *out)
{
	size_t n = 0;

	while (rest->n > 0 && is_blank(rest->p[0]))
		*rest = view_skip(*rest, 1);
	if (rest->n == 0)
		return "a line has a name, a user name and a password";
	if (rest->p[0] == '"') {
		*rest = view_skip(*rest, 1);
		return read_quoted(rest, out);
	}
	while (n < rest->n && !is_blank(rest->p[n]))
		n++;
	str_add(out, (struct view){ rest->p, n });
	*rest = view_skip(*rest, n);
	return NULL;
}

/* A route names it, and there a name is one plain word. */
static bool
is_name(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= 32 || v.p[i] >= 127)
			return false;
	return v.n > 0;
}

static const char *
read_words(struct view rest, struct relay_login *l)
{
	struct str *words[] = { &l->name, &l->user, &l->password };
	const char *wrong = NULL;

	prepare(&l->name, NAME_MOST);
	prepare(&l->user, RELAY_LOGIN_TEXT);
	prepare(&l->password, RELAY_LOGIN_TEXT);
	for (size_t i = 0; i < nitems(words) && wrong == NULL; i++)
		wrong = read_word(&rest, words[i]);
	if (wrong != NULL)
		return wrong;
	if (view_trim(rest).n > 0)
		return "there is something behind the password; a password "
		       "with blanks stands in quotes";
	for (size_t i = 0; i < nitems(words); i++)
		if (str_full(words[i]))
			return "a word is too long";
	if (!is_name(str_view(&l->name)))
		return "the name is not one plain word";
	return l->user.n > 0 ? NULL : "the user name is empty";
}

bool
relay_login_read(struct view line, struct relay_login *l, const char **wrong)
{
	struct view text;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	text = view_trim(line);
	*wrong = NULL;
	if (text.n == 0 || text.p[0] == '#')
		return false;
	if (line.n > RELAY_LOGINS_LINE)
		*wrong = "the line is too long";
	else if (memchr(line.p, '\0', line.n) != NULL)
		*wrong = "there is a NUL in it";
	else
		*wrong = read_words(line, l);
	return *wrong == NULL;
}

void
relay_login_free(struct relay_login *l)
{
	struct str *words[] = { &l->name, &l->user, &l->password };

	for (size_t i = 0; i < nitems(words); i++) {
		str_wipe(words[i]);
		str_free(words[i]);
	}
}

void
relay_logins_read(struct view text, relay_login_fn *fn, void *arg)
{
	struct relay_login l = { .name = { 0 } };
	const char *wrong;
	unsigned n = 0;

	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		n++;
		if (relay_login_read(line, &l, &wrong))
			fn(arg, n, &l, NULL);
		else if (wrong != NULL)
			fn(arg, n, NULL, wrong);
	}
	relay_login_free(&l);
}
