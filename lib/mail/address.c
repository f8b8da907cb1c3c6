/* SPDX-License-Identifier: ISC */
/*
 * address - reading and writing one mailbox, strictly
 *
 * A cursor walks over the text once. The first error wins and is returned
 * through every level; nothing is guessed.
 */
#include "lib/mail/address.h"
#include "lib/mail/utf8.h"

enum { ATEXT = 1, LETDIG = 2 };
static const uint8_t class[256] = {
	['a' ... 'z'] = ATEXT | LETDIG, ['A' ... 'Z'] = ATEXT | LETDIG,
	['0' ... '9'] = ATEXT | LETDIG, ['!'] = ATEXT, ['#'] = ATEXT,
	['$'] = ATEXT, ['%'] = ATEXT, ['&'] = ATEXT, ['\''] = ATEXT,
	['*'] = ATEXT, ['+'] = ATEXT, ['-'] = ATEXT, ['/'] = ATEXT,
	['='] = ATEXT, ['?'] = ATEXT, ['^'] = ATEXT, ['_'] = ATEXT,
	['`'] = ATEXT, ['{'] = ATEXT, ['|'] = ATEXT, ['}'] = ATEXT,
	['~'] = ATEXT, [0x80 ... 0xFF] = ATEXT,
};

struct cursor {
	const char *p, *end;
	unsigned allow;
	struct arena *arena;
};

static bool
is_class(char c, int wanted)
{
	return class[(unsigned char)c] & wanted;
}

static bool
at(const struct cursor *c, char wanted)
{
	return c->p < c->end && *c->p == wanted;
}

/* 8-bit octets are allowed only as UTF-8, and only when asked for. */
static enum address_error
check_octets(const struct cursor *c, struct view v)
{
	if (utf8_is_ascii(v))
		return ADDRESS_FINE;
	if (!(c->allow & ADDRESS_UTF8))
		return ADDRESS_NEEDS_UTF8;
	return utf8_valid(v) ? ADDRESS_FINE : ADDRESS_SYNTAX;
}

static enum address_error
take_dot_string(struct cursor *c, struct view *out)
{
	const char *from = c->p;

	do {
		const char *atom = c->p;

		while (c->p < c->end && is_class(*c->p, ATEXT))
			c->p++;
		if (c->p == atom)
			return ADDRESS_SYNTAX;
	} while (at(c, '.') && c->p++);
	*out = (struct view){ from, (size_t)(c->p - from) };
	return out->n > ADDRESS_LOCAL_MAX ? ADDRESS_TOO_LONG : ADDRESS_FINE;
}

static struct view
without_backslashes(struct view v, struct arena *a)
{
	char *copy;
	size_t n = 0;

	if (view_find(v, '\\') == v.n)
		return v;
	copy = arena_alloc(a, v.n);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\')
			i++;
		copy[n++] = v.p[i];
	}
	return (struct view){ copy, n };
}

/* Behind the opening quote. */
static enum address_error
take_quoted(struct cursor *c, struct view *out)
{
	const char *from = c->p;

	for (; c->p < c->end && *c->p != '"'; c->p++) {
		if (*c->p == '\\' && ++c->p == c->end)
			break;
		if ((unsigned char)*c->p < ' ' || *c->p == 127)
			return ADDRESS_SYNTAX;
	}
	if (c->p >= c->end)
		return ADDRESS_SYNTAX;
	*out = (struct view){ from, (size_t)(c->p++ - from) };
	if (out->n + 2 > ADDRESS_LOCAL_MAX)
		return ADDRESS_TOO_LONG;
	*out = without_backslashes(*out, c->arena);
	return ADDRESS_FINE;
}

static enum address_error
take_local(struct cursor *c, struct view *out)
{
	enum address_error e;

	if (at(c, '"')) {
		c->p++;
		e = take_quoted(c, out);
	} else {
		e = take_dot_string(c, out);
	}
	return e != ADDRESS_FINE ? e : check_octets(c, *out);
}

