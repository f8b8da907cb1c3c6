/* SPDX-License-Identifier: ISC */
/*
 * answer - the sentence of the tagged answer, and response codes
 *
 * Store and auth say DONE, LATER or NEVER with an enhanced status; what IMAP
 * clients understand instead is a code of RFC 5530. One table translates.
 */
#include "imapd/imap.h"

static enum answer
say(struct imap *im, enum answer answer, const char *fmt, va_list ap)
{
	str_reset(&im->said);
	str_vaddf(&im->said, fmt, ap);
	return answer;
}

enum answer
answer_ok(struct imap *im, const char *fmt, ...)
{
	enum answer answer;
	va_list ap;

	va_start(ap, fmt);
	answer = say(im, ANSWER_OK, fmt, ap);
	va_end(ap);
	return answer;
}

enum answer
answer_no(struct imap *im, const char *fmt, ...)
{
	enum answer answer;
	va_list ap;

	va_start(ap, fmt);
	answer = say(im, ANSWER_NO, fmt, ap);
	va_end(ap);
	return answer;
}

enum answer
answer_bad(struct imap *im, const char *fmt, ...)
{
	enum answer answer;
	va_list ap;

	va_start(ap, fmt);
	answer = say(im, ANSWER_BAD, fmt, ap);
	va_end(ap);
	return answer;
}

enum answer
answer_syntax(struct imap *im, const struct parse *p)
{
	return answer_bad(im, "%s", p->error ? p->error : "Wrong arguments");
}

/* The first line whose status fits; NULL fits all. */
static const struct {
	enum verdict verdict;
	const char *status;
	const char *code;
} codes[] = {
	{ VERDICT_LATER, "2.0", "INUSE" },
	{ VERDICT_LATER, "2.2", "OVERQUOTA" },
	{ VERDICT_LATER, "5.3", "LIMIT" },
	{ VERDICT_LATER, NULL, "UNAVAILABLE" },
	{ VERDICT_NEVER, "2.1", "NONEXISTENT" },
	{ VERDICT_NEVER, "2.2", "OVERQUOTA" },
	{ VERDICT_NEVER, "2.3", "LIMIT" },
	{ VERDICT_NEVER, "2.4", "ALREADYEXISTS" },
	{ VERDICT_NEVER, "2.5", "EXPUNGEISSUED" },
	{ VERDICT_NEVER, "3.4", "LIMIT" },
	{ VERDICT_NEVER, "5.3", "LIMIT" },
	{ VERDICT_NEVER, "7.0", "NOPERM" },
	{ VERDICT_NEVER, "7.8", "AUTHENTICATIONFAILED" },
	{ VERDICT_NEVER, "7.11", "PRIVACYREQUIRED" },
	{ VERDICT_NEVER, NULL, "CANNOT" },
};

static const char *
code_of(const struct why *w)
{
	for (size_t i = 0; i < nitems(codes); i++)
		if (codes[i].verdict == w->verdict &&
		    (codes[i].status == NULL ||
			strcmp(codes[i].status, w->status) == 0))
			return codes[i].code;
	return "SERVERBUG";
}

enum answer
answer_why(struct imap *im, const struct why *w)
{
	return answer_no(im, "[%s] %s", code_of(w), w->text);
}

enum answer
answer_why_create(struct imap *im, const struct why *w)
{
	if (strcmp(code_of(w), "NONEXISTENT") == 0)
		return answer_no(im, "[TRYCREATE] %s", w->text);
	return answer_why(im, w);
}
