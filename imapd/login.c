/* SPDX-License-Identifier: ISC */
/*
 * login - asking auth, and what follows from its yes
 *
 * auth tells store before it answers, so that with the answer the link to that
 * store process accepts this session. Delays after wrong passwords are auth's.
 */
#include <arpa/inet.h>

#include <stdlib.h>

#include "imapd/commands.h"
#include "imapd/login.h"
#include "lib/base/log.h"
#include "lib/proc/service.h"

bool
login_allowed(const struct imap *im)
{
	return im->settings->plain_logins;
}

const char *
login_local_ip(const struct imap *im, char *space)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	socklen_t n = sizeof(a);
	const void *ip = &a.v4.sin_addr;

	memcpy(space, "local", 6);
	if (getsockname(im->session->stream.fd, &a.any, &n) < 0)
		return space;
	if (a.any.sa_family == AF_INET6)
		ip = &a.v6.sin6_addr;
	else if (a.any.sa_family != AF_INET)
		return space;
	return inet_ntop(a.any.sa_family, ip, space, 64) ? space : "unknown";
}

static void
log_login(const struct imap *im, const char *method)
{
	char lip[64];

	log_info("imap-login",
	    "Login: user=<%s>, method=%s, rip=%s, lip=%s, session=<%s>",
	    log_quote(view_of(im->user)), method, im->session->client,
	    login_local_ip(im, lip), im->session->id);
}

static enum answer
welcome(struct imap *im, const struct msg_logged_in *in, const char *method)
{
	im->store = service_peer(ROLE_STORE, in->store);
	if (im->store == NULL)
		return answer_no(im, "[UNAVAILABLE] The mailboxes are not "
				     "reachable now");
	im->instance = in->store;
	im->user = xmalloc(in->user.n + 1);
	memcpy(im->user, in->user.p, in->user.n);
	im->user[in->user.n] = '\0';
	log_login(im, method);
	return answer_ok(im, "[CAPABILITY %s] Logged in", capabilities(im));
}

static void
failed(struct imap *im, struct view user)
{
	im->attempts++;
	free(im->tried);
	if (user.n > 255)
		user.n = 255;
	im->tried = xcalloc(1, user.n + 1);
	memcpy(im->tried, user.p, user.n);
}

enum answer
login_try(struct imap *im, struct view user, struct view password,
    const char *method)
{
	struct message m = { .type = MSG_login,
		.login = { .session = imap_number(im),
		    .service = VIEW_LIT("imap"), .user = user,
		    .password = password,
		    .client = view_of(im->session->client) } };
	struct reply reply = { .m.type = MSG_LIMIT };
	struct why w = { 0 };
	enum answer answer;

	if (!im->ask(im, &m, &reply, &w)) {
		store_take_back(im);
		return answer_why(im, &w);
	}
	if (reply_is(&reply, MSG_logged_in, &w)) {
		answer = welcome(im, &reply.m.logged_in, method);
	} else if (w.verdict == VERDICT_NEVER) {
		failed(im, user);
		answer = answer_no(im, "[AUTHENTICATIONFAILED] %s", w.text);
	} else {
		store_take_back(im);
		answer = answer_why(im, &w);
	}
	reply_free(&reply);
	return answer;
}
