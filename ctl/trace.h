/* SPDX-License-Identifier: ISC */
/*
 * trace - stories of mails, made of the events that history has sent
 */
#ifndef CTL_TRACE_H
#define CTL_TRACE_H

#include "ctl/output.h"
#include "lib/mail/event.h"

/* An event and the mail whose story it belongs to: a report is told in its own
 * and in that of the mail that it is about. */
struct scene {
	uint64_t mail;
	const struct event *event;
};

/* What became of one mail, or one refusal; in the order of time. */
struct story {
	uint64_t mail;		/* 0: a refusal */
	const struct scene *scenes;
	size_t n;
};

/* "finished", "deleted", "deferred", "in the queue" or "refused". */
const char *story_state(const struct story *s);
/* Its event of this kind, NULL if there is none. */
const struct event *story_event(const struct story *s, enum event_kind kind);

/* ctl/trace_text.c, ctl/trace_json.c */
void trace_print(const struct story *s);
json_t *trace_json(const struct story *s);

#endif
