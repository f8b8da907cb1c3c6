/* SPDX-License-Identifier: ISC */
/*
 * list - a fiber for each part of a list
 *
 * What router has said is kept for a minute, as the next part comes soon. When
 * this program or queue dies, the part that was not committed is made again.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/mail/loop.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"
#include "local/deliver.h"
#include "local/list.h"

#define KEEP_MS		60000
#define STEP		65536
#define REST		'>'	/* begins a destination, then a key follows */
enum { NOTIFY_SUCCESS = 1, NOTIFY_NEVER = 8 };

/* Members, as router has said. */
struct known {
	LIST_ENTRY(known) entry;
	struct str address, owner;
	struct view members;	/* mapped */
	int64_t until;
	unsigned used;		/* by so many attempts */
};

struct part {
	LIST_ENTRY(part) entry;
	struct attempt_key key;
	struct str sender, address, after;	/* after: of the rest, else empty */
	uint64_t size;
	uint32_t skip;
	uint8_t notify;
	bool rest;
	struct known *list;
	struct why why;
};

/* The mail that is made. */
struct mail {
	struct msg_mail_commit commit;
	int content;		/* to be written, or -1 */
};

static LIST_HEAD(, known) known = LIST_HEAD_INITIALIZER(known);
static LIST_HEAD(, part) parts = LIST_HEAD_INITIALIZER(parts);
static struct loop_timer *tidy_timer;

/* ---- lists ---- */

static void
forget_list(struct known *k)
{
	LIST_REMOVE(k, entry);
	file_unmap(k->members);
	str_free(&k->address);
	str_free(&k->owner);
	free(k);
}

static void
tidy(void *arg UNUSED)
{
	struct known *k, *next;

	loop_timer_free(&tidy_timer);
	for (k = LIST_FIRST(&known); k != NULL; k = next) {
		next = LIST_NEXT(k, entry);
		if (k->used == 0 && k->until <= clock_ms())
			forget_list(k);
	}
	if (!LIST_EMPTY(&known))
		tidy_timer = loop_timer_new(KEEP_MS, tidy, NULL);
}

/* The first part of a mail is for those who are members now. */
static struct known *
find_list(const struct part *p)
{
	struct known *k;

	LIST_FOREACH(k, &known, entry)
		if (p->rest && k->until > clock_ms() &&
		    view_eq(str_view(&k->address), str_view(&p->address)))
			return k;
	return NULL;
}

static struct known *
keep_list(const struct part *p, const struct msg_list_got *m)
{
	struct known *k = xcalloc(1, sizeof(*k));

	k->members = file_map(m->members);
	if (k->members.p == NULL) {
		free(k);
		return NULL;
	}
	str_add(&k->address, str_view(&p->address));
	str_add(&k->owner, m->owner);
	LIST_INSERT_HEAD(&known, k, entry);
	if (tidy_timer == NULL)
		tidy_timer = loop_timer_new(KEEP_MS, tidy, NULL);
	return k;
}

/* Waits. */
static bool
get_list(struct part *p)
{
	const struct message m = { .type = MSG_list_get,
		.list_get = { str_view(&p->address) } };
	struct reply r;
	size_t n;

	p->list = find_list(p);
	if (p->list == NULL) {
		if (!service_call(ROLE_ROUTER, 0, &m, &r, &p->why))
			return false;
		if (reply_is(&r, MSG_list_got, &p->why) &&
		    (p->list = keep_list(p, &r.m.list_got)) == NULL)
			why_errno(&p->why, "cannot map the members of a list");
		reply_free(&r);
	}
	if (p->list == NULL)
		return false;
	p->list->used++;
	p->list->until = clock_ms() + KEEP_MS;
	return (list_ok(p->list->members, &n) && n > 0 && n % 4 == 0) ||
	    why_later(&p->why, "3.5", "the list has no members");
}

/* ---- the mail ---- */