static enum address_error
take_literal(struct cursor *c, struct view *out)
{
	const char *close = memchr(c->p, ']', (size_t)(c->end - c->p));

	if (close == NULL)
		return ADDRESS_SYNTAX;
	*out = (struct view){ c->p, (size_t)(close + 1 - c->p) };
	c->p = close + 1;
	if (out->n > ADDRESS_DOMAIN_MAX)
		return ADDRESS_TOO_LONG;
	return address_is_literal(*out) ? ADDRESS_FINE : ADDRESS_SYNTAX;
}

static enum address_error
take_domain(struct cursor *c, struct view *out)
{
	const char *from = c->p;
	enum address_error e;

	if (at(c, '['))
		return take_literal(c, out);
	while (c->p < c->end && (is_class(*c->p, LETDIG) || *c->p == '-' ||
	    *c->p == '.' || (unsigned char)*c->p >= 0x80))
		c->p++;
	*out = (struct view){ from, (size_t)(c->p - from) };
	if (out->n > ADDRESS_DOMAIN_MAX)
		return ADDRESS_TOO_LONG;
	e = check_octets(c, *out);
	if (e == ADDRESS_FINE && !address_is_domain(*out, c->allow & ADDRESS_UTF8))
		e = ADDRESS_SYNTAX;
	return e;
}

static enum address_error
take_mailbox(struct cursor *c, struct address *out)
{
	enum address_error e = take_local(c, &out->local);

	if (e != ADDRESS_FINE)
		return e;
	if (at(c, '@')) {
		c->p++;
		e = take_domain(c, &out->domain);
		out->literal = out->domain.n > 0 && out->domain.p[0] == '[';
		return e;
	}
	if ((c->allow & ADDRESS_LOCAL) || ((c->allow & ADDRESS_POSTMASTER) &&
	    address_is_postmaster(out->local)))
		return ADDRESS_FINE;
	return c->p == c->end || *c->p == '>' ? ADDRESS_NEEDS_DOMAIN :
	    ADDRESS_SYNTAX;
}

/* "@a,@b:" is accepted and means nothing (RFC 5321 appendix C). */
static enum address_error
drop_route(struct cursor *c)
{
	struct view domain;
	enum address_error e;

	if (!at(c, '@'))
		return ADDRESS_FINE;
	do {
		if (!at(c, '@'))
			return ADDRESS_SYNTAX;
		c->p++;
		e = take_domain(c, &domain);
		if (e != ADDRESS_FINE)
			return e;
	} while (at(c, ',') && c->p++);
	if (!at(c, ':'))
		return ADDRESS_SYNTAX;
	c->p++;
	return ADDRESS_FINE;
}

/* Behind '<'. */
static enum address_error
take_path(struct cursor *c, struct address *out)
{
	const char *from;
	enum address_error e;

	if (at(c, '>') && (c->allow & ADDRESS_NULL)) {
		c->p++;
		out->null = true;
		return ADDRESS_FINE;
	}
	e = drop_route(c);
	if (e != ADDRESS_FINE)
		return e;
	from = c->p;
	e = take_mailbox(c, out);
	if (e != ADDRESS_FINE)
		return e;
	if (c->p - from + 2 > ADDRESS_PATH_MAX)
		return ADDRESS_TOO_LONG;
	if (!at(c, '>'))
		return ADDRESS_SYNTAX;
	c->p++;
	return ADDRESS_FINE;
}

static void
skip_blanks(struct cursor *c)
{
	while (at(c, ' ') || at(c, '\t'))
		c->p++;
}

enum address_error
address_path(struct view *in, unsigned allow, struct arena *a,
    struct address *out)
{
	struct cursor c = { in->p, in->p + in->n, allow, a };
	enum address_error e;

