/* SPDX-License-Identifier: ISC */
/*
 * export - write the mail of a user as other servers and programs read it
 *
 * It is read through store, as clients do: what stands there is what they see.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/export.h"
#include "ctl/mailbox.h"
#include "ctl/output.h"
#include "lib/base/file.h"
#include "lib/mail/uidl_line.h"
#include "lib/mail/utf8.h"
#include "lib/proc/message.h"

struct exporting {
	struct channel *store;
	const struct export_form *form;
	struct export_box box;
	uint32_t handle;
	struct view records, uidls;	/* mapped */
};

static int
fail(const struct why *w, struct view mailbox)
{
	return ctl_fail(w->verdict == VERDICT_LATER ? EX_TEMPFAIL : EX_DATAERR,
	    "%s: %s", output_clean(mailbox), w->text);
}

/* ---- messages ---- */

/* Lines ascend by UID, as the records do. */
static void
find_uidl(struct exporting *e, struct export_message *m)
{
	m->uidl = VIEW_NONE;
	while (e->uidls.n > 0) {
		struct view rest = e->uidls, line = view_cut(&rest, '\n');
		struct uidl_line l;

		if (uidl_line_read(line, &l)) {
			if (l.uid > m->r.uid)
				return;
			if (l.uid == m->r.uid && l.content == m->r.content)
				m->uidl = l.uidl;
		}
		e->uidls = rest;
	}
}

static bool
put(struct exporting *e, uint32_t uid, int fd)
{
	size_t at = record_find(e->records, uid);
	struct export_message m;
	bool ok;

	if (at == record_count(e->records))
		return true;
	record_at(e->records, at, &m.r);
	m.content = file_map(fd);
	if (m.content.p == NULL) {
		ctl_fail(0, "%s: cannot read the message with the UID %u: %s",
		    output_clean(e->box.mailbox), uid, strerror(errno));
		return false;
	}
	find_uidl(e, &m);
	ok = e->form->put(&e->box, &m);
	e->box.count++;
	file_unmap(m.content);
	return ok;
}

/* Some at a time: the server hands over descriptors. */
static int
put_some(struct exporting *e, size_t from, size_t n)
{
	struct message m = { .type = MSG_content_open,
		.content_open = { e->handle, VIEW_NONE } };
	struct str uids = { 0 };
	struct view rest;
	struct reply r = { 0 };
	struct why w;
	uint32_t uid;
	int code = 0;

	for (size_t i = from; i < from + n; i++) {
		struct record record;

		record_at(e->records, i, &record);
		str_addf(&uids, "%s%u", i > from ? "," : "", record.uid);
	}
	m.content_open.uids = str_view(&uids);
	if (!link_call(e->store, &m, &r, &w) || !reply_is(&r, MSG_contents, &w))
		code = fail(&w, e->box.mailbox);
	rest = code == 0 ? r.m.contents.uids : VIEW_NONE;
	for (unsigned i = 0; list_next_u32(&rest, &uid) && code == 0; i++)
		if (!put(e, uid, r.m.contents.files.fd[i]))
			code = EX_CANTCREAT;
	reply_free(&r);
	str_free(&uids);
	return code;
}

static int
put_all(struct exporting *e)
{
	size_t n = record_count(e->records);
	int code = 0;

	for (size_t at = 0; at < n && code == 0; at += FDS_MAX)
		code = put_some(e, at, n - at < FDS_MAX ? n - at : FDS_MAX);
	return code;
}

/* ---- a mailbox ---- */

/* "Work/2026" as "Work.2026", in modified UTF-7, its dots spelt out. */
static bool
file_name(struct view mailbox, struct str *out)
{
	struct str utf7 = { 0 };
	bool ok = utf7_encode(&utf7, mailbox);

	for (size_t i = 0; ok && i < utf7.n; i++)
		if (utf7.p[i] == '.')
			str_adds(out, "&AC4-");
		else
			str_addc(out, utf7.p[i] == '/' ? '.' : utf7.p[i]);
	str_free(&utf7);
	return ok && out->n > 0 && out->n < 250;
}

static int
write_box(struct exporting *e)
{
	int code;

	if (!e->form->begin(&e->box))
		return EX_CANTCREAT;
	code = put_all(e);
	if (!e->form->end(&e->box, code == 0) && code == 0)
		code = EX_CANTCREAT;
	if (code == 0)
		printf("%s: %zu messages\n", output_clean(e->box.mailbox),
		    e->box.count);
	return code;
}

