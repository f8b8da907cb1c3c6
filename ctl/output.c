/* SPDX-License-Identifier: ISC */
/*
 * output - columns, JSON, times
 */
#include <stdio.h>
#include <time.h>

#include "ctl/output.h"
#include "lib/mail/utf8.h"

#define RING	4

void
table_add(struct table *t, const char *fmt, ...)
{
	size_t column = t->cells++ % t->columns, before = t->text.n, width;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&t->text, fmt, ap);
	va_end(ap);
	width = t->text.n - before;
	str_addc(&t->text, '\0');
	if (width > t->width[column])
		t->width[column] = width;
}

void
table_clear(struct table *t)
{
	str_free(&t->text);
	t->cells = 0;
}

void
table_print(struct table *t)
{
	const char *p = str_c(&t->text);

	for (size_t i = 0; i < t->cells; i++) {
		size_t column = i % t->columns;

		if (column + 1 < t->columns)
			printf("%-*s  ", (int)t->width[column], p);
		else
			printf("%s\n", p);
		p += strlen(p) + 1;
	}
	table_clear(t);
}

/* A backslash, too, so that it is clear what was one. */
static void
escape(struct str *out, struct view v)
{
	while (v.n > 0) {
		struct view one = v;
		uint32_t c;

		if (!utf8_get(&v, &c) || c == '\\')
			str_addf(out, "\\x%02x", (unsigned char)*one.p);
		else
			str_add(out, view_bytes(one.p, one.n - v.n));
	}
}

json_t *
output_text(struct view v)
{
	json_t *j = json_stringn(v.n > 0 ? v.p : "", v.n);
	struct str text = { 0 };

	if (j == NULL) {
		escape(&text, v);
		j = json_stringn(text.p, text.n);
		str_free(&text);
	}
	must(j != NULL);
	return j;
}

static void
dump(json_t *j, size_t flags)
{
	json_dumpf(j, stdout, flags);
	putchar('\n');
	json_decref(j);
}

void
output_json(json_t *j)
{
	dump(j, JSON_INDENT(2));
}

void
output_json_line(json_t *j)
{
	dump(j, JSON_COMPACT);
}

const char *
output_time(int64_t seconds)
{
	static char ring[RING][32];
	static unsigned next;
	char *out = ring[next++ % RING];
	time_t t = (time_t)seconds;
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, sizeof(ring[0]), "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

/* Some terminals obey U+0080 to U+009F, whatever the encoding. */
struct view
output_char(struct view *v)
{
	struct view one = *v;
	uint32_t c;

	if (!utf8_get(v, &c) || c < 32 || (c >= 127 && c < 160))
		return VIEW_LIT("?");
	one.n -= v->n;
	return one;
}

const char *
output_clean(struct view v)
{
	static char ring[RING][256];
	static unsigned next;
	char *out = ring[next++ % RING];
	size_t n = 0;

	while (v.n > 0) {
		struct view one = output_char(&v);

		if (n + one.n >= sizeof(ring[0]))
			break;
		memcpy(out + n, one.p, one.n);
		n += one.n;
	}
	out[n] = '\0';
	return out;
}
