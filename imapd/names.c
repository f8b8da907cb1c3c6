/* SPDX-License-Identifier: ISC */
/*
 * names - inline, or out of a file
 */
#include "imapd/names.h"
#include "lib/base/file.h"
#include "lib/proc/channel.h"

static bool
take(const struct msg_mailboxes *m, struct str *names, struct why *w)
{
	struct view mapped;

	if (m->large < 0) {
		str_add(names, m->names);
		return true;
	}
	mapped = file_map(m->large);
	if (mapped.p == NULL)
		return why_later(w, "3.0", "No memory for the list");
	str_add(names, mapped);
	file_unmap(mapped);
	return true;
}

bool
names_ask(struct imap *im, struct str *names, struct why *w)
{
	struct message m = { .type = MSG_mailbox_list,
		.mailbox_list.session = imap_number(im) };
	struct reply reply = { 0 };
	bool fine = store_ask(im, &m, &reply, w) &&
	    store_want(&reply, MSG_mailboxes, w) &&
	    take(&reply.m.mailboxes, names, w);

	reply_free(&reply);
	return fine;
}
