/* SPDX-License-Identifier: ISC */
/*
 * links - the channels to the other programs; used by service.c
 *
 * master hands over a link when a pair of programs is complete, and another
 * one when either was started again. What programs ask about links stands in
 * lib/proc/service.h: service_peer, service_peer_nth, service_call.
 */
#ifndef PROC_LINKS_H
#define PROC_LINKS_H

#include "lib/proc/service.h"

/* Before all others: whom to tell of links that this end has closed. */
void links_open(struct channel *to_master);
/* Take the link of this message. */
void links_add(const struct program *p, struct msg_peer *m);
/* The program is ready: tell it of those that are there; later ones at once. */
void links_begin(const struct program *p);

#endif
