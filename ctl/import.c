/* SPDX-License-Identifier: ISC */
/*
 * import - take over the mail of a user from another server
 *
 * Files are copied into a directory that store lends, under names that tell
 * UID, UIDL, flags and size; store makes a mailbox of them at once.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/import.h"
#include "ctl/mailbox.h"
#include "ctl/message_file.h"
#include "ctl/output.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/mail/wire.h"
#include "lib/proc/message.h"

#define NAME_MOST 255	/* octets of a file name */

static int
fail(const struct why *w, struct view mailbox)
{
	return ctl_fail(w->verdict == VERDICT_LATER ? EX_TEMPFAIL : EX_DATAERR,
	    "%s: %s", output_clean(mailbox), w->text);
}

/* ---- one message ---- */

/* Signs that a file name can have without being in the way of anything. */
static void
put_uidl(struct view uidl, struct str *out)
{
	for (size_t i = 0; i < uidl.n; i++)
		if (is_alnum(uidl.p[i]) || strchr("._+=@-", uidl.p[i]) != NULL)
			str_addc(out, uidl.p[i]);
		else
			str_addf(out, "%%%02X", (unsigned char)uidl.p[i]);
}

/* The UIDL that clients know it by, if pop3_uidl does not say the same. */
static void
find_uidl(const struct import_box *b, const struct import_message *m,
    struct str *out)
{
	struct str own = { 0 };

	if (m->uid == 0)
		return;
	uidl_write(&b->import->own, b->uidvalidity, m->uid, &own);
	if (m->uidl.n > 0)
		str_add(out, m->uidl);
	else if (b->import->theirs.n > 0)
		uidl_write(&b->import->theirs, b->uidvalidity, m->uid, out);
	if (view_eq(str_view(out), str_view(&own)) ||
	    !uidl_valid(str_view(out)))
		str_reset(out);
	str_free(&own);
}

/* As lib/mail/place.h has it for what comes from elsewhere. */
static void
put_name(const struct import_box *b, const struct import_message *m,
    size_t size, struct str *name)
{
	struct str uidl = { 0 };

	str_addf(name, "%016llX.A0.import,S=%zu",
	    (unsigned long long)b->import->next, size);
	if (m->uid != 0)
		str_addf(name, ",U=%u", m->uid);
	find_uidl(b, m, &uidl);
	if (uidl.n > 0) {
		str_adds(name, ",P=");
		put_uidl(str_view(&uidl), name);
	}
	str_addf(name, ":2,%s", str_c(&m->letters));
	str_free(&uidl);
}

static void
show_count(const struct import_box *b, bool end)
{
	if (!isatty(STDOUT_FILENO) || (!end && b->count % 500 != 0))
		return;
	printf("\r%s: %zu of %zu%s", output_clean(b->mailbox), b->count,
	    b->total, end ? "\r\033[K" : "");
	fflush(stdout);
}

int
import_put(struct import_box *b, const struct import_message *m)
{
	struct str wire = { 0 }, name = { 0 };
	struct view text = m->content;
	int code = 0;

	if (wire_lines(text, &wire))
		text = str_view(&wire);
	put_name(b, m, text.n, &name);
	b->import->next++;
	b->count++;
	if (name.n > NAME_MOST)
		code = ctl_fail(EX_DATAERR, "%s: the UIDL of the message with "
		    "the UID %u is too long", output_clean(b->mailbox), m->uid);
	else if (!message_file_write(b->dir, name.p, text, m->date,
	    &b->owner))
		code = ctl_fail(EX_IOERR, "%s: cannot write a message: %s",
		    output_clean(b->mailbox), strerror(errno));
	show_count(b, false);
	str_free(&wire);
	str_free(&name);
	return code;
}

/* ---- a mailbox ---- */

static bool
is_there(struct import *i, struct view mailbox, struct why *w)
{
	struct message m = { .type = MSG_mailbox_status,
		.mailbox_status = { MAILBOX_SESSION, mailbox } };
	struct reply r;
	bool ok = link_call(i->store, &m, &r, w) &&
	    reply_is(&r, MSG_mailbox_state, w);

	reply_free(&r);
	return ok;
}

static bool
make(struct import *i, struct view mailbox, struct why *w)
{
	struct message m = { .type = MSG_mailbox_create,
		.mailbox_create = { MAILBOX_SESSION, mailbox, 0 } };
	struct reply r;
	bool ok = link_call(i->store, &m, &r, w) &&
	    reply_is(&r, MSG_mailbox_created, w);

	reply_free(&r);
	return ok;
}

