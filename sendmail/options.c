/* SPDX-License-Identifier: ISC */
/*
 * options - flags as a table
 *
 * A flag with a value takes the rest of its word or, if that is empty, the next
 * word; one with a loose value takes only the rest of its word. The meaning of
 * -N, -R and -V is Sendmail's and Postfix's, not Exim's.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sendmail/options.h"

enum value { BARE, VALUE, LOOSE };

struct flag {
	char letter;
	enum value value;
	/* NULL: accepted and ignored. False: the value makes no sense. */
	bool (*take)(struct options *o, char *value);
};

/* "<user@host>" and "<>" as well as the bare address */
static const char *
without_brackets(char *address)
{
	size_t n = strlen(address);

	if (n >= 2 && address[0] == '<' && address[n - 1] == '>') {
		address[n - 1] = '\0';
		address++;
	}
	return address;
}

static bool
take_sender(struct options *o, char *v)
{
	o->sender = without_brackets(v);
	return true;
}

static bool
take_name(struct options *o, char *v)
{
	o->full_name = v;
	return true;
}

static bool
take_settings(struct options *o, char *v)
{
	o->settings = v;
	return *v != '\0';
}

static bool
take_header(struct options *o, char *v)
{
	(void)v;
	return o->from_header = true;
}

static bool
take_dots(struct options *o, char *v)
{
	(void)v;
	return o->dot_is_text = true;
}

static bool
take_gateway(struct options *o, char *v)
{
	(void)v;
	return o->gateway = true;
}

static bool
take_verbose(struct options *o, char *v)
{
	(void)v;
	return o->verbose = true;
}

static bool
take_aliases(struct options *o, char *v)
{
	(void)v;
	o->mode = MODE_ALIASES;
	return true;
}

/* -qIid, -qRrecipient, -qSsender. An interval means a daemon, and that is here
 * already: it is -q alone. */
static bool
take_flush(struct options *o, char *v)
{
	o->mode = MODE_FLUSH;
	if (v != NULL && v[0] != '\0' && strchr("IRS", v[0]) != NULL) {
		o->flush_by = v[0];
		o->flush_what = v + 1;
		return v[1] != '\0';
	}
	return true;
}

static bool
take_body(struct options *o, char *v)
{
	o->body_8bit = strcasecmp(v, "8BITMIME") == 0;
	return o->body_8bit || strcasecmp(v, "7BIT") == 0;
}

/* -oi and -oitrue matter, -ot is -t; how errors are reported and when delivery
 * happens is not the caller's to say. */
static bool
take_option(struct options *o, char *v)
{
	if (v[0] == 'i')
		o->dot_is_text = true;
	if (v[0] == 't' && v[1] == '\0')
		o->from_header = true;
	return v[0] != '\0';
}

static bool
take_notify(struct options *o, char *v)
{
	char words[64], *at = words, *word;

	o->notify = v;
	if (strcasecmp(v, "never") == 0)
		return true;
	if (strlen(v) >= sizeof(words))
		return false;
	strcpy(words, v);
	while ((word = strsep(&at, ",")) != NULL)
		if (strcasecmp(word, "success") != 0 &&
		    strcasecmp(word, "failure") != 0 &&
		    strcasecmp(word, "delay") != 0)
			return false;
	return true;
}

static bool
take_return(struct options *o, char *v)
{
	o->ret = strcasecmp(v, "full") == 0 ? "FULL" : "HDRS";
	return strcasecmp(v, "full") == 0 || strcasecmp(v, "hdrs") == 0;
}

static bool
take_envid(struct options *o, char *v)
{
	o->envid = v;
	for (const char *p = v; *p != '\0'; p++)
		if (*p < 33 || *p > 126)
			return false;
	return *v != '\0' && strlen(v) <= 100;
}

static const struct {
	char letter;
	enum mode mode;
} modes[] = {
	{ 'm', MODE_SEND }, { 's', MODE_SMTP }, { 'p', MODE_LIST },
	{ 'i', MODE_ALIASES }, { 'v', MODE_VERIFY },
};

