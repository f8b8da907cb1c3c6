/* SPDX-License-Identifier: ISC */
/*
 * access - conditions, then an action; each word of a meaning is a table's row
 *
 * A pattern is brought into its one form when it is read, so that comparing is
 * comparing octets. Expressions are compiled by who matches them; here they are
 * text.
 */
#include <stdio.h>

#include "lib/mail/access.h"
#include "lib/mail/idn.h"
#include "lib/mail/line.h"
#include "lib/proc/network.h"

#define ALLOW (ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE)

struct reader {
	struct arena *arena;
	struct access_rule *rule;
	struct line_wrong *wrong;
};

/* ---- the one form of names ---- */

static void
add_lower(struct str *out, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		str_addc(out, to_lower(v.p[i]));
}

bool
access_host(struct str *out, struct view name)
{
	struct str ascii = { 0 };
	bool ok;

	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n > 0 && name.p[0] == '[') {
		add_lower(out, name);
		return true;
	}
	ok = name.n > 0 && name.n <= ADDRESS_DOMAIN_MAX &&
	     idn_ascii(&ascii, name);
	str_add(out, str_view(&ascii));
	str_free(&ascii);
	return ok;
}

bool
access_address(struct str *out, const struct address *a)
{
	add_lower(out, a->local);
	if (a->domain.n == 0)
		return true;
	str_addc(out, '@');
	return access_host(out, a->domain);
}

/* ---- patterns ---- */

static struct view
keep(struct reader *r, struct str *s)
{
	struct view v = arena_view(r->arena, str_view(s));

	str_free(s);
	return v;
}

static bool
take_host(struct reader *r, struct access_condition *c, struct view word)
{
	struct str s = { 0 };
	bool ok = access_host(&s, word) && (s.p[0] == '[' ||
	    (c->what == ACCESS_HELO ?
		    address_is_helo(str_view(&s), true) :
		    address_is_domain(str_view(&s), false)));

	c->text = keep(r, &s);
	return ok || line_is_wrong(r->wrong, word, "\"%.*s\" is no name of a "
	    "host or a domain", VIEW(word));
}

static bool
take_address(struct reader *r, struct access_condition *c, struct view word)
{
	struct str s = { 0 };
	struct address a;
	bool ok = address_parse(word, ALLOW, r->arena, &a) == ADDRESS_FINE &&
	    access_address(&s, &a);

	c->text = keep(r, &s);
	return ok || line_is_wrong(r->wrong, word, "\"%.*s\" is no address",
	    VIEW(word));
}

static bool
read_client(struct reader *r, struct access_condition *c, struct view word)
{
	struct address16 a;
	struct network n;
	char text[ADDRESS16_TEXT];

	c->form = ACCESS_NAME;
	c->text = VIEW_NONE;
	if (view_is(word, "local"))
		return true;
	if (address16_parse(word, &a)) {
		address16_text(&a, text);
		c->text = arena_view(r->arena, view_of(text));
		return true;
	}
	c->form = ACCESS_NETWORK;
	c->text = arena_view(r->arena, word);
	return network_parse(word, &n) || line_is_wrong(r->wrong, word,
	    "client wants an IP address, a network like 192.0.2.0/24, or "
	    "local");
}

static bool
read_helo(struct reader *r, struct access_condition *c, struct view word)
{
	bool below = word.n > 1 && word.p[0] == '.';

	c->form = below ? ACCESS_BELOW : ACCESS_NAME;
	return take_host(r, c, view_skip(word, below));
}

/* user@domain, @domain, @.domain, user@, <> */
static bool
read_mailbox(struct reader *r, struct access_condition *c, struct view word)
{
	size_t at = view_find(word, '@');

	c->form = ACCESS_NAME;
	c->text = VIEW_NONE;
	if (c->what == ACCESS_SENDER && view_is(word, "<>"))
		return true;
	if (word.n > 1 && word.p[0] == '@') {
		bool below = word.p[1] == '.';

		c->form = below ? ACCESS_BELOW : ACCESS_DOMAIN;
		return take_host(r, c, view_skip(word, below ? 2 : 1));
	}
	if (at > 0 && at + 1 == word.n) {
		c->form = ACCESS_LOCAL;
		return take_address(r, c, (struct view){ word.p, at });
	}
	if (at < word.n)
		return take_address(r, c, word);
	return line_is_wrong(r->wrong, word, "\"%.*s\" is neither an address "
	    "nor @DOMAIN, @.DOMAIN or NAME@", VIEW(word));
}

static const struct what {
	const char *word;
	enum access_what what;
	bool (*read)(struct reader *r, struct access_condition *c,
	    struct view word);
} whats[] = {
	{ "client", ACCESS_CLIENT, read_client },
	{ "helo", ACCESS_HELO, read_helo },
	{ "login", ACCESS_LOGIN, read_mailbox },
	{ "sender", ACCESS_SENDER, read_mailbox },
	{ "recipient", ACCESS_RECIPIENT, read_mailbox },
};

