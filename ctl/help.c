/* SPDX-License-Identifier: ISC */
/*
 * help - all commands and options, as tables and as text
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"

static int show_help(struct ctl *ctl);

static const struct command help_commands[] = {
	{ "help", "[COMMAND]", 0, 0, 2, show_help, "what the commands do" },
	{ 0 },
};

const struct command *const ctl_groups[] = {
	server_commands,
	check_commands,
	doctor_commands,
	config_commands,
	user_commands,
	alias_commands,
	domain_commands,
	auth_commands,
	queue_commands,
	mailbox_commands,
	import_commands,
	export_commands,
	backup_commands,
	restore_commands,
	acl_commands,
	quota_commands,
	explain_commands,
	table_commands,
	privileges_commands,
	tls_commands,
	trace_commands,
	dns_commands,
	completion_commands,
	help_commands,
	NULL,
};

const struct option ctl_options[] = {
	{ "--json", OPTION_JSON, NULL },
	{ "--password-stdin", OPTION_PASSWORD_STDIN, NULL },
	{ "--all", OPTION_ALL, NULL },
	{ "--body", OPTION_BODY, NULL },
	{ "--changed", OPTION_CHANGED, NULL },
	{ "--explain", OPTION_EXPLAIN, NULL },
	{ "--scram", OPTION_SCRAM, NULL },
	{ "--yes", OPTION_YES, NULL },
	{ "--local", OPTION_LOCAL, NULL },
	{ "--mbox", OPTION_MBOX, NULL },
	{ "--verify", OPTION_VERIFY, NULL },
	{ "--relay", OPTION_RELAY, "HOST[:PORT]" },
	{ "--uidl", OPTION_UIDL, "FORM" },
	{ "--to", OPTION_TO, "HOP|MAILBOX" },
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
	{ "--helo", OPTION_HELO, "NAME" },
	{ "--login", OPTION_LOGIN, "USER" },
	{ 0 },
};

static void
print_options(unsigned which)
{
	for (const struct option *o = ctl_options; o->name != NULL; o++)
		if (which & o->option)
			printf(" [%s%s%s]", o->name,
			    o->argument != NULL ? " " : "",
			    o->argument != NULL ? o->argument : "");
	putchar('\n');
}

static bool
has_filters(const struct command *c)
{
	return (c->options & OPTION_FILTERS) == OPTION_FILTERS;
}

void
ctl_print_command(const struct command *c)
{
	unsigned hidden = has_filters(c) ? OPTION_FILTERS : 0;
	char usage[80];

	snprintf(usage, sizeof(usage), "%s%s%s", c->words,
	    c->arguments[0] ? " " : "", c->arguments);
	printf("  %-38s %s", usage, c->sentence);
	print_options(c->options & ~hidden);
}

size_t
ctl_print_commands(const char *word)
{
	size_t n = 0, length = word == NULL ? 0 : strlen(word);
	bool filters = false;

	for (size_t i = 0; ctl_groups[i] != NULL; i++)
		for (const struct command *c = ctl_groups[i]; c->words; c++)
			if (word == NULL ||
			    (strncmp(c->words, word, length) == 0 &&
				strchr(" ", c->words[length]) != NULL)) {
				ctl_print_command(c);
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
	if (ctl_print_commands(word) == 0)
		return ctl_fail(EX_USAGE, "there is no command %s", word);
	if (word == NULL)
		printf("Settings: -c FILE, or POSTHOUSE_CONF, or %s\n",
		    SYSCONFDIR "/posthouse.conf");
	return 0;
}
