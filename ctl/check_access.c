/* SPDX-License-Identifier: ISC */
/*
 * check_access - reads the file as router does
 *
 * Beyond what the reader says: two lines of one condition, and expressions that
 * do not compile.
 */
#include <errno.h>
#include <fcntl.h>

#include "ctl/check_access.h"
#include "ctl/doubles.h"
#include "lib/base/file.h"
#include "lib/mail/access.h"
#include "lib/mail/expression.h"

#define FILE_MOST ((size_t)1 << 30)

struct check {
	const char *file;
	struct str *errors;
	struct doubles keys;
};

static void
complain(void *arg, size_t line, size_t column, const char *sentence)
{
	struct check *c = arg;

	str_addf(c->errors, "%s:%zu:%zu: %s\n", c->file, line, column,
	    sentence);
}

static void
complain_double(void *arg, struct view key UNUSED, uint32_t number,
    uint32_t before)
{
	struct check *c = arg;

	str_addf(c->errors, "%s:%u:1: line %u has the same condition\n",
	    c->file, number, before);
}

static void
check_expression(struct check *c, const struct access_rule *r,
    struct view text)
{
	struct str wrong = { 0 };
	struct expression *e = expression_new(text, &wrong);

	if (e == NULL)
		str_addf(c->errors, "%s:%u: %s\n", c->file, r->line,
		    str_c(&wrong));
	expression_free(&e);
	str_free(&wrong);
}

static bool
take_rule(void *arg, const struct access_rule *r, struct view line UNUSED)
{
	struct check *c = arg;
	struct str key = { 0 };

	if (access_key(r, &key))
		doubles_add(&c->keys, str_view(&key), r->line);
	for (size_t i = 0; i < r->n; i++)
		if (r->condition[i].form == ACCESS_EXPRESSION)
			check_expression(c, r, r->condition[i].text);
	str_free(&key);
	return true;
}

void
check_access(const struct settings *s, struct str *errors)
{
	struct check c = { .file = s->access, .errors = errors };
	const struct access_sink sink = { take_rule, complain, &c };
	struct str text = { 0 };

	if (s->access[0] == '\0')
		return;
	if (!file_read(AT_FDCWD, c.file, FILE_MOST, &text) && errno != ENOENT)
		str_addf(errors, "%s: cannot read the rules: %s\n", c.file,
		    strerror(errno));
	access_read(str_view(&text), &sink);
	doubles_each(&c.keys, complain_double, &c);
	doubles_free(&c.keys);
	str_free(&text);
}
