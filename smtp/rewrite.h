/* SPDX-License-Identifier: ISC */
/*
 * rewrite - a mail leaves under the addresses that the world may know
 *
 * What router says of the reverse-path and of the addresses of the header takes
 * their place in the job; recipients stay, and the body is never looked at. LMTP
 * is no other host: mail by it goes as it is.
 */
#ifndef SMTP_REWRITE_H
#define SMTP_REWRITE_H

#include "smtp/job.h"

/* To be done once, before the mail is offered to anybody; without settings for it
 * nothing is done. False with the outcome (LATER): the names cannot be had, and
 * the mail must not go; which is no fault of where it was to go. */
bool rewrite_job(struct job *j, struct outcome *o);

#endif
