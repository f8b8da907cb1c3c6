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
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/flags.h"
#include "imapd/notify.h"
#include "imapd/sync.h"
#include "lib/mail/rights.h"

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

/* From the last to the first, so that each number is what the client knows. */
static void
put_expunged(struct imap *im)
{
	struct box *b = im->box;

	for (uint32_t i = b->gone_n; i > 0; i--) {
		uint32_t index = b->gone[i - 1];

		if (index < b->known)
			out_printf(im, "* %u EXPUNGE\r\n",
			    index - box_holes_before(b, index) + 1);
	}
}

/* The same by UID (RFC 7162 3.2.10, RFC 9586). */
static void
put_vanished(struct imap *im)
{
	struct box *b = im->box;
	struct str uids = { 0 };
	struct numset_text t;

	numset_begin(&t, &uids);
	for (uint32_t i = 0; i < b->gone_n; i++)
		if (b->gone[i] < b->known)
			numset_put(&t, box_uid(b, b->gone[i]));
	numset_end(&t);
	if (uids.n > 0)
		out_printf(im, "* VANISHED %s\r\n", str_c(&uids));
	str_free(&uids);
}

static void
tell_expunged(struct imap *im)
{
	struct box *b = im->box;

	b->gone_n = unique(b->gone, b->gone_n);
	for (uint32_t i = 0; i < b->gone_n; i++)
		if (record_flags(box_record(b, b->gone[i])) & FLAG_RECENT)
			b->recent--;
	if (imap_has(im, FEATURE_QRESYNC | FEATURE_UIDONLY))
		put_vanished(im);
	else
		put_expunged(im);
	/* what came and went unseen must stay a hole behind `known` */
	make_holes(b);
	drop_dirty_holes(b);
	free(b->gone);
	b->gone = NULL;
	b->gone_n = 0;
	b->gone_size = 0;
}

/* Of the messages that the client knows. */
static uint32_t
known_recent(const struct box *b)
{
	uint32_t n = b->recent;

	for (uint32_t i = b->known; i < box_total(b); i++)
		n -= (record_flags(box_record(b, i)) & FLAG_RECENT) != 0;
	return n;
}

void
sync_put_exists(struct imap *im)
{
	struct box *b = im->box;

	out_printf(im, "* %u EXISTS\r\n", box_count(b));
	if (!imap_has(im, FEATURE_REV2))
		out_printf(im, "* %u RECENT\r\n", known_recent(b));
}

static void
tell_exists(struct imap *im)
{
	struct box *b = im->box;

	b->known = box_total(b);
	sync_put_exists(im);
}

static void
put_number(struct str *out, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	str_addn(out, digits + at, sizeof(digits) - at);
}

unsigned
sync_what(const struct imap *im)
{
	bool modseq = imap_has(im, FEATURE_CONDSTORE);
	bool uid = im->uid || notify_is_given(im) ||
	    imap_has(im, FEATURE_QRESYNC | FEATURE_REV2);

	/* whoever keeps MODSEQs keeps them by UID, and who asked for changes of
	 * flags gets them so (RFC 5465 5.1) */
	return TELL_FLAGS | (modseq ? TELL_MODSEQ : 0) |
	    (uid ? TELL_UID : 0);
}

void
sync_tell_flags(struct imap *im, uint32_t index, uint32_t seq, unsigned what)
{
	const uint8_t *record = box_record(im->box, index);
	bool only = imap_has(im, FEATURE_UIDONLY);

	/* 100,000 of these are one command: no formats here */
	str_add(&im->out, VIEW_LIT("* "));
	put_number(&im->out, only ? record_uid(record) : seq);
	str_adds(&im->out, only ? " UIDFETCH (" : " FETCH (");
	if ((what & TELL_UID) && !only) {
		str_add(&im->out, VIEW_LIT("UID "));
		put_number(&im->out, record_uid(record));
		str_addc(&im->out, ' ');
	}
	if (what & TELL_FLAGS)
		flags_write(im->box, record, &im->out);
	if (what & TELL_MODSEQ) {
		str_adds(&im->out,
		    what & TELL_FLAGS ? " MODSEQ (" : "MODSEQ (");
		put_number(&im->out, record_modseq(record));
		str_addc(&im->out, ')');
	}
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
		    index - box_holes_before(b, index) + 1, sync_what(im));
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

/* Those that the user may change (RFC 4314 5.1.1). */
static void
put_permanent(struct imap *im)
{
	static const struct {
		uint32_t right;
		const char *flags;
	} kept[] = {
		{ RIGHT_WRITE, "\\Answered \\Flagged" },
		{ RIGHT_DELETED, "\\Deleted" },
		{ RIGHT_SEEN, "\\Seen" },
		{ RIGHT_WRITE, "\\Draft" },
	};
	const struct box *b = im->box;
	const char *blank = "";

	for (size_t i = 0; i < nitems(kept); i++) {
		if (!(b->rights & kept[i].right))
			continue;
		out_printf(im, "%s%s", blank, kept[i].flags);
		blank = " ";
	}
	if (b->rights & RIGHT_WRITE)
		put_keywords(im);
	if ((b->rights & RIGHT_WRITE) && b->keywords < KEYWORDS_MAX)
		out_puts(im, " \\*");
	out_puts(im, ")] Flags that are kept\r\n");
}

void
sync_tell_keywords(struct imap *im)
{
	struct box *b = im->box;

	out_puts(im, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft");
	put_keywords(im);
	out_puts(im, ")\r\n* OK [PERMANENTFLAGS (");
	if (b->read_only)
		out_puts(im, ")] Read-only mailbox\r\n");
	else
		put_permanent(im);
	b->new_keywords = false;
}

/* NOTIFY may have said that some of it is not wanted. Then it waits for another
 * NOTIFY, and the numbers stay what they were. */
static bool
tells_expunged(const struct imap *im, bool may_renumber)
{
	bool asked = im->command != NULL &&
	    (im->command->flags & CMD_EXPUNGES) != 0;

	return may_renumber && im->box->gone_n > 0 &&
	    (asked || (notify_of_selected(im) & NOTIFY_EXPUNGE) != 0);
}

static bool
tells_exists(const struct imap *im)
{
	return im->box->known < box_total(im->box) &&
	    (notify_of_selected(im) & NOTIFY_NEW) != 0;
}

static bool
tells_flags(const struct imap *im)
{
	return im->box->dirty_n > 0 &&
	    (notify_of_selected(im) & NOTIFY_FLAGS) != 0;
}

bool
sync_has_news(const struct imap *im, bool may_renumber)
{
	const struct box *b = im->box;

	return b != NULL && !im->over && (b->deleted || b->new_keywords ||
		tells_expunged(im, may_renumber) || tells_exists(im) ||
		tells_flags(im));
}

static void
tell_new(struct imap *im)
{
	uint32_t from = im->box->known;

	tell_exists(im);
	notify_fetch(im, from);
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
	if (tells_expunged(im, may_renumber))
		tell_expunged(im);
	if (tells_exists(im))
		tell_new(im);
	if (tells_flags(im))
		tell_dirty(im);
}
