/* SPDX-License-Identifier: ISC */
/*
 * config - what the settings are, defaults included
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"

struct listing {
	const char *wanted;	/* NULL: all */
	bool changed_only;
	json_t *all;
	size_t found;
};

static void
list_one(void *arg, const char *section, const char *name, const char *value,
    bool is_default, const char *sentence)
{
	struct listing *l = arg;
	json_t *j;

	if ((l->wanted != NULL && strcmp(l->wanted, name) != 0) ||
	    (l->changed_only && is_default))
		return;
	l->found++;
	j = json_object();
	json_object_set_new(j, "section",
	    section ? output_text(view_of(section)) : json_null());
	json_object_set_new(j, "name", json_string(name));
	json_object_set_new(j, "value", output_text(view_of(value)));
	json_object_set_new(j, "default", json_boolean(is_default));
	json_object_set_new(j, "sentence", output_text(view_of(sentence)));
	json_array_append_new(l->all, j);
}

static void
print_values(const struct listing *l)
{
	size_t i;
	json_t *j;

	for (i = 0; (j = json_array_get(l->all, i)) != NULL; i++) {
		const char *section =
		    json_string_value(json_object_get(j, "section"));

		if (section != NULL)
			printf("[%s] ", section);
		printf("%s\n",
		    json_string_value(json_object_get(j, "value")));
	}
}

static int
show(struct ctl *ctl)
{
	struct listing l = { .all = json_array(),
		.changed_only = ctl_has(ctl, OPTION_CHANGED) };
	const struct settings *s = ctl_settings(ctl);
	struct str text = { 0 };

	l.wanted = ctl->argc > 0 ? ctl->argv[0] : NULL;
	settings_each(s, list_one, &l);
	if (l.wanted != NULL && l.found == 0 && !l.changed_only) {
		json_decref(l.all);
		return ctl_fail(EX_USAGE, "there is no setting %s", l.wanted);
	}
	if (ctl_has(ctl, OPTION_JSON)) {
		output_json(l.all);
		return 0;
	}
	if (l.wanted != NULL) {
		print_values(&l);
	} else {
		settings_write(s, !l.changed_only, ctl_has(ctl, OPTION_EXPLAIN),
		    &text);
		fputs(str_c(&text), stdout);
	}
	json_decref(l.all);
	str_free(&text);
	return 0;
}

const struct command config_commands[] = {
	{ "config show", "[NAME]",
	    OPTION_JSON | OPTION_CHANGED | OPTION_EXPLAIN, 0, 1, show,
	    "the settings in the file, with all defaults" },
	{ 0 },
};
