/* SPDX-License-Identifier: ISC */
/*
 * handover - what a process gets from master, at its start and later
 */
#ifndef MASTER_HANDOVER_H
#define MASTER_HANDOVER_H

#include "master/child.h"

/* Settings, listeners, links to everybody who was greeted before, and the word
 * to start. False, after a word in the log, when something could not be had:
 * a process that lacks a part must not begin. */
bool handover(struct child *c);
/* Link a child to somebody: the other end of the link, -1 when that fails. */
int handover_link(struct child *c, const struct peer_id *other);
/* Another link for two processes, in a moment, when both have seen the end of
 * the one before. Nothing happens when one has gone by then. */
void handover_again(uint32_t a, uint32_t b);
/* New settings for everyone; was: those in force before. */
void handover_settings(const struct settings *was);
/* Tables have changed on disk. */
void handover_drain(void);

#endif
