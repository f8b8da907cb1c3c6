/* SPDX-License-Identifier: ISC */
/*
 * alter - what the administrator does to recipients of a mail
 *
 * Each function does one thing to those recipients of a QUEUED mail that match,
 * and returns how many they were; the mail may be finished, or another one with
 * the same id, then. What has to be durable is, with the next batch.
 */
#ifndef QUEUE_ALTER_H
#define QUEUE_ALTER_H

#include "queue/match.h"

/* Tried now. */
uint32_t alter_flush(const struct match *f, struct mail *m);
/* Not tried before it is released, whatever its age. */
uint32_t alter_hold(const struct match *f, struct mail *m);
uint32_t alter_release(const struct match *f, struct mail *m);
/* Nobody is told. */
uint32_t alter_delete(const struct match *f, struct mail *m);
/* Goes where router says now; waits. */
uint32_t alter_requeue(const struct match *f, struct mail *m);
/* Goes to f->said.hop, in its canonical form, and router is not asked. */
uint32_t alter_reroute(const struct match *f, struct mail *m);

#endif
