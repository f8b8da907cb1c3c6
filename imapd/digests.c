/* SPDX-License-Identifier: ISC */
/*
 * digests - read, made, kept
 */
#include <stdlib.h>

#include "imapd/box.h"
#include "imapd/digests.h"
#include "imapd/preview.h"
#include "imapd/text.h"
#include "lib/base/kv_key.h"
#include "lib/mail/envelope.h"
#include "lib/mail/grams.h"
#include "lib/mail/summary.h"
#include "lib/mail/surrogate.h"

#define MADE_MOST (4u * 1024 * 1024)	/* octets; a structure may be long */

static bool
wants(const struct digests *d, enum cache_kind kind)
{
	return (d->want & WANT(kind)) != 0;
}

bool
digests_has(const struct digests *d, uint32_t i)
{
	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++)
		if (wants(d, kind) && d->v[kind][i].p == NULL)
			return false;
	return true;
}

void
digests_show(const struct digests *d, uint32_t i, struct content *c)
{
	struct view known[CACHE_KINDS];

	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++)
		known[kind] = wants(d, kind) ? d->v[kind][i] :
		    (struct view){ NULL, 0 };
	content_begin_known(c, known);
}

/* ---- making one ---- */

static bool
make_header(struct content *c, struct str *out)
{
	struct view header;

	if (!content_header(c, &header))
		return false;
	summary_make(out, header);
	/* an empty one is no missing one */
	str_adds(out, "\r\n");
	return true;
}

/* Of two texts, the length of the first is put before them. */
static size_t
begin_two(struct str *out)
{
	char length[4] = { 0 };

	str_addn(out, length, sizeof(length));
	return out->n;
}

static void
end_first(struct str *out, size_t from)
{
	kv_write_u32(out->p + from - 4, (uint32_t)(out->n - from));
}

static bool
make_envelope(struct content *c, struct str *out)
{
	struct str surrogate = { 0 };
	struct view header;
	size_t from;

	if (!content_header(c, &header))
		return false;
	from = begin_two(out);
	envelope_write(out, header);
	end_first(out, from);
	if (!surrogate_needed(header))
		return true;
	surrogate_header(&surrogate, header);
	envelope_write(out, str_view(&surrogate));
	str_free(&surrogate);
	return true;
}

static bool
make_structure(struct content *c, struct str *out)
{
	const struct mime_part *root = content_root(c);
	size_t from;

	if (root == NULL)
		return false;
	from = begin_two(out);
	envelope_body(out, c->all, root, false);
	end_first(out, from);
	envelope_body(out, c->all, root, true);
	return true;
}

static bool
add_grams(void *arg, struct view folded)
{
	grams_add(arg, folded);
	return true;
}

static bool
make_grams(struct content *c, struct str *out)
{
	struct grams grams = { 0 };
	struct text_reader r = { .f = add_grams, .arg = &grams,
		.overlap = GRAMS_LEAST - 1 };
	bool fine = text_of_message(&r, c);

	text_end(&r);
	if (fine)
		grams_put(out, &grams);
	return fine;
}

static bool
make_preview(struct content *c, struct str *out)
{
	const struct mime_part *root = content_root(c);

	if (root == NULL)
		return false;
	preview_make(out, c->all, root);
	/* an empty one is no missing one */
	str_addc(out, '\n');
	return true;
}

static bool (*const makers[CACHE_KINDS])(struct content *, struct str *) = {
	[CACHE_HEADER] = make_header,
	[CACHE_ENVELOPE] = make_envelope,
	[CACHE_STRUCTURE] = make_structure,
	[CACHE_GRAMS] = make_grams,
	[CACHE_PREVIEW] = make_preview,
};

/* ---- making many ---- */

/* Views into what was made are offsets until all is made: it moves. */
struct making {
	struct digests *d;
	size_t at[CACHE_KINDS][KNOWN_MOST], size[CACHE_KINDS][KNOWN_MOST];
	struct contents files;
	struct content content;
};

