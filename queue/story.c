/* SPDX-License-Identifier: ISC */
/*
 * story - events for posthouse trace
 *
 * They say what the log says, and are told at the same places.
 */
#include <stdio.h>

#include "lib/mail/tell.h"
#include "lib/proc/message.h"
#include "queue/schedule.h"
#include "queue/story.h"

/* As the sender's report calls it. */
static const char *const kinds[] = {
	[REPORT_FAILED] = "failed",
	[REPORT_DELAYED] = "delayed",
	[REPORT_DELIVERED] = "delivered",
	[REPORT_LATE] = "late",
	[REPORT_EXPANDED] = "expanded",
	[REPORT_RELAYED] = "relayed",
	[REPORT_PASSED] = "list",
};

static void
put_recipients(const struct mail *m)
{
	struct str list = { 0 };

	for (uint32_t i = 0; i < m->nrcpt && list.n < 16384; i++)
		list_put(&list, mail_texts(m, i).original);
	tell_put(EVENT_recipients, str_view(&list));
	str_free(&list);
}

void
story_written(const struct mail *m, const struct settles *about)
{
	if (!tell_begin(EVENT_WRITTEN, m->id))
		return;
	tell_put(EVENT_sender, mail_sender(m));
	tell_put_number(EVENT_size, m->size - m->skip);
	tell_put_number(EVENT_count, m->nrcpt);
	put_recipients(m);
	if (about != NULL) {
		tell_put_number(EVENT_about, about->mail);
		tell_put(EVENT_action, about->kind < nitems(kinds) ?
		    view_of(kinds[about->kind]) : VIEW_LIT("told"));
	}
	tell_end();
}

static void
put_recipient(const struct mail *m, uint32_t rcpt)
{
	struct rcpt_texts t = mail_texts(m, rcpt);

	tell_put(EVENT_recipient, t.address);
	if (!view_eq(t.original, t.address))
		tell_put(EVENT_original, t.original);
}

void
story_verdict(const struct mail *m, uint32_t rcpt, const struct outcome *o)
{
	char status[sizeof(o->why.status) + 8];

	if (!tell_begin(EVENT_VERDICT, m->id))
		return;
	put_recipient(m, rcpt);
	snprintf(status, sizeof(status), "%d.%s", o->why.verdict,
	    o->why.status);
	tell_put(EVENT_status, view_of(status));
	tell_put(EVENT_sentence, view_of(o->why.text));
	tell_put(EVENT_relay, o->relay);
	tell_put(EVENT_reply, o->reply);
	tell_put_number(EVENT_began, (uint64_t)o->began);
	tell_end();
}

void
story_finished(uint64_t mail)
{
	if (tell_begin(EVENT_FINISHED, mail))
		tell_end();
}

void
story_changed(uint64_t mail, const char *action, uint32_t rcpts)
{
	if (!tell_begin(EVENT_CHANGED, mail))
		return;
	tell_put(EVENT_action, view_of(action));
	tell_put_number(EVENT_count, rcpts);
	tell_end();
}
