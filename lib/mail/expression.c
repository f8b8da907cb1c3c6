/* SPDX-License-Identifier: ISC */
/*
 * expression - PCRE2, without its compiler to machine code
 *
 * No memory of a confined program may be made executable; for lines of a few
 * hundred octets the interpreter is quick enough.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lib/mail/expression.h"

/* struct expression is a pcre2_code: nothing else is to be kept. */
static pcre2_code *
code_of(const struct expression *e)
{
	return (pcre2_code *)(uintptr_t)e;
}

struct expression *
expression_new(struct view text, struct str *wrong)
{
	PCRE2_UCHAR message[256];
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	code = pcre2_compile((PCRE2_SPTR)text.p, text.n,
	    PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, message, sizeof(message));
		str_addf(wrong, "The expression is wrong behind its octet "
		    "%zu: %s", (size_t)at, (const char *)message);
	}
	return (struct expression *)code;
}

void
expression_free(struct expression **e)
{
	pcre2_code_free(code_of(*e));
	*e = NULL;
}

enum expression_answer
expression_ask(const struct expression *e, struct view text)
{
	static pcre2_match_context *limits;
	static pcre2_match_data *matched;
	int n;

	if (limits == NULL) {
		limits = pcre2_match_context_create(NULL);
		matched = pcre2_match_data_create(1, NULL);
		must(limits != NULL && matched != NULL);
		pcre2_set_match_limit(limits, EXPRESSION_STEPS);
		pcre2_set_depth_limit(limits, EXPRESSION_STEPS / 10);
		pcre2_set_heap_limit(limits, EXPRESSION_HEAP);
	}
	n = pcre2_match(code_of(e), (PCRE2_SPTR)(text.n > 0 ? text.p : ""),
	    text.n, 0, 0, matched, limits);
	if (n == PCRE2_ERROR_NOMATCH)
		return EXPRESSION_NO;
	return n >= 0 ? EXPRESSION_YES : EXPRESSION_UNKNOWN;
}
