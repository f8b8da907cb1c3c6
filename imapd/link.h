/* SPDX-License-Identifier: ISC */
/*
 * link - which session an event of store belongs to
 *
 * Store names an open mailbox by a handle, unique on its link. Events may come
 * right behind mailbox_opened, before the fiber that asked has run again: they
 * are kept until link_attach().
 */
#ifndef IMAPD_LINK_H
#define IMAPD_LINK_H

#include "imapd/box.h"
#include "imapd/imap.h"
#include "lib/proc/channel.h"

/* What comes from store (and auth) without being asked. */
extern const struct handlers link_handlers;

/* A session begins and ends: it hears when its store is lost. */
void link_enter(struct imap *im);
void link_leave(struct imap *im);

/* Around a mailbox_open: from begin on events of unknown handles are kept; end
 * drops those that nobody attached to. */
void link_open_begin(struct channel *c);
void link_open_end(struct channel *c);
/* Events of b->handle on b->channel go to b, those that came already first. */
void link_attach(struct box *b);
void link_detach(struct box *b);

struct notify;
/* What is said to those who watch goes to n from now on, or no more. */
void link_watch(struct notify *n);
void link_unwatch(struct notify *n);

#endif
