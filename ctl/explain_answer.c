/* SPDX-License-Identifier: ISC */
/*
 * explain_answer - one answer of router, as lines or as JSON
 *
 * Steps come first, in their order, indented by how deep in aliases they are.
 * Rules are told by the line of the access file, as it is now.
 */
#include <fcntl.h>
#include <stdio.h>

#include "ctl/explain.h"
#include "ctl/output.h"
#include "lib/base/file.h"

#define ACCESS_FILE_MOST ((size_t)1 << 30)

/* One of the steps that the answer has. */
struct step {
	struct view depth, kind, name, place, sentence;
};

const char *
explain_word(uint8_t verdict)
{
	return verdict == VERDICT_DONE	? "accepted" :
	    verdict == VERDICT_LATER ? "refused for now" :
				       "refused";
}

/* "12 *.example" as FILE:12 and the pattern; false when there is no line. */
static bool
take_line(struct view *lines, const struct ctl *ctl, struct str *file,
    struct view *pattern)
{
	struct view line, number;

	if (!list_next(lines, &line) || line.n == 0)
		return false;
	number = view_cut(&line, ' ');
	str_reset(file);
	str_addf(file, "%s:%.*s", ctl->settings->routes, VIEW(number));
	*pattern = line;
	return true;
}

static void
print_line(const struct ctl *ctl, struct view *lines)
{
	struct str file = { 0 };
	struct view pattern;

	if (take_line(lines, ctl, &file, &pattern))
		printf("    %s: %s\n", output_clean(str_view(&file)),
		    output_clean(pattern));
	str_free(&file);
}

/* The text of a line of the access file; empty when it is not there. */
static struct view
line_text(const struct ctl *ctl, struct view number, struct str *text)
{
	struct view rest, line = VIEW_NONE;
	uint64_t n;

	str_reset(text);
	if (!view_u64(number, UINT32_MAX, &n) || n == 0 ||
	    !file_read(AT_FDCWD, ctl->settings->access, ACCESS_FILE_MOST,
		text))
		return VIEW_NONE;
	for (rest = str_view(text); n > 0 && rest.n > 0; n--)
		line = view_cut(&rest, '\n');
	return n == 0 ? view_trim(line) : VIEW_NONE;
}

static void
print_rules(const struct ctl *ctl, struct view rules)
{
	struct str text = { 0 };
	struct view number;

	while (list_next(&rules, &number))
		printf("  rule %s:%.*s: %s\n", ctl->settings->access,
		    VIEW(number), output_clean(line_text(ctl, number, &text)));
	str_free(&text);
}

/* Those who get a copy, and what happens first. */
static void
print_extras(const struct msg_routed *m)
{
	struct view copies = m->copies, part[3];

	if (m->hold)
		printf("  held until posthouse queue release\n");
	if (m->discard)
		printf("  thrown away; the client is not told\n");
	while (list_next(&copies, &part[0]) && list_next(&copies, &part[1]) &&
	    list_next(&copies, &part[2]))
		printf("  a copy by %s to %s (%s)\n", output_clean(part[0]),
		    output_clean(part[1]), output_clean(part[2]));
}

static bool
take_step(struct view *steps, struct step *s)
{
	return list_next(steps, &s->depth) && list_next(steps, &s->kind) &&
	       list_next(steps, &s->name) && list_next(steps, &s->place) &&
	       list_next(steps, &s->sentence);
}

static unsigned
depth_of(const struct step *s)
{
	uint64_t n = 0;

	view_u64(s->depth, 100, &n);
	return (unsigned)n;
}

static void
print_step(const struct step *s)
{
	printf("%*s", 2 * (int)depth_of(s) + 2, "");
	for (size_t i = 0; i < s->kind.n; i++)
		putchar(s->kind.p[i] == '_' ? ' ' : s->kind.p[i]);
	if (s->name.n > 0)
		printf(" %s", output_clean(s->name));
	if (s->place.n > 0)
		printf(" (%s)", output_clean(s->place));
	if (s->sentence.n > 0)
		printf(": %s", output_clean(s->sentence));
	putchar('\n');
}

