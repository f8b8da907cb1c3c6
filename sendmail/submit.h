/* SPDX-License-Identifier: ISC */
/*
 * submit - a small SMTP client for the server on this host
 *
 * Speaks to <run_dir>/submit with blocking calls. Every function returns true
 * or fills in a verdict: LATER when the server is not there, breaks off or
 * answers 4xx; NEVER for its 5xx, with its status and sentence.
 */
#ifndef SENDMAIL_SUBMIT_H
#define SENDMAIL_SUBMIT_H

#include "lib/base/str.h"
#include "lib/base/why.h"
#include "sendmail/letter.h"

struct submit {
	int fd;			/* -1: not connected */
	bool verbose;		/* show the talk on stderr */
	bool dsn, eight;	/* extensions of the server */
	/* Called for each recipient that submit_letter() sees refused. */
	void (*told)(void *arg, struct view rcpt, const struct why *w);
	void *told_arg;
	struct str in;		/* read, not yet taken */
	struct str last;	/* text of the last reply */
};

/* A connection to <run_dir>/submit, -1 if there is none to have. */
int submit_connect(const char *run_dir);
/* Connect, take the greeting, say EHLO. */
bool submit_open(struct submit *s, const char *run_dir, const char *hostname,
    struct why *w);
bool submit_sender(struct submit *s, const struct letter *l, struct why *w);
bool submit_rcpt(struct submit *s, const struct letter *l, struct view rcpt,
    struct why *w);
/* DATA, the content (wire form), the dot. True: the server has it. */
bool submit_content(struct submit *s, struct view content, struct why *w);
/* All of it, on an open connection. A recipient that is refused for good is
 * marked in l->refused, and told() is called with the reason. True if the server
 * has taken the mail for at least one of them; *w is the last reason
 * otherwise. */
bool submit_letter(struct submit *s, struct letter *l, struct why *w);
/* QUIT and close; also after an error. */
void submit_close(struct submit *s);

#endif
