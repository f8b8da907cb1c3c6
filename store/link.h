/* SPDX-License-Identifier: ISC */
/*
 * link - who is at the other end, and what he was granted
 *
 * One link for each channel. auth grants sessions to processes: a session
 * program may name only sessions that were granted to its own process, and
 * handles that it opened itself. All of it ends with the channel.
 *
 * A request is a message that is worked on in a fiber: a copy of it in an
 * arena, and the link to answer, which may be gone by then.
 */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "lib/base/arena.h"
#include "lib/proc/channel.h"
#include "store/event.h"

#define LINK_BUCKETS	64

struct link {
	LIST_HEAD(, handle) handles[LINK_BUCKETS];	/* by number */
	LIST_HEAD(, append) appends;
	LIST_HEAD(, watch) watches;
	struct channel *channel;	/* NULL: gone */
	uint32_t process;
	unsigned refs;
	uint32_t next_handle;
};

struct request {
	struct link *link;
	uint32_t tag;
	struct message m;	/* views in the arena, descriptors of its own */
	struct arena arena;
	bool (*work)(struct request *r, struct why *w);
};

/* The link of a channel; made when it is first asked for. */
struct link *link_of(struct channel *c);
void link_ref(struct link *l);
void link_unref(struct link *l);
/* handlers.closed: handles, appends and grants of the process end. */
void link_closed(struct channel *c);

/* False when the session is known already; again: as another user. */
bool grant_add(uint32_t process, uint64_t session, struct view user,
    bool again);
/* The user of a session of this link; NULL if it was not granted. */
const char *grant_user(const struct link *l, uint64_t session);
void grant_end(struct link *l, uint64_t session);

struct handle *handle_new(struct link *l, struct mailbox *mb, uint64_t session,
    uint8_t mode);
struct handle *handle_find(const struct link *l, uint32_t number);
void handle_close(struct handle *h);

/* Start a fiber that does work(r, w). Whatever it returns true for, it has
 * answered itself; else w is the answer. */
void request_start(struct channel *c, const struct message *m,
    bool (*work)(struct request *r, struct why *w));
/* Answer with a message; its tag is set here. Descriptors in it are given. */
void request_reply(struct request *r, struct message *m);
/* The usual beginnings. NULL with the reason. */
const char *request_user(struct request *r, uint64_t session, struct why *w);
/* With a reference, loaded. */
struct mailbox *request_mailbox(struct request *r, uint32_t handle,
    struct why *w);
/* What was written to the index so far is on disk; false with LATER. */
bool request_safe(struct why *w);
/* To what w says is added that what was asked for may or may not have been done:
 * recovery, or a start, decides. False. */
bool request_unfinished(struct why *w);
/* Several words on what goes wrong with files. */
bool trouble_errno(struct why *w, const char *what, int error);
/* Below so many free octets in mail_dir there is no room for more mail. */
void trouble_begin(const char *mail_dir, uint64_t reserve);
/* Is there room for more mail? False with LATER 3.1. */
bool trouble_space(struct why *w);

#endif
