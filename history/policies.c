/* SPDX-License-Identifier: ISC */
/*
 * policies - a list in memory, and a file of records as in a segment
 */
#include <errno.h>
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "history/policies.h"
#include "history/segment.h"
#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define FILE_NAME	"policies"
#define TEXT_MOST	(48u * 1024)	/* octets of one; RFC 8461 3.3: 64K */
#define POLICIES_MOST	10000
#define OCTETS_MOST	(64u << 20)

struct policy {
	TAILQ_ENTRY(policy) entry;
	struct str octets;	/* the record */
	struct policy_record is;	/* views into it */
};

static TAILQ_HEAD(policies, policy) all = TAILQ_HEAD_INITIALIZER(all);
static size_t count, octets;
static int directory;
static bool changed;

bool
policy_read(struct view v, struct policy_record *p)
{
	struct bytes b = { .rest = v };

	p->domain = get_text(&b);
	p->id = get_text(&b);
	p->text = get_text(&b);
	p->expires = (int64_t)get_u64(&b);
	return !b.bad && b.rest.n == 0 && p->domain.n > 0;
}

static void
forget(struct policy *p)
{
	TAILQ_REMOVE(&all, p, entry);
	count--;
	octets -= p->octets.n;
	str_free(&p->octets);
	free(p);
	changed = true;
}

static void
forget_domain(struct view domain)
{
	struct policy *p, *next;

	TAILQ_FOREACH_SAFE(p, &all, entry, next)
		if (view_eqi(p->is.domain, domain))
			forget(p);
}

/* The oldest make place. */
static void
add(struct view record)
{
	struct policy *p = xcalloc(1, sizeof(*p));

	str_add(&p->octets, record);
	must(policy_read(str_view(&p->octets), &p->is));
	TAILQ_INSERT_TAIL(&all, p, entry);
	count++;
	octets += p->octets.n;
	while (count > POLICIES_MOST || octets > OCTETS_MOST)
		forget(TAILQ_FIRST(&all));
}

void
policies_keep(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_sts_keep *m)
{
	struct str record = { 0 };

	if (m->domain.n == 0 || m->domain.n > 255 || m->id.n > 255 ||
	    m->policy.n > TEXT_MOST)
		return;
	forget_domain(m->domain);
	changed = true;
	if (m->policy.n == 0)
		return;
	put_text(&record, m->domain);
	put_text(&record, m->id);
	put_text(&record, m->policy);
	put_u64(&record, (uint64_t)m->expires);
	add(str_view(&record));
	str_free(&record);
}

void
policies_tell(struct channel *c)
{
	int64_t now = clock_wall();
	struct policy *p;

	TAILQ_FOREACH(p, &all, entry) {
		struct message m = { .type = MSG_sts_known,
			.sts_known = { p->is.domain, p->is.id, p->is.text,
			    p->is.expires } };

		if (p->is.expires > now)
			channel_send(c, &m);
	}
}

/* ---- the file ---- */

void
policies_begin(int dir)
{
	struct str file = { 0 };
	struct view rest, record;
	struct policy_record p;
	int64_t begun;

	directory = dir;
	if (!file_read(dir, FILE_NAME, 2 * OCTETS_MOST, &file) ||
	    !segment_read_head(str_view(&file), &begun)) {
		str_free(&file);
		return;
	}
	rest = view_skip(str_view(&file), SEGMENT_HEAD);
	while (segment_next(&rest, &record) == SEGMENT_MORE)
		if (policy_read(record, &p) && p.expires > clock_wall())
			add(record);
	str_free(&file);
	changed = false;
}

void
policies_write(void)
{
	struct str file = { 0 };
	struct policy *p;

	if (!changed)
		return;
	segment_put_head(&file, clock_wall_us());
	TAILQ_FOREACH(p, &all, entry)
		segment_put(&file, str_view(&p->octets));
	if (file_replace(directory, FILE_NAME, str_view(&file), 0600))
		changed = false;
	else
		log_warning("history", "cannot write %s: %s", FILE_NAME,
		    strerror(errno));
	str_free(&file);
}
