/* SPDX-License-Identifier: ISC */
/*
 * terminal - questions to whoever sits there
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "lib/base/str.h"

/* Up to the end of a line, octet by octet, so that what follows is for the next
 * who reads. At most what the limit of *line leaves. False on an error. */
bool terminal_line(int fd, struct str *line);
/* Ask there, without an echo. False when it is no terminal. */
bool terminal_secret(int tty, const char *prompt, struct str *line);

#endif
