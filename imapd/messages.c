/* SPDX-License-Identifier: ISC */
/*
 * messages - which messages a command is about
 */
#include "imapd/box.h"
#include "imapd/messages.h"
#include "imapd/result.h"

/* "$", as numbers where the command is about numbers. */
static void
take_saved(struct imap *im, struct numset *set)
{
	struct numset uids = result_saved(im);
	struct str text = { 0 };
	struct numset_text t;
	struct walk w;

	*set = uids;
	if (im->uid || uids.n == 0)
		return;
	numset_begin(&t, &text);
	walk_begin(&w, im->box, &uids, true);
	while (walk_next(&w))
		numset_put(&t, w.seq);
	numset_end(&t);
	*set = (struct numset){ 0 };
	if (text.n > 0)
		must(numset_parse(str_view(&text), 0, &im->arena, set));
	str_free(&text);
}

void
messages_parse(struct imap *im, struct parse *p, struct numset *set)
{
	uint32_t count = box_count(im->box);

	if (parse_take(p, '$')) {
		take_saved(im, set);
		return;
	}
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