/* An expression may have blanks: it ends at a slash that nothing is glued to,
 * and no backslash stands before. */
static struct view
expression_word(struct view *rest)
{
	struct view v = view_trim(*rest);

	for (size_t i = 1; i < v.n; i++) {
		if (v.p[i] == '\\')
			i++;
		else if (v.p[i] == '/' && (i + 1 == v.n ||
		    v.p[i + 1] == ' ' || v.p[i + 1] == '\t')) {
			*rest = view_skip(v, i + 1);
			return (struct view){ v.p, i + 1 };
		}
	}
	return view_word(rest);
}

static bool
read_pattern(struct reader *r, const struct what *what, bool not,
    struct view *rest)
{
	struct access_condition *c = &r->rule->condition[r->rule->n++];
	struct view all = view_trim(*rest), word;

	word = all.n > 0 && all.p[0] == '/' ? expression_word(rest) :
					      view_word(rest);
	*c = (struct access_condition){ what->what, ACCESS_ANY, not, word };
	if (word.n == 0 || word.p[0] == '#')
		return line_is_wrong(r->wrong, all, "%s wants a pattern",
		    what->word);
	if (view_is(word, "*")) {
		c->text = VIEW_NONE;
		return true;
	}
	if (word.p[0] != '/')
		return what->read(r, c, word);
	if (word.n < 3 || word.p[word.n - 1] != '/')
		return line_is_wrong(r->wrong, word, "The expression must "
		    "stand between two slashes");
	c->form = ACCESS_EXPRESSION;
	c->text = (struct view){ word.p + 1, word.n - 2 };
	return true;
}

static const struct what *
find_what(struct view word)
{
	for (size_t i = 0; i < nitems(whats); i++)
		if (view_is(word, whats[i].word))
			return &whats[i];
	return NULL;
}

/* Conditions as long as there are any; *rest begins with the action then. */
static bool
read_conditions(struct reader *r, struct view *rest)
{
	for (;;) {
		struct view after = *rest, word = view_word(&after);
		bool not = view_is(word, "not");
		const struct what *what;

		if (not)
			word = view_word(&after);
		what = find_what(word);
		if (what == NULL && (not || r->rule->n == 0))
			return line_is_wrong(r->wrong, word, "A condition "
			    "begins with client, helo, login, sender or "
			    "recipient");
		if (what == NULL)
			return true;
		if (r->rule->n == ACCESS_CONDITIONS_MAX)
			return line_is_wrong(r->wrong, word, "A line has at "
			    "most %d conditions", ACCESS_CONDITIONS_MAX);
		*rest = after;
		if (!read_pattern(r, what, not, rest))
			return false;
	}
}

/* ---- actions ---- */

static bool
is_digits(struct view v)
{
	uint64_t n;

	return v.n > 0 && v.n <= 3 && view_u64(v, 999, &n);
}

/* Take "5.7.1 " from the front of a sentence: the rest of it behind the class.
 * Without one, nothing is taken. */
static struct view
take_status(struct view *sentence, char class)
{
	struct view rest = *sentence, word = view_cut(&rest, ' '), status;
	struct view subject, detail;

	if (word.n < 5 || word.p[0] != class || word.p[1] != '.' ||
	    rest.n == 0)
		return VIEW_NONE;
	detail = status = view_skip(word, 2);
	subject = view_cut(&detail, '.');
	if (!is_digits(subject) || !is_digits(detail))
		return VIEW_NONE;
	*sentence = rest;
	return status;
}

static bool
read_sentence(struct reader *r, struct view rest)
{
	struct access_rule *rule = r->rule;
	struct str s = { 0 };
	bool ok;

	if (rest.n == 0)
		return true;
	ok = line_quoted(rest, ACCESS_SENTENCE_MAX, &s, r->wrong);
	rule->text = keep(r, &s);
	if (ok && rule->action != ACCESS_HOLD)
		rule->status = take_status(&rule->text,
		    rule->action == ACCESS_DEFER ? '4' : '5');
	return ok;
}

static bool
read_nothing(struct reader *r, struct view rest)
{
	return rest.n == 0 ||
	       line_is_wrong(r->wrong, rest, "Nothing can follow here");
}

/* Addresses one behind the other, blanks or commas between. */
static bool
read_addresses(struct reader *r, struct view rest, size_t most)
{
	struct view all = rest, word;
	struct str s = { 0 };
	struct address a;
	size_t n = 0;

	while ((word = view_word(&rest)).n > 0) {
		if (word.p[word.n - 1] == ',')
			word.n--;
		if (++n > most ||
		    address_parse(word, ALLOW, r->arena, &a) != ADDRESS_FINE) {
			str_free(&s);
			return n > most ? line_is_wrong(r->wrong, word,
			    "At most %zu addresses", most) :
			    line_is_wrong(r->wrong, word, "\"%.*s\" is no "
			    "address", VIEW(word));
		}
		str_addf(&s, "%s%.*s", s.n > 0 ? " " : "", VIEW(word));
	}
	r->rule->text = keep(r, &s);
	return n > 0 || line_is_wrong(r->wrong, all, "An address must follow");
}

