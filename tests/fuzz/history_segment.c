/* SPDX-License-Identifier: ISC */
/*
 * history_segment - any bytes as records, rows, policies and a batch of events
 *
 * The input is read as each of them as it is; then pieces of it are sealed into
 * records and into a row, so that what stands behind a checksum is reached,
 * too, and must come back as it was.
 */
#include "history/policies.h"
#include "history/print.h"
#include "history/segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_event(struct view octets)
{
	struct prints prints = { 0 };
	struct event e;

	if (event_read(octets, &e)) {
		must(e.kind > 0 && e.kind < EVENT_KINDS);
		prints_of(&prints, &e);
	}
	free(prints.p);
}

static size_t
read_records(struct view rest)
{
	struct policy_record policy;
	struct view one;
	size_t n = 0;

	while (segment_next(&rest, &one) == SEGMENT_MORE) {
		must(one.n > 0 && one.n <= EVENT_MOST);
		read_event(one);
		policy_read(one, &policy);
		n++;
	}
	return n;
}

static void
read_rows(struct view rest)
{
	static const uint32_t wanted[] = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 };
	uint32_t at = SEGMENT_HEAD;
	struct row r;

	while (row_next(&rest, at, &r) == SEGMENT_MORE) {
		must(r.length > 0);
		row_has(&r, wanted, 2);
		row_has(&r, wanted, nitems(wanted));
		at += r.length;
	}
}

static void
read_batch(struct view rest)
{
	struct view one;

	while (event_next(&rest, &one))
		read_event(one);
}

/* Pieces of a length that the first octet of each says. */
static void
seal_records(struct view in)
{
	struct str out = { 0 };
	size_t n = 0;

	while (in.n >= 2) {
		size_t length = (unsigned char)in.p[0] + 1u;

		in = view_skip(in, 1);
		if (length > in.n)
			length = in.n;
		segment_put(&out, (struct view){ in.p, length });
		in = view_skip(in, length);
		n++;
	}
	must(read_records(str_view(&out)) == n);
	str_free(&out);
}

static void
seal_row(struct view in)
{
	size_t n = in.n / sizeof(uint32_t);
	uint32_t *prints = xcalloc(n + 1, sizeof(*prints)), first;
	struct row r = { .at = SEGMENT_HEAD, .length = 1 };
	struct str out = { 0 };
	struct view rest;

	if (n > 0)
		memcpy(prints, in.p, n * sizeof(*prints));
	first = prints[0];
	row_put(&out, r, prints, n);
	rest = str_view(&out);
	must(row_next(&rest, SEGMENT_HEAD, &r) == SEGMENT_MORE);
	must(rest.n == 0 && r.length == 1 && r.prints.n <= n * 4);
	must(row_has(&r, &first, 1) == (n > 0));
	str_free(&out);
	free(prints);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size);
	int64_t begun;

	segment_read_head(in, &begun);
	read_event(in);
	read_records(in);
	read_rows(in);
	read_batch(in);
	seal_records(in);
	seal_row(in);
	return 0;
}