static bool
has_owner(const struct part *p)
{
	return p->list->owner.n > 0;
}

/* Reports go to the owner, but nothing that came without a sender: what tells of
 * trouble must not make more of it. */
static struct view
sender_of(const struct part *p)
{
	return has_owner(p) && p->sender.n > 0 ? str_view(&p->list->owner) :
						 str_view(&p->sender);
}

/* Its members' mail has the same content, to the octet. */
static bool
is_same(const struct part *p)
{
	return p->rest || !has_owner(p);
}

static uint8_t
notify_of(const struct part *p)
{
	uint8_t left = p->notify & (uint8_t)~NOTIFY_SUCCESS;

	if (has_owner(p) && !p->rest)
		return 0;
	return p->notify != 0 && left == 0 ? NOTIFY_NEVER : left;
}

static bool
open_mail(const struct part *p, struct mail *mail, struct why *w)
{
	const struct message m = { .type = MSG_mail_open, .mail_open = {
		.size = p->size, .of = p->key.mail, .rcpt = p->key.rcpt,
		.same = is_same(p) } };
	struct reply r;
	bool done;

	if (!service_call(ROLE_QUEUE, 0, &m, &r, w))
		return false;
	done = reply_is(&r, MSG_mail_opened, w);
	if (done) {
		mail->commit.mail = r.m.mail_opened.mail;
		mail->content = fd_take(&r.m.mail_opened.content);
	}
	reply_free(&r);
	return done;
}

