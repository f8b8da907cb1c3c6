/* SPDX-License-Identifier: ISC */
/*
 * walk - over the messages of a set, in the order of the mailbox
 *
 * Each range of the set becomes a run of indexes once; after that a step is an
 * increment that passes over holes, so that walking 100,000 messages is cheap.
 */
#include "imapd/box.h"

static const struct numset_range everything = { 1, UINT32_MAX };

static struct numset_range
range_at(const struct walk *w)
{
	return w->set ? w->set->ranges[w->range] : everything;
}

/* The indexes of a range, holes included. */
static void
enter(struct walk *w)
{
	struct numset_range r = range_at(w);
	const struct box *b = w->box;
	uint32_t count = box_count(b);

	if (w->uid) {
		w->at = box_find(b, r.first);
		w->end = r.last == UINT32_MAX ? b->known :
						box_find(b, r.last + 1);
	} else if (r.first > count) {
		w->at = w->end = b->known;
	} else {
		w->at = box_index(b, r.first);
		w->end = r.last >= count ? b->known :
					   box_index(b, r.last) + 1;
	}
	if (w->end > b->known)
		w->end = b->known;
	w->hole = box_holes_before(b, w->at);
}

void
walk_begin(struct walk *w, const struct box *b, const struct numset *set,
    bool uid)
{
	*w = (struct walk){ .box = b, .set = set, .uid = uid };
	if (set == NULL || set->n > 0)
		enter(w);
}

bool
walk_next(struct walk *w)
{
	const struct box *b = w->box;
	size_t ranges = w->set ? w->set->n : 1;

	while (w->range < ranges) {
		while (w->at < w->end && w->hole < b->holes_n &&
		    b->holes[w->hole] == w->at) {
			w->at++;
			w->hole++;
		}
		if (w->at < w->end) {
			w->index = w->at++;
			w->seq = w->index - w->hole + 1;
			return true;
		}
		if (++w->range < ranges)
			enter(w);
	}
	return false;
}

/* UIDs between those of neighbours were never given to others that live, so
 * that a run of messages can be named by its ends. */
bool
box_uids_next(struct walk *w, uint32_t most, struct str *out)
{
	uint32_t n = 0;
	bool more = walk_next(w);

	while (more) {
		size_t range = w->range;
		uint32_t first = box_uid(w->box, w->index), last = first;

		while (++n < most && (more = walk_next(w)) &&
		    w->range == range)
			last = box_uid(w->box, w->index);
		str_addf(out, first == last ? "%s%u" : "%s%u:%u",
		    out->n > 0 ? "," : "", first, last);
		if (n >= most)
			return true;
	}
	return n > 0;
}

void
box_uids(const struct box *b, const struct numset *set, bool uid,
    struct str *out)
{
	struct walk w;

	walk_begin(&w, b, set, uid);
	box_uids_next(&w, UINT32_MAX, out);
}
