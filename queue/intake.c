/* SPDX-License-Identifier: ISC */
/*
 * intake - open, recipients, commit
 *
 * The hot path of the program: a small mail costs here a copy of its content and
 * a few allocations, a larger one a file and a duplicate of its descriptor. A
 * mail belongs to the channel that opened it; what another one says about it is
 * not believed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/age.h"
#include "queue/content.h"
#include "queue/durable.h"
#include "queue/intake.h"
#include "queue/kept.h"
#include "lib/mail/journal.h"
#include "queue/ledger.h"
#include "queue/report.h"
#include "queue/schedule.h"
#include "queue/soft.h"
#include "queue/split.h"
#include "queue/story.h"
#include "queue/table.h"
#include "queue/trail.h"
#include "queue/transport.h"
#include "queue/wake.h"

#define TEXT_MOST	1024		/* octets of one text of an envelope */
#define RCPTS_MOST	(64u << 20)	/* octets of all recipients of a mail */

LIST_HEAD(owner, intake);

static struct table open_mails;

static struct owner *
owner_of(struct channel *c)
{
	void **slot = channel_slot(c);

	if (*slot == NULL) {
		*slot = xcalloc(1, sizeof(struct owner));
		LIST_INIT((struct owner *)*slot);
	}
	return *slot;
}

static void
intake_free(struct intake **i)
{
	table_remove(&open_mails, (*i)->id);
	if ((*i)->owner != NULL)
		LIST_REMOVE(*i, entry);
	if ((*i)->fd >= 0)
		close((*i)->fd);
	str_free(&(*i)->rcpts);
	str_free(&(*i)->alias);
	str_free(&(*i)->records);
	mail_free(&(*i)->mail);
	free((*i)->settles);
	free(*i);
	*i = NULL;
}

/* It never was a mail. */
static void
forget(struct intake **i)
{
	state_move(&(*i)->state, MAIL_GONE);
	if (!kept_drop((*i)->id) && (*i)->fd >= 0)
		content_remove((*i)->id);
	intake_free(i);
}

static struct intake *
find_open(struct channel *c, uint64_t id)
{
	struct intake *i = table_find(&open_mails, id);

	return i != NULL && i->owner == c && i->state == MAIL_OPEN ? i : NULL;
}

/* A file of its own, and a descriptor of it to be passed on. */
static bool
make_file(struct intake *i, uint64_t announced, int *fd, struct why *w)
{
	i->fd = content_create(i->id, announced, w);
	if (i->fd < 0)
		return false;
	*fd = fcntl(i->fd, F_DUPFD_CLOEXEC, 0);
	if (*fd >= 0)
		return true;
	why_errno(w, "cannot pass a descriptor");
	content_remove(i->id);
	close(i->fd);
	i->fd = -1;
	return false;
}

/* Another name for the content of the mail that this one comes of. */
static bool
link_content(struct intake *i, struct why *w)
{
	if (!kept_write(i->of)) {
		why_errno(w, "cannot write a file in the spool");
		return false;
	}
	i->fd = content_link(i->of, i->id, w);
	return i->fd >= 0;
}

static bool
get_content(struct intake *i, const struct msg_mail_open *m, int *fd,
    struct why *w)
{
	*fd = -1;
	if (i->of != 0 && m->same)
		return link_content(i, w);
	if (m->small && !kept_is_failing())
		return content_has_room(m->size, w);
	return make_file(i, m->size, fd, w);
}

static bool
start(struct channel *c, const struct msg_mail_open *m,
    struct message *opened, struct why *w)
{
	struct intake new = { .id = content_id(), .owner = c, .fd = -1,
		.by_bounce = channel_peer(c)->role == ROLE_BOUNCE,
		.state = MAIL_OPEN }, *i;
	int fd;

	/* the times that its sender sets are of the clock as it is now */
	schedule_follow();
	if (service_stopping())
		return why_later(w, "3.2", "The server is stopping");
	if (channel_peer(c)->role == ROLE_LOCAL && !split_begin(&new, m, w))
		return false;
	if (!get_content(&new, m, &fd, w))
		return false;
	i = xmalloc(sizeof(*i));
	*i = new;
	table_add(&open_mails, i);
	LIST_INSERT_HEAD(owner_of(c), i, entry);
	opened->mail_opened = (struct msg_mail_opened){ .mail = i->id,
		.content = fd };
	return true;
}

void
intake_open(struct channel *c, uint32_t tag, struct msg_mail_open *m)
{
	struct message opened = { .type = MSG_mail_opened, .tag = tag };
	struct why w;

	if (start(c, m, &opened, &w))
		channel_send(c, &opened);
	else
		channel_answer(c, tag, &w);
}

