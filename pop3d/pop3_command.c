/* SPDX-License-Identifier: ISC */
/*
 * pop3_command - the table of commands, and how replies are filled in
 *
 * A command is looked up by its verb, then refused if the state or the number
 * of its arguments is not right; all of these count as errors.
 */
#include <unistd.h>

#include "pop3d/pop3.h"

static const struct command {
	const char *verb;
	unsigned states;
	unsigned least, most;	/* arguments; PASS and USER take the rest */
	pop3_run *run;
} commands[] = {
	{ "CAPA", POP3_AUTHORIZATION | POP3_TRANSACTION, 0, 0, pop3_capa },
	{ "STLS", POP3_AUTHORIZATION, 0, 0, pop3_stls },
	{ "AUTH", POP3_AUTHORIZATION, 0, 2, pop3_auth },
	{ "UTF8", POP3_AUTHORIZATION, 0, 0, pop3_utf8 },
	{ "LANG", POP3_AUTHORIZATION | POP3_TRANSACTION, 0, 1, pop3_lang },
	{ "APOP", POP3_AUTHORIZATION, 2, 2, pop3_apop },
	{ "USER", POP3_AUTHORIZATION, 1, UINT32_MAX, pop3_user },
	{ "PASS", POP3_AUTHORIZATION, 0, UINT32_MAX, pop3_pass },
	{ "STAT", POP3_TRANSACTION, 0, 0, pop3_stat },
	{ "LIST", POP3_TRANSACTION, 0, 1, pop3_list },
	{ "UIDL", POP3_TRANSACTION, 0, 1, pop3_uidl },
	{ "RETR", POP3_TRANSACTION, 1, 1, pop3_retr },
	{ "TOP", POP3_TRANSACTION, 2, 2, pop3_top },
	{ "DELE", POP3_TRANSACTION, 1, 1, pop3_dele },
	{ "RSET", POP3_TRANSACTION, 0, 0, pop3_rset },
	{ "NOOP", POP3_TRANSACTION, 0, 0, pop3_noop },
	{ "LAST", POP3_TRANSACTION, 0, 0, pop3_last },
	{ "QUIT", POP3_AUTHORIZATION | POP3_TRANSACTION, 0, 0, pop3_quit },
};

static void
fill(struct pop3 *p, bool ok, const char *code)
{
	p->reply.ok = ok;
	p->reply.more = false;
	p->reply.body = NULL;
	str_reset(&p->reply.text);
	if (code != NULL)
		str_addf(&p->reply.text, "[%s] ", code);
}

void
pop3_ok(struct pop3 *p, const char *fmt, ...)
{
	va_list ap;

	fill(p, true, NULL);
	va_start(ap, fmt);
	str_vaddf(&p->reply.text, language_say(p->language, fmt), ap);
	va_end(ap);
}

void
pop3_error(struct pop3 *p, const char *code, const char *fmt, ...)
{
	va_list ap;

	fill(p, false, code);
	va_start(ap, fmt);
	str_vaddf(&p->reply.text, language_say(p->language, fmt), ap);
	va_end(ap);
}

void
pop3_why(struct pop3 *p, const struct why *w)
{
	pop3_error(p,
	    w->verdict == VERDICT_LATER ? "SYS/TEMP" : "SYS/PERM", "%s",
	    w->text);
}

static const struct command *
find(struct view verb)
{
	for (size_t i = 0; i < nitems(commands); i++)
		if (view_isi(verb, commands[i].verb))
			return &commands[i];
	return NULL;
}

static unsigned
count_words(struct view v)
{
	unsigned n = 0;

	while (view_word(&v).n > 0)
		n++;
	return n;
}

/* Why it must not be run, NULL if it may. */
static const char *
refusal(const struct pop3 *p, const struct command *c, struct view args)
{
	unsigned n = count_words(args);

	if (c == NULL)
		return "Unknown command";
	if (!(c->states & p->state) && p->state == POP3_AUTHORIZATION)
		return "Log in first";
	if (!(c->states & p->state))
		return "Logged in already";
	return n < c->least || n > c->most ? "Wrong number of arguments" : NULL;
}

static void
run(struct pop3 *p, struct view line)
{
	struct view args = line;
	const struct command *c = find(view_cut(&args, ' '));
	const char *wrong = refusal(p, c, args);

	if (line.n + 2 > POP3_LINE_MAX && (c == NULL || c->run != pop3_auth))
		pop3_error(p, NULL, "The line is too long");
	else if (wrong != NULL)
		pop3_error(p, NULL, "%s", language_say(p->language, wrong));
	else
		c->run(p, args);
}

void
pop3_command(struct pop3 *p, struct view line)
{
	if (p->responds)
		pop3_response(p, line);
	else
		run(p, line);
	if (!p->reply.ok)
		p->errors++;
}

void
pop3_too_long(struct pop3 *p)
{
	p->responds = false;
	gate_end(&p->gate);
	pop3_error(p, NULL, "The line is too long");
	p->errors++;
}

void
pop3_begin(struct pop3 *p, struct session *s, uint64_t timeout)
{
	*p = (struct pop3){ .session = s, .state = POP3_AUTHORIZATION,
		.content = -1 };
	options_take(&p->options, NULL);
	p->language = language_default();
	gate_open(&p->gate, s, "pop3", timeout);
}

void
pop3_free(struct pop3 *p)
{
	mailbox_logout(&p->mailbox);
	gate_end(&p->gate);
	if (p->content >= 0)
		close(p->content);
	str_free(&p->user);
	str_free(&p->stamp);
	str_free(&p->head);
	str_free(&p->reply.text);
}
