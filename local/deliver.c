/* SPDX-License-Identifier: ISC */
/*
 * deliver - attempts, pipelined to the stores
 *
 * No fiber per delivery: an attempt becomes a deliver message with a tag of the
 * store's link, and the answer with that tag becomes the verdict. The attempts
 * that wait for an answer are in a tree by store and tag.
 */
#include <stdlib.h>

#include <bsd/sys/tree.h>

#include "lib/base/tree.h"
#include "lib/mail/address.h"
#include "lib/mail/utf8.h"
#include "lib/proc/service.h"
#include "local/deliver.h"
#include "local/list.h"
#include "local/outside.h"

#define MAILBOX_MOST 255

struct delivery {
	RB_ENTRY(delivery) entry;
	struct channel *store;
	uint32_t tag;		/* of the request to store */
	struct attempt_key attempt;
};
RB_HEAD(deliveries, delivery);

static int
by_tag(const struct delivery *a, const struct delivery *b)
{
	if (a->store != b->store)
		return (uintptr_t)a->store < (uintptr_t)b->store ? -1 : 1;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}
TREE_GENERATE(deliveries, delivery, entry, by_tag)

static struct deliveries under_way = RB_INITIALIZER(&under_way);

struct view
deliver_mailbox(struct view address, const char *delimiters)
{
	struct view local = { address.p, view_rfind(address, '@') };
	struct view user, detail;

	if (!address_detail(local, delimiters, &user, &detail) ||
	    detail.n > MAILBOX_MOST || !utf8_valid(detail))
		return VIEW_NONE;
	for (size_t i = 0; i < detail.n; i++)
		if ((unsigned char)detail.p[i] < 32 || detail.p[i] == 127)
			return VIEW_NONE;
	return detail;
}

int
deliver_content(uint64_t mail, struct why *w)
{
	const struct message m = { .type = MSG_content_get,
		.content_get = { mail } };
	struct reply r;
	int fd = -1;

	if (!service_call(ROLE_QUEUE, 0, &m, &r, w))
		return -1;
	if (reply_is(&r, MSG_content_got, w))
		fd = fd_take(&r.m.content_got.content);
	reply_free(&r);
	return fd;
}

void
deliver_say(const struct attempt_key *k, enum verdict v, struct view status,
    struct view sentence)
{
	struct message m = { .type = MSG_verdict, .tag = k->tag,
		.verdict = { .mail = k->mail, .rcpt = k->rcpt,
		    .verdict = (uint8_t)v, .status = status,
		    .sentence = sentence, .relay = VIEW_LIT("local") } };

	if (k->queue != NULL)
		channel_send(k->queue, &m);
}

static void
say_absent(const struct delivery *d)
{
	deliver_say(&d->attempt, VERDICT_LATER, VIEW_LIT("3.0"),
	    VIEW_LIT("the mailbox store is not available"));
}

void
deliver_consider_end(void)
{
	if (service_stopping() && RB_EMPTY(&under_way) &&
	    outside_is_idle() && list_is_idle())
		service_quit();
}

static void
end(struct delivery *d)
{
	RB_REMOVE(deliveries, &under_way, d);
	free(d);
	deliver_consider_end();
}

static void
ask_store(struct delivery *d, const struct msg_attempt *a)
{
	struct message m = { .type = MSG_deliver, .tag = d->tag,
		.deliver = { .mail = a->mail, .rcpt = a->rcpt,
		    .user = a->destination,
		    .mailbox = deliver_mailbox(a->address,
			service_settings()->recipient_delimiter),
		    .size = a->size, .arrival = a->arrival,
		    .again = a->again, .content = a->content } };

	channel_send(d->store, &m);
}

static void
begin(const struct attempt_key *key, const struct msg_attempt *a)
{
	uint32_t instance = user_instance(a->destination,
	    (uint32_t)service_settings()->store_instances);
	struct delivery *d = xmalloc(sizeof(*d));

	*d = (struct delivery){ .store = service_peer(ROLE_STORE, instance),
		.attempt = *key };
	if (d->store == NULL) {
		say_absent(d);
		free(d);
		return;
	}
	d->tag = channel_tag(d->store);
	must(RB_INSERT(deliveries, &under_way, d) == NULL);
	ask_store(d, a);
}

void
deliver_attempt(struct channel *queue, uint32_t tag, struct msg_attempt *a)
{
	const struct attempt_key key = { queue, tag, a->mail, a->rcpt };

	if (view_is(a->transport, "deliver"))
		outside_attempt(queue, tag, a);
	else if (view_is(a->transport, "list"))
		list_attempt(queue, tag, a);
	else
		begin(&key, a);
}

/* Whatever is not a clear yes or no is later. */
void
deliver_answer(struct channel *store, uint32_t tag, struct msg_answer *a)
{
	struct delivery key = { .store = store, .tag = tag };
	struct delivery *d = RB_FIND(deliveries, &under_way, &key);

	if (d == NULL)
		return;
	deliver_say(&d->attempt, a->verdict == VERDICT_DONE ||
	    a->verdict == VERDICT_NEVER ? a->verdict : VERDICT_LATER,
	    a->status, a->sentence);
	end(d);
}

void
deliver_closed(struct channel *c)
{
	struct delivery *d, *next;

	outside_closed(c);
	list_closed(c);
	for (d = RB_MIN(deliveries, &under_way); d != NULL; d = next) {
		next = RB_NEXT(deliveries, &under_way, d);
		if (d->attempt.queue == c)
			d->attempt.queue = NULL;
		if (d->store != c)
			continue;
		say_absent(d);
		end(d);
	}
}

void
deliver_stopping(void)
{
	deliver_consider_end();
}
