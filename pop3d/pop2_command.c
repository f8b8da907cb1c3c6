/* SPDX-License-Identifier: ISC */
/*
 * pop2_command - the table of commands and states of RFC 937
 *
 * A message that is marked by ACKD counts as read: reading on passes it over,
 * and asking for it by its number gives "=0". Its number stays its own. Marks
 * are carried out by FOLD and QUIT.
 *
 * Some texts know other names for the commands; they are in the table, too.
 */
#include <unistd.h>

#include "lib/proc/service.h"
#include "pop3d/pop2.h"

#define IN_MAILBOX (POP2_MBOX | POP2_ITEM)

void
pop2_fail(struct pop2 *p, const char *fmt, ...)
{
	va_list ap;

	str_reset(&p->reply);
	str_adds(&p->reply, "- ");
	va_start(ap, fmt);
	str_vaddf(&p->reply, fmt, ap);
	va_end(ap);
	p->state = POP2_END;
	p->end = "Wrong command";
}

static void
content_close(struct pop2 *p)
{
	if (p->content >= 0)
		close(p->content);
	p->content = -1;
	p->size = 0;
}

/* ---- mailboxes ---- */

static bool
is_missing(const struct why *w)
{
	return w->verdict == VERDICT_NEVER && w->status[0] == '2';
}

/* A mailbox that FOLD names and that does not exist is an empty one. The one
 * that the login names has to be there: with RFC 937's "#0" a client with a
 * typing error in it would wait for its mail for ever. */
static void
choose(struct pop2 *p, struct view name)
{
	struct why w;

	if (!mailbox_open(&p->mailbox, name, &w) &&
	    !(name.n > 0 && is_missing(&w))) {
		pop2_fail(p, "%s", w.text);
		p->end = mailbox_in_use(&w) ? "Mailbox in use" : "Not available";
		return;
	}
	p->number = 1;
	p->had_count += p->mailbox.count;
	p->had_octets += p->mailbox.octets;
	p->state = POP2_MBOX;
	str_addf(&p->reply, "#%u", p->mailbox.count);
}

static void
helo(struct pop2 *p, struct view args)
{
	struct view user = view_word(&args);
	struct why w;

	if (!p->gate.house->plain_allowed(p->session)) {
		gate_disallowed(&p->gate);
		pop2_fail(p, "Passwords are accepted in TLS only");
		return;
	}
	args = view_skip(args, args.n > 0);
	if (!mailbox_login(&p->mailbox, &p->gate, user, args, &w)) {
		pop2_fail(p, "%s", w.text);
		p->end = "Login failed";
		return;
	}
	gate_enter(&p->gate, "pop2-login", str_view(&p->mailbox.user));
	choose(p, VIEW_NONE);
}

/* Remove what is marked. */
static bool
apply(struct pop2 *p)
{
	uint32_t marked = p->mailbox.marked;
	struct why w;

	if (p->mark_read)
		mailbox_set_seen(&p->mailbox);
	if (mailbox_apply(&p->mailbox, &w)) {
		p->deleted += marked;
		return true;
	}
	if (why_is_unknown(&w))
		pop2_fail(p, "The deleted messages may or may not have been "
		    "removed: %s", w.text);
	else
		pop2_fail(p, "The deleted messages were not removed: %s",
		    w.text);
	p->end = "Not available";
	return false;
}

static void
fold(struct pop2 *p, struct view args)
{
	struct view name = view_trim(args);

	content_close(p);
	if (name.n == 0) {
		pop2_fail(p, "FOLD wants the name of a mailbox");
	} else if (apply(p)) {
		mailbox_close(&p->mailbox);
		choose(p, name);
	}
}

/* ---- messages ---- */

/* The current message is open, or the session fails. */
static bool
content_open(struct pop2 *p)
{
	struct record r;
	struct why w;

	if (p->content >= 0 && p->opened == p->number)
		return true;
	content_close(p);
	p->content = mailbox_content(&p->mailbox, p->number, &w);
	if (p->content < 0) {
		pop2_fail(p, "%s", w.text);
		p->end = "Not available";
		return false;
	}
	mailbox_message(&p->mailbox, p->number, &r);
	p->size = r.size;
	p->opened = p->number;
	return true;
}