int
import_open(struct import *i, struct import_box *b)
{
	struct message m = { .type = MSG_import_begin,
		.import_begin = { MAILBOX_SESSION, b->mailbox } };
	struct reply r = { 0 };
	struct why w, none;

	b->import = i;
	b->dir = -1;
	/* a command that was killed may have made it meanwhile */
	if (!is_there(i, b->mailbox, &none) && !make(i, b->mailbox, &w) &&
	    !is_there(i, b->mailbox, &none))
		return fail(&w, b->mailbox);
	if (link_call(i->store, &m, &r, &w) &&
	    reply_is(&r, MSG_import_into, &w)) {
		b->dir = r.m.import_into.directory;
		r.m.import_into.directory = -1;
	}
	reply_free(&r);
	if (b->dir < 0)
		return fail(&w, b->mailbox);
	if (fstat(b->dir, &b->owner) < 0)
		return ctl_fail(EX_IOERR, "%s: %s",
		    output_clean(b->mailbox), strerror(errno));
	return 0;
}

static int
finish(struct import_box *b)
{
	struct message m = { .type = MSG_import_end,
		.import_end = { MAILBOX_SESSION, b->mailbox, b->uidvalidity,
		    b->uidnext, str_view(&b->keywords) } };
	struct why w;

	show_count(b, true);
	if (syncfs(b->dir) < 0)
		return ctl_fail(EX_IOERR, "%s: cannot write: %s",
		    output_clean(b->mailbox), strerror(errno));
	if (!link_ask(b->import->store, &m, &w))
		return fail(&w, b->mailbox);
	printf("%s: %zu messages, %s\n", output_clean(b->mailbox), b->count,
	    w.text);
	return 0;
}

int
import_close(struct import_box *b, int code)
{
	if (code == 0)
		code = finish(b);
	else
		ctl_fail(code, "nothing of %s was brought in",
		    output_clean(b->mailbox));
	if (b->dir >= 0)
		close(b->dir);
	str_free(&b->keywords);
	return code;
}

void
import_subscribe(struct import *i, struct view mailbox)
{
	struct message m = { .type = MSG_mailbox_subscribe,
		.mailbox_subscribe = { MAILBOX_SESSION, mailbox, 1 } };
	struct why w;

	if (!link_ask(i->store, &m, &w))
		fail(&w, mailbox);
}

/* ---- the command ---- */

static int
run(struct import *i, const char *path, struct view mailbox)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return ctl_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
	return (S_ISDIR(st.st_mode) ? import_maildir : import_mbox)(
	    i, path, mailbox);
}

/* Quotas do not stop it, but who has no room gets no mail from now on. */
static void
tell_full(struct import *i)
{
	struct message m = { .type = MSG_quota_get,
		.quota_get = { .session = MAILBOX_SESSION } };
	struct reply r = { 0 };
	struct why w;

	if (!link_call(i->store, &m, &r, &w) ||
	    !reply_is(&r, MSG_quota_state, &w))
		fail(&w, VIEW_LIT("quota"));
	else if (r.m.quota_state.full)
		ctl_fail(0, "%s has no room for new mail now: look at posthouse "
		    "quota show, and raise the limit with posthouse quota set",
		    output_clean(r.m.quota_state.user));
	reply_free(&r);
}

int
import_begin(struct import *i, struct ctl *ctl, const char *user)
{
	*i = (struct import){ .ctl = ctl, .next = (uint64_t)clock_wall_us() };
	if (!uidl_form(&i->own, ctl_settings(ctl)->pop3_uidl))
		return ctl_fail(EX_CONFIG, "pop3_uidl is no form of a UIDL");
	return mailbox_link(ctl, user, &i->store);
}

static int
import(struct ctl *ctl)
{
	const char *form = ctl_value(ctl, OPTION_UIDL);
	struct view mailbox = view_of(ctl->argc > 2 ? ctl->argv[2] : "INBOX");
	struct import i;
	int code = import_begin(&i, ctl, ctl->argv[0]);

	if (code == 0 && form != NULL && !uidl_form(&i.theirs, form))
		code = ctl_fail(EX_USAGE, "--uidl wants dovecot, courier, "
		    "cyrus, uw or a form as pop3_uidl has it");
	if (code == 0)
		code = run(&i, ctl->argv[1], mailbox);
	if (i.store != NULL)
		tell_full(&i);
	return code;
}

const struct command import_commands[] = {
	{ "import", "USER@DOMAIN PATH [MAILBOX]", OPTION_UIDL, 2, 3, import,
	    "bring a Maildir or an mbox file of another server here" },
	{ 0 },
};
