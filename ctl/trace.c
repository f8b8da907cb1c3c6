/* SPDX-License-Identifier: ISC */
/*
 * trace - what became of a mail
 *
 * history sends every event about the mails in question; here they are sorted
 * into stories and told, oldest first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/link.h"
#include "ctl/queue.h"
#include "ctl/trace.h"
#include "lib/base/clock.h"

#define MAILS_MOST	1000

static struct {
	struct str octets;	/* as they came */
	struct event *events;
	size_t n;
	struct scene *scenes;
	size_t scenes_n;
	struct msg_trace_end end;
	struct why why;		/* of a refusal */
	bool refused;
} seen;

static void
on_traced(struct channel *c UNUSED, uint32_t tag UNUSED, struct msg_traced *m)
{
	str_add(&seen.octets, m->events);
}

static void
on_end(struct channel *c UNUSED, uint32_t tag UNUSED, struct msg_trace_end *m)
{
	seen.end = *m;
	link_done();
}

static void
on_answer(struct channel *c UNUSED, uint32_t tag UNUSED, struct msg_answer *m)
{
	why_set(&seen.why, VERDICT_NEVER, m->status, m->sentence);
	seen.refused = true;
	link_done();
}

static const struct handlers trace_handlers = {
	.traced = on_traced,
	.trace_end = on_end,
	.answer = on_answer,
	.closed = link_closed,
};

/* ---- stories ---- */

static void
read_events(void)
{
	struct view rest = str_view(&seen.octets), one;
	size_t cap = 0;
	struct event e;

	while (event_next(&rest, &one)) {
		if (!event_read(one, &e))
			continue;
		seen.events = xgrow(seen.events, seen.n, &cap,
		    sizeof(*seen.events));
		seen.events[seen.n++] = e;
	}
}

/* smtpd tells of a mail when its client has been answered: queue may have been
 * at work by then. */
static bool
is_beginning(const struct scene *s)
{
	return s->event->kind == EVENT_ACCEPTED && s->event->mail == s->mail;
}

/* By mail; refusals, which have none, one by one. */
static int
in_order(const void *a, const void *b)
{
	const struct scene *x = a, *y = b;

	if (x->mail != y->mail)
		return x->mail < y->mail ? -1 : 1;
	if (x->mail != 0 && is_beginning(x) != is_beginning(y))
		return is_beginning(x) ? -1 : 1;
	if (x->event->at != y->event->at)
		return x->event->at < y->event->at ? -1 : 1;
	return x->event < y->event ? -1 : x->event > y->event;
}

static void
set_scenes(void)
{
	size_t n = 0;

	seen.scenes = xcalloc(2 * seen.n + 1, sizeof(*seen.scenes));
	for (size_t i = 0; i < seen.n; i++) {
		const struct event *e = &seen.events[i];
		uint64_t about = event_number(e, EVENT_about);

		seen.scenes[n++] = (struct scene){ e->mail, e };
		if (about != 0)
			seen.scenes[n++] = (struct scene){ about, e };
	}
	seen.scenes_n = n;
	if (n > 1)
		qsort(seen.scenes, n, sizeof(*seen.scenes), in_order);
}

const struct event *
story_event(const struct story *s, enum event_kind kind)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->scenes[i].event->kind == kind)
			return s->scenes[i].event;
	return NULL;
}

static bool
is_deleted(const struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (view_is(s->scenes[i].event->text[EVENT_action], "deleted"))
			return true;
	return false;
}

static bool
is_deferred(const struct story *s)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (s->scenes[i].event->kind == EVENT_VERDICT)
			last = s->scenes[i].event;
	return last != NULL &&
	    view_starts(last->text[EVENT_status], VIEW_LIT("4"));
}

const char *
story_state(const struct story *s)
{
	if (s->mail == 0)
		return "refused";
	if (is_deleted(s))
		return "deleted";
	if (story_event(s, EVENT_FINISHED) != NULL)
		return "finished";
	return is_deferred(s) ? "deferred" : "in the queue";
}

/* The story that begins with the i-th scene. */
static struct story
story_at(size_t i)
{
	struct story s = { .mail = seen.scenes[i].mail,
		.scenes = &seen.scenes[i], .n = 1 };

	while (s.mail != 0 && i + s.n < seen.scenes_n &&
	    seen.scenes[i + s.n].mail == s.mail)
		s.n++;
	return s;
}

