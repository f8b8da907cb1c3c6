/* SPDX-License-Identifier: ISC */
/*
 * login - asking auth, and what follows from its yes
 *
 * auth tells store before it answers, so that with the answer the link to that
 * store process accepts this session. Delays after wrong passwords are auth's.
 */
#include "imapd/capability.h"
#include "imapd/login.h"
#include "lib/proc/service.h"

enum answer
login_enter(struct imap *im, struct view user, uint32_t store)
{
	im->store = service_peer(ROLE_STORE, store);
	if (im->store == NULL)
		return answer_no(im, "[UNAVAILABLE] The mailboxes are not "
				     "reachable now");
	im->instance = store;
	im->user = xmalloc(user.n + 1);
	memcpy(im->user, user.p, user.n);
	im->user[user.n] = '\0';
	im->errors = 0;
	gate_enter(&im->gate, "imap-login", user);
	return answer_ok(im, "[CAPABILITY %s] Logged in", capabilities(im));
}

enum answer
login_try(struct imap *im, struct view user, struct view password)
{
	struct message m = { .type = MSG_login,
		.login = { .session = imap_number(im),
		    .service = VIEW_LIT("imap"), .user = user,
		    .password = password,
		    .client = view_of(im->session->client) } };
	struct reply reply = { .m.type = MSG_LIMIT };
	struct why w = { 0 };
	enum answer answer;

	im->gate.method = "PLAIN";
	if (!im->ask(im, &m, &reply, &w)) {
		gate_take_back(&im->gate);
		return answer_why(im, &w);
	}
	if (reply_is(&reply, MSG_logged_in, &w)) {
		answer = login_enter(im, reply.m.logged_in.user,
		    reply.m.logged_in.store);
	} else {
		gate_tried(&im->gate, user, &w);
		if (w.verdict != VERDICT_NEVER)
			gate_take_back(&im->gate);
		answer = answer_why(im, &w);
	}
	reply_free(&reply);
	return answer;
}
