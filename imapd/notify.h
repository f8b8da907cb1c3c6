/* SPDX-License-Identifier: ISC */
/*
 * notify - what a client wants to hear without asking (RFC 5465)
 *
 * The rules are what NOTIFY SET said, read once and kept; what happens in
 * mailboxes that are not selected comes from store by message watched, is judged
 * by the rules, and waits by name until it can be told. Of one mailbox only the
 * last numbers wait. A client that does not read makes PENDING_MOST names wait,
 * then it is told that it has lost track, and nothing more.
 *
 * What happens in the selected mailbox comes as ever (imapd/box.h); the rules
 * only say which of it imapd/sync.c tells.
 */
#ifndef IMAPD_NOTIFY_H
#define IMAPD_NOTIFY_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "imapd/imap.h"
#include "imapd/scope.h"

#define NOTIFY_PENDING_MOST 1000	/* names that wait to be told */
#define NOTIFY_ENTRIES_MOST 4096	/* octets of entries that changed in one */
#define NOTIFY_SIZE_MOST    2000	/* groups and names in one command */

struct fetch;
struct msg_watched;

/* Events, with the bits that message watched has for them. */
enum {
	NOTIFY_NEW = 1, NOTIFY_EXPUNGE = 2, NOTIFY_FLAGS = 4,
	NOTIFY_MESSAGES = NOTIFY_NEW | NOTIFY_EXPUNGE | NOTIFY_FLAGS,
	NOTIFY_NAME = 8, NOTIFY_SUBSCRIPTION = 16,
	NOTIFY_METADATA = 32, NOTIFY_SERVER = 64,
	NOTIFY_METADATAS = NOTIFY_METADATA | NOTIFY_SERVER,
	NOTIFY_LOST = 128
};

struct notify_group {
	struct notify_group *next;
	struct scope scope;
	unsigned events;		/* 0: NONE */
};

struct notify_rules {
	struct arena arena;		/* of all of this */
	struct notify_group *groups;	/* of what is not selected; in order */
	bool selected_given, delayed;
	unsigned selected;		/* events of the selected mailbox */
	struct fetch *fetch;		/* of new messages there; or NULL */
	bool status;			/* tell how all is now */
	bool unsupported;		/* some event is not known */
	size_t size;			/* groups, and names in them */
	struct notify_group **end;
};

struct pending;
RB_HEAD(pendings, pending);
TAILQ_HEAD(pending_list, pending);

struct notify {
	struct imap *im;
	uint64_t session;
	bool given;			/* there was a NOTIFY */
	struct notify_rules *rules;	/* NULL: NOTIFY NONE */
	bool metadata;			/* by ENABLE, until a NOTIFY */
	bool watching;			/* store tells us */
	struct channel *channel;	/* whose link knows us; may be NULL */
	bool lost;			/* to be told: it is over */
	bool listens;			/* to subscriptions */
	struct str subscribed;		/* a list of names, if rules need it */
	struct pendings by_name;
	struct pending_list order;
	size_t waiting;
	RB_ENTRY(notify) by_session;
};

/* "SET [STATUS] (...) ..." behind SET; NULL with p's error. */
struct notify_rules *notify_parse(struct imap *im, struct parse *p);
/* Names of all events that there are, with blanks between. */
const char *notify_events(struct arena *a);
void notify_rules_free(struct notify_rules **r);
/* Which events of such a mailbox, that is not selected, are wanted? "" is the
 * server, which every group has that asks for its metadata. */
unsigned notify_wanted(const struct notify_rules *r, struct view name,
    bool subscribed);

/* From now on these rules count, or nothing at all is told (NULL). They are
 * taken, also when it fails. */
bool notify_set(struct imap *im, struct notify_rules *r, struct why *w);
/* ENABLE METADATA: its changes are told, if there was no NOTIFY. That store
 * cannot be asked is not told, as a server need not be able to. */
void notify_metadata(struct imap *im);
/* Was there a NOTIFY? */
bool notify_is_given(const struct imap *im);
/* As if there had never been a NOTIFY. */
void notify_end(struct imap *im);
/* A message watched for this session. */
void notify_hear(struct notify *n, const struct msg_watched *m);
bool notify_has_news(const struct imap *im);
/* Write what waits. */
void notify_tell(struct imap *im);
/* Events of the selected mailbox that are told; without NOTIFY, all. */
unsigned notify_of_selected(const struct imap *im);
/* Nor may numbers change between commands? */
bool notify_is_delayed(const struct imap *im);
/* What is wanted of messages from this index on, which just came. */
void notify_fetch(struct imap *im, uint32_t from);
/* Items of STATUS that tell of these events. */
unsigned notify_items(const struct imap *im, unsigned events);

#endif
