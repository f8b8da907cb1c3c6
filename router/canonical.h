/* SPDX-License-Identifier: ISC */
/*
 * canonical - what an address is called on its way to other hosts
 *
 * First the tables of the setting canonical, then masquerade_domains on what they
 * gave; each once, so that nothing runs in circles.
 */
#ifndef ROUTER_CANONICAL_H
#define ROUTER_CANONICAL_H

#include "router/tables.h"

/* The other name of an address: KV_FOUND with *to in the arena. KV_NONE: it has
 * none, or is no address. KV_TROUBLE: a table cannot be asked, or gives what is
 * no address; the administrator has been told. */
enum kv_result canonical_rewrite(const struct tables *t, struct view address,
    struct arena *a, struct view *to);

#endif