static void
make(struct making *k, enum cache_kind kind, uint32_t i)
{
	struct digests *d = k->d;
	size_t at = d->made.n;

	if (d->v[kind][i].p != NULL || k->size[kind][i] > 0 ||
	    !makers[kind](&k->content, &d->made))
		return;
	k->at[kind][i] = at;
	k->size[kind][i] = d->made.n - at;
	known_keep(&d->known, kind, d->uid[i],
	    (struct view){ d->made.p + at, d->made.n - at });
}

static void
make_all(struct making *k, uint32_t i, int fd)
{
	if (fd < 0 || !content_begin(&k->content, fd))
		return;
	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++)
		if (wants(k->d, kind))
			make(k, kind, i);
}

static bool
is_missing(const struct making *k, uint32_t i)
{
	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++)
		if (wants(k->d, kind) && k->d->v[kind][i].p == NULL &&
		    k->size[kind][i] == 0)
			return true;
	return false;
}

/* The next that are missing, from *at on. */
static bool
next_files(struct making *k, uint32_t *at, uint32_t *index)
{
	k->files.n = 0;
	for (; *at < k->d->n && k->files.n < FDS_MAX; ++*at)
		if (is_missing(k, *at)) {
			index[k->files.n] = *at;
			k->files.uid[k->files.n++] = k->d->uid[*at];
		}
	return k->files.n > 0;
}

/* Of files->n messages; false when what was made is enough for a while: the batch
 * ends behind the last of them. */
static bool
make_files(struct making *k, const uint32_t *index)
{
	for (uint32_t i = 0; i < k->files.n; i++) {
		make_all(k, index[i], k->files.fd[i]);
		if (k->d->made.n < MADE_MOST)
			continue;
		k->d->n = index[i] + 1;
		return false;
	}
	return true;
}

static bool
from_files(struct making *k, struct why *w)
{
	struct imap *im = k->d->known.im;
	uint32_t index[FDS_MAX], at = 0;
	bool fine = true, more = true;

	while (fine && more && next_files(k, &at, index)) {
		fine = contents_open(im, &k->files, w);
		if (fine)
			more = make_files(k, index);
		contents_close(&k->files);
		give_way();
	}
	return fine;
}

/* An envelope has nothing that a summary has not; only whether it needs a
 * surrogate is a question to the whole header. */
static void
from_headers(struct making *k)
{
	struct digests *d = k->d;
	struct view none[CACHE_KINDS] = { { NULL, 0 } };

	if (!wants(d, CACHE_ENVELOPE))
		return;
	if (!wants(d, CACHE_HEADER))
		known_read(&d->known, CACHE_HEADER, d->uid, d->n,
		    d->v[CACHE_HEADER]);
	for (uint32_t i = 0; i < d->n; i++) {
		none[CACHE_HEADER] = d->v[CACHE_HEADER][i];
		if (none[CACHE_HEADER].p == NULL ||
		    surrogate_needed(none[CACHE_HEADER]))
			continue;
		content_begin_known(&k->content, none);
		make(k, CACHE_ENVELOPE, i);
	}
}

static void
settle(struct making *k)
{
	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++)
		for (uint32_t i = 0; i < k->d->n; i++)
			if (k->size[kind][i] > 0)
				k->d->v[kind][i] = (struct view){
					k->d->made.p + k->at[kind][i],
					k->size[kind][i] };
}

static bool
make_missing(struct digests *d, struct why *w)
{
	struct making *k = xcalloc(1, sizeof(*k));
	bool fine;

	k->d = d;
	from_headers(k);
	fine = from_files(k, w);
	settle(k);
	content_free(&k->content);
	free(k);
	return fine;
}

/* ---- all of it ---- */

void
digests_begin(struct digests *d, struct imap *im, unsigned want)
{
	d->want = want;
	known_begin(&d->known, im);
}

void
digests_end(struct digests *d)
{
	known_end(&d->known);
	str_free(&d->made);
	d->n = 0;
}

bool
digests_get(struct digests *d, struct why *w)
{
	str_reset(&d->made);
	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++)
		if (wants(d, kind))
			known_read(&d->known, kind, d->uid, d->n,
			    d->v[kind]);
	for (uint32_t i = 0; i < d->n; i++)
		if (!digests_has(d, i))
			return make_missing(d, w);
	return true;
}
