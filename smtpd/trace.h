/* SPDX-License-Identifier: ISC */
/*
 * trace - the fields that stand in front of a mail taken in (RFC 5321 4.4)
 */
#ifndef SMTPD_TRACE_H
#define SMTPD_TRACE_H

#include "smtpd/dialog.h"

/* The one mailbox here that the mail is for; NULL: others, or several. */
const struct target *trace_mailbox(const struct dialog *d);

/* Append Return-Path, for one mailbox X-Original-To and Delivered-To, and Received
 * for the present transaction. Returns the octets of all but the last, which are
 * not sent on to other hosts. */
uint32_t trace_write(struct str *out, const struct dialog *d, uint64_t mail);

/* The fields that the mail gets if it has none, in the transaction's arena. */
void trace_missing(struct dialog *d, uint64_t mail,
    struct view missing[FIELDS]);

#endif
