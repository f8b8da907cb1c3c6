/* SPDX-License-Identifier: ISC */
/*
 * messages - which messages a command is about
 */
#include "imapd/box.h"
#include "imapd/messages.h"

void
messages_parse(struct imap *im, struct parse *p, struct numset *set)
{
	uint32_t count = box_count(im->box);

	if (im->uid) {
		parse_set(p, box_last_uid(im->box), set);
		return;
	}
	parse_set(p, count, set);
	/* "1:*" is what clients send, whatever there is */
	if (count == 0 && set->star)
		set->n = 0;
	if (numset_last(set) > count)
		parse_fail(p, "No such message");
}
