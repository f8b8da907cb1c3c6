/* SPDX-License-Identifier: ISC */
/*
 * response - from a verdict to a reply code
 *
 * A struct why carries an enhanced status only. The three digits in front of
 * it follow from a table, as RFC 5321 4.2.3 words them; what is not in it is
 * 451 or 550.
 */
#include <stdarg.h>
#include <stdio.h>

#include <bsd/string.h>

#include "lib/mail/reply.h"
#include "smtpd/response.h"

static const struct {
	enum verdict verdict;
	const char *status;
	unsigned code;
} codes[] = {
	{ VERDICT_DONE, "", 250 },
	{ VERDICT_LATER, "2.1", 450 },
	{ VERDICT_LATER, "2.2", 452 },
	{ VERDICT_LATER, "3.1", 452 },
	{ VERDICT_LATER, "5.3", 452 },
	{ VERDICT_LATER, "7.1", 450 },
	{ VERDICT_LATER, "", 451 },
	{ VERDICT_NEVER, "1.3", 501 },
	{ VERDICT_NEVER, "1.7", 501 },
	{ VERDICT_NEVER, "2.2", 552 },
	{ VERDICT_NEVER, "2.3", 552 },
	{ VERDICT_NEVER, "3.4", 552 },
	{ VERDICT_NEVER, "4.6", 554 },
	{ VERDICT_NEVER, "5.2", 501 },
	{ VERDICT_NEVER, "5.4", 501 },
	{ VERDICT_NEVER, "6.0", 554 },
	{ VERDICT_NEVER, "6.7", 553 },
	{ VERDICT_NEVER, "", 550 },
};

static unsigned
code_of(const struct why *w)
{
	for (size_t i = 0; i < nitems(codes); i++)
		if (codes[i].verdict == w->verdict &&
		    (codes[i].status[0] == '\0' ||
			strcmp(codes[i].status, w->status) == 0))
			return codes[i].code;
	return 451;
}

struct response
response(unsigned code, const char *status, const char *text)
{
	struct response r = { .code = code, .text = view_of(text) };

	strlcpy(r.status, status, sizeof(r.status));
	return r;
}

struct response
response_printf(struct arena *a, unsigned code, const char *status,
    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return response(code, status, arena_copy(a, view_of(text)));
}

struct response
response_why(struct arena *a, const struct why *w)
{
	struct response r;
	unsigned code = code_of(w);

	r = response(code, "", arena_copy(a, view_of(w->text)));
	snprintf(r.status, sizeof(r.status), "%c.%.11s",
	    (char)('0' + code / 100 % 10),
	    w->status[0] != '\0' ? w->status : "0.0");
	return r;
}

void
response_write(struct str *out, const struct response *r)
{
	if (r->code == 334)	/* a challenge stays in one line (RFC 4954) */
		str_addf(out, "334 %.*s\r\n", VIEW(r->text));
	else
		reply_text(out, r->code, r->status, r->text);
}