/* All of it from skip on. */
static bool
copy(int from, uint64_t at, int to)
{
	static char piece[STEP];
	ssize_t n;

	while ((n = pread(from, piece, sizeof(piece), (off_t)at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !file_write_all(to, view_bytes(piece, (size_t)n)))
			return false;
		at += (uint64_t)n;
	}
	return true;
}

static bool
write_content(struct part *p, struct mail *mail)
{
	int from = deliver_content(p->key.mail, &p->why);
	struct str head = { 0 };
	bool done;

	if (from < 0)
		return false;
	if (loop_find(from, p->skip, str_view(&p->address),
	    &mail->commit.received)) {
		close(from);
		return why_never(&p->why, "4.6", "The mail has been sent to "
		    "this list before: it is in a loop");
	}
	str_addf(&head, "Return-Path: <%.*s>\r\n", VIEW(mail->commit.sender));
	mail->commit.skip = (uint32_t)head.n;
	str_addf(&head, "Delivered-To: %s\r\n", str_c(&p->address));
	mail->commit.size = head.n + p->size - p->skip;
	done = file_write_all(mail->content, str_view(&head)) &&
	    copy(from, p->skip, mail->content);
	if (!done)
		why_errno(&p->why, "cannot write the mail for a list");
	str_free(&head);
	close(from);
	return done;
}

/* The next member, and its key. */
static bool
next(struct view *members, struct view *key, struct msg_mail_rcpt *r)
{
	return list_next(members, key) &&
	    list_next(members, &r->transport) &&
	    list_next(members, &r->destination) &&
	    list_next(members, &r->address);
}

/* What is left of the list becomes one more recipient. */
static void
send_rest(struct channel *c, const struct part *p, uint64_t mail,
    struct view after)
{
	struct str destination = { 0 };
	struct message m = { .type = MSG_mail_rcpt, .mail_rcpt = {
		.mail = mail, .original = str_view(&p->address),
		.transport = VIEW_LIT("list"),
		.address = str_view(&p->address), .notify = notify_of(p) } };

	str_addc(&destination, REST);
	str_add(&destination, after);
	m.mail_rcpt.destination = str_view(&destination);
	channel_send(c, &m);
	str_free(&destination);
}

/* Members of one key stay together. Returns how many. */
static unsigned
send_members(struct channel *c, const struct part *p, uint64_t mail)
{
	struct view members = p->list->members, key, last = VIEW_NONE;
	struct message m = { .type = MSG_mail_rcpt,
		.mail_rcpt = { .mail = mail, .notify = notify_of(p) } };
	unsigned n = 0;

	while (next(&members, &key, &m.mail_rcpt)) {
		if (p->rest && view_cmp(key, str_view(&p->after)) <= 0)
			continue;
		if (n >= LIST_PART && !view_eq(key, last)) {
			send_rest(c, p, mail, last);
			break;
		}
		m.mail_rcpt.original = m.mail_rcpt.address;
		channel_send(c, &m);
		last = key;
		n++;
	}
	return n;
}

static struct channel *
queue_of(const struct part *p)
{
	return p->key.queue != NULL &&
	    p->key.queue == service_peer(ROLE_QUEUE, 0) ? p->key.queue : NULL;
}

static void
abort_mail(const struct part *p, uint64_t mail)
{
	const struct message m = { .type = MSG_mail_abort,
		.mail_abort = { mail } };

	if (queue_of(p) != NULL)
		channel_send(p->key.queue, &m);
}

/* Nobody is left when all the others have gone from the list meanwhile. */
static bool
commit(struct part *p, struct mail *mail)
{
	struct message m = { .type = MSG_mail_commit };
	struct reply r;
	bool done;

	if (queue_of(p) == NULL)
		return why_later(&p->why, "3.0", "queue was restarted");
	if (send_members(p->key.queue, p, mail->commit.mail) == 0) {
		abort_mail(p, mail->commit.mail);
		return why_done(&p->why, "0.0", "nobody is left on the list");
	}
	m.mail_commit = mail->commit;
	if (!service_call(ROLE_QUEUE, 0, &m, &r, &p->why))
		return false;
	done = reply_is(&r, MSG_mail_queued, &p->why);
	reply_free(&r);
	return done && why_done(&p->why, "0.0", "goes to members of the list");
}

static void
make(struct part *p)
{
	struct mail mail = { .commit = { .sender = sender_of(p),
		.size = p->size, .skip = p->skip,
		.client = VIEW_LIT("local") }, .content = -1 };
	bool done;

	if (!open_mail(p, &mail, &p->why))
		return;
	done = is_same(p) || write_content(p, &mail);
	if (mail.content >= 0)
		close(mail.content);
	if (!done || !commit(p, &mail))
		abort_mail(p, mail.commit.mail);
}

/* ---- attempts ---- */

static void
end(struct part *p)
{
	if (p->list != NULL)
		p->list->used--;
	LIST_REMOVE(p, entry);
	str_free(&p->sender);
	str_free(&p->address);
	str_free(&p->after);
	free(p);
}

static void
run(void *arg)
{
	struct part *p = arg;

	why_later(&p->why, "3.0", "The list was not opened");
	if (get_list(p))
		make(p);
	deliver_say(&p->key, p->why.verdict, view_of(p->why.status),
	    view_of(p->why.text));
	end(p);
	deliver_consider_end();
}

void
list_attempt(struct channel *queue, uint32_t tag, const struct msg_attempt *a)
{
	struct part *p = xcalloc(1, sizeof(*p));

	p->key = (struct attempt_key){ queue, tag, a->mail, a->rcpt };
	p->size = a->size;
	p->skip = a->skip;
	p->notify = a->notify;
	p->rest = a->destination.n > 0 && a->destination.p[0] == REST;
	str_add(&p->sender, a->sender);
	str_add(&p->address, a->address);
	if (p->rest)
		str_add(&p->after, view_skip(a->destination, 1));
	LIST_INSERT_HEAD(&parts, p, entry);
	fiber_start(run, p);
}

void
list_closed(const struct channel *c)
{
	struct part *p;

	LIST_FOREACH(p, &parts, entry)
		if (p->key.queue == c)
			p->key.queue = NULL;
}

bool
list_is_idle(void)
{
	return LIST_EMPTY(&parts);
}
