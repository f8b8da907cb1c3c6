/* SPDX-License-Identifier: ISC */
/*
 * commands - from the text of a command to its tagged answer
 *
 * Here stands what is the same for all commands: tag, name, UID forms, states,
 * news of the mailbox before the tagged answer, counting of errors.
 */
#include "imapd/box.h"
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/notify.h"
#include "imapd/reader.h"
#include "imapd/renew.h"
#include "imapd/sync.h"
#include "lib/proc/settings.h"

#define ERRORS_LOGIN 5	/* wrong commands before login end the session */
#define LOGINS_MOST  10 /* and so do wrong logins */

static const struct command table[] = {
#define COMMAND(NAME, name, states, flags)                                     \
	{ #NAME, cmd_##name, states, flags },
	COMMANDS
#undef COMMAND
};

static const struct command *
find(struct view name)
{
	for (size_t i = 0; i < nitems(table); i++)
		if (view_isi(name, table[i].name))
			return &table[i];
	return NULL;
}

/* The name, "UID" in front of those that have such a form. */
static const struct command *
take_name(struct parse *p, bool *uid)
{
	const struct command *c;

	*uid = parse_word(p, "UID");
	if (*uid)
		parse_space(p);
	c = find(parse_atom(p));
	if (c != NULL && *uid && !(c->flags & CMD_UID))
		return NULL;
	return c;
}

bool
command_takes(struct imap *im)
{
	struct parse p = imap_parse(im);
	const struct command *c;
	struct numset set;
	bool uid;

	if (im->user == NULL)
		return false;
	parse_tag(&p);
	parse_space(&p);
	c = take_name(&p, &uid);
	if (c == NULL || (c->run != cmd_append && c->run != cmd_replace))
		return false;
	if (c->run == cmd_replace) {
		parse_space(&p);
		parse_set(&p, 1, &set);
	}
	return append_takes(&p);
}

static unsigned
state(const struct imap *im)
{
	return im->box ? STATE_SELECTED : im->user ? STATE_AUTH : STATE_LOGIN;
}

static enum answer
refuse_state(struct imap *im)
{
	return answer_bad(im, "%s", im->user == NULL ? "Log in first" :
		im->command->states & STATE_LOGIN    ? "Logged in already" :
						       "No mailbox selected");
}

static enum answer
run(struct imap *im, struct parse *p)
{
	const struct command *c;

	parse_space(p);
	c = take_name(p, &im->uid);
	if (!parse_fine(p))
		return answer_syntax(im, p);
	if (c == NULL)
		return answer_bad(im, "Unknown command");
	im->command = c;
	if (!(c->states & state(im)))
		return refuse_state(im);
	if (!im->uid && (c->flags & CMD_NUMBERS) &&
	    imap_has(im, FEATURE_UIDONLY))
		return answer_bad(im, "[UIDREQUIRED] Only UID %s is allowed",
		    c->name);
	if ((c->flags & CMD_WRITES) && im->box->read_only)
		return answer_no(im, "[READ-ONLY] Mailbox is read-only");
	return c->run(im, p);
}

/* Errors in a row: honest clients make few, and then something right. Before
 * login all of them count, since nothing right needs many commands. */
static void
count_error(struct imap *im, bool wrong)
{
	unsigned most = im->user ? (unsigned)im->settings->errors_max :
				   ERRORS_LOGIN;

	if (wrong)
		im->errors++;
	else if (im->user != NULL)
		im->errors = 0;
	if (im->over || (im->errors < most &&
		(im->user != NULL || im->gate.attempts < LOGINS_MOST)))
		return;
	out_printf(im, "* BYE Too many wrong %s\r\n",
	    im->errors < most ? "logins" : "commands");
	im->ended = "Too many errors";
	im->over = true;
}

static void
put_tagged(struct imap *im, struct view tag, enum answer answer)
{
	static const char *const words[] = { [ANSWER_OK] = "OK",
		[ANSWER_NO] = "NO", [ANSWER_BAD] = "BAD" };
	const char *name = im->command ? im->command->name : "Command";

	out_printf(im, "%.*s %s ", VIEW(tag), words[answer]);
	if (im->said.n > 0)
		str_add(&im->out, str_view(&im->said));
	else
		out_printf(im, "%s%s completed", im->uid ? "UID " : "", name);
	out_puts(im, "\r\n");
}

void
command_run(struct imap *im)
{
	struct parse p = imap_parse(im);
	struct view tag = arena_view(&im->arena, parse_tag(&p));
	bool untagged = !parse_fine(&p), renumber;
	enum answer answer;

	im->tag = tag;
	im->command = NULL;
	im->uid = false;
	str_reset(&im->said);
	answer = im->wrong ? answer_bad(im, "%s", im->wrong) : run(im, &p);
	renumber = im->command == NULL ||
	    !(im->command->flags & CMD_STABLE) || im->uid;
	if (answer != ANSWER_BAD && im->box != NULL)
		sync_tell(im, renumber);
	notify_tell(im);
	put_tagged(im, untagged ? VIEW_LIT("*") : tag, answer);
	box_renew(im);
	count_error(im, answer == ANSWER_BAD);
}
