/* SPDX-License-Identifier: ISC */
/*
 * serve - the questions of the others, and the tables behind the answers
 */
#ifndef ROUTER_SERVE_H
#define ROUTER_SERVE_H

#include "lib/proc/channel.h"

/* Open the alias index and read the tables; ends the program when the index
 * cannot be opened. */
void serve_begin(void);
/* Settings or files have changed. */
void serve_changed(void);

void serve_route(struct channel *c, uint32_t tag, struct msg_route *m);
void serve_may_send(struct channel *c, uint32_t tag, struct msg_may_send *m);
void serve_expand(struct channel *c, uint32_t tag, struct msg_expand *m);
void serve_list_get(struct channel *c, uint32_t tag, struct msg_list_get *m);
void serve_rewrite(struct channel *c, uint32_t tag, struct msg_rewrite *m);
void serve_user_table(struct channel *c, uint32_t tag,
    struct msg_user_table *m);
void serve_system_users(struct channel *c, uint32_t tag,
    struct msg_system_users *m);
void serve_quota_full(struct channel *c, uint32_t tag,
    struct msg_quota_full *m);
void serve_closed(struct channel *c);

#endif