static bool
read_moved(struct reader *r, struct view rest)
{
	for (size_t i = 0; i < r->rule->n; i++)
		if (r->rule->condition[i].what == ACCESS_RECIPIENT)
			return read_addresses(r, rest, 1);
	return line_is_wrong(r->wrong, rest, "Only a recipient can have "
	    "moved");
}

static bool
read_bcc(struct reader *r, struct view rest)
{
	return read_addresses(r, rest, ACCESS_COPIES_MAX);
}

static const struct action {
	const char *word;
	enum access_action action;
	bool (*read)(struct reader *r, struct view rest);
} actions[] = {
	{ "allow", ACCESS_ALLOW, read_nothing },
	{ "refuse", ACCESS_REFUSE, read_sentence },
	{ "defer", ACCESS_DEFER, read_sentence },
	{ "hold", ACCESS_HOLD, read_nothing },
	{ "discard", ACCESS_DISCARD, read_nothing },
	{ "moved", ACCESS_MOVED, read_moved },
	{ "bcc", ACCESS_BCC, read_bcc },
};

static bool
read_action(struct reader *r, struct view rest)
{
	struct view word = view_word(&rest);

	for (size_t i = 0; i < nitems(actions); i++)
		if (view_is(word, actions[i].word)) {
			r->rule->action = actions[i].action;
			return actions[i].read(r,
			    line_without_comment(rest));
		}
	return line_is_wrong(r->wrong, word, "Behind the conditions comes "
	    "allow, refuse, defer, hold, discard, moved or bcc");
}

/* ---- lines ---- */

static bool
read_line(struct view line, uint32_t number, struct reader *r)
{
	struct view rest = view_trim(line);

	*r->rule = (struct access_rule){ .line = number };
	if (line.n > ACCESS_LINE_MAX)
		return line_is_wrong(r->wrong, line, "The line has more than "
		    "%d octets", ACCESS_LINE_MAX);
	return read_conditions(r, &rest) && read_action(r, rest);
}

bool
access_line(struct view line, uint32_t number, struct arena *a,
    struct access_rule *rule)
{
	struct line_wrong wrong;
	struct reader r = { a, rule, &wrong };

	return read_line(line, number, &r);
}

static bool
is_empty(struct view line)
{
	line = view_trim(line);
	return line.n == 0 || line.p[0] == '#';
}

bool
access_read(struct view text, const struct access_sink *sink)
{
	struct arena arena = { 0 };
	struct access_rule rule;
	struct line_wrong wrong;
	struct reader r = { &arena, &rule, &wrong };
	bool ok = true;

	for (uint32_t n = 1; ok && text.n > 0; n++) {
		struct view line = view_cut(&text, '\n');

		if (is_empty(line))
			continue;
		if (read_line(line, n, &r))
			ok = sink->rule(sink->arg, &rule, line);
		else
			sink->complain(sink->arg, n,
			    (size_t)(wrong.where.p - line.p) + 1,
			    wrong.sentence);
		arena_reset(&arena);
	}
	return ok;
}

/* ---- as octets ---- */

void
access_key_of(struct str *out, bool copies, enum access_what what,
    enum access_form form, struct view text)
{
	str_addc(out, copies ? 'C' : 'k');
	str_addc(out, (char)what);
	str_addc(out, (char)form);
	str_add(out, text);
}

bool
access_key(const struct access_rule *r, struct str *out)
{
	const struct access_condition *c = &r->condition[0];

	if (r->n != 1 || c->not || c->form == ACCESS_NETWORK ||
	    c->form == ACCESS_EXPRESSION)
		return false;
	access_key_of(out, r->action == ACCESS_BCC, c->what, c->form, c->text);
	return true;
}

void
access_write(const struct access_rule *r, struct str *out)
{
	str_addf(out, "%c%u %.*s ", (char)r->action, r->line,
	    VIEW(r->status));
	str_add(out, r->text);
}

bool
access_parse(struct view value, struct access_rule *r)
{
	static const char known[] = { ACCESS_ALLOW, ACCESS_REFUSE,
		ACCESS_DEFER, ACCESS_HOLD, ACCESS_DISCARD, ACCESS_MOVED,
		ACCESS_BCC };
	uint64_t line;

	if (value.n == 0 || memchr(known, value.p[0], sizeof(known)) == NULL)
		return false;
	*r = (struct access_rule){
		.action = (enum access_action)value.p[0] };
	value = view_skip(value, 1);
	if (!view_u64(view_cut(&value, ' '), UINT32_MAX, &line))
		return false;
	r->line = (uint32_t)line;
	r->status = view_cut(&value, ' ');
	r->text = value;
	return true;
}
