/* SPDX-License-Identifier: ISC */
/*
 * why - a verdict with its reason
 *
 * Everything that is said about a recipient, a login or a request is DONE,
 * LATER (try again) or NEVER, with an enhanced status (RFC 3463) without its
 * class digit and a sentence. SMTP replies, POP3 and IMAP errors, reports and
 * logs are printed from it. The caller owns it and hands it down.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include "lib/base/view.h"

enum verdict { VERDICT_DONE = 2, VERDICT_LATER = 4, VERDICT_NEVER = 5 };

struct why {
	enum verdict verdict;
	char status[12];	/* "1.1": subject.detail, class from verdict */
	char text[256];		/* one sentence, no newline */
};

/* Fill in and return false, so that callers write: return why_later(...). The
 * sentence is shortened where it is too long and control bytes become '?'. */
bool why_never(struct why *w, const char *status, const char *fmt, ...)
    PRINTF(3, 4);
bool why_later(struct why *w, const char *status, const char *fmt, ...)
    PRINTF(3, 4);
/* LATER for a request that may have been carried out and may not. */
bool why_unknown(struct why *w, const char *fmt, ...) PRINTF(2, 3);
bool why_is_unknown(const struct why *w);
/* The same and true. */
bool why_done(struct why *w, const char *status, const char *fmt, ...)
    PRINTF(3, 4);
/* LATER 3.0 for a system call that failed, with strerror(errno). */
bool why_errno(struct why *w, const char *what);
void why_set(struct why *w, enum verdict v, struct view status,
    struct view text);

#endif
