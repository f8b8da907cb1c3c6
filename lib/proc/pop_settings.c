/* SPDX-License-Identifier: ISC */
/*
 * pop_settings - forms of identifiers, and days
 *
 * The named forms are the defaults of the servers that they are named after, so
 * that clients of a server that moved here do not fetch everything again. The
 * UIDs and the UIDVALIDITY must have moved, too.
 */
#include "lib/proc/pop_settings.h"

#define UIDL_MAX	70	/* octets, RFC 1939 7 */
#define FORM_MAX	69	/* one is left for who has to tell two apart */
#define WIDTH_MAX	32
#define DAYS_MAX	36500

static const struct {
	const char *name, *form;
} named[] = {
	{ "posthouse", "%08Xv-%u" },
	{ "dovecot", "%08Xu%08Xv" },
	{ "courier", "UID%u-%v" },
	{ "cyrus", "%v.%u" },
	{ "cyrus-old", "%u" },
	{ "uw", "%08Xv%08Xu" },
};

/* "%08Xu" from the front of *v, which begins with '%'. */
static bool
take_number(struct view *v, struct uidl_piece *p)
{
	size_t i = 1;

	*p = (struct uidl_piece){ .base = 10 };
	if (i < v->n && is_digit(v->p[i]) && v->p[i] != '0')
		return false;
	for (; i < v->n && is_digit(v->p[i]) && p->width <= WIDTH_MAX; i++)
		p->width = (uint8_t)(p->width * 10 + (v->p[i] - '0'));
	if (i < v->n && to_lower(v->p[i]) == 'x') {
		p->base = 16;
		i++;
	}
	if (i == v->n || (v->p[i] != 'u' && v->p[i] != 'v') ||
	    p->width > WIDTH_MAX)
		return false;
	p->kind = v->p[i];
	*v = view_skip(*v, i + 1);
	return true;
}

static bool
take_text(struct view *v, struct uidl_piece *p)
{
	*p = (struct uidl_piece){ .text = *v };
	p->text.n = view_find(*v, '%');
	for (size_t i = 0; i < p->text.n; i++)
		if (p->text.p[i] < 0x21 || p->text.p[i] > 0x7e)
			return false;
	*v = view_skip(*v, p->text.n);
	return true;
}

/* The most octets that it can have. */
static size_t
longest(const struct uidl_form *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->piece[i].kind == 0 ? f->piece[i].text.n :
		    f->piece[i].width > 10 ? f->piece[i].width :
					     10;
	return n;
}

bool
uidl_form(struct uidl_form *f, const char *setting)
{
	struct view rest = view_of(setting);
	bool unique = false;

	for (size_t i = 0; i < nitems(named); i++)
		if (strcmp(setting, named[i].name) == 0)
			rest = view_of(named[i].form);
	for (f->n = 0; rest.n > 0; f->n++) {
		struct uidl_piece *p = &f->piece[f->n];

		if (f->n == UIDL_PIECES_MAX ||
		    !(rest.p[0] == '%' ? take_number(&rest, p) :
					 take_text(&rest, p)))
			return false;
		unique |= p->kind == 'u';
	}
	return unique && longest(f) <= FORM_MAX;
}

static void
put_number(struct str *out, uint32_t n, const struct uidl_piece *p)
{
	static const char digits[] = "0123456789abcdef";
	char text[WIDTH_MAX];
	size_t at = sizeof(text);

	do {
		text[--at] = digits[n % p->base];
		n /= p->base;
	} while (n > 0);
	while (sizeof(text) - at < p->width)
		text[--at] = '0';
	str_addn(out, text + at, sizeof(text) - at);
}

void
uidl_write(const struct uidl_form *f, uint32_t uidvalidity, uint32_t uid,
    struct str *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct uidl_piece *p = &f->piece[i];

		if (p->kind == 0)
			str_add(out, p->text);
		else
			put_number(out, p->kind == 'u' ? uid : uidvalidity, p);
	}
}

bool
uidl_valid(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x21 || v.p[i] > 0x7e)
			return false;
	return v.n > 0 && v.n <= UIDL_MAX;
}

/* As many octets as the number has for sure, or digits, if they end there. */
static bool
get_number(struct view *v, const struct uidl_piece *p, bool adjoins,
    uint32_t *n)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < v->n && !(adjoins && i == p->width); i++) {
		char c = v->p[i];
		int digit = is_digit(c) ? c - '0' :
		    c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

		if (digit >= p->base)
			break;
		value = value * p->base + (unsigned)digit;
		if (value > UINT32_MAX)
			return false;
	}
	*v = view_skip(*v, i);
	*n = (uint32_t)value;
	return i > 0;
}

bool
uidl_read(const struct uidl_form *f, struct view text, uint32_t *uidvalidity,
    uint32_t *uid)
{
	struct view rest = text;
	struct str same = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < f->n; i++) {
		const struct uidl_piece *p = &f->piece[i];
		bool adjoins = i + 1 < f->n && f->piece[i + 1].kind != 0;

		if (p->kind != 0) {
			ok = get_number(&rest, p, adjoins,
			    p->kind == 'u' ? uid : uidvalidity);
		} else {
			ok = view_starts(rest, p->text);
			rest = view_skip(rest, p->text.n);
		}
	}
	if (ok)
		uidl_write(f, *uidvalidity, *uid, &same);
	ok = ok && view_eq(str_view(&same), text);
	str_free(&same);
	return ok;
}

bool
pop3_expire_days(const char *setting, int64_t *days)
{
	uint64_t n = 0;

	*days = -1;
	if (strcmp(setting, "never") == 0)
		return true;
	if (!view_u64(view_of(setting), DAYS_MAX, &n))
		return false;
	*days = (int64_t)n;
	return true;
}
