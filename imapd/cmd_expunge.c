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

#define EXPUNGE_TURN 8192	/* messages; then it is the others' turn */

/* The UIDs of the next ones that have \Deleted; false: there are none. */
static bool
next_deleted(struct walk *w, struct str *uids)
{
	struct numset_text t;
	size_t n = 0;

	str_reset(uids);
	numset_begin(&t, uids);
	while (n < EXPUNGE_TURN && walk_next(w)) {
		const uint8_t *record = box_record(w->box, w->index);

		if (!(record_flags(record) & FLAG_DELETED))
			continue;
		numset_put(&t, record_uid(record));
		n++;
	}
	numset_end(&t);
	return n > 0;
}

/* Store looks at \Deleted once more. */
bool
expunge_deleted(struct imap *im, const struct numset *uids, struct why *w)
{
	struct message m = { .type = MSG_mailbox_expunge };
	struct str set = { 0 };
	struct walk walk;
	bool fine = true;

	m.mailbox_expunge.handle = im->box->handle;
	walk_begin(&walk, im->box, uids, uids != NULL);
	while (fine && next_deleted(&walk, &set)) {
		m.mailbox_expunge.uids = str_view(&set);
		fine = store_tell(im, &m, w);
	}
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
