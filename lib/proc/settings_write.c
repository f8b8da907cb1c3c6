/* SPDX-License-Identifier: ISC */
/*
 * settings_write - settings as text again, and looking things up in them
 *
 * settings_each() is the one walk; the text, the digest and the listing of
 * `posthouse config show` are made from it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/proc/settings_table.h"

typedef void settings_fn(void *arg, const char *section, const char *name,
    const char *value, bool is_default, const char *sentence);

struct walk {
	settings_fn *fn;
	void *arg;
	const char *section;
};

static void
each_row(const struct walk *w, const struct setting_table *t,
    const void *values)
{
	struct arena a = { 0 };
	void *normal = arena_zalloc(&a, t->size);
	struct str value = { 0 }, other = { 0 };

	setting_defaults(t, &a, normal);
	for (const struct setting_row *r = t->row; r < t->row + t->n; r++) {
		str_reset(&value);
		str_reset(&other);
		r->type->format((const char *)values + r->offset, &value);
		r->type->format(setting_at(r, normal), &other);
		w->fn(w->arg, w->section, r->name, str_c(&value),
		    view_eq(str_view(&value), str_view(&other)), r->sentence);
	}
	str_free(&value);
	str_free(&other);
	arena_reset(&a);
}

void
settings_each(const struct settings *s, settings_fn *fn, void *arg)
{
	struct walk w = { fn, arg, NULL };
	struct str section = { 0 };

	each_row(&w, &setting_tables[TABLE_MAIN], s);
	for (size_t i = 0; i < s->listener_count; i++) {
		str_reset(&section);
		str_addf(&section, "listener %s", s->listener[i].name);
		w.section = str_c(&section);
		each_row(&w, &setting_tables[TABLE_LISTENER], &s->listener[i]);
	}
	for (size_t i = 0; i < s->domain_count; i++) {
		str_reset(&section);
		str_addf(&section, "domain %s", s->domain[i].name);
		w.section = str_c(&section);
		each_row(&w, &setting_tables[TABLE_DOMAIN], &s->domain[i]);
	}
	str_free(&section);
}

struct writer {
	bool all, explained;
	struct str section;	/* the one that was begun */
	struct str *out;
};

static void
write_one(void *arg, const char *section, const char *name, const char *value,
    bool is_default, const char *sentence)
{
	struct writer *w = arg;

	if (section != NULL && !view_is(str_view(&w->section), section)) {
		str_addf(w->out, "\n[%s]\n", section);
		str_reset(&w->section);
		str_adds(&w->section, section);
	}
	if (is_default && !w->all)
		return;
	if (w->explained)
		str_addf(w->out, "# %s\n", sentence);
	str_addf(w->out, "%s =%s%s\n", name, value[0] ? " " : "", value);
}

void
settings_write(const struct settings *s, bool all, bool explained,
    struct str *out)
{
	struct writer w = { .all = all, .explained = explained, .out = out };

	settings_each(s, write_one, &w);
	str_free(&w.section);
}

void
settings_sign(struct settings *s)
{
	struct str text = { 0 };
	uint64_t h = 0xcbf29ce484222325;	/* FNV-1a */

	settings_write(s, true, false, &text);
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 0x100000001b3;
	s->digest = arena_printf(&s->arena, "%016llx", (unsigned long long)h);
	str_free(&text);
}

void
settings_free(struct settings **s)
{
	if (*s == NULL)
		return;
	arena_reset(&(*s)->arena);
	free(*s);
	*s = NULL;
}

const struct listener_settings *
settings_listener(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->listener_count; i++)
		if (strcasecmp(s->listener[i].name, name) == 0)
			return &s->listener[i];
	return NULL;
}

bool
settings_has_domain(const struct settings *s, struct view domain)
{
	for (size_t i = 0; i < s->domains.n; i++)
		if (view_eqi(s->domains.word[i], domain))
			return true;
	return false;
}

const struct domain_settings *
settings_domain(const struct settings *s, struct view name)
{
	for (size_t i = 0; i < s->domain_count; i++)
		if (view_isi(name, s->domain[i].name))
			return &s->domain[i];
	return NULL;
}

const char *
settings_path(const struct settings *s, const char *name)
{
	const struct setting_table *t = &setting_tables[TABLE_MAIN];
	const struct setting_row *r = setting_row(t, view_of(name));

	if (r == NULL || strcmp(r->type->name, "path") != 0)
		return NULL;
	return *(const char *const *)((const char *)s + r->offset);
}

const char *
settings_file(const char *given)
{
	const char *from = getenv("POSTHOUSE_CONF");

	if (given != NULL)
		return given;
	return from != NULL && from[0] != '\0' ? from :
						 SYSCONFDIR "/posthouse.conf";
}