/* Announce the current message, or that there is none. */
static void
announce(struct pop2 *p)
{
	const struct mailbox *m = &p->mailbox;

	if (p->number > m->count || mailbox_is_marked(m, p->number)) {
		content_close(p);
		p->state = POP2_MBOX;
	} else if (content_open(p)) {
		p->state = POP2_ITEM;
	} else {
		return;
	}
	str_addf(&p->reply, "=%llu", (unsigned long long)p->size);
}

/* From the current message on, the first that is not marked. */
static void
announce_next(struct pop2 *p)
{
	while (p->number <= p->mailbox.count &&
	       mailbox_is_marked(&p->mailbox, p->number))
		p->number++;
	announce(p);
}

static void
read_message(struct pop2 *p, struct view args)
{
	struct view text = view_trim(args);
	uint64_t number;

	if (text.n == 0) {
		announce_next(p);
	} else if (!view_u64(text, UINT32_MAX - 1, &number) || number == 0) {
		pop2_fail(p, "READ wants a message number");
	} else {
		p->number = (uint32_t)number;
		announce(p);
	}
}

static void
retr(struct pop2 *p, struct view args UNUSED)
{
	p->send = true;
	p->state = POP2_NEXT;
}

static void
acks(struct pop2 *p, struct view args UNUSED)
{
	mailbox_note_fetched(&p->mailbox, p->number);
	p->number++;
	announce_next(p);
}

static void
ackd(struct pop2 *p, struct view args UNUSED)
{
	mailbox_mark(&p->mailbox, p->number);
	p->number++;
	announce_next(p);
}

static void
nack(struct pop2 *p, struct view args UNUSED)
{
	announce(p);
}

static void
quit(struct pop2 *p, struct view args UNUSED)
{
	if (!apply(p))
		return;
	str_adds(&p->reply, "+ Good bye");
	p->state = POP2_END;
	p->end = "Logged out";
}

static const struct command {
	const char *verb, *other;	/* other: a synonym */
	unsigned states;
	bool args;		/* may have some */
	void (*run)(struct pop2 *p, struct view args);
} commands[] = {
	{ "HELO", "HELLO", POP2_AUTH, true, helo },
	{ "FOLD", "FOLDER", IN_MAILBOX, true, fold },
	{ "READ", "READ", IN_MAILBOX, true, read_message },
	{ "RETR", "RETRIEVE", POP2_ITEM, false, retr },
	{ "ACKS", "SAVE", POP2_NEXT, false, acks },
	{ "ACKD", "DELETE", POP2_NEXT, false, ackd },
	{ "NACK", "NACK", POP2_NEXT, false, nack },
	{ "QUIT", "QUIT", POP2_AUTH | IN_MAILBOX, false, quit },
};

void
pop2_command(struct pop2 *p, struct view line)
{
	struct view args = line, verb = view_word(&args);
	const struct command *c = NULL;

	str_reset(&p->reply);
	p->send = false;
	for (size_t i = 0; c == NULL && i < nitems(commands); i++)
		if (view_isi(verb, commands[i].verb) ||
		    view_isi(verb, commands[i].other))
			c = &commands[i];
	if (c == NULL)
		pop2_fail(p, "Unknown command");
	else if (!(c->states & p->state))
		pop2_fail(p, "%s is out of order", c->verb);
	else if (!c->args && view_trim(args).n > 0)
		pop2_fail(p, "%s has no arguments", c->verb);
	else
		c->run(p, args);
}

void
pop2_begin(struct pop2 *p, struct session *s, uint64_t timeout)
{
	*p = (struct pop2){ .session = s, .state = POP2_AUTH, .content = -1 };
	gate_open(&p->gate, s, "pop2", timeout);
}

void
pop2_free(struct pop2 *p)
{
	content_close(p);
	mailbox_logout(&p->mailbox);
	gate_end(&p->gate);
	str_free(&p->reply);
}
