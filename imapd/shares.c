/* SPDX-License-Identifier: ISC */
/*
 * shares - asked of store where a pattern reaches them
 */
#include "imapd/shares.h"
#include "lib/base/file.h"
#include "lib/mail/shared.h"
#include "lib/proc/channel.h"

/* Its octets before the first wildcard and the prefix agree as far as both go. */
bool
shares_match(struct view pattern)
{
	struct view prefix = VIEW_LIT(SHARED_PREFIX);
	size_t n = 0;

	while (n < pattern.n && strchr("%*", pattern.p[n]) == NULL)
		n++;
	pattern.n = n;
	return n <= prefix.n ? view_starts(prefix, pattern) :
			       view_starts(pattern, prefix);
}

bool
shares_add(struct imap *im, struct str *names, struct why *w)
{
	struct message m = { .type = MSG_shares_get,
		.shares_get.session = imap_number(im) };
	struct reply reply = { 0 };
	bool fine = store_ask(im, &m, &reply, w) &&
	    store_want(&reply, MSG_shares, w);

	if (fine && reply.m.shares.names >= 0) {
		struct view mapped = file_map(reply.m.shares.names);
		struct view list = mapped, name;

		fine = mapped.p != NULL ||
		    why_later(w, "3.0", "No memory for the list");
		while (fine && list_next(&list, &name)) {
			list_put(names, name);
			list_put(names, VIEW_LIT("e"));
		}
		file_unmap(mapped);
	}
	reply_free(&reply);
	return fine;
}