void
explain_print(const struct ctl *ctl, const char *who,
    const struct msg_routed *m)
{
	struct view targets = m->targets, lines = m->lines, steps = m->steps;
	struct view transport, destination, address;
	struct step s;

	printf("%s\n", output_clean(view_of(ctl->argv[0])));
	print_rules(ctl, m->rules);
	while (take_step(&steps, &s))
		print_step(&s);
	printf("%s: %s, %u.%.*s %s\n", who, explain_word(m->verdict),
	    m->verdict, VIEW(m->status), output_clean(m->sentence));
	print_extras(m);
	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) &&
	    list_next(&targets, &address)) {
		printf("  by %s to %s (%s)\n", output_clean(transport),
		    output_clean(destination), output_clean(address));
		print_line(ctl, &lines);
	}
	while (lines.n > 0)
		print_line(ctl, &lines);
}

/* ---- the same as JSON ---- */

static void
json_line(const struct ctl *ctl, struct view *lines, json_t *j)
{
	struct str file = { 0 };
	struct view pattern;

	if (take_line(lines, ctl, &file, &pattern)) {
		json_object_set_new(j, "route", output_text(str_view(&file)));
		json_object_set_new(j, "pattern", output_text(pattern));
	}
	str_free(&file);
}

static json_t *
json_targets(const struct ctl *ctl, struct view targets, struct view *lines)
{
	struct view transport, destination, address;
	json_t *all = json_array();

	while (list_next(&targets, &transport) &&
	    list_next(&targets, &destination) &&
	    list_next(&targets, &address)) {
		json_t *j = json_object();

		json_object_set_new(j, "transport", output_text(transport));
		json_object_set_new(j, "destination", output_text(destination));
		json_object_set_new(j, "address", output_text(address));
		json_line(ctl, lines, j);
		json_array_append_new(all, j);
	}
	return all;
}

static json_t *
json_rules(const struct ctl *ctl, struct view rules)
{
	json_t *all = json_array();
	struct str text = { 0 };
	struct view number;

	while (list_next(&rules, &number)) {
		json_t *j = json_object();
		struct str where = { 0 };

		str_addf(&where, "%s:%.*s", ctl->settings->access,
		    VIEW(number));
		json_object_set_new(j, "rule", output_text(str_view(&where)));
		json_object_set_new(j, "text",
		    output_text(line_text(ctl, number, &text)));
		json_array_append_new(all, j);
		str_free(&where);
	}
	str_free(&text);
	return all;
}

static json_t *
json_steps(struct view steps)
{
	json_t *all = json_array();
	struct step s;

	while (take_step(&steps, &s)) {
		json_t *j = json_object();

		json_object_set_new(j, "depth", json_integer(depth_of(&s)));
		json_object_set_new(j, "step", output_text(s.kind));
		json_object_set_new(j, "name", output_text(s.name));
		json_object_set_new(j, "place", output_text(s.place));
		json_object_set_new(j, "sentence", output_text(s.sentence));
		json_array_append_new(all, j);
	}
	return all;
}

json_t *
explain_json(const struct ctl *ctl, const struct msg_routed *m)
{
	struct view lines = m->lines, none = VIEW_NONE;
	json_t *j = json_object();

	json_object_set_new(j, "address", output_text(view_of(ctl->argv[0])));
	json_object_set_new(j, "verdict", json_string(explain_word(m->verdict)));
	json_object_set_new(j, "class", json_integer(m->verdict));
	json_object_set_new(j, "status", output_text(m->status));
	json_object_set_new(j, "sentence", output_text(m->sentence));
	json_object_set_new(j, "rules", json_rules(ctl, m->rules));
	json_object_set_new(j, "steps", json_steps(m->steps));
	json_object_set_new(j, "hold", json_boolean(m->hold));
	json_object_set_new(j, "discard", json_boolean(m->discard));
	json_object_set_new(j, "copies", json_targets(ctl, m->copies, &none));
	json_object_set_new(j, "targets",
	    json_targets(ctl, m->targets, &lines));
	if (lines.n > 0)
		json_line(ctl, &lines, j);
	return j;
}
