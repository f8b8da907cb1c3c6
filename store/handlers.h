/* SPDX-License-Identifier: ISC */
/*
 * handlers - what store does with each message that may come to it
 */
#ifndef STORE_HANDLERS_H
#define STORE_HANDLERS_H

#include "lib/proc/channel.h"

extern const struct handlers store_handlers;

#endif
