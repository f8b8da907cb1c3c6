/* SPDX-License-Identifier: ISC */
/*
 * parse - from the front of a command, one thing at a time
 *
 * The only reader of what a client types. Character classes are one table made
 * of the grammar's own words; everything else is built on taking runs of them.
 */
#include <ctype.h>

#include "imapd/parse.h"
#include "lib/mail/utf8.h"

enum {
	CHAR_ATOM = 1,		/* ATOM-CHAR */
	CHAR_ASTRING = 2,	/* and ']' */
	CHAR_PATTERN = 4,	/* and the wildcards */
	CHAR_TAG = 8,		/* ASTRING-CHAR without '+' */
	CHAR_SET = 16,		/* of a sequence set */
	CHAR_NAME = 32		/* of FETCH items: '[' is no part of them */
};

static unsigned
classes(unsigned char c)
{
	unsigned set = (isdigit(c) || strchr(":,*", c) ? CHAR_SET : 0) |
	    (isalnum(c) || c == '.' ? CHAR_NAME : 0);

	if (c <= ' ' || c >= 127 || strchr("(){\"\\", c) != NULL)
		return 0;
	if (c == '%' || c == '*')
		return CHAR_PATTERN | set;
	if (c == ']')
		return CHAR_ASTRING | CHAR_PATTERN | CHAR_TAG;
	return CHAR_ATOM | CHAR_ASTRING | CHAR_PATTERN | set |
	    (c == '+' ? 0 : CHAR_TAG);
}

struct parse
parse_begin(struct view command, struct arena *arena)
{
	return (struct parse){ .rest = command, .arena = arena };
}

void
parse_fail(struct parse *p, const char *error)
{
	if (p->error == NULL)
		p->error = error;
	p->rest = VIEW_NONE;
}

char
parse_peek(const struct parse *p)
{
	return p->rest.n > 0 ? p->rest.p[0] : '\0';
}

bool
parse_take(struct parse *p, char c)
{
	if (p->rest.n == 0 || p->rest.p[0] != c)
		return false;
	p->rest = view_skip(p->rest, 1);
	return true;
}

void
parse_want(struct parse *p, char c)
{
	if (parse_take(p, c))
		return;
	parse_fail(p, c == '(' ? "( expected" :
		c == ')'       ? ") expected" :
		c == ' '       ? "Blank expected" :
				 "Wrong character");
}

void
parse_space(struct parse *p)
{
	parse_want(p, ' ');
}

bool
parse_end(struct parse *p)
{
	if (p->rest.n > 0)
		parse_fail(p, "Too many arguments");
	return parse_fine(p);
}

bool
parse_deeper(struct parse *p)
{
	if (++p->depth <= PARSE_DEPTH_MAX)
		return true;
	parse_fail(p, "Nested too deeply");
	return false;
}

static struct view
take_run(struct parse *p, unsigned class)
{
	struct view run = { p->rest.p, 0 };

	while (run.n < p->rest.n && (classes((unsigned char)run.p[run.n]) &
		class) != 0)
		run.n++;
	p->rest = view_skip(p->rest, run.n);
	return run;
}

static struct view
want_run(struct parse *p, unsigned class, const char *error)
{
	struct view run = take_run(p, class);

	if (run.n == 0)
		parse_fail(p, error);
	return run;
}

struct view
parse_tag(struct parse *p)
{
	struct view tag = want_run(p, CHAR_TAG, "Tag expected");

	if (p->rest.n > 0 && p->rest.p[0] != ' ')
		parse_fail(p, "Tag expected");
	return tag;
}

struct view
parse_atom(struct parse *p)
{
	return want_run(p, CHAR_ATOM, "Word expected");
}

struct view
parse_name(struct parse *p)
{
	return want_run(p, CHAR_NAME, "Name expected");
}

bool
parse_word(struct parse *p, const char *word)
{
	struct parse ahead = *p;

	if (!view_isi(take_run(&ahead, CHAR_ATOM), word))
		return false;
	*p = ahead;
	return true;
}

/* ---- strings ---- */

bool
parse_literal_head(struct view line, struct literal *out)
{
	size_t open = view_rfind(line, '{');
	struct view n;

	if (line.n == 0 || line.p[line.n - 1] != '}' || open == line.n)
		return false;
	n = (struct view){ line.p + open + 1, line.n - open - 2 };
	out->binary = open > 0 && line.p[open - 1] == '~';
	out->waits = n.n == 0 || n.p[n.n - 1] != '+';
	if (!out->waits)
		n.n--;
	return view_u64(n, UINT64_MAX / 2, &out->size);
}

bool
parse_at_literal(const struct parse *p, struct literal *out)
{
	struct view head = p->rest;

	if (!view_ends(head, VIEW_LIT("\r\n")))
		return false;
	head.n -= 2;
	return parse_literal_head(head, out) &&
	    head.n == view_find(head, '}') + 1 &&
	    view_rfind(head, '{') == (out->binary ? 1 : 0) &&
	    head.p[0] == (out->binary ? '~' : '{');
}

/* "{n}" CR LF and n octets, as the reader has put them together. */
static struct view
take_octets(struct parse *p)
{
	size_t close = view_find(p->rest, '}');
	struct view head = { p->rest.p, close + 1 }, body;
	struct literal l;

	if (close + 3 > p->rest.n || !parse_literal_head(head, &l) ||
	    view_rfind(head, '{') > 0 ||
	    !view_starts(view_skip(p->rest, close + 1), VIEW_LIT("\r\n")) ||
	    l.size > p->rest.n - close - 3) {
		parse_fail(p, "Literal expected");
		return VIEW_NONE;
	}
	body = (struct view){ p->rest.p + close + 3, (size_t)l.size };
	p->rest = view_skip(p->rest, close + 3 + (size_t)l.size);
	return body;
}

