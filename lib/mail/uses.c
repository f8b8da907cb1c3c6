/* SPDX-License-Identifier: ISC */
/*
 * uses - the words of special uses, once
 */
#include "lib/mail/uses.h"

static const struct {
	const char *word;
	uint32_t bit;
} table[] = {
	{ "\\All", USE_ALL },
	{ "\\Archive", USE_ARCHIVE },
	{ "\\Drafts", USE_DRAFTS },
	{ "\\Flagged", USE_FLAGGED },
	{ "\\Important", USE_IMPORTANT },
	{ "\\Junk", USE_JUNK },
	{ "\\Sent", USE_SENT },
	{ "\\Trash", USE_TRASH },
};

uint32_t
use_parse(struct view attribute)
{
	for (size_t i = 0; i < nitems(table); i++)
		if (view_isi(attribute, table[i].word))
			return table[i].bit;
	return 0;
}

uint32_t
uses_parse(struct view text, size_t *strange)
{
	uint32_t uses = 0;
	struct view word;

	if (strange != NULL)
		*strange = 0;
	while ((word = view_word(&text)).n > 0) {
		uint32_t bit = use_parse(word);

		uses |= bit;
		if (bit == 0 && strange != NULL)
			++*strange;
	}
	return uses;
}

void
uses_put(struct str *out, uint32_t uses)
{
	const char *blank = "";

	for (size_t i = 0; i < nitems(table); i++) {
		if (!(uses & table[i].bit))
			continue;
		str_addf(out, "%s%s", blank, table[i].word);
		blank = " ";
	}
}

void
uses_put_letters(struct str *out, uint32_t uses)
{
	for (int i = 0; i < 16; i++)
		if (uses & 1u << i)
			str_addc(out, (char)('A' + i));
}

uint32_t
uses_of_letters(struct view letters)
{
	uint32_t uses = 0;

	for (size_t i = 0; i < letters.n; i++)
		if (letters.p[i] >= 'A' && letters.p[i] < 'A' + 16)
			uses |= 1u << (letters.p[i] - 'A');
	return uses;
}
