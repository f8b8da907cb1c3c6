/* SPDX-License-Identifier: ISC */
/*
 * steps - a list that stops growing
 */
#include "lib/proc/message.h"
#include "router/steps.h"

void
steps_clear(struct steps *s)
{
	str_reset(&s->list);
	s->last = 0;
	s->depth = 0;
	s->cut = false;
}

void
steps_free(struct steps *s)
{
	str_free(&s->list);
	*s = (struct steps){ 0 };
}

/* The same step twice in a row is one: a name without a domain is looked for in
 * each of them. */
static void
put(struct steps *s, const struct view *text)
{
	struct str step = { 0 }, depth = { 0 };

	str_addf(&depth, "%u", s->depth);
	list_put(&step, str_view(&depth));
	for (size_t i = 0; i < STEPS_TEXTS - 1; i++)
		list_put(&step, text[i]);
	if (!view_eq(str_view(&step),
		view_skip(str_view(&s->list), s->last))) {
		s->last = s->list.n;
		str_add(&s->list, str_view(&step));
	}
	str_free(&step);
	str_free(&depth);
}

void
steps_add(struct steps *s, const char *kind, struct view name,
    struct view place, const char *sentence)
{
	struct view text[] = { view_of(kind), name, place, view_of(sentence) };
	size_t n = s == NULL ? 0 : name.n + place.n + text[3].n;

	if (s == NULL || s->cut)
		return;
	if (n > STEPS_OCTETS || s->list.n + n > STEPS_OCTETS) {
		text[0] = VIEW_LIT("more");
		text[1] = text[2] = VIEW_NONE;
		text[3] = VIEW_LIT("there are more steps than are told");
		s->cut = true;
	}
	put(s, text);
}

void
steps_add_found(struct steps *s, const struct tables *t, const char *kind,
    struct view name, const char *sentence)
{
	struct str place = { 0 };

	if (s == NULL)
		return;
	if (t->place != NULL)
		t->place(t->arg, &place);
	steps_add(s, kind, name, str_view(&place), sentence);
	str_free(&place);
}

void
steps_add_address(struct steps *s, const char *kind, const struct address *a,
    const char *place, const char *sentence)
{
	struct str name = { 0 };

	if (s == NULL)
		return;
	address_write(&name, a);
	steps_add(s, kind, str_view(&name), view_of(place), sentence);
	str_free(&name);
}

void
steps_add_way(struct steps *s, const struct tables *t,
    const struct address *a, const struct way *way, const char *refused)
{
	struct str place = { 0 }, hop = { 0 };
	struct view pattern = way->line, line = view_cut(&pattern, ' ');

	if (s == NULL)
		return;
	str_add(&hop, way->hop);
	if (refused == NULL)
		refused = str_c(&hop);
	if (line.n == 0) {
		steps_add_address(s, "dns", a, "", refused);
	} else {
		str_addf(&place, "%s:%.*s", t->settings->routes, VIEW(line));
		steps_add(s, "route", pattern, str_view(&place), refused);
	}
	str_free(&place);
	str_free(&hop);
}
