/* SPDX-License-Identifier: ISC */
/*
 * replay - apply every record, oldest first, then look at the content files
 *
 * doc/QUEUE.md has the table of what may be found and why it is legal. The one
 * thing that is judged here: a content file without an envelope was never
 * acknowledged and goes, unless the journal is damaged; then it may have been,
 * and is moved to spool/lost for the administrator.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "queue/content.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/replay.h"

/* A content that stands in the journal. */
struct content_at {
	uint64_t id;		/* first: struct table wants it */
	struct place place;	/* of the octets */
	uint32_t n;
};

struct reading {
	struct replay *replay;
	const char *begin;	/* of the segment's bytes */
	uint32_t number;
	bool damaged;
};

static void
add_mail(struct mail *m, uint32_t segment)
{
	struct mail *old = ledger_find(m->id);

	if (old != NULL)
		ledger_remove(&old);
	m->segment = segment;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		m->rcpt[i].again = true;
	content_used(m->id);
	ledger_add(m);
}

/* What the mail says, up to its next envelope. */
static void
keep_content(struct reading *r, uint64_t id, struct view content)
{
	struct content_at *c;

	if (content.n == 0)
		return;
	c = table_find(&r->replay->contents, id);
	if (c == NULL) {
		c = xcalloc(1, sizeof(*c));
		c->id = id;
		table_add(&r->replay->contents, c);
	}
	c->place = (struct place){ r->number,
		(uint32_t)(content.p - r->begin) };
	c->n = (uint32_t)content.n;
}

static void
read_mail(struct reading *r, struct view payload, bool former)
{
	struct mail_reader *reader = &r->replay->mail;
	struct settles s = { 0 };
	struct mail *m = mail_read_mail(reader, payload, &s, former);
	struct mail *of;

	if (m == NULL)
		return;
	add_mail(m, reader->begun);
	keep_content(r, m->id, reader->content);
	of = s.mail != 0 ? ledger_find(s.mail) : NULL;
	if (of != NULL)
		note_settle(of, &s);
}

static void
on_record(void *arg, enum record_type type, struct view payload)
{
	struct reading *r = arg;

	if (type == RECORD_RCPTS)
		mail_read_rcpts(&r->replay->mail, payload);
	else if (type == RECORD_MAIL || type == RECORD_ENVELOPE)
		read_mail(r, payload, type == RECORD_MAIL);
	else if (type == RECORD_SYNCED)
		(void)record_read_place(payload, &r->replay->synced);
	else
		note_apply(type, payload);
}

static void
on_damage(void *arg, size_t at, size_t n)
{
	struct reading *r = arg;

	log_error("journal", "segment=%u offset=%zu octets=%zu damaged: "
	    "skipped; the segment will be kept in spool/lost", r->number, at,
	    n);
	r->damaged = true;
}

static void
append(void **array, size_t *n, size_t size, const void *item)
{
	if ((*n & (*n - 1)) == 0)
		*array = xrealloc(*array, (*n > 0 ? *n * 2 : 1) * size);
	memcpy((char *)*array + *n * size, item, size);
	++*n;
}

static void
on_begun(void *arg, struct place before)
{
	struct reading *r = arg;

	r->replay->begun = before;
}

static void
miss(struct replay *r, uint32_t first, uint32_t last)
{
	r->gaps += last - first + 1;
	log_error("journal", "segments=%u-%u missing: what only they knew is "
	    "lost", first, last);
}

/* Segments go oldest first, so none is missing between two that are there. */
static void
look_for_gap(struct replay *r, uint32_t number)
{
	uint32_t last = r->end.segment;

	if (last > 0 && number > last + 1)
		miss(r, last + 1, number - 1);
}

/* The segment that was read last: does it end where another place says? */
static void
look_at_end(struct replay *r, struct place said)
{
	if (said.segment != r->end.segment || said.at <= r->end.at)
		return;
	log_error("journal", "segment=%u offset=%u octets=%u lost: it ended "
	    "later once; it will be kept in spool/lost", r->end.segment,
	    r->end.at, said.at - r->end.at);
	r->cut++;
	r->end.at = said.at;
	if (r->damages == 0 || r->damaged[r->damages - 1] != r->end.segment)
		append((void **)&r->damaged, &r->damages,
		    sizeof(r->end.segment), &r->end.segment);
}

void
replay_segment(struct view bytes, uint32_t number, struct replay *r)
{
	struct reading reading = { .replay = r, .begin = bytes.p,
		.number = number };
	const struct journal_reader reader = { &reading, on_record,
		on_damage, on_begun };
	size_t end;

	r->mail.segment = number;
	r->begun = (struct place){ 0 };
	end = journal_scan(bytes, number, &reader);
	look_for_gap(r, number);
	look_at_end(r, r->begun);
	r->end = (struct place){ number, (uint32_t)end };
	if (reading.damaged)
		append((void **)&r->damaged, &r->damages, sizeof(number),
		    &number);
	look_at_end(r, r->extent.reached);
}

/* In front of the first segment, and behind the last one. The next one has a
 * number that none had, and says again where the last one ended. */
