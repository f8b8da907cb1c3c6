/* SPDX-License-Identifier: ISC */
/*
 * completion - the table of commands, for a shell
 *
 * contrib/bash-completion asks for it the first time that a shell completes, so
 * it never knows another set of commands than the program it completes for. A
 * line is a command, a tab, its options; one that wants a value ends in "=", and
 * where the value is one of few words, these follow.
 */
#include <stdio.h>

#include "ctl/ctl.h"

/* Words to choose from are small letters; what stands for something is not. */
static bool
is_choice(const char *argument)
{
	for (; *argument != '\0'; argument++)
		if (*argument != '|' && (*argument < 'a' || *argument > 'z'))
			return false;
	return true;
}

static void
print_options(unsigned which)
{
	const char *before = "";

	for (const struct option *o = ctl_options; o->name != NULL; o++) {
		if ((which & o->option) == 0)
			continue;
		printf("%s%s", before, o->name);
		if (o->argument != NULL)
			printf("=%s", is_choice(o->argument) ? o->argument : "");
		before = " ";
	}
}

static int
completion(struct ctl *ctl UNUSED)
{
	for (size_t i = 0; ctl_groups[i] != NULL; i++)
		for (const struct command *c = ctl_groups[i]; c->words; c++) {
			printf("%s\t", c->words);
			print_options(c->options);
			putchar('\n');
		}
	return 0;
}

const struct command completion_commands[] = {
	{ "completion", "", 0, 0, 0, completion,
	    "all commands and options, for a shell to complete them" },
	{ 0 },
};
