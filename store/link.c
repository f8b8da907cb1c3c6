/* SPDX-License-Identifier: ISC */
/*
 * link - channels, grants, handles and requests
 */
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/log.h"
#include "lib/mail/rights.h"
#include "store/access.h"
#include "store/append.h"
#include "store/durable.h"
#include "store/link.h"
#include "store/load.h"
#include "store/watch.h"

#define GRANT_BUCKETS 1024
#define GRANTS_MOST   1000000 /* a limit that only a runaway meets */

struct grant {
	LIST_ENTRY(grant) hashed;
	uint32_t process;
	uint64_t session;
	char user[];
};
LIST_HEAD(grant_bucket, grant);

static struct grant_bucket grants[GRANT_BUCKETS];
static size_t grant_count;

struct link *
link_of(struct channel *c)
{
	void **slot = channel_slot(c);
	struct link *l = *slot;

	if (l != NULL)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->channel = c;
	l->process = channel_peer(c)->process;
	l->refs = 1;
	LIST_INIT(&l->appends);
	LIST_INIT(&l->watches);
	*slot = l;
	return l;
}

void
link_ref(struct link *l)
{
	l->refs++;
}

void
link_unref(struct link *l)
{
	if (--l->refs == 0)
		free(l);
}

static struct grant_bucket *
grant_bucket(uint64_t session)
{
	return &grants[session % GRANT_BUCKETS];
}

static struct grant *
grant_find(uint32_t process, uint64_t session)
{
	struct grant *g;

	LIST_FOREACH (g, grant_bucket(session), hashed)
		if (g->process == process && g->session == session)
			return g;
	return NULL;
}

bool
grant_add(uint32_t process, uint64_t session, struct view user, bool again)
{
	struct grant *g;

	g = grant_find(process, session);
	if (g != NULL)
		return again && view_is(user, g->user);
	if (grant_count >= GRANTS_MOST)
		return false;
	g = xcalloc(1, sizeof(*g) + user.n + 1);
	g->process = process;
	g->session = session;
	memcpy(g->user, user.p, user.n);
	LIST_INSERT_HEAD(grant_bucket(session), g, hashed);
	grant_count++;
	return true;
}

static void
grant_free(struct grant *g)
{
	LIST_REMOVE(g, hashed);
	free(g);
	grant_count--;
}

const char *
grant_user(const struct link *l, uint64_t session)
{
	struct grant *g = grant_find(l->process, session);

	return g ? g->user : NULL;
}

void
grant_end(struct link *l, uint64_t session)
{
	struct grant *g = grant_find(l->process, session);
	struct handle *h, *next;

	for (size_t i = 0; i < LINK_BUCKETS; i++)
		LIST_FOREACH_SAFE (h, &l->handles[i], of_link, next)
			if (h->session == session)
				handle_close(h);
	append_end_session(l, session);
	watch_end(l, session);
	if (g != NULL)
		grant_free(g);
}

static void
grants_end_process(uint32_t process)
{
	for (size_t i = 0; i < GRANT_BUCKETS; i++) {
		struct grant *g, *next;

		LIST_FOREACH_SAFE (g, &grants[i], hashed, next)
			if (g->process == process)
				grant_free(g);
	}
}

void
link_closed(struct channel *c)
{
	struct link *l = *channel_slot(c);
	struct handle *h;

	grants_end_process(channel_peer(c)->process);
	if (l == NULL)
		return;
	l->channel = NULL;
	for (size_t i = 0; i < LINK_BUCKETS; i++)
		while ((h = LIST_FIRST(&l->handles[i])) != NULL)
			handle_close(h);
	append_end_link(l);
	watch_end_link(l);
	*channel_slot(c) = NULL;
	link_unref(l);
}

struct handle *
handle_find(const struct link *l, uint32_t number)
{
	struct handle *h;

	LIST_FOREACH (h, &l->handles[number % LINK_BUCKETS], of_link)
		if (h->number == number)
			return h;
	return NULL;
}

/* Those of a long-lived process come round again. */
static uint32_t
next_handle(struct link *l)
{
	uint32_t first = access_here() << HANDLE_INSTANCE;
	uint32_t mask = (1u << HANDLE_INSTANCE) - 1;

	do
		l->next_handle = (l->next_handle + 1) & mask;
	while (l->next_handle == 0 || handle_find(l, first | l->next_handle));
	return first | l->next_handle;
}

struct handle *
handle_new(struct link *l, struct mailbox *mb, uint64_t session, uint8_t mode)
{
	struct handle *h = xcalloc(1, sizeof(*h));

	h->link = l;
	h->mb = mb;
	h->session = session;
	h->number = next_handle(l);
	h->mode = mode;
	h->since = mb->event_seq;
	mailbox_ref(mb);
	LIST_INSERT_HEAD(&l->handles[h->number % LINK_BUCKETS], h, of_link);
	LIST_INSERT_HEAD(&mb->handles, h, of_mailbox);
	if (mode == 2)
		mb->exclusive = h;
	return h;
}