/* Was more sent about a mail than that reports are, or are about it? */
static bool
is_told(uint64_t mail)
{
	for (size_t i = 0; i < seen.n; i++)
		if (seen.events[i].mail == mail &&
		    seen.events[i].kind != EVENT_WRITTEN)
			return true;
	return false;
}

/* history sends each report that is about a mail, and of that one nothing
 * more: it is told in the story of the mail, and has none here. */
static bool
is_worth(const struct story *s)
{
	const struct event *e = s->scenes->event;
	uint64_t about = event_number(e, EVENT_about);

	if (s->mail == 0 || is_told(s->mail))
		return true;
	return e->mail == s->mail && (about == 0 || !is_told(about));
}

static int
by_time(const void *a, const void *b)
{
	const struct story *x = a, *y = b;
	int64_t left = x->scenes->event->at, right = y->scenes->event->at;

	return left < right ? -1 : left > right;
}

static void
tell(bool json)
{
	struct story *all = xcalloc(seen.scenes_n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < seen.scenes_n;) {
		struct story s = story_at(i);

		i += s.n;
		if (is_worth(&s))
			all[n++] = s;
	}
	if (n > 1)
		qsort(all, n, sizeof(*all), by_time);
	for (size_t i = 0; i < n; i++)
		if (json)
			output_json_line(trace_json(&all[i]));
		else
			trace_print(&all[i]);
	free(all);
}

/* ---- the command ---- */

/* "2d" ago, or a day, or a moment; local time. */
static int
take_since(const struct ctl *ctl, int64_t *since)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M",
		"%Y-%m-%d %H:%M:%S" };
	const char *text = ctl_value(ctl, OPTION_SINCE);
	int64_t age;

	if (text == NULL)
		return 0;
	if (queue_age(text, &age)) {
		*since = clock_wall() - age;
		return 0;
	}
	for (size_t i = 0; i < nitems(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end != NULL && *end == '\0') {
			*since = (int64_t)mktime(&tm);
			return 0;
		}
	}
	return ctl_fail(EX_USAGE, "%s is no time; say 2h, 3d, 2026-11-25 or "
	    "\"2026-11-25 14:30\"", text);
}

static int
ask(struct ctl *ctl, struct message *m)
{
	static const struct handlers none = { .closed = link_closed };
	struct channel *c;
	int code = link_open(ctl, &none);

	if (code == 0)
		code = link_program(ROLE_HISTORY, 0, &trace_handlers, &c);
	if (code != 0)
		return code;
	channel_send(c, m);
	if (!link_wait())
		return ctl_fail(EX_TEMPFAIL, "history went away; try again");
	return seen.refused ? ctl_fail(EX_DATAERR, "%s", seen.why.text) : 0;
}

static int
nothing(const char *key)
{
	return ctl_fail(EX_UNAVAILABLE, "nothing is known of %s; history "
	    "reaches back to %s", key, output_time(seen.end.oldest));
}

static int
trace(struct ctl *ctl)
{
	struct message m = { .type = MSG_trace,
		.trace = { .key = view_of(ctl->argv[0]), .most = MAILS_MOST } };
	int code = take_since(ctl, &m.trace.since);

	if (code == 0)
		code = ask(ctl, &m);
	if (code != 0)
		return code;
	read_events();
	set_scenes();
	if (seen.n == 0)
		return nothing(ctl->argv[0]);
	tell(ctl_has(ctl, OPTION_JSON));
	if (seen.end.cut)
		ctl_fail(0, "there is more: these are the newest; --since "
		    "tells less");
	if (seen.end.lost > 0)
		ctl_fail(0, "%llu events never came to history since its "
		    "start", (unsigned long long)seen.end.lost);
	free(seen.events);
	free(seen.scenes);
	str_free(&seen.octets);
	return 0;
}

const struct command trace_commands[] = {
	{ "trace", "ID|MESSAGE-ID|ADDRESS|IP", OPTION_JSON | OPTION_SINCE, 1,
	    1, trace, "what became of a mail" },
	{ 0 },
};
