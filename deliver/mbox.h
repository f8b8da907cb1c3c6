/* SPDX-License-Identifier: ISC */
/*
 * mbox - append a mail to an mbox file
 *
 * All of it is on the disk when this returns true, and nothing of it is there
 * when it returns false: what was written is cut off again. Only who is killed in
 * the middle leaves a part, behind which the next mail begins on a line of its
 * own.
 */
#ifndef DELIVER_MBOX_H
#define DELIVER_MBOX_H

#include "deliver/order.h"
#include "lib/base/why.h"

/* heard: is somebody there to be told? Asked before the locks go. */
bool mbox_deliver(const struct order *o, const char *path, int content,
    bool (*heard)(void), struct why *w);

#endif