	*out = (struct address){ VIEW_NONE, VIEW_NONE, false, false };
	skip_blanks(&c);
	if (at(&c, '<')) {
		c.p++;
		e = take_path(&c, out);
	} else {
		e = allow & ADDRESS_BARE ? take_mailbox(&c, out) :
		    ADDRESS_SYNTAX;
	}
	if (e != ADDRESS_FINE)
		return e;
	if (c.p < c.end && *c.p != ' ' && *c.p != '\t')
		return ADDRESS_SYNTAX;
	skip_blanks(&c);
	*in = (struct view){ c.p, (size_t)(c.end - c.p) };
	return ADDRESS_FINE;
}

enum address_error
address_parse(struct view text, unsigned allow, struct arena *a,
    struct address *out)
{
	struct cursor c = { text.p, text.p + text.n, allow, a };
	enum address_error e;

	*out = (struct address){ VIEW_NONE, VIEW_NONE, false, false };
	e = take_mailbox(&c, out);
	if (e == ADDRESS_FINE && c.p < c.end)
		e = ADDRESS_SYNTAX;
	if (e == ADDRESS_FINE && text.n + 2 > ADDRESS_PATH_MAX)
		e = ADDRESS_TOO_LONG;
	return e;
}

bool
address_why(enum address_error e, bool sender, struct why *why)
{
	static const char *const sentences[] = {
		[ADDRESS_SYNTAX] = "the syntax of the address is wrong",
		[ADDRESS_TOO_LONG] = "the address is too long",
		[ADDRESS_NEEDS_UTF8] = "the address needs SMTPUTF8",
		[ADDRESS_NEEDS_DOMAIN] = "the address has no domain",
	};

	must(e > ADDRESS_FINE && e <= ADDRESS_NEEDS_DOMAIN);
	return why_never(why, e == ADDRESS_NEEDS_UTF8 ? "6.7" :
	    sender ? "1.7" : "1.3", "%s", sentences[e]);
}

static bool
is_dot_string(struct view v)
{
	bool atom = false;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '.' ? !atom : !is_class(v.p[i], ATEXT))
			return false;
		atom = v.p[i] != '.';
	}
	return atom;
}

void
address_write(struct str *out, const struct address *a)
{
	if (a->null)
		return;
	if (is_dot_string(a->local)) {
		str_add(out, a->local);
	} else {
		str_addc(out, '"');
		for (size_t i = 0; i < a->local.n; i++) {
			if (a->local.p[i] == '"' || a->local.p[i] == '\\')
				str_addc(out, '\\');
			str_addc(out, a->local.p[i]);
		}
		str_addc(out, '"');
	}
	if (a->domain.n > 0) {
		str_addc(out, '@');
		str_add(out, a->domain);
	}
}

static void
add_lower(struct str *out, struct view v)
{
	char *to = str_room(out, v.n);

	if (to == NULL)
		return;
	for (size_t i = 0; i < v.n; i++)
		to[i] = to_lower(v.p[i]);
	out->n += v.n;
	out->p[out->n] = '\0';
}

void
address_canonical_user(struct str *out, const struct address *a)
{
	add_lower(out, a->local);
	if (a->domain.n > 0) {
		str_addc(out, '@');
		add_lower(out, a->domain);
	}
}

bool
address_same(const struct address *a, const struct address *b)
{
	return a->null == b->null && view_eq(a->local, b->local) &&
	    view_eqi(a->domain, b->domain);
}

bool
address_detail(struct view local, const char *separators, struct view *user,
    struct view *detail)
{
	*user = local;
	*detail = VIEW_NONE;
	for (size_t i = 1; i < local.n; i++)
		if (local.p[i] != '\0' && strchr(separators, local.p[i])) {
			user->n = i;
			*detail = view_skip(local, i + 1);
			return true;
		}
	return false;
}

bool
address_is_postmaster(struct view local)
{
	return view_isi(local, "postmaster");
}

uint32_t
user_instance(struct view user, uint32_t instances)
{
	must(instances > 0);
	return view_hash(VIEW_HASH, user) % instances;
}
