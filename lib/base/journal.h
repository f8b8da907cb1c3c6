/* SPDX-License-Identifier: ISC */
/*
 * journal - a log line as an entry of systemd's journal, with fields
 *
 * What stands in a line as key=value can be asked for by a field then:
 * journalctl RCPT=anna@example.org. The line itself is MESSAGE, as always.
 */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include "lib/base/str.h"

/* The journal's own socket: one datagram to it is an entry. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Append the entry: ident "posthouse/smtpd", priority of syslog(3), a line of
 * printable ASCII that may begin with "ID: ". */
void journal_entry(struct str *out, const char *ident, int pid, int priority,
    struct view line);

#endif
