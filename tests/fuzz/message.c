/* SPDX-License-Identifier: ISC */
/*
 * message - frames of a sibling that has been taken over
 *
 * Whatever decodes must encode to the same octets again.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/proc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view v = view_bytes(data, n);
	struct fds fds = { 0 }, again;
	struct str out = { 0 };
	struct message m;
	uint32_t nfds = 0;
	size_t length = message_frame(v, &nfds);

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
