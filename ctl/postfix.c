/* SPDX-License-Identifier: ISC */
/*
 * postfix - postqueue and postconf, as other words for commands of posthouse
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/postfix.h"
#include "ctl/queue.h"

#define POSTQUEUE_USAGE	"usage: postqueue -f | postqueue -i queueid | " \
	"postqueue -j | postqueue -p | postqueue -s site"

static const char *tool;

int
postfix_fatal(int code, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: fatal: ", tool);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

/* ---- postqueue ---- */

/* What a flag of postqueue is here. Flushing says nothing there. */
static const struct mode {
	char flag;
	int (*run)(struct ctl *ctl);
	unsigned option;	/* that is set, or has the flag's value */
	bool quiet;
} modes[] = {
	{ 'p', queue_list_run, 0, false },
	{ 'j', queue_list_run, OPTION_JSON, false },
	{ 'f', queue_act_flush, 0, true },
	{ 'i', queue_act_flush, 0, true },
	{ 's', queue_act_flush, OPTION_DOMAIN, true },
};

static const struct mode *
mode_of(int flag)
{
	for (size_t i = 0; i < nitems(modes); i++)
		if (modes[i].flag == flag)
			return &modes[i];
	return NULL;
}

static int
postqueue_run(struct ctl *ctl, int argc, char **argv)
{
	const struct mode *mode = NULL;
	const char *value = NULL;
	int flag;

	while ((flag = getopt(argc, argv, "c:fi:jps:v")) != -1)
		if (flag == 'c')
			ctl->file = optarg;
		else if (flag == '?' || (flag != 'v' && mode != NULL))
			return postfix_fatal(EX_UNAVAILABLE,
			    POSTQUEUE_USAGE);
		else if (flag != 'v') {
			mode = mode_of(flag);
			value = optarg;
		}
	if (mode == NULL || optind < argc)
		return postfix_fatal(EX_UNAVAILABLE, POSTQUEUE_USAGE);
	ctl->options = mode->option;
	if (mode->option == OPTION_DOMAIN)
		ctl->values[__builtin_ctz(OPTION_DOMAIN)] = value;
	else if (mode->flag == 'i')
		ctl->argv[ctl->argc++] = value;
	if (mode->quiet && freopen("/dev/null", "w", stdout) == NULL)
		return EX_OSERR;
	ctl->file = settings_file(ctl->file);
	return mode->run(ctl);
}

/* ---- postconf ---- */

static void
show_one(void *unused UNUSED, const char *section, const char *name,
    const char *value, bool is_default, const char *sentence UNUSED)
{
	if (section == NULL && !is_default)
		printf("%s = %s\n", name, value);
}

/* The names are posthouse's own: nothing of a main.cf is to be found here. */
static int
postconf_run(struct ctl *ctl, int argc, char **argv)
{
	bool wanted = false;
	int flag;

	while ((flag = getopt(argc, argv, "c:n")) != -1)
		if (flag == 'c')
			ctl->file = optarg;
		else if (flag == 'n')
			wanted = true;
		else
			return postfix_fatal(1, "usage: postconf -n");
	if (!wanted || optind < argc)
		return postfix_fatal(1, "only -n is answered here; \"posthouse "
		    "config show\" has everything");
	ctl->file = settings_file(ctl->file);
	settings_each(ctl_settings(ctl), show_one, NULL);
	return 0;
}

/* ---- names ---- */

postfix_fn *
postfix_named(const char *path)
{
	static const struct {
		const char *name;
		postfix_fn *run;
	} tools[] = {
		{ "postqueue", postqueue_run },
		{ "postsuper", postsuper_run },
		{ "postmap", postmap_run },
		{ "postconf", postconf_run },
	};
	const char *slash = strrchr(path, '/');

	tool = slash != NULL ? slash + 1 : path;
	for (size_t i = 0; i < nitems(tools); i++)
		if (strcmp(tool, tools[i].name) == 0)
			return tools[i].run;
	return NULL;
}
