/* SPDX-License-Identifier: ISC */
/*
 * dns - one question to resolver, answered in any case
 *
 * Whatever goes wrong on the way (resolver is starting again, the deadline has
 * passed, the answer is no answer) becomes the result FAILED with a sentence, so
 * that callers have one thing to look at.
 */
#include "lib/proc/dns.h"
#include "lib/proc/service.h"

static void
failed(struct arena *a, const char *sentence, struct dns_answer *out)
{
	*out = (struct dns_answer){ .result = DNS_FAILED,
		.canonical = VIEW_NONE,
		.records = VIEW_NONE,
		.sentence = arena_view(a, view_of(sentence)) };
}

void
dns_ask(struct view name, enum dns_type type, int64_t deadline,
    struct arena *a, struct dns_answer *out)
{
	struct message request = { .type = MSG_resolve,
		.resolve = { name, type } };
	struct channel *c = service_peer_wait(ROLE_RESOLVER, 0, deadline);
	struct reply reply = { 0 };
	struct why w;

	if (c == NULL) {
		failed(a, "the resolver is not running", out);
		return;
	}
	if (channel_call(c, &request, &reply, deadline, &w) &&
	    reply_is(&reply, MSG_resolved, &w))
		dns_answer_of(&reply.m.resolved, a, out);
	else
		failed(a, w.text, out);
	reply_free(&reply);
}
