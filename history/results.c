/* SPDX-License-Identifier: ISC */
/*
 * results - a table of events that wait for their number
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "history/results.h"
#include "lib/base/clock.h"

#define BUCKETS		256
#define RESULTS_MOST	10000	/* then they are written before their time */
#define DAY		86400

struct result {
	LIST_ENTRY(result) entry;
	uint64_t count;
	struct str key;		/* fields of the event */
};

static LIST_HEAD(, result) buckets[BUCKETS];
static size_t results_n;
static struct book *to;
static int64_t day;		/* of all that is counted */

void
results_begin(struct book *book)
{
	to = book;
}

static void
write_one(struct result *r)
{
	struct str batch = { 0 };
	struct view rest, octets;
	struct event e;
	size_t begin = event_begin(&batch, EVENT_TLS, 0);

	event_put_number(&batch, EVENT_day, (uint64_t)day);
	event_put_number(&batch, EVENT_count, r->count);
	str_add(&batch, str_view(&r->key));
	event_end(&batch, begin);
	rest = str_view(&batch);
	if (event_next(&rest, &octets) && event_read(octets, &e))
		book_add(to, octets, &e);
	str_free(&batch);
}

void
results_flush(void)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct result *r;

		while ((r = LIST_FIRST(&buckets[i])) != NULL) {
			write_one(r);
			LIST_REMOVE(r, entry);
			str_free(&r->key);
			free(r);
		}
	}
	results_n = 0;
}

static void
count(struct str *key)
{
	size_t i = print_of(PRINT_DOMAIN, str_view(key)) % BUCKETS;
	struct result *r;

	LIST_FOREACH(r, &buckets[i], entry)
		if (view_eq(str_view(&r->key), str_view(key)))
			break;
	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		r->key = *key;
		*key = (struct str){ 0 };
		LIST_INSERT_HEAD(&buckets[i], r, entry);
		results_n++;
	}
	r->count++;
}

void
results_take(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_tls_result *m)
{
	const struct {
		enum event_field field;
		struct view v;
	} fields[] = {
		{ EVENT_domain, m->domain }, { EVENT_policy, m->policy },
		{ EVENT_strings, m->strings }, { EVENT_result, m->result },
		{ EVENT_mx, m->mx }, { EVENT_from_ip, m->from_ip },
		{ EVENT_to_ip, m->to_ip }, { EVENT_reason, m->reason },
	};
	int64_t today = clock_wall() / DAY;
	struct str key = { 0 };

	if (today != day || results_n >= RESULTS_MOST)
		results_flush();
	day = today;
	for (size_t i = 0; i < nitems(fields); i++)
		event_put(&key, fields[i].field, fields[i].v);
	if (key.n < EVENT_MOST - 64)
		count(&key);
	str_free(&key);
}
