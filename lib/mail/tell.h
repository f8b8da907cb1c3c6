/* SPDX-License-Identifier: ISC */
/*
 * tell - tell history what happened, and do not wait for it
 *
 * Events are put together for a moment and leave as one message. When history
 * is not there, or does not keep up, they are dropped and counted: mail is
 * never delayed for them. Refusals are limited in a second, as everybody can
 * make them.
 */
#ifndef MAIL_TELL_H
#define MAIL_TELL_H

#include "lib/mail/event.h"

/* Octets that history has not taken yet; with more than that it is told nothing,
 * whatever it is. */
#define TELL_BACKLOG	(4u << 20)

/* False: nobody wants to know. Then put nothing and do not end. */
bool tell_begin(enum event_kind kind, uint64_t mail);
void tell_put(enum event_field field, struct view v);
void tell_put_number(enum event_field field, uint64_t n);
void tell_end(void);

#endif
