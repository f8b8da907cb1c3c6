/* SPDX-License-Identifier: ISC */
/*
 * expression - PCRE2, without its compiler to machine code
 *
 * No memory of a confined program may be made executable; for lines of a few
 * hundred octets the interpreter is quick enough.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lib/base/clock.h"
#include "lib/mail/expression.h"

#define LOOK_EACH 16	/* matches between two looks at the clock */
#define GROUPS 9	/* that a result can name */

/* Of the match before, for whoever builds a result. */
static pcre2_match_data *matched;

/* The question that is being asked. */
static struct {
	unsigned matches;
	int64_t until;
	bool late;
} question;

/* struct expression is a pcre2_code: nothing else is to be kept. */
static pcre2_code *
code_of(const struct expression *e)
{
	return (pcre2_code *)(uintptr_t)e;
}

static struct expression *
compile(struct view text, uint32_t options, struct str *wrong)
{
	PCRE2_UCHAR message[256];
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	code = pcre2_compile((PCRE2_SPTR)(text.n > 0 ? text.p : ""), text.n,
	    options | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, message, sizeof(message));
		str_addf(wrong, "The expression is wrong behind its octet "
		    "%zu: %s", (size_t)at, (const char *)message);
	}
	return (struct expression *)code;
}

struct expression *
expression_new(struct view text, struct str *wrong)
{
	return compile(text, PCRE2_CASELESS, wrong);
}

static const struct {
	char letter;
	uint32_t option;
} flag_options[] = {
	{ 'i', PCRE2_CASELESS },
	{ 'm', PCRE2_MULTILINE },
	{ 's', PCRE2_DOTALL },
	{ 'x', PCRE2_EXTENDED },
	{ 'A', PCRE2_ANCHORED },
	{ 'E', PCRE2_DOLLAR_ENDONLY },
	{ 'U', PCRE2_UNGREEDY },
};

static uint32_t
option_of(char letter)
{
	for (size_t i = 0; i < nitems(flag_options); i++)
		if (flag_options[i].letter == letter)
			return flag_options[i].option;
	return 0;
}

struct expression *
expression_new_flags(struct view text, struct view flags, struct str *wrong)
{
	uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL;

	for (size_t i = 0; i < flags.n; i++) {
		if (option_of(flags.p[i]) == 0) {
			str_adds(wrong, "Behind the expression stands a flag "
					"that is none of imsxAEU");
			return NULL;
		}
		options ^= option_of(flags.p[i]);
	}
	return compile(text, options, wrong);
}

void
expression_free(struct expression **e)
{
	pcre2_code_free(code_of(*e));
	*e = NULL;
}

void
expression_begin(void)
{
	question.matches = 0;
	question.late = false;
}

/* Few questions have so many expressions that the clock is looked at. */
static bool
is_late(void)
{
	if (++question.matches % LOOK_EACH == 0) {
		int64_t now = clock_cpu_ms();

		if (question.matches == LOOK_EACH)
			question.until = now + EXPRESSION_MS;
		question.late |= now > question.until;
	}
	return question.late;
}

enum expression_answer
expression_ask(const struct expression *e, struct view text)
{
	static pcre2_match_context *limits;
	int n;

	if (limits == NULL) {
		limits = pcre2_match_context_create(NULL);
		matched = pcre2_match_data_create(GROUPS + 1, NULL);
		must(limits != NULL && matched != NULL);
		pcre2_set_match_limit(limits, EXPRESSION_STEPS);
		pcre2_set_depth_limit(limits, EXPRESSION_STEPS / 10);
		pcre2_set_heap_limit(limits, EXPRESSION_HEAP);
	}
	if (is_late())
		return EXPRESSION_UNKNOWN;
	n = pcre2_match(code_of(e), (PCRE2_SPTR)(text.n > 0 ? text.p : ""),
	    text.n, 0, 0, matched, limits);
	if (n == PCRE2_ERROR_NOMATCH)
		return EXPRESSION_NO;
	return n >= 0 ? EXPRESSION_YES : EXPRESSION_UNKNOWN;
}

/* ---- results ---- */

/* Take "1", "{1}" or "(1)"; the number of the group, or -1. */
static int
cut_group(struct view *rest)
{
	const char close = view_starts(*rest, VIEW_LIT("{")) ? '}' :
	    view_starts(*rest, VIEW_LIT("(")) ? ')' : '\0';
	uint64_t number = 0;
	size_t n = 0;

	*rest = view_skip(*rest, close != '\0');
	while (n < rest->n && is_digit(rest->p[n]))
		n++;
	if (!view_u64((struct view){ rest->p, n }, GROUPS, &number) ||
	    number == 0)
		return -1;
	*rest = view_skip(*rest, n);
	if (close != '\0' && (rest->n == 0 || rest->p[0] != close))
		return -1;
	*rest = view_skip(*rest, close != '\0');
	return (int)number;
}

/* Take the next piece of a result: octets, then 0, or a group's number; -1 when
 * there is none of that kind. */
static int
cut_piece(struct view *rest, struct view *octets)
{
	size_t n = view_find(*rest, '$');

	if (n == 0 && view_starts(*rest, VIEW_LIT("$$"))) {
		*octets = (struct view){ rest->p, 1 };
		*rest = view_skip(*rest, 2);
		return 0;
	}
	*octets = (struct view){ rest->p, n };
	*rest = view_skip(*rest, n > 0 ? n : 1);
	return n > 0 ? 0 : cut_group(rest);
}

bool
expression_fits(const struct expression *e, struct view result,
    struct str *wrong)
{
	uint32_t groups = 0;
	struct view octets;

	if (e != NULL)
		pcre2_pattern_info(code_of(e), PCRE2_INFO_CAPTURECOUNT,
		    &groups);
	while (result.n > 0) {
		int group = cut_piece(&result, &octets);

		if (group >= 0 && (uint32_t)group <= groups)
			continue;
		str_adds(wrong, group < 0 ? "The result has a $ that is none "
		    "of $1 to $9 and not $$" : "The result names a group that "
		    "the expression does not have");
		return false;
	}
	return true;
}

/* What parentheses matched that took no part is empty. */
static struct view
group_of(struct view text, int group)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(matched) + 2 * group;

	if (at[0] == PCRE2_UNSET || at[1] > text.n || at[0] > at[1])
		return VIEW_NONE;
	return (struct view){ text.p + at[0], at[1] - at[0] };
}

void
expression_plain(struct view result, struct str *out)
{
	struct view octets;

	while (result.n > 0)
		if (cut_piece(&result, &octets) == 0)
			str_add(out, octets);
}

enum expression_answer
expression_replace(const struct expression *e, struct view text,
    struct view result, struct str *out)
{
	enum expression_answer a = expression_ask(e, text);

	while (a == EXPRESSION_YES && result.n > 0) {
		struct view octets;
		int group = cut_piece(&result, &octets);

		str_add(out, group > 0 ? group_of(text, group) : octets);
	}
	return a;
}
