/* SPDX-License-Identifier: ISC */
/*
 * engine - libunbound on our loop: forwards, validates, caches
 *
 * One context with its cache. Everything that the library sets up by itself at
 * the first question is set up by engine_new(), which opens no file and wants
 * more stack than a fiber has (200 KiB), so it is for the loop alone. An engine that is let go answers what it was
 * asked and then disappears.
 */
#ifndef RESOLVER_ENGINE_H
#define RESOLVER_ENGINE_H

#include "resolver/packet.h"
#include "resolver/sources.h"

/* Called once for each question, from the loop, never from within the asking
 * call. The answer is valid until it returns. */
typedef void answered(void *arg, const struct dns_answer *answer);

struct engine;
/* NULL with a sentence when the library refuses: the anchors are wrong. */
struct engine *engine_new(const struct sources *s, bool validate,
    struct why *w);
/* q is copied. There is no time limit here but the library's own. */
void engine_ask(struct engine *e, const struct question *q, answered *fn,
    void *arg);
void engine_release(struct engine **e);

#endif
