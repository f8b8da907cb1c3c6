/* SPDX-License-Identifier: ISC */
/*
 * message - frames of a sibling that has been taken over
 *
 * Whatever decodes must encode to the same octets again. The input is read as a
 * list, too, and must be what its items are put together to.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/proc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
read_list(struct view v)
{
	struct view rest = v, item;
	struct str again = { 0 };
	size_t n, items = 0;

	if (!list_ok(v, &n))
		return;
	while (list_next(&rest, &item)) {
		list_put(&again, item);
		must(list_has(v, item));
		items++;
	}
	must(items == n && view_eq(str_view(&again), v));
	str_free(&again);
}

/* Numbers of either size stand in items of that size. */
static void
read_numbers(struct view v)
{
	struct view rest = v;
	struct str again = { 0 };
	uint32_t small;
	uint64_t large;

	while (list_next_u32(&rest, &small))
		list_put_u32(&again, small);
	must(view_starts(v, str_view(&again)));
	rest = v;
	str_reset(&again);
	while (list_next_u64(&rest, &large))
		list_put_u64(&again, large);
	must(view_starts(v, str_view(&again)));
	str_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view v = view_bytes(data, n);
	struct fds fds = { 0 }, again;
	struct str out = { 0 };
	struct message m;
	uint32_t nfds = 0;
	size_t length = message_frame(v, &nfds);

	read_list(v);
	read_numbers(v);
	if (length == 0 || length > n)
		return 0;
	/* numbers that are no descriptors: nothing here may close them */
	for (; fds.n < nfds; fds.n++)
		fds.fd[fds.n] = 1000 + (int)fds.n;
	if (message_decode((struct view){ v.p, length }, &fds, &m)) {
		must(message_encode(&m, &out, &again));
		must(view_eq(str_view(&out), (struct view){ v.p, length }));
		must(again.n == fds.n);
	}
	str_free(&out);
	return 0;
}
