/* SPDX-License-Identifier: ISC */
/*
 * flags - lists of flags, read strictly and written fast
 *
 * The 64 combinations of system flags are texts made once, as FETCH FLAGS
 * writes one for each of 100,000 messages.
 */
#include "imapd/capability.h"
#include "imapd/flags.h"
#include "lib/proc/message.h"

static void
add_keyword(struct parse *p, struct flag_list *f, struct view name)
{
	if (name.n > KEYWORD_MAX) {
		parse_fail(p, "Keyword too long");
		return;
	}
	for (uint32_t i = 0; i < f->keywords; i++)
		if (view_eqi(f->keyword[i], name))
			return;
	if (f->keywords == KEYWORDS_MAX)
		parse_fail(p, "Too many keywords");
	else
		f->keyword[f->keywords++] = name;
}

static void
parse_flag(struct parse *p, struct flag_list *f)
{
	struct view whole = p->rest, name;
	uint32_t bit;

	if (!parse_take(p, '\\')) {
		add_keyword(p, f, parse_atom(p));
		return;
	}
	name = parse_atom(p);
	whole.n = name.n + 1;
	bit = flag_parse(whole) & FLAG_STORABLE;
	if (bit == 0)
		parse_fail(p, "Unknown system flag");
	f->flags |= bit;
}

void
flags_parse(struct parse *p, bool bare, struct flag_list *out)
{
	bool list = parse_take(p, '(');

	out->flags = out->keywords = 0;
	if (!list && !bare)
		parse_fail(p, "( expected");
	if (list && parse_take(p, ')'))
		return;
	do
		parse_flag(p, out);
	while (parse_take(p, ' '));
	if (list)
		parse_want(p, ')');
}

void
flags_keyword_list(const struct flag_list *f, struct str *list)
{
	for (uint32_t i = 0; i < f->keywords; i++)
		list_put(list, f->keyword[i]);
}

/* ---- writing ---- */

static struct view combination[FLAG_ALL + 1];

static void
make_combinations(void)
{
	static char space[(FLAG_ALL + 1) * 64];
	char *to = space;

	for (uint32_t flags = 0; flags <= FLAG_ALL; flags++) {
		char *start = to;

		for (uint32_t bit = 1; bit <= FLAG_ALL; bit <<= 1) {
			if (!(flags & bit))
				continue;
			if (to > start)
				*to++ = ' ';
			to = stpcpy(to, flag_name(bit));
		}
		combination[flags] = (struct view){ start,
			(size_t)(to - start) };
	}
}

static void
write_keywords(const struct box *b, const uint8_t *record, struct str *out)
{
	struct record r;

	record_get(record, &r);
	for (uint32_t i = 0; i < b->keywords; i++) {
		if (!(r.keywords & (uint64_t)1 << i))
			continue;
		if (out->p[out->n - 1] != '(')
			str_addc(out, ' ');
		str_adds(out, b->keyword[i]);
	}
}

void
flags_write(const struct box *b, const uint8_t *record, struct str *out)
{
	uint32_t flags = record_flags(record) & FLAG_ALL;

	if (combination[0].p == NULL)
		make_combinations();
	if (b->im != NULL && imap_has(b->im, FEATURE_REV2))
		flags &= ~(uint32_t)FLAG_RECENT;
	str_add(out, VIEW_LIT("FLAGS ("));
	str_add(out, combination[flags]);
	if (b->keywords > 0)
		write_keywords(b, record, out);
	str_addc(out, ')');
}