static void
look_at_extent(struct replay *r)
{
	struct extent *e = &r->extent;
	uint32_t next = r->end.segment + 1;

	r->blank = e->oldest == 0 && r->oldest == 0;
	if (e->oldest == 0)
		*e = (struct extent){ r->oldest > 0 ? r->oldest : 1, r->end };
	if (r->oldest > e->oldest)
		miss(r, e->oldest, r->oldest - 1);
	if (next < e->oldest)
		next = e->oldest;
	if (next <= e->reached.segment)
		miss(r, next, e->reached.segment);
	if (place_is_before(r->end, e->reached))
		r->end = e->reached;
}

static bool
read_segment(int dir, uint32_t number, struct replay *r)
{
	struct str bytes = { 0 };
	char name[16];
	bool done = file_read(dir, journal_name(number, name),
	    2 * SEGMENT_SIZE, &bytes);

	if (done)
		replay_segment(str_view(&bytes), number, r);
	str_free(&bytes);
	return done;
}

bool
replay_journal(int dir, struct replay *r)
{
	uint32_t *numbers;
	size_t n;
	bool done = journal_list(dir, &numbers, &n);

	*r = (struct replay){ 0 };
	done = done && extent_read(dir, &r->extent);
	if (done && n > 0) {
		r->oldest = numbers[0];
		r->newest = numbers[n - 1];
		ledger_segments(r->oldest);
	}
	for (size_t i = 0; done && i < n; i++)
		done = read_segment(dir, numbers[i], r);
	/* the next segment will say where this one ended */
	if (done && n > 0)
		done = journal_sync(dir, r->newest);
	if (done)
		look_at_extent(r);
	if (n == 0)
		ledger_segments(r->end.segment + 1);
	free(numbers);
	return done;
}

/* Of what is said to be in its file only the size is looked at, so no file may
 * have this size before it has the octets: power may be lost right now. Such a
 * mail had no file any more, or never a whole one. */
static bool
restore(int dir, const struct content_at *c, bool is_synced)
{
	char name[16], *octets = xmalloc(c->n);
	int fd = openat(dir, journal_name(c->place.segment, name),
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool done = fd >= 0 && file_pread_all(fd, octets, c->n,
	    (off_t)c->place.at) &&
	    (is_synced ? content_replace : content_restore)(c->id,
		view_bytes(octets, c->n));

	if (fd >= 0)
		close(fd);
	free(octets);
	return done;
}

bool
replay_restore(int dir, struct replay *r)
{
	struct content_at *c;
	bool done = true;

	for (size_t at = 0;
	    done && (c = table_next(&r->contents, &at)) != NULL;) {
		struct mail *m = ledger_find(c->id);
		bool is_synced = place_is_before(c->place, r->synced);

		if (m == NULL || ledger_is_settled(m) ||
		    (is_synced && content_is_whole(c->id, c->n)))
			continue;
		done = restore(dir, c, is_synced);
		if (c->place.segment < m->segment)
			ledger_moved(m, c->place.segment);
		append((void **)&r->restored, &r->restores, sizeof(c->id),
		    &c->id);
	}
	return done;
}

void
replay_free(struct replay *r)
{
	struct content_at *c;

	for (size_t at = 0; (c = table_next(&r->contents, &at)) != NULL;)
		free(c);
	table_free(&r->contents);
	str_free(&r->mail.rcpts);
	free(r->damaged);
	free(r->finished);
	free(r->restored);
}

static enum content_fate
lose(struct replay *r, uint64_t id, const char *reason)
{
	char text[SPOOL_ID_SIZE];

	log_error(spool_id(id, text), "%s: moved to spool/lost", reason);
	r->lost++;
	return CONTENT_LOST;
}

/* A mail whose content has been seen is marked by taken_ms, which is not used
 * for a mail that was there before the start. */
static enum content_fate
look_at(void *arg, uint64_t id)
{
	struct replay *r = arg;
	struct mail *m = ledger_find(id);

	content_used(id);
	if (m != NULL && !ledger_is_settled(m)) {
		if (!content_is_whole(id, m->size))
			return lose(r, id, "it has not the size that was taken "
			    "in");
		m->taken_ms = 1;
		return CONTENT_KEEP;
	}
	if (m != NULL) {
		append((void **)&r->finished, &r->finishes, sizeof(id), &id);
		return CONTENT_KEEP;
	}
	if (r->blank)
		return lose(r, id, "there is no journal that could know this "
		    "content");
	if (r->damages > 0 || r->gaps > 0)
		return lose(r, id, "the journal is damaged and does not know "
		    "this content");
	r->removed++;
	return CONTENT_REMOVE;
}

/* Mails without content, and the settled ones, of the next slots. */
static void
forget(struct replay *r, struct mail *m)
{
	char text[SPOOL_ID_SIZE];

	if (!ledger_is_settled(m)) {
		r->missing++;
		log_error(spool_id(m->id, text), "from=<%s>, nrcpt=%u: the "
		    "content is missing; removed",
		    log_quote(mail_sender(m)), m->nrcpt);
	}
	ledger_remove(&m);
}

void
replay_content(struct replay *r)
{
	uint64_t *ids = NULL;
	size_t n = 0;
	struct mail *m;

	content_each(look_at, r);
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;) {
		if (ledger_is_settled(m) || m->taken_ms == 0)
			append((void **)&ids, &n, sizeof(m->id), &m->id);
		m->taken_ms = 0;
	}
	for (size_t i = 0; i < n; i++)
		forget(r, ledger_find(ids[i]));
	free(ids);
}