void
intake_file(struct channel *c, uint32_t tag, struct msg_mail_file *m)
{
	struct intake *i = find_open(c, m->mail);
	struct message opened = { .type = MSG_mail_opened, .tag = tag };
	int fd = -1;
	struct why w;

	why_never(&w, "5.1", "No such mail is open");
	if (i != NULL && i->fd < 0 && make_file(i, 0, &fd, &w)) {
		opened.mail_opened = (struct msg_mail_opened){ i->id, fd };
		channel_send(c, &opened);
	} else
		channel_answer(c, tag, &w);
}

/* RFC 3461 5.2.7: an alias of several is reported as expanded, once, and what
 * became of its members is not: who they are is not the sender's business. */
static uint8_t
without_success(uint8_t notify)
{
	notify &= (uint8_t)~NOTIFY_SUCCESS;
	return notify != 0 ? notify : NOTIFY_NEVER;
}

static void
add_expanded(struct intake *i, const struct rcpt_texts *t)
{
	static const struct rcpt done = { .state = RCPT_DONE };
	struct rcpt_texts alias = { .original = t->original,
		.transport = VIEW_LIT("expanded"), .address = t->original,
		.orcpt = t->orcpt };

	mail_write_rcpt(&i->rcpts, &done, &alias, NOTIFY_SUCCESS);
	i->nrcpt++;
	i->expanded = true;
}

/* The targets of an alias come in a row. Returns the notify of this one. */
static uint8_t
narrow(struct intake *i, const struct rcpt_texts *t, uint8_t notify)
{
	if (i->alias.n == 0 || !view_eq(str_view(&i->alias), t->original)) {
		str_reset(&i->alias);
		str_add(&i->alias, t->original);
		i->alias_at = i->rcpts.n;
		i->alias_notify = notify;
		i->expanded = false;
		return notify;
	}
	if (!i->expanded) {
		mail_set_notify(&i->rcpts, i->alias_at,
		    without_success(i->alias_notify));
		add_expanded(i, t);
	}
	return without_success(notify);
}

/* A new recipient that the administrator wants to see first. */
static const struct rcpt *
held(void)
{
	static struct rcpt r = { .state = RCPT_WAITING, .due = FROZEN };

	if (r.why == NULL)
		r.why = reason_take(VIEW_LIT("7.0"), VIEW_LIT("held by a rule "
		    "of the access file"), VIEW_NONE, VIEW_NONE);
	return &r;
}

void
intake_rcpt(struct channel *c, uint32_t tag, struct msg_mail_rcpt *m)
{
	struct intake *i = find_open(c, m->mail);
	struct rcpt_texts t = { m->original, m->transport, m->destination,
		m->address, m->orcpt };
	uint8_t notify = m->notify;

	(void)tag;
	if (i == NULL)
		return;
	if (t.original.n > TEXT_MOST || t.destination.n > TEXT_MOST ||
	    t.address.n > TEXT_MOST || t.orcpt.n > TEXT_MOST ||
	    transport_named(t.transport) >= TRANSPORT_EXPANDED ||
	    i->rcpts.n > RCPTS_MOST) {
		i->refused = true;
		return;
	}
	/* a report of success must not come before the content is safe */
	if (m->notify & NOTIFY_SUCCESS) {
		i->large = true;
		notify = narrow(i, &t, notify);
	} else {
		str_reset(&i->alias);
	}
	mail_write_rcpt(&i->rcpts, m->hold ? held() : NULL, &t, notify);
	i->mailboxes += transport_named(t.transport) == TRANSPORT_LOCAL;
	i->nrcpt++;
}

static bool
is_acceptable(const struct intake *i, const struct msg_mail_commit *m,
    struct why *w)
{
	if (m->received > service_settings()->hops_max)
		return why_never(w, "4.6", "Too many hops: the message "
		    "seems to be in a loop");
	if (i->refused || m->sender.n > TEXT_MOST || m->envid.n > TEXT_MOST ||
	    (m->by_mode & BY_MODE) == BY_MODE || m->priority > PRIORITY_MOST)
		return why_never(w, "3.0", "The envelope cannot be queued");
	if (i->nrcpt == 0)
		return why_never(w, "5.1", "No recipients");
	return true;
}

/* It brought its content along: that is kept, or gets its file here. Several
 * mailboxes share the octets of one file. */
static bool
keep_content(struct intake *i, struct view content, struct why *w)
{
	if (content.n != i->size || i->size == 0)
		return why_never(w, "3.0", "The content does not have the "
		    "size that was said");
	if (!i->large && i->mailboxes <= 1 && kept_put(i->id, content))
		return true;
	i->fd = content_create(i->id, content.n, w);
	if (i->fd < 0)
		return false;
	return file_pwrite_all(i->fd, content, 0) ||
	    why_later(w, "3.0", "The content could not be written to the disk");
}

/* The same, and what of it goes into the journal. */
static bool
take_content(struct intake *i, struct view content, struct view *journal,
    struct why *w)
{
	*journal = i->large ? VIEW_NONE : content;
	return keep_content(i, content, w);
}

