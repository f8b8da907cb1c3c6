/* SPDX-License-Identifier: ISC */
/*
 * notify - telling the service manager how things stand, by sd_notify(3)'s
 * protocol, without its library
 */
#ifndef MASTER_NOTIFY_H
#define MASTER_NOTIFY_H

#include "lib/base/base.h"

/* Take NOTIFY_SOCKET and the watchdog's time out of the environment. */
void notify_open(void);
/* "READY=1\nSTATUS=..." and the like; nothing happens without a manager. */
void notify_say(const char *fmt, ...) PRINTF(1, 2);
void notify_reloading(void);

#endif
