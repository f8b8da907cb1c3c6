/* SPDX-License-Identifier: ISC */
/*
 * outcome - replies and accidents as verdicts
 */
#include <stdarg.h>
#include <stdio.h>

#include "smtp/outcome.h"

static void
set(struct outcome *o, enum verdict v, const char *status)
{
	o->verdict = v;
	snprintf(o->status, sizeof(o->status), "%s", status);
	o->reply = VIEW_NONE;
	o->dsn = false;
	o->busy = false;
}

static void
say(struct outcome *o, const char *fmt, va_list ap)
{
	struct str s = { 0 };

	str_vaddf(&s, fmt, ap);
	o->sentence = arena_view(o->arena, str_view(&s));
	str_free(&s);
}

bool
outcome_never(struct outcome *o, const char *status, const char *fmt, ...)
{
	va_list ap;

	set(o, VERDICT_NEVER, status);
	va_start(ap, fmt);
	say(o, fmt, ap);
	va_end(ap);
	return false;
}

bool
outcome_later(struct outcome *o, const char *status, const char *fmt, ...)
{
	va_list ap;

	set(o, VERDICT_LATER, status);
	va_start(ap, fmt);
	say(o, fmt, ap);
	va_end(ap);
	return false;
}

bool
outcome_why(struct outcome *o, const struct why *w)
{
	set(o, w->verdict == VERDICT_NEVER ? VERDICT_NEVER : VERDICT_LATER,
	    w->status);
	o->sentence = arena_view(o->arena, view_of(w->text));
	return false;
}

/* Lines of a reply, as one. */
static void
add_lines(struct str *s, struct view reply)
{
	struct view line;

	while (reply.n > 0) {
		line = view_cut(&reply, '\n');
		str_add(s, line);
		if (reply.n > 0)
			str_addc(s, ' ');
	}
}

/* What is neither yes nor no where one of both was due is an answer to another
 * question than ours: later. */
static enum verdict
verdict_of(const struct response *r)
{
	return response_class(r) == 5 ? VERDICT_NEVER : VERDICT_LATER;
}

bool
outcome_said(struct outcome *o, const char *host, enum phase p,
    const struct response *r)
{
	static const char *const words[] = { "said", "refused to talk to me" };
	struct str s = { 0 };

	set(o, verdict_of(r), r->status[0] ? r->status : phase_status(p));
	str_addf(&s, "host %s %s: ", host, words[p == PHASE_GREETING]);
	o->reply = arena_view(o->arena, str_view(&r->text));
	add_lines(&s, o->reply);
	if (p != PHASE_GREETING)
		str_addf(&s, " (in reply to %s)", phase_name(p));
	o->sentence = arena_view(o->arena, str_view(&s));
	str_free(&s);
	return false;
}

void
outcome_accepted(struct outcome *o, const struct response *r)
{
	struct str s = { 0 };

	set(o, VERDICT_DONE, r->status[0] ? r->status : "0.0");
	o->reply = arena_view(o->arena, str_view(&r->text));
	add_lines(&s, o->reply);
	o->sentence = arena_view(o->arena, str_view(&s));
	str_free(&s);
}

bool
outcome_lost(struct outcome *o, const char *host, enum phase p)
{
	return outcome_later(o, "4.2", "lost connection with %s while %s", host,
	    phase_doing(p));
}

bool
outcome_timed_out(struct outcome *o, const char *host, enum phase p)
{
	return outcome_later(o, "4.2", "conversation with %s timed out while %s",
	    host, phase_doing(p));
}

static unsigned
tells(const struct outcome *o)
{
	return o->reply.n > 0 ? 3 : strcmp(o->status, "4.1") != 0 ? 2 : 1;
}

bool
outcome_tells_more(const struct outcome *a, const struct outcome *b)
{
	return tells(a) > tells(b);
}
