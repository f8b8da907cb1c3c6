/* SPDX-License-Identifier: ISC */
/*
 * headers - KNOWN_MOST at a time
 */
#include "imapd/digests.h"
#include "imapd/headers.h"
#include "imapd/progress.h"

bool
headers_each(struct imap *im, const struct matches *m,
    void (*f)(void *arg, size_t i, struct view header), void *arg,
    struct why *w)
{
	struct digests *d = arena_zalloc(&im->arena, sizeof(*d));
	struct progress progress;
	bool fine = true;

	progress_begin(&progress, im, m->n);
	digests_begin(d, im, WANT(CACHE_HEADER));
	for (size_t from = 0; fine && from < m->n; from += d->n) {
		d->n = 0;
		for (size_t i = from; i < m->n && d->n < KNOWN_MOST; i++)
			d->uid[d->n++] = box_uid(im->box, m->v[i].index);
		fine = digests_get(d, w);
		for (uint32_t i = 0; fine && i < d->n; i++)
			f(arg, from + i, d->v[CACHE_HEADER][i]);
		if (fine && !progress_at(&progress, from))
			fine = why_later(w, "3.0", "Connection closed");
		give_way();	/* what is known already needs no waiting */
	}
	digests_end(d);
	return fine;
}
