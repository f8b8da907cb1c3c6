/* SPDX-License-Identifier: ISC */
/*
 * casemap - ASCII at once, the rest by a small cache
 *
 * A text of one language has few different characters beyond ASCII, and most
 * lie close together, so a direct-mapped cache nearly always has the answer.
 * Capital sharp s and the like are folded further than RFC 5051 asks, to lower
 * case behind title case: more is equal, and nothing that was equal is not.
 */
#include <unicase.h>
#include <uninorm.h>

#include "lib/mail/casemap.h"
#include "lib/mail/utf8.h"

#define SLOTS	  1024u
#define DEPTH_MAX 4	/* decompositions of decompositions; Unicode has 3 */
#define SHORT	  11	/* octets that a slot holds */

struct slot {
	uint32_t c;		/* 0: empty, as NUL is ASCII */
	uint8_t n;
	char text[SHORT];
};

static struct slot cache[SLOTS];

static void
put_folded(struct str *out, uint32_t c, int depth)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int tag, n;

	c = uc_tolower(uc_totitle(c));
	n = depth < DEPTH_MAX ? uc_decomposition(c, &tag, parts) : -1;
	if (n < 0)
		utf8_put(out, c);
	for (int i = 0; i < n; i++)
		put_folded(out, parts[i], depth + 1);
}

static void
put_char(struct str *out, uint32_t c)
{
	struct slot *s = &cache[c % SLOTS];
	size_t before = out->n;

	if (s->c == c) {
		str_addn(out, s->text, s->n);
		return;
	}
	put_folded(out, c, 0);
	if (out->n - before > SHORT || out->n < before)
		return;
	s->c = c;
	s->n = (uint8_t)(out->n - before);
	memcpy(s->text, out->p + before, s->n);
}

void
casemap_fold(struct str *out, struct view utf8)
{
	while (utf8.n > 0) {
		char *to = str_room(out, utf8.n);
		size_t n = 0;
		uint32_t c;

		if (to == NULL)
			return;
		for (; n < utf8.n && (unsigned char)utf8.p[n] < 0x80; n++)
			to[n] = to_lower(utf8.p[n]);
		out->n += n;
		utf8 = view_skip(utf8, n);
		while (utf8.n > 0 && (unsigned char)utf8.p[0] >= 0x80) {
			struct view before = utf8;

			if (utf8_get(&utf8, &c))
				put_char(out, c);
			else
				str_addn(out, before.p, 1);
		}
	}
	if (out->p != NULL)
		out->p[out->n] = '\0';
}