static void
close_box(struct exporting *e)
{
	struct message m = { .type = MSG_mailbox_close,
		.mailbox_close = { e->handle } };

	channel_send(e->store, &m);
}

static int
with_open(struct exporting *e, const struct msg_mailbox_opened *m)
{
	struct view uidls = { 0 };
	int code;

	e->handle = m->handle;
	e->box.count = 0;
	e->box.uidvalidity = m->uidvalidity;
	e->box.uidnext = m->uidnext;
	e->box.keywords = m->keywords;
	e->records = file_map(m->index);
	if (m->uidls >= 0)
		uidls = file_map(m->uidls);
	e->uidls = uidls;
	code = e->records.p != NULL && (m->uidls < 0 || uidls.p != NULL) ?
	    write_box(e) : ctl_fail(EX_OSERR, "%s", strerror(errno));
	if (e->records.p != NULL)
		file_unmap(e->records);
	if (uidls.p != NULL)
		file_unmap(uidls);
	close_box(e);
	return code;
}

static int
export_box(struct exporting *e, struct view mailbox)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { MAILBOX_SESSION, mailbox, 0 } };
	struct str name = { 0 };
	struct reply r = { 0 };
	struct why w;
	int code;

	e->box.mailbox = mailbox;
	if (!file_name(mailbox, &name)) {
		str_free(&name);
		return ctl_fail(EX_DATAERR, "%s: the name is too long for a "
		    "file", output_clean(mailbox));
	}
	e->box.name = name.p;
	if (link_call(e->store, &m, &r, &w) &&
	    reply_is(&r, MSG_mailbox_opened, &w))
		code = with_open(e, &r.m.mailbox_opened);
	else
		code = fail(&w, mailbox);
	reply_free(&r);
	str_free(&name);
	return code;
}

/* ---- all of them ---- */

static int
export_names(struct exporting *e, struct view names)
{
	struct str subscribed = { 0 };
	struct view name, letters;
	int code = 0;

	while (code == 0 && list_next(&names, &name) &&
	    list_next(&names, &letters)) {
		if (view_find(letters, 's') < letters.n)
			list_put(&subscribed, name);
		if (view_find(letters, 'e') < letters.n)
			code = export_box(e, name);
	}
	if (code == 0 &&
	    !e->form->subscribed(e->box.dir, str_view(&subscribed)))
		code = EX_CANTCREAT;
	str_free(&subscribed);
	return code;
}

static int
export_all(struct exporting *e)
{
	struct view names, large = { 0 };
	struct reply r;
	struct why w;
	int code;

	if (!mailbox_names(e->store, &r, &w))
		return ctl_fail(EX_TEMPFAIL, "%s", w.text);
	names = r.m.mailboxes.names;
	if (r.m.mailboxes.large >= 0)
		names = large = file_map(r.m.mailboxes.large);
	code = export_names(e, names);
	if (large.p != NULL)
		file_unmap(large);
	reply_free(&r);
	return code;
}

/* A new directory, or one that is empty; -1 after a complaint. */
static int
make_directory(const char *path)
{
	bool made = mkdir(path, 0700) == 0;
	int fd = made || errno == EEXIST ?
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int again = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *e;
	bool empty = d != NULL;

	if (!empty)
		ctl_fail(0, "%s: %s", path, strerror(errno));
	while (d != NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			empty = false;
	if (d != NULL) {
		closedir(d);
		if (!empty)
			ctl_fail(0, "%s is not empty; name a directory that "
			    "does not exist yet", path);
	}
	if (empty)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
export(struct ctl *ctl)
{
	struct exporting e = { .form = ctl_has(ctl, OPTION_MBOX) ?
		&export_mbox : &export_maildir };
	int code = mailbox_link(ctl, ctl->argv[0], &e.store);

	if (code != 0)
		return code;
	e.box.dir = make_directory(ctl->argv[1]);
	if (e.box.dir < 0)
		return EX_CANTCREAT;
	code = ctl->argc > 2 ? export_box(&e, view_of(ctl->argv[2])) :
			       export_all(&e);
	if (code == 0 && syncfs(e.box.dir) < 0)
		code = ctl_fail(EX_IOERR, "%s: %s", ctl->argv[1],
		    strerror(errno));
	close(e.box.dir);
	return code;
}

const struct command export_commands[] = {
	{ "export", "USER@DOMAIN DIRECTORY [MAILBOX]", OPTION_MBOX, 2, 3,
	    export, "write mail of a user as a Maildir, or as mbox files" },
	{ 0 },
};
