/* SPDX-License-Identifier: ISC */
/*
 * session - one client, from the greeting to BYE
 */
#ifndef IMAPD_SESSION_H
#define IMAPD_SESSION_H

struct imap;
struct session;

/* The life of a connection; runs in its fiber. */
void imap_session(struct session *s);
/* The talk in it, from the greeting on; im is set up. */
void imap_talk(struct imap *im);

/* UNAUTHENTICATE: the user and all that is his goes, the connection stays. */
void session_forget_user(struct imap *im);

#endif
