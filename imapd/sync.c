/* SPDX-License-Identifier: ISC */
/*
 * sync - from events of store to untagged responses
 *
 * RFC 3501 5.2, 5.5 and 7.4.1: EXPUNGE only where the client does not use
 * numbers that it chose before, everything else after every command. Expunged
 * messages are told from the last to the first, so each number is the one that
 * the client knows, and their records become holes.
 */
#include <stdlib.h>

#include "imapd/box.h"
#include "imapd/flags.h"
#include "imapd/sync.h"

static int
index_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint32_t
unique(uint32_t *v, uint32_t n)
{
	uint32_t kept = 0;

	qsort(v, n, sizeof(*v), index_cmp);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

/* Merge gone (sorted) into holes, from the back. */
static void
make_holes(struct box *b)
{
	uint32_t total = b->holes_n + b->gone_n, to = total;
	uint32_t h = b->holes_n, g = b->gone_n;

	if (total > b->holes_size) {
		b->holes_size = total + total / 2;
		b->holes = xrealloc(b->holes, b->holes_size *
		    sizeof(*b->holes));
	}
	while (g > 0) {
		if (h > 0 && b->holes[h - 1] > b->gone[g - 1])
			b->holes[--to] = b->holes[--h];
		else
			b->holes[--to] = b->gone[--g];
	}
	b->holes_n = total;
}

/* Flags of what is gone are no news. */
static void
drop_dirty_holes(struct box *b)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->dirty_n; i++)
		if (!box_is_hole(b, b->dirty[i].index))
			b->dirty[kept++] = b->dirty[i];
	b->dirty_n = kept;
}

static void
tell_expunged(struct imap *im)
{
	struct box *b = im->box;

	b->gone_n = unique(b->gone, b->gone_n);
	for (uint32_t i = b->gone_n; i > 0; i--) {
		uint32_t index = b->gone[i - 1];

		if (record_flags(box_record(b, index)) & FLAG_RECENT)
			b->recent--;
		if (index < b->known)
			out_printf(im, "* %u EXPUNGE\r\n",
			    index - box_holes_before(b, index) + 1);
	}
	/* what came and went unseen must stay a hole behind `known` */
	make_holes(b);
	drop_dirty_holes(b);
	free(b->gone);
	b->gone = NULL;
	b->gone_n = b->gone_size = 0;
}

static void
tell_exists(struct imap *im)
{
	struct box *b = im->box;

	b->known = box_total(b);
	out_printf(im, "* %u EXISTS\r\n* %u RECENT\r\n", box_count(b),
	    b->recent);
}

static void
put_number(struct str *out, uint32_t n)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	str_addn(out, digits + at, sizeof(digits) - at);
}

void
sync_tell_flags(struct imap *im, uint32_t index, uint32_t seq, bool with_uid)
{
	const uint8_t *record = box_record(im->box, index);

	/* 100,000 of these are one command: no formats here */
	str_add(&im->out, VIEW_LIT("* "));
	put_number(&im->out, seq);
	str_add(&im->out, VIEW_LIT(" FETCH ("));
	if (with_uid) {
		str_add(&im->out, VIEW_LIT("UID "));
		put_number(&im->out, record_uid(record));
		str_addc(&im->out, ' ');
	}
	flags_write(im->box, record, &im->out);
	str_adds(&im->out, ")\r\n");
}

static int
by_index(const void *a, const void *b)
{
	const struct box_dirty *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* The list is taken away first: writing may wait, and events may come. */
static void
tell_dirty(struct imap *im)
{
	struct box *b = im->box;
	struct box_dirty *list = b->dirty;
	uint32_t n = b->dirty_n;

	b->dirty = NULL;
	b->dirty_n = b->dirty_size = 0;
	qsort(list, n, sizeof(*list), by_index);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t index = list[i].index;

		if (i + 1 < n && list[i + 1].index == index)
			continue;
		sync_tell_flags(im, index,
		    index - box_holes_before(b, index) + 1, im->uid);
		if (!out_push(im))
			break;
	}
	free(list);
}

static void
put_keywords(struct imap *im)
{
	for (uint32_t i = 0; i < im->box->keywords; i++)
		out_printf(im, " %s", im->box->keyword[i]);
}

void
sync_tell_keywords(struct imap *im)
{
	struct box *b = im->box;
	static const char system[] =
	    "(\\Answered \\Flagged \\Deleted \\Seen \\Draft";

	out_printf(im, "* FLAGS %s", system);
	put_keywords(im);
	out_puts(im, ")\r\n* OK [PERMANENTFLAGS ");
	if (b->read_only) {
		out_puts(im, "()] Read-only mailbox\r\n");
	} else {
		out_puts(im, system);
		put_keywords(im);
		out_puts(im, b->keywords < KEYWORDS_MAX ? " \\*)]" : ")]");
		out_puts(im, " Flags that are kept\r\n");
	}
	b->new_keywords = false;
}

void
sync_tell(struct imap *im, bool may_renumber)
{
	struct box *b = im->box;

	if (b == NULL)
		return;
	if (b->deleted && im->over)
		return;		/* the good-bye has been said */
	if (b->deleted) {
		out_puts(im, "* BYE Selected mailbox was deleted\r\n");
		im->over = true;
		im->ended = "Mailbox deleted";
		return;
	}
	if (b->new_keywords)
		sync_tell_keywords(im);
	if (may_renumber && b->gone_n > 0)
		tell_expunged(im);
	if (b->known < box_total(b))
		tell_exists(im);
	if (b->dirty_n > 0)
		tell_dirty(im);
}
