/* SPDX-License-Identifier: ISC */
/*
 * spool - names of content files
 *
 * Written without printf: queue and store come here for every mail.
 */
#include "lib/mail/spool.h"

static const char digits[] = "0123456789ABCDEF";
static const char lower[] = "0123456789abcdef";	/* as master makes them */

char *
spool_id(uint64_t mail, char out[SPOOL_ID_SIZE])
{
	for (int i = 15; i >= 0; i--, mail >>= 4)
		out[i] = digits[mail & 15];
	out[16] = '\0';
	return out;
}

char *
spool_name(uint64_t mail, char out[SPOOL_NAME_MAX])
{
	unsigned dir = spool_dir(mail);

	out[0] = lower[dir >> 4];
	out[1] = lower[dir & 15];
	out[2] = '/';
	spool_id(mail, out + 3);
	return out;
}

static int
digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
spool_id_parse(struct view text, uint64_t *mail)
{
	uint64_t n = 0;

	if (text.n != 16)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int d = digit(text.p[i]);

		if (d < 0)
			return false;
		n = n << 4 | (unsigned)d;
	}
	*mail = n;
	return n != 0;
}
