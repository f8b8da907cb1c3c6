/* SPDX-License-Identifier: ISC */
/*
 * rights - letters, identifiers, and what they come to
 */
#include "lib/mail/rights.h"
#include "lib/mail/utf8.h"

static const char letters_of[] = "lrswipkxtea";

static const struct {
	char letter;
	uint32_t rights;
} old_letters[] = {
	{ 'c', RIGHT_CREATE | RIGHT_REMOVE },
	{ 'd', RIGHT_DELETED | RIGHT_EXPUNGE },
};

/* The bits of a letter; 0: none of ours. */
static uint32_t
right_of(char letter)
{
	const char *at = letter != '\0' ? strchr(letters_of, letter) : NULL;

	if (at != NULL)
		return 1u << (at - letters_of);
	for (size_t i = 0; i < nitems(old_letters); i++)
		if (letter == old_letters[i].letter)
			return old_letters[i].rights;
	return 0;
}

bool
rights_parse(struct view letters, uint32_t *rights)
{
	*rights = 0;
	for (size_t i = 0; i < letters.n; i++) {
		uint32_t right = right_of(letters.p[i]);

		if (right == 0)
			return false;
		*rights |= right;
	}
	return true;
}

void
rights_write(struct str *out, uint32_t rights, bool old_words)
{
	for (size_t i = 0; letters_of[i] != '\0'; i++)
		if (rights & 1u << i)
			str_addc(out, letters_of[i]);
	for (size_t i = 0; old_words && i < nitems(old_letters); i++)
		if (rights & old_letters[i].rights)
			str_addc(out, old_letters[i].letter);
}

bool
rights_change(struct view text, uint32_t *rights)
{
	char sign = text.n > 0 ? text.p[0] : '\0';
	uint32_t these;

	if (sign == '+' || sign == '-')
		text = view_skip(text, 1);
	if (!rights_parse(text, &these))
		return false;
	if (sign == '+')
		*rights |= these;
	else if (sign == '-')
		*rights &= ~these;
	else
		*rights = these;
	return true;
}

/* ---- identifiers ---- */

/* Words that other servers give a meaning of their own: a list that was taken
 * over from one must not come to mean users of that name. */
static bool
is_reserved(struct view name)
{
	static const char *const words[] = { "owner", "authenticated",
		"anonymous", "administrators", "nobody" };

	for (size_t i = 0; i < nitems(words); i++)
		if (view_isi(name, words[i]))
			return true;
	return name.n > 0 && strchr("$#!-+", name.p[0]) != NULL;
}

static struct view
domain_of(struct view user)
{
	size_t at = view_rfind(user, '@');

	return at < user.n ? view_skip(user, at + 1) : VIEW_NONE;
}

/* Without its '-'. */
static bool
is_possible(struct view name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '\x7f')
			return false;
	return name.n <= RIGHTS_IDENTIFIER_MAX && utf8_valid(name) &&
	    (view_is(name, "anyone") || domain_of(name).n > 0);
}

bool
rights_identifier(struct view given, struct view owner, struct str *out)
{
	struct view name = given;
	size_t start;

	if (view_starts(name, VIEW_LIT("-"))) {
		name = view_skip(name, 1);
		str_addc(out, '-');
	}
	if (is_reserved(name) || name.n == 0)
		return false;
	start = out->n;
	str_add(out, name);
	if (view_find(name, '@') == name.n && !view_isi(name, "anyone")) {
		str_addc(out, '@');
		str_add(out, domain_of(owner));
	}
	for (size_t i = start; i < out->n; i++)
		out->p[i] = to_lower(out->p[i]);
	return is_possible(view_skip(str_view(out), start));
}

struct view
rights_fitting(struct view user, unsigned n)
{
	size_t at = view_rfind(user, '@');

	if (n == 0)
		return VIEW_LIT("anyone");
	if (n == 1)
		return user;
	return n == 2 && at < user.n ? view_skip(user, at) : VIEW_NONE;
}

static bool
fits(struct view identifier, struct view user)
{
	struct view one;

	for (unsigned n = 0; (one = rights_fitting(user, n)).n > 0; n++)
		if (view_eq(identifier, one))
			return true;
	return false;
}

/* ---- what it comes to ---- */

void
rights_begin(struct rights_sum *s, struct view user, struct view owner)
{
	*s = (struct rights_sum){ .user = user, .owner = owner };
}

void
rights_add(struct rights_sum *s, struct view identifier, struct view letters)
{
	bool takes = view_starts(identifier, VIEW_LIT("-"));
	uint32_t rights;

	if (takes)
		identifier = view_skip(identifier, 1);
	if (!fits(identifier, s->user) || !rights_parse(letters, &rights))
		return;
	if (takes)
		s->taken |= rights;
	else
		s->given |= rights;
	s->named |= !takes && view_eq(identifier, s->owner);
}

uint32_t
rights_end(const struct rights_sum *s)
{
	bool owner = view_eq(s->user, s->owner);
	uint32_t given = owner && !s->named ? RIGHTS_ALL : s->given;

	return (given & ~s->taken) | (owner ? RIGHT_ADMIN : 0);
}
