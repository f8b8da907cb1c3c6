/* SPDX-License-Identifier: ISC */
/*
 * cmd_expunge - EXPUNGE, UID EXPUNGE (RFC 3501 6.4.3, RFC 4315 2.1)
 */
#include "imapd/box.h"
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/messages.h"
#include "lib/mail/rights.h"
#include "lib/proc/message.h"

static bool
any_deleted(const struct box *b, const struct numset *uids)
{
	struct walk w;

	walk_begin(&w, b, uids, uids != NULL);
	while (walk_next(&w))
		if (record_flags(box_record(b, w.index)) & FLAG_DELETED)
			return true;
	return false;
}

/* Store looks at \Deleted once more, so the set may hold more than that. */
bool
expunge_deleted(struct imap *im, const struct numset *uids, struct why *w)
{
	struct message m = { .type = MSG_mailbox_expunge };
	struct str set = { 0 };
	bool fine;

	if (!any_deleted(im->box, uids))
		return true;
	box_uids(im->box, uids, uids != NULL, &set);
	m.mailbox_expunge.handle = im->box->handle;
	m.mailbox_expunge.uids = str_view(&set);
	fine = store_tell(im, &m, w);
	str_free(&set);
	return fine;
}

enum answer
cmd_expunge(struct imap *im, struct parse *p)
{
	struct numset set = { 0 };
	struct why w = { 0 };
	uint64_t before;

	if (im->uid) {
		parse_space(p);
		messages_parse(im, p, &set);
	}
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!(im->box->rights & RIGHT_EXPUNGE))
		return answer_no(im, "[NOPERM] You have no right to do that");
	before = im->box->modseq;
	if (!expunge_deleted(im, im->uid ? &set : NULL, &w))
		return answer_why(im, &w);
	if (imap_has(im, FEATURE_QRESYNC) && im->box->modseq != before)
		answer_ok(im, "[HIGHESTMODSEQ %llu] Expunged",
		    (unsigned long long)im->box->modseq);
	return ANSWER_OK;
}
