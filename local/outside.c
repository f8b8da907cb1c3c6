/* SPDX-License-Identifier: ISC */
/*
 * outside - a fiber for each delivery: content, helper, question, line
 *
 * There are as many as queue has attempts under way, which is few. Times are
 * bounded by deliver itself, and by master where that fails.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/file.h"
#include "lib/mail/spool.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"
#include "local/deliver.h"
#include "local/outside.h"

#define START_MS	10000
#define SAID_MOST	(128u << 10)	/* octets that deliver may say */
#define FORWARDED	3	/* in place of a verdict */
#define TARGETS_MOST	100	/* of one user, who may talk in deliver's place */
#define KEPT_MOST	1000	/* outcomes that queue has not heard */

struct outside {
	LIST_ENTRY(outside) entry;
	struct attempt_key key;
	struct str question;
	struct str address, user;	/* user: of the system, empty: none */
	bool mailbox;		/* of that user */
	bool over;		/* why has the outcome */
	struct why why;
	struct str targets;	/* where it goes instead, if not empty */
};

static LIST_HEAD(, outside) all = LIST_HEAD_INITIALIZER(all);
static unsigned running, kept;

/* ---- the answer ---- */

static bool
is_status(struct view v)
{
	size_t dot = view_find(v, '.');
	uint64_t n;

	return dot == 1 && v.n > 2 && view_u64(view_bytes(v.p, 1), 9, &n) &&
	    view_u64(view_skip(v, 2), 999, &n);
}

static bool
is_sentence(struct view v)
{
	return v.n > 0 && view_find(v, '\0') == v.n;
}

void
outside_read(struct view said, struct why *w)
{
	struct view line = view_cut(&said, '\n'), status;
	uint64_t verdict;

	if (view_u64(view_cut(&line, ' '), 9, &verdict) &&
	    (verdict == VERDICT_DONE || verdict == VERDICT_LATER ||
		verdict == VERDICT_NEVER)) {
		status = view_cut(&line, ' ');
		if (is_status(status) && is_sentence(line) && said.n == 0) {
			why_set(w, (enum verdict)verdict, status, line);
			return;
		}
	}
	why_later(w, "3.0", "the program deliver ended without an answer");
}

bool
outside_forwarded(struct view said, struct view user, struct view address,
    struct str *targets)
{
	struct view line = view_cut(&said, '\n');
	struct str destination = { 0 };
	uint64_t word;

	if (!view_u64(view_cut(&line, ' '), 9, &word) || word != FORWARDED ||
	    view_count(said, '\0') > TARGETS_MOST)
		return false;
	while (said.n > 0 && view_find(said, '\0') < said.n) {
		str_reset(&destination);
		str_addf(&destination, "~%.*s ", VIEW(user));
		str_add(&destination, view_cut(&said, '\0'));
		list_put(targets, VIEW_LIT("deliver"));
		list_put(targets, str_view(&destination));
		list_put(targets, address);
	}
	str_free(&destination);
	if (said.n > 0)		/* it was killed while it wrote */
		str_reset(targets);
	return targets->n > 0;
}

/* ---- the talk with it ---- */

/* Up to its end; an answer without it may be a part of one. */
static bool
read_all(int fd, struct str *said)
{
	struct waiter_fd *watch = fd_watch(fd);
	char piece[256];
	ssize_t n;

	said->limit = SAID_MOST;
	do {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			str_addn(said, piece, (size_t)n);
	} while ((n > 0 && !str_full(said)) || (n < 0 && (errno == EINTR ||
	    (errno == EAGAIN &&
		fd_wait_read(watch, DEADLINE_NEVER) == WAIT_READY))));
	fd_unwatch(&watch);
	return n == 0;
}

static void
talk(struct outside *o, int fd)
{
	struct str said = { 0 };

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* less than a socket takes at once */
	if (!file_write_all(fd, str_view(&o->question)) ||
	    shutdown(fd, SHUT_WR) < 0 || !read_all(fd, &said))
		str_reset(&said);
	if (o->user.n == 0 || !outside_forwarded(str_view(&said),
	    str_view(&o->user), str_view(&o->address), &o->targets))
		outside_read(str_view(&said), &o->why);
	str_free(&said);
}