static bool
take_mode(struct options *o, char *v)
{
	for (size_t i = 0; i < nitems(modes); i++)
		if (v[0] == modes[i].letter && v[1] == '\0') {
			o->mode = modes[i].mode;
			return true;
		}
	return false;
}

static const struct flag flags[] = {
	{ 'A', LOOSE, NULL },
	{ 'B', VALUE, take_body },
	{ 'b', VALUE, take_mode },
	{ 'C', VALUE, take_settings },
	{ 'd', LOOSE, NULL },
	{ 'e', LOOSE, NULL },
	{ 'F', VALUE, take_name },
	{ 'f', VALUE, take_sender },
	{ 'G', BARE, take_gateway },
	{ 'h', VALUE, NULL },
	{ 'I', BARE, take_aliases },
	{ 'i', BARE, take_dots },
	{ 'L', VALUE, NULL },
	{ 'm', BARE, NULL },
	{ 'N', VALUE, take_notify },
	{ 'n', BARE, NULL },
	{ 'O', VALUE, NULL },
	{ 'o', VALUE, take_option },
	{ 'p', VALUE, NULL },
	{ 'q', LOOSE, take_flush },
	{ 'R', VALUE, take_return },
	{ 'r', VALUE, take_sender },
	{ 't', BARE, take_header },
	{ 'U', BARE, NULL },
	{ 'V', VALUE, take_envid },
	{ 'v', BARE, take_verbose },
	{ 'X', VALUE, NULL },
};

/* Flags and modes that deserve more than "unknown". */
static const struct {
	const char *flag, *sentence;
} hints[] = {
	{ "-bd", "the server is started by posthouse start" },
	{ "-bl", "the server is started by posthouse start" },
	{ "-bt", "to see where an address goes, use -bv" },
	{ "-M", "to change the queue, use posthouse queue" },
};

static const struct flag *
flag_of(char letter)
{
	for (size_t i = 0; i < nitems(flags); i++)
		if (flags[i].letter == letter)
			return &flags[i];
	return NULL;
}

static bool
wrong(const char *word, char *error, size_t room)
{
	for (size_t i = 0; i < nitems(hints); i++)
		if (strncmp(word, hints[i].flag, strlen(hints[i].flag)) == 0) {
			snprintf(error, room, "%s: %s", word,
			    hints[i].sentence);
			return false;
		}
	snprintf(error, room, "unknown flag or value: %s", word);
	return false;
}

/* One word of flags; *argv stands on it and may move by one. */
static bool
take_word(struct options *o, char ***argv, char *error, size_t room)
{
	char *word = **argv;

	for (char *p = word + 1; *p != '\0'; p++) {
		const struct flag *f = flag_of(*p);
		char *value = p + 1;

		if (f == NULL)
			return wrong(word, error, room);
		if (f->value == VALUE && *value == '\0') {
			value = *++*argv;
			if (value == NULL) {
				snprintf(error, room, "-%c needs a value", *p);
				return false;
			}
		}
		if (f->take != NULL && !f->take(o, value)) {
			wrong(word, error, room);
			return false;
		}
		if (f->value != BARE)
			break;
	}
	return true;
}

static void
mode_of_name(struct options *o, const char *name)
{
	const char *slash = strrchr(name, '/');

	name = slash ? slash + 1 : name;
	if (strcmp(name, "mailq") == 0)
		o->mode = MODE_LIST;
	else if (strcmp(name, "newaliases") == 0)
		o->mode = MODE_ALIASES;
}

bool
options_read(struct options *o, char **argv, char *error, size_t room)
{
	*o = (struct options){ .mode = MODE_SEND };
	mode_of_name(o, *argv);
	for (argv++; *argv != NULL; argv++) {
		if (strcmp(*argv, "--drain") == 0) {
			o->mode = MODE_DRAIN;
			continue;
		}
		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		}
		if ((*argv)[0] != '-' || (*argv)[1] == '\0')
			break;
		if ((*argv)[1] == '-')
			return wrong(*argv, error, room);
		if (!take_word(o, &argv, error, room))
			return false;
	}
	o->recipients = argv;
	return true;
}