void
handle_close(struct handle *h)
{
	if (h->mb->exclusive == h)
		h->mb->exclusive = NULL;
	LIST_REMOVE(h, of_link);
	LIST_REMOVE(h, of_mailbox);
	mailbox_unref(h->mb);
	str_free(&h->uids);
	free(h);
}

/*
 * Requests
 */

/* Put every view of the message into the arena. One function per type of
 * field; a descriptor is doubled, as the message is closed. */
static void
keep_text(struct arena *a, struct view *v)
{
	*v = arena_view(a, *v);
}

static void
keep_fd(int *fd)
{
	if (*fd >= 0)
		*fd = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
}

#define KEEP_u8(f)
#define KEEP_u16(f)
#define KEEP_u32(f)
#define KEEP_u64(f)
#define KEEP_i64(f)
#define KEEP_text(f)		 keep_text(a, &x->f);
#define KEEP_list(f)		 keep_text(a, &x->f);
#define KEEP_fd(f)		 keep_fd(&x->f);
#define KEEP_fds(f)		 x->f.n = 0;
#define FIELD(type, name, words) KEEP_##type(name)
#define MESSAGE(name, number, from, to, sentence, ...) \
	static void keep_##name( \
	    struct arena *a UNUSED, struct msg_##name *x UNUSED) \
	{ \
		__VA_ARGS__ \
	}
#include "lib/proc/messages.def"
#undef MESSAGE
#undef FIELD

static void
keep(struct arena *a, struct message *m)
{
	switch (m->type) {
#define MESSAGE(name, ...) \
	case MSG_##name: \
		keep_##name(a, &m->name); \
		break;
#include "lib/proc/messages.def"
#undef MESSAGE
	case MSG_LIMIT:
		break;
	}
}

static void
request_run(void *arg)
{
	struct request *r = arg;
	struct why w = { 0 };

	if (!r->work(r, &w) && r->link->channel != NULL)
		channel_answer(r->link->channel, r->tag, &w);
	link_unref(r->link);
	message_close(&r->m);
	arena_reset(&r->arena);
	free(r);
}

void
request_start(struct channel *c, const struct message *m,
    bool (*work)(struct request *r, struct why *w))
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->link = link_of(c);
	link_ref(r->link);
	r->tag = m->tag;
	r->m = *m;
	r->work = work;
	keep(&r->arena, &r->m);
	fiber_start(request_run, r);
}

void
request_reply(struct request *r, struct message *m)
{
	m->tag = r->tag;
	if (r->link->channel != NULL)
		channel_send(r->link->channel, m);
	else
		message_close(m);
}

const char *
request_user(struct request *r, uint64_t session, struct why *w)
{
	const char *user = grant_user(r->link, session);

	if (user == NULL) {
		why_never(w, "7.0", "This session has no mailboxes");
		return NULL;
	}
	/* the grant may end while the request waits */
	return arena_copy(&r->arena, view_of(user));
}

struct mailbox *
request_mailbox(struct request *r, uint32_t handle, struct why *w)
{
	struct handle *h = handle_find(r->link, handle);
	struct mailbox *mb;

	if (h == NULL) {
		why_never(w, "5.1", "No such mailbox is open");
		return NULL;
	}
	if (!(h->rights & RIGHT_READ)) {
		why_never(w, "7.0", "You may not read this mailbox any more");
		return NULL;
	}
	mb = h->mb;
	mailbox_ref(mb);
	if (mailbox_usable(mb, w) && mailbox_load(mb, w))
		return mb;
	mailbox_unref(mb);
	return NULL;
}

bool
request_safe(struct why *w)
{
	if (durable_index_wait())
		return true;
	index_why(w);
	return false;
}

bool
request_unfinished(struct why *w)
{
	struct why told = *w;

	return why_unknown(w, "%s; this may or may not have been done",
	    told.text);
}

bool
trouble_errno(struct why *w, const char *what, int error)
{
	if (error == ENOSPC || error == EDQUOT)
		return why_later(w, "3.1", "No space left for mail");
	log_warning(
	    "store", "failed what=\"%s\" error=\"%s\"", what, strerror(error));
	return why_later(w, "3.0", "%s: %s", what, strerror(error));
}

static struct {
	char *dir;
	uint64_t reserve;
} space;

void
trouble_begin(const char *mail_dir, uint64_t reserve)
{
	free(space.dir);
	space.dir = xstrdup(mail_dir);
	space.reserve = reserve;
}

/* Asked of the system once a second. */
bool
trouble_space(struct why *w)
{
	static int64_t asked;
	static bool room = true;
	int64_t now = clock_ms();
	struct statvfs v;

	if (now - asked >= 1000) {
		asked = now;
		room = statvfs(space.dir, &v) < 0 ||
		       (v.f_bavail * v.f_frsize >= space.reserve &&
			   (v.f_files == 0 || v.f_favail > 100));
	}
	return room || why_later(w, "3.1", "No space left for mail");
}