/* Takes content. */
static int
get_helper(struct outside *o, int content)
{
	const struct message m = { .type = MSG_deliver_start,
		.deliver_start = { str_view(&o->user), o->mailbox, content } };
	struct reply r;
	int fd = -1;

	if (!service_call_master(&m, &r, deadline_in(START_MS), &o->why))
		return -1;
	if (reply_is(&r, MSG_helper_started, &o->why))
		fd = fd_take(&r.m.helper_started.socket);
	reply_free(&r);
	return fd;
}

/* ---- a delivery ---- */

static void
forget(struct outside *o)
{
	LIST_REMOVE(o, entry);
	str_free(&o->question);
	str_free(&o->address);
	str_free(&o->user);
	str_free(&o->targets);
	free(o);
}

static void
tell(struct outside *o)
{
	struct message m = { .type = MSG_forward, .tag = o->key.tag,
		.forward = { o->key.mail, o->key.rcpt,
		    str_view(&o->targets) } };

	if (o->targets.n > 0)
		channel_send(o->key.queue, &m);
	else
		deliver_say(&o->key, o->why.verdict, view_of(o->why.status),
		    view_of(o->why.text));
	forget(o);
}

static void
conclude(struct outside *o)
{
	o->over = true;
	if (o->key.queue != NULL)
		tell(o);
	else if (kept < KEPT_MOST)
		kept++;
	else
		forget(o);
}

static void
run(void *arg)
{
	struct outside *o = arg;
	int content = deliver_content(o->key.mail, &o->why), fd = -1;

	if (content >= 0)
		fd = get_helper(o, content);
	if (fd >= 0) {
		talk(o, fd);
		close(fd);
	} else {	/* whatever it is, the mail is not to blame */
		o->why.verdict = VERDICT_LATER;
	}
	running--;
	conclude(o);
	deliver_consider_end();
}

/* As deliver reads it, each with its NUL. */
static void
make_question(struct str *q, const struct msg_attempt *a)
{
	const struct view texts[] = { a->sender, a->original, a->address,
		a->destination };
	char id[SPOOL_ID_SIZE];

	str_addf(q, "%s%c%" PRIu32 "%c%u%c%" PRIu32 "%c%" PRId64 "%c",
	    spool_id(a->mail, id), 0, a->rcpt, 0, a->again != 0, 0, a->skip, 0,
	    a->arrival, 0);
	for (size_t i = 0; i < nitems(texts); i++) {
		str_add(q, texts[i]);
		str_addc(q, '\0');
	}
}

/* "~user" and what of him is meant; his mailbox is a backslash. */
static void
find_user(struct outside *o, struct view destination)
{
	if (destination.n == 0 || destination.p[0] != '~')
		return;
	destination = view_skip(destination, 1);
	str_add(&o->user, view_cut(&destination, ' '));
	o->mailbox = view_is(destination, "\\");
}

static struct outside *
find(uint64_t mail, uint32_t rcpt)
{
	struct outside *o;

	LIST_FOREACH(o, &all, entry)
		if (o->key.mail == mail && o->key.rcpt == rcpt)
			return o;
	return NULL;
}

void
outside_attempt(struct channel *queue, uint32_t tag,
    const struct msg_attempt *a)
{
	const struct attempt_key key = { queue, tag, a->mail, a->rcpt };
	struct outside *o = find(a->mail, a->rcpt);

	if (o != NULL) {	/* begun for a queue that has died */
		o->key = key;
		if (o->over) {
			kept--;
			tell(o);
		}
		return;
	}
	o = xcalloc(1, sizeof(*o));
	o->key = key;
	str_add(&o->address, a->address);
	find_user(o, a->destination);
	make_question(&o->question, a);
	LIST_INSERT_HEAD(&all, o, entry);
	running++;
	fiber_start(run, o);
}

void
outside_closed(const struct channel *c)
{
	struct outside *o;

	LIST_FOREACH(o, &all, entry)
		if (o->key.queue == c)
			o->key.queue = NULL;
}

bool
outside_is_idle(void)
{
	return running == 0;
}
