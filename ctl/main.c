/* SPDX-License-Identifier: ISC */
/*
 * posthouse - the administrator's command
 *
 * main finds the command in the groups' tables and hands it its arguments;
 * everything else stands in the group's file. Options may stand anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/postfix.h"

/* How many words of argv are this command; 0: another one. */
static int
matches(const struct command *c, int argc, const char **argv)
{
	struct view words = view_of(c->words);
	int n = 0;

	while (words.n > 0) {
		struct view word = view_word(&words);

		if (n >= argc || !view_is(word, argv[n]))
			return 0;
		n++;
	}
	return n;
}

static const struct command *
find_command(struct ctl *ctl)
{
	for (size_t i = 0; ctl_groups[i] != NULL; i++)
		for (const struct command *c = ctl_groups[i]; c->words; c++) {
			int n = matches(c, ctl->argc, ctl->argv);

			if (n == 0)
				continue;
			ctl->argc -= n;
			ctl->argv += n;
			return c;
		}
	return NULL;
}

static int
no_command(const struct ctl *ctl)
{
	if (ctl->argc == 0) {
		puts("usage: posthouse [-c FILE] COMMAND ...");
		ctl_print_commands(NULL);
		return EX_USAGE;
	}
	if (ctl_print_commands(ctl->argv[0]) > 0)
		return EX_USAGE;
	return ctl_fail(EX_USAGE, "there is no command %s; \"posthouse help\" "
	    "lists all", ctl->argv[0]);
}

/* The option that is a, or begins a before a "="; NULL: none. */
static const struct option *
option_named(const char *a)
{
	for (const struct option *o = ctl_options; o->name != NULL; o++) {
		size_t n = strlen(o->name);

		if (strncmp(o->name, a, n) == 0 &&
		    (a[n] == '\0' || (a[n] == '=' && o->argument != NULL)))
			return o;
	}
	return NULL;
}

/* argv[at] begins with "--"; *at is moved over a value. */
static bool
take_option(struct ctl *ctl, char **argv, int *at)
{
	const struct option *o = option_named(argv[*at]);
	const char *value;

	if (o == NULL) {
		ctl_fail(EX_USAGE, "there is no option %s", argv[*at]);
		return false;
	}
	ctl->options |= o->option;
	if (o->argument == NULL)
		return true;
	value = argv[*at][strlen(o->name)] == '=' ?
	    argv[*at] + strlen(o->name) + 1 : argv[++*at];
	if (value == NULL || value[0] == '\0') {
		ctl_fail(EX_USAGE, "%s wants %s", o->name, o->argument);
		return false;
	}
	ctl->values[__builtin_ctz(o->option)] = value;
	return true;
}

/* Take the options out of argv; what is left are words. False: misuse. */
static bool
take_options(struct ctl *ctl, int argc, char **argv)
{
	bool words_only = false;

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (words_only || a[0] != '-' || a[1] == '\0') {
			ctl->argv[ctl->argc++] = argv[i];
		} else if (strcmp(a, "--") == 0) {
			words_only = true;
		} else if (strncmp(a, "-c", 2) == 0) {
			ctl->file = a[2] ? a + 2 : argv[++i];
			if (ctl->file == NULL)
				return false;
		} else if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0) {
			ctl->argv[ctl->argc++] = "help";
		} else if (!take_option(ctl, argv, &i)) {
			return false;
		}
	}
	return true;
}

static int
run(struct ctl *ctl)
{
	const struct command *c = find_command(ctl);
	unsigned foreign;

	if (c == NULL)
		return no_command(ctl);
	foreign = ctl->options & ~c->options;
	for (const struct option *o = ctl_options; o->name != NULL; o++)
		if (foreign & o->option)
			return ctl_fail(EX_USAGE, "%s does not know %s",
			    c->words, o->name);
	if (ctl->argc < c->least || ctl->argc > c->most) {
		fputs("usage:\n", stdout);
		ctl_print_command(c);
		return EX_USAGE;
	}
	return c->run(ctl);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .self = argv[0] };
	const char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	postfix_fn *postfix = postfix_named(argv[0]);
	int code = EX_USAGE;

	ctl.argv = words;
	if (postfix != NULL) {
		code = postfix(&ctl, argc, argv);
	} else if (take_options(&ctl, argc, argv)) {
		ctl.file = settings_file(ctl.file);
		code = run(&ctl);
	}
	settings_free(&ctl.settings);
	free(words);
	if (fflush(stdout) != 0 && code == 0)
		code = EX_IOERR;
	return code;
}