static struct view
take_literal(struct parse *p)
{
	struct view body = take_octets(p);

	if (body.n > 0 && memchr(body.p, '\0', body.n) != NULL)
		parse_fail(p, "NUL in a string");
	return body;
}

/* A copy without the backslashes. */
static struct view
unescape(struct parse *p, struct view v)
{
	char *to = arena_alloc(p->arena, v.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\')
			i++;
		to[n++] = v.p[i];
	}
	to[n] = '\0';
	return (struct view){ to, n };
}

static struct view
take_quoted(struct parse *p)
{
	struct view v = { p->rest.p + 1, 0 };
	size_t most = p->rest.n - 1;
	bool escaped = false;

	for (; v.n < most && v.p[v.n] != '"'; v.n++) {
		char c = v.p[v.n];

		if (c == '\\' && v.n + 1 < most) {
			c = v.p[++v.n];
			escaped = true;
			if (c != '"' && c != '\\')
				parse_fail(p, "Wrong escape in a string");
		}
		if (c == '\0' || c == '\r' || c == '\n')
			parse_fail(p, "Control character in a string");
		if (!parse_fine(p))
			return VIEW_NONE;
	}
	if (v.n >= most) {
		parse_fail(p, "String without its end");
		return VIEW_NONE;
	}
	if (p->utf8 && !utf8_valid(v)) {
		parse_fail(p, "Not UTF-8");
		return VIEW_NONE;
	}
	p->rest = view_skip(p->rest, v.n + 2);
	return escaped ? unescape(p, v) : v;
}

struct view
parse_string(struct parse *p)
{
	if (parse_peek(p) == '"')
		return take_quoted(p);
	if (parse_peek(p) == '{')
		return take_literal(p);
	parse_fail(p, "String expected");
	return VIEW_NONE;
}

static bool
at_string(const struct parse *p)
{
	return parse_peek(p) == '"' || parse_peek(p) == '{';
}

struct view
parse_astring(struct parse *p)
{
	if (at_string(p))
		return parse_string(p);
	return want_run(p, CHAR_ASTRING, "Argument expected");
}

struct view
parse_nstring(struct parse *p)
{
	if (parse_word(p, "NIL"))
		return (struct view){ NULL, 0 };
	return parse_string(p);
}

struct view
parse_nstring8(struct parse *p)
{
	return parse_take(p, '~') ? take_octets(p) : parse_nstring(p);
}

/* ---- mailbox names ---- */

/* From UTF-8, which it is when the client has said so, or modified UTF-7. */
static struct view
utf8_name(struct parse *p, struct view wire)
{
	struct str name = { 0 };
	struct view v = VIEW_NONE;

	if (!parse_fine(p))
		return v;
	if (p->utf8) {
		if (!utf8_valid(wire))
			parse_fail(p, "Mailbox name is not UTF-8");
		return parse_fine(p) ? wire : v;
	}
	if (!utf7_decode(&name, wire))
		parse_fail(p, "Mailbox name is not modified UTF-7");
	else
		v = arena_view(p->arena, str_view(&name));
	str_free(&name);
	return v;
}

/* RFC 9051 5.1: what no name may have. */
static bool
is_forbidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	    c == 0x2029;
}

static void
check_name(struct parse *p, struct view name)
{
	uint32_t c;

	while (name.n > 0 && utf8_get(&name, &c))
		if (is_forbidden(c))
			parse_fail(p, "Control character in a mailbox name");
}

struct view
parse_mailbox(struct parse *p)
{
	struct view v = utf8_name(p, parse_astring(p));
	char *name;

	check_name(p, v);
	if (!view_startsi(v, VIEW_LIT("INBOX")) ||
	    (v.n > 5 && v.p[5] != '/'))
		return v;
	name = arena_copy(p->arena, v);
	memcpy(name, "INBOX", 5);
	return (struct view){ name, v.n };
}

struct view
parse_mailbox_named(struct parse *p)
{
	struct view name = parse_mailbox(p);

	if (parse_fine(p) && name.n == 0)
		parse_fail(p, "A mailbox has a name");
	return name;
}

struct view
parse_pattern(struct parse *p)
{
	if (at_string(p))
		return utf8_name(p, parse_string(p));
	return utf8_name(p,
	    want_run(p, CHAR_PATTERN, "Mailbox pattern expected"));
}

/* ---- numbers ---- */

uint64_t
parse_number(struct parse *p, uint64_t max)
{
	struct view run = { p->rest.p, 0 };
	uint64_t n = 0;

	while (run.n < p->rest.n && is_digit(run.p[run.n]))
		run.n++;
	if (!view_u64(run, max, &n))
		parse_fail(p, "Number expected");
	else
		p->rest = view_skip(p->rest, run.n);
	return n;
}

bool
parse_at_set(const struct parse *p)
{
	return is_digit(parse_peek(p)) || parse_peek(p) == '*';
}

void
parse_set(struct parse *p, uint32_t star, struct numset *set)
{
	struct view run = want_run(p, CHAR_SET, "Message numbers expected");

	*set = (struct numset){ 0 };
	if (parse_fine(p) && !numset_parse(run, star, p->arena, set))
		parse_fail(p, "Wrong message numbers");
}
