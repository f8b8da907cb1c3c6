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

static int show_help(struct ctl *ctl);

static const struct command help_commands[] = {
	{ "help", "[COMMAND]", 0, 0, 2, show_help, "what the commands do" },
	{ 0 },
};

static const struct command *const groups[] = {
	server_commands,
	check_commands,
	config_commands,
	user_commands,
	auth_commands,
	queue_commands,
	mailbox_commands,
	explain_commands,
	privileges_commands,
	tls_commands,
	trace_commands,
	dns_commands,
	help_commands,
};

/* Those with an argument have it behind them, or behind a "=". */
static const struct option {
	const char *name;
	unsigned option;
	const char *argument;
} options[] = {
	{ "--json", OPTION_JSON, NULL },
	{ "--password-stdin", OPTION_PASSWORD_STDIN, NULL },
	{ "--all", OPTION_ALL, NULL },
	{ "--body", OPTION_BODY, NULL },
	{ "--changed", OPTION_CHANGED, NULL },
	{ "--explain", OPTION_EXPLAIN, NULL },
	{ "--scram", OPTION_SCRAM, NULL },
	{ "--to", OPTION_TO, "HOP" },
	{ "--sender", OPTION_SENDER, "ADDRESS|@DOMAIN|<>" },
	{ "--recipient", OPTION_RECIPIENT, "ADDRESS|@DOMAIN" },
	{ "--domain", OPTION_DOMAIN, "DOMAIN|HOST|@DOMAIN" },
	{ "--older", OPTION_OLDER, "AGE" },
	{ "--newer", OPTION_NEWER, "AGE" },
	{ "--reason", OPTION_REASON, "WORDS" },
	{ "--since", OPTION_SINCE, "AGE|TIME" },
	{ "--day", OPTION_DAY, "YYYY-MM-DD" },
	{ "--state", OPTION_STATE, "active|deferred|held|reporting" },
	{ "--client", OPTION_CLIENT, "IP-ADDRESS" },
};

static void
print_options(unsigned which)
{
	for (size_t i = 0; i < nitems(options); i++)
		if (which & options[i].option)
			printf(" [%s%s%s]", options[i].name,
			    options[i].argument != NULL ? " " : "",
			    options[i].argument != NULL ? options[i].argument :
							  "");
	putchar('\n');
}

static bool
has_filters(const struct command *c)
{
	return (c->options & OPTION_FILTERS) == OPTION_FILTERS;
}

static void
print_command(const struct command *c)
{
	unsigned hidden = has_filters(c) ? OPTION_FILTERS : 0;
	char usage[80];

	snprintf(usage, sizeof(usage), "%s%s%s", c->words,
	    c->arguments[0] ? " " : "", c->arguments);
	printf("  %-38s %s", usage, c->sentence);
	print_options(c->options & ~hidden);
}

/* All commands that begin with this word; NULL: all. How many. */
static size_t
print_commands(const char *word)
{
	size_t n = 0, length = word == NULL ? 0 : strlen(word);
	bool filters = false;

	for (size_t i = 0; i < nitems(groups); i++)
		for (const struct command *c = groups[i]; c->words; c++)
			if (word == NULL ||
			    (strncmp(c->words, word, length) == 0 &&
				strchr(" ", c->words[length]) != NULL)) {
				print_command(c);
				filters |= has_filters(c);
				n++;
			}
	if (filters) {
		fputs("FILTER is any of, and all must hold:", stdout);
		print_options(OPTION_FILTERS);
	}
	return n;
}

static int
show_help(struct ctl *ctl)
{
	const char *word = ctl->argc > 0 ? ctl->argv[0] : NULL;

	puts("usage: posthouse [-c FILE] COMMAND ...");
	if (print_commands(word) == 0)
		return ctl_fail(EX_USAGE, "there is no command %s", word);
	if (word == NULL)
		printf("Settings: -c FILE, or POSTHOUSE_CONF, or %s\n",
		    SYSCONFDIR "/posthouse.conf");
	return 0;
}

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
	for (size_t i = 0; i < nitems(groups); i++)
		for (const struct command *c = groups[i]; c->words; c++) {
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
		print_commands(NULL);
		return EX_USAGE;
	}
	if (print_commands(ctl->argv[0]) > 0)
		return EX_USAGE;
	return ctl_fail(EX_USAGE, "there is no command %s; \"posthouse help\" "
	    "lists all", ctl->argv[0]);
}

/* The option that is a, or begins a before a "="; NULL: none. */
static const struct option *
option_named(const char *a)
{
	for (size_t i = 0; i < nitems(options); i++) {
		size_t n = strlen(options[i].name);

		if (strncmp(options[i].name, a, n) == 0 &&
		    (a[n] == '\0' ||
			(a[n] == '=' && options[i].argument != NULL)))
			return &options[i];
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
	for (size_t i = 0; i < nitems(options); i++)
		if (foreign & options[i].option)
			return ctl_fail(EX_USAGE, "%s does not know %s",
			    c->words, options[i].name);
	if (ctl->argc < c->least || ctl->argc > c->most) {
		fputs("usage:\n", stdout);
		print_command(c);
		return EX_USAGE;
	}
	return c->run(ctl);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .self = argv[0] };
	const char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	int code = EX_USAGE;

	ctl.argv = words;
	if (take_options(&ctl, argc, argv)) {
		ctl.file = settings_file(ctl.file);
		code = run(&ctl);
	}
	settings_free(&ctl.settings);
	free(words);
	if (fflush(stdout) != 0 && code == 0)
		code = EX_IOERR;
	return code;
}
