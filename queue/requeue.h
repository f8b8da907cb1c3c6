/* SPDX-License-Identifier: ISC */
/*
 * requeue - recipients go where router says that they go now
 *
 * Routes, aliases and users change while mail waits. Before each further try of
 * a recipient at another host router is asked about its address again; requeue
 * asks about the address that the client gave, so that aliases are followed
 * anew. Both ask in a fiber and wait; mails are found again by their ids.
 */
#ifndef QUEUE_REQUEUE_H
#define QUEUE_REQUEUE_H

#include "queue/mail.h"

/* Those recipients that are marked (an octet, 1, for each of n) and WAITING or
 * READY; they are due then. Returns how many. */
uint32_t requeue(uint64_t mail, uint8_t *marked, uint32_t n);
/* Those of n recipients that are READY to be tried again there: their changes are
 * written at once. The array and the destination must stay. */
void requeue_retry(uint64_t mail, const uint32_t *rcpt, uint32_t n,
    const struct destination *d);

/* A recipient that is WAITING goes to these targets now, a list as router gives
 * it. The mail may be another one then: it is written again. */
void requeue_forward(struct mail *m, uint32_t rcpt, struct view targets);

#endif