/* What it says, if that goes into the journal. */
static bool
read_content(const struct intake *i, struct view *content, struct why *w)
{
	static struct str octets;

	str_reset(&octets);
	if (!i->large && !content_read(i->fd, i->size, &octets))
		return why_later(w, "3.0", "The content could not be written "
		    "to the disk");
	*content = str_view(&octets);
	return true;
}

/* As the journal has times. */
static uint32_t
seconds(int64_t t)
{
	return t <= 0 ? 0 : t >= UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

/* A report goes as its mail went (RFC 8689 5, RFC 6710 4.5). */
static void
inherit(struct mail_head *h, const struct mail *of)
{
	if (of == NULL)
		return;
	h->priority = of->priority;
	h->tls = of->tls & TLS_REQUIRED;
}

static bool
join_group(struct intake *i, const struct msg_mail_commit *m, struct why *w)
{
	static const struct settles nothing;
	struct mail_head h = { .size = m->size, .skip = m->skip,
		.body = m->body, .ret = m->ret, .by_mode = m->by_mode,
		.priority = m->priority, .tls = m->tls,
		.hold = seconds(m->hold), .by = seconds(m->by),
		.sender = m->sender, .envid = m->envid };

	i->size = m->size;
	i->large = i->large || m->size > CONTENT_SMALL;
	if (!(i->fd >= 0 ? read_content(i, &h.content, w) :
			   take_content(i, m->content, &h.content, w)))
		return false;
	if (i->of != 0 && !split_commit(i, &h, w))
		return false;
	if (m->settles != 0 && channel_peer(i->owner)->role == ROLE_BOUNCE)
		i->settles = report_settles(m->settles);
	if (i->settles != NULL && i->of == 0)
		inherit(&h, ledger_find(i->settles->mail));
	i->mail = mail_make(i->id, &h, str_view(&i->rcpts), i->nrcpt);
	must(i->mail != NULL);
	mail_write_new(&i->records, i->id, &h, str_view(&i->rcpts),
	    i->settles ? i->settles : &nothing);
	str_free(&i->rcpts);
	state_move(&i->state, MAIL_COMMITTING);
	durable_commit(i);
	return true;
}

void
intake_commit(struct channel *c, uint32_t tag, struct msg_mail_commit *m)
{
	struct intake *i = find_open(c, m->mail);
	struct why w;

	if (i == NULL) {
		why_never(&w, "5.1", "No such mail is open");
		channel_answer(c, tag, &w);
		return;
	}
	i->tag = tag;
	if (is_acceptable(i, m, &w) && join_group(i, m, &w))
		return;
	channel_answer(c, tag, &w);
	forget(&i);
}

void
intake_abort(struct channel *c, uint32_t tag, struct msg_mail_abort *m)
{
	struct intake *i = find_open(c, m->mail);

	(void)tag;
	if (i != NULL)
		forget(&i);
}

/* Those in a group go on without anybody to tell. */
void
intake_closed(struct channel *c)
{
	struct owner *o = *channel_slot(c);
	struct intake *i;

	if (o == NULL)
		return;
	while ((i = LIST_FIRST(o)) != NULL) {
		if (i->state == MAIL_OPEN) {
			forget(&i);
			continue;
		}
		LIST_REMOVE(i, entry);
		i->owner = NULL;
	}
	free(o);
	*channel_slot(c) = NULL;
}

void
intake_refuse(struct intake **i, const struct why *w)
{
	char id[SPOOL_ID_SIZE];

	log_warning(spool_id((*i)->id, id), "not queued: %s", w->text);
	if ((*i)->owner != NULL)
		channel_answer((*i)->owner, (*i)->tag, w);
	if ((*i)->of != 0)
		split_unsafe(*i);
	else if ((*i)->settles != NULL)
		report_unsafe((*i)->settles);
	forget(i);
}

/* An id is ahead of a clock that has gone back. */
static uint32_t
taken_ms(const struct mail *m)
{
	int64_t us = clock_wall_us() - (int64_t)m->id;

	return us > 0 ? (uint32_t)(us / 1000) : 0;
}

void
intake_queued(struct intake **ip, uint32_t segment)
{
	struct intake *i = *ip;
	struct mail *m = i->mail;
	struct message queued = { .type = MSG_mail_queued, .tag = i->tag,
		.mail_queued = { i->id } };

	state_move(&i->state, MAIL_QUEUED);
	if (i->owner != NULL)
		channel_send(i->owner, &queued);
	i->mail = NULL;
	m->segment = segment;
	m->taken_ms = taken_ms(m);
	age_begin(m);
	ledger_add(m);
	if (!i->large)
		soft_add(m);
	trail_active(m);
	if (i->by_bounce || i->of != 0)
		story_written(m, i->settles);
	if (i->of != 0)
		split_safe(i);
	else if (i->settles != NULL)
		report_safe(i->settles);
	intake_free(ip);
	wake_due(m);
}
