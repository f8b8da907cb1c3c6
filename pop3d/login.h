/* SPDX-License-Identifier: ISC */
/*
 * login - what both protocols say about logins
 */
#ifndef POP3D_LOGIN_H
#define POP3D_LOGIN_H

struct mailbox;
struct session;

/* One line in the form that log readers know: "SUBJECT: Login: user=<>, ..." */
void login_log(const char *subject, const struct session *s,
    const struct mailbox *m);
/* A session that never logged in is over; tries: wrong passwords. */
void login_log_end(const char *subject, const struct session *s,
    const char *reason, unsigned tries);

#endif
