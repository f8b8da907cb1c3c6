/* SPDX-License-Identifier: ISC */
/*
 * event - what happened to a mail, as octets
 *
 * smtpd and queue tell history, which keeps it and tells posthouse trace. The
 * form is the same on the way and on disk: kind (u8), time (i64, microseconds
 * since 1970), mail (u64), then fields, each a letter and a counted text. A
 * letter that a reader does not know is passed over, so that files of another
 * version can be read. In a batch a length (u32) stands in front of each event.
 */
#ifndef MAIL_EVENT_H
#define MAIL_EVENT_H

#include "lib/base/str.h"

#define EVENT_MOST	(60u * 1024)	/* octets of one event */
#define EVENT_TEXT_MOST	4096		/* of one field, but a list */

/* Numbers and letters stand on disk. */
enum event_kind {
	EVENT_REFUSED = 1,	/* a command of a client; mail is 0 */
	EVENT_ACCEPTED = 2,	/* a mail from a client, with its recipients */
	EVENT_RECIPIENTS = 3,	/* more of them */
	EVENT_WRITTEN = 4,	/* a report by this house, about mail `about` */
	EVENT_VERDICT = 5,	/* one attempt for one recipient */
	EVENT_FINISHED = 6,	/* every recipient is settled */
	EVENT_CHANGED = 7,	/* by the administrator */
	EVENT_TLS = 8,		/* results of TLS, counted; mail is 0 */
	EVENT_KINDS
};

/* FIELD(name, letter, form) */
#define EVENT_FIELDS                                                           \
	FIELD(session, 'e', TEXT)                                              \
	FIELD(client, 'c', TEXT)	/* host[ip] */                         \
	FIELD(ip, 'a', TEXT)                                                   \
	FIELD(began, 'b', NUMBER)	/* connection or attempt, us */        \
	FIELD(protocol, 'p', TEXT)                                             \
	FIELD(helo, 'h', TEXT)                                                 \
	FIELD(login, 'u', TEXT)                                                \
	FIELD(method, 'm', TEXT)	/* of the login */                     \
	FIELD(tls, 't', TEXT)                                                  \
	FIELD(command, 'v', TEXT)                                              \
	FIELD(sender, 'f', TEXT)                                               \
	FIELD(message_id, 'i', TEXT)                                           \
	FIELD(size, 'z', NUMBER)                                               \
	FIELD(recipient, 'r', TEXT)                                            \
	FIELD(original, 'o', TEXT)	/* where it differs */                 \
	FIELD(recipients, 'R', LIST)                                           \
	FIELD(count, 'n', NUMBER)	/* of recipients, or of results */     \
	FIELD(about, 'g', MAIL)		/* the mail that a report is about */  \
	FIELD(action, 'k', TEXT)	/* kind of report or of change */      \
	FIELD(status, 's', TEXT)	/* "5.1.1" */                          \
	FIELD(sentence, 'w', TEXT)                                             \
	FIELD(reply, 'y', TEXT)		/* on the wire, lines divided by LF */ \
	FIELD(relay, 'l', TEXT)                                                \
	FIELD(day, 'd', NUMBER)		/* of results, since 1970 */           \
	FIELD(domain, 'D', TEXT)                                               \
	FIELD(policy, 'P', TEXT)                                               \
	FIELD(strings, 'S', LIST)                                              \
	FIELD(result, 'T', TEXT)                                               \
	FIELD(mx, 'M', TEXT)                                                   \
	FIELD(from_ip, 'A', TEXT)                                              \
	FIELD(to_ip, 'B', TEXT)                                                \
	FIELD(reason, 'W', TEXT)

enum event_field {
#define FIELD(name, letter, form) EVENT_##name,
	EVENT_FIELDS
#undef FIELD
	EVENT_FIELD_COUNT
};

enum event_form { EVENT_TEXT, EVENT_NUMBER, EVENT_MAIL, EVENT_LIST };

struct event_info {
	const char *name;
	char letter;
	enum event_form form;
};
extern const struct event_info event_infos[EVENT_FIELD_COUNT];

/* One event, read; views into what it was read from. */
struct event {
	enum event_kind kind;
	int64_t at;		/* us since 1970 */
	uint64_t mail;
	struct view text[EVENT_FIELD_COUNT];	/* empty: not said */
};

/* Append an event to a batch: begin, put, end. Empty texts are left out; of a
 * long one the beginning is kept, with "..." behind it. What event_begin()
 * returns goes to event_end(), which returns false and takes the event out
 * again if it became too large. */
size_t event_begin(struct str *batch, enum event_kind kind, uint64_t mail);
void event_put(struct str *batch, enum event_field field, struct view v);
void event_put_number(struct str *batch, enum event_field field, uint64_t n);
bool event_end(struct str *batch, size_t begin);

/* The next event of a batch as octets; false at the end or when the rest is
 * none, then *batch is not empty. */
bool event_next(struct view *batch, struct view *octets);
/* False for octets that are no event. */
bool event_read(struct view octets, struct event *e);
/* A NUMBER or MAIL, 0 when it was not said. */
uint64_t event_number(const struct event *e, enum event_field field);

#endif
