/* SPDX-License-Identifier: ISC */
/*
 * why - filling in a verdict and its sentence
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <bsd/string.h>

#include "lib/base/why.h"

static void
fill(struct why *w, enum verdict v, const char *status, const char *fmt,
    va_list ap)
{
	w->verdict = v;
	strlcpy(w->status, status, sizeof(w->status));
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	for (char *p = w->text; *p != '\0'; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = '?';
}

#define FILL(w, v, status, fmt)                                                \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		fill(w, v, status, fmt, ap);                                   \
		va_end(ap);                                                    \
	} while (0)

bool
why_never(struct why *w, const char *status, const char *fmt, ...)
{
	FILL(w, VERDICT_NEVER, status, fmt);
	return false;
}

bool
why_later(struct why *w, const char *status, const char *fmt, ...)
{
	FILL(w, VERDICT_LATER, status, fmt);
	return false;
}

#define UNKNOWN "0.0"	/* RFC 3463 2: nothing but failure is known */

bool
why_unknown(struct why *w, const char *fmt, ...)
{
	FILL(w, VERDICT_LATER, UNKNOWN, fmt);
	return false;
}

bool
why_is_unknown(const struct why *w)
{
	return w->verdict == VERDICT_LATER && strcmp(w->status, UNKNOWN) == 0;
}

bool
why_done(struct why *w, const char *status, const char *fmt, ...)
{
	FILL(w, VERDICT_DONE, status, fmt);
	return true;
}

bool
why_errno(struct why *w, const char *what)
{
	return why_later(w, "3.0", "%s: %s", what, strerror(errno));
}

void
why_set(struct why *w, enum verdict v, struct view status, struct view text)
{
	char code[sizeof(w->status)];

	snprintf(code, sizeof(code), "%.*s", VIEW(status));
	if (v == VERDICT_DONE)
		why_done(w, code, "%.*s", VIEW(text));
	else if (v == VERDICT_LATER)
		why_later(w, code, "%.*s", VIEW(text));
	else
		why_never(w, code, "%.*s", VIEW(text));
}
