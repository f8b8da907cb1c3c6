/* SPDX-License-Identifier: ISC */
/*
 * link - the command's line to the server
 *
 * Everything here waits: it runs the loop until the answer is there. The
 * functions that return an int print what is wrong and return a code of
 * sysexits.h, 0 when fine.
 */
#ifndef CTL_LINK_H
#define CTL_LINK_H

#include "ctl/ctl.h"
#include "lib/proc/channel.h"

/* Greet master. It is an error that no server runs. */
int link_open(struct ctl *ctl, const struct handlers *handlers);
/* True without a word when a server answers; false when none runs. */
bool link_try(struct ctl *ctl, const struct handlers *handlers);
struct channel *link_master(void);
/* A channel to queue, router or an instance of store, through master. */
int link_program(unsigned role, uint32_t instance,
    const struct handlers *handlers, struct channel **c);

/* Send a request and wait for the answer. Fails when any link was lost before:
 * then c is gone, too. */
bool link_call(struct channel *c, const struct message *request,
    struct reply *r, struct why *w);
/* The same for requests that are answered by `answer`. */
bool link_ask(struct channel *c, const struct message *request,
    struct why *w);
/* Wait until link_done(), or the channel is lost: false. */
bool link_wait(void);
void link_done(void);
/* To be the .closed of every handler table. */
void link_closed(struct channel *c);

#endif
