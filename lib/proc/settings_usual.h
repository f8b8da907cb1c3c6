/* SPDX-License-Identifier: ISC */
/*
 * settings_usual - the listeners of a site that names none
 */
#ifndef PROC_SETTINGS_USUAL_H
#define PROC_SETTINGS_USUAL_H

#include "lib/proc/settings.h"

/* Sections as a file would have them: mail from the world, and with a
 * certificate the users' programs on their ports (RFC 8314); without one these
 * are served on loopback alone, by IMAP and POP3. Never freed. */
struct view settings_usual(const struct settings *s);

#endif
