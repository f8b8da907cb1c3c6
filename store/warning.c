/* SPDX-License-Identifier: ISC */
/*
 * warning - compose, write to tmp/, then as any other arrival
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/date.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"
#include "store/append.h"
#include "store/arrival.h"
#include "store/change.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/warning.h"
#include "store/full.h"

struct warning {
	struct quota *quota;
	uint8_t percent;
	struct arrival arrival;
	struct entry entry;
	struct str text;
	int tmp;		/* directory */
	uint64_t number;	/* content id, and the name in tmp/ */
	char name[APPEND_NAME_MAX];
	int error;
};

/*
 * The text
 */

/* "2.4 GB", one digit behind the dot, as people write it. */
static void
put_octets(struct str *out, uint64_t n)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB" };
	unsigned unit = 0;
	uint64_t tenths = n / 1024 * 10 + n % 1024 * 10 / 1024;

	while (tenths >= 10240 && unit + 1 < nitems(units)) {
		tenths /= 1024;
		unit++;
	}
	str_addf(out, "%llu.%llu %s", (unsigned long long)tenths / 10,
	    (unsigned long long)tenths % 10, units[unit]);
}

static uint64_t
percent_of(uint64_t have, uint64_t limit)
{
	uint64_t step = limit / 100 > 0 ? limit / 100 : 1;

	return limit == 0 ? 0 : limit < 100 ? have * 100 / limit : have / step;
}

static void
put_numbers(struct str *out, const struct quota *q)
{
	str_adds(out, "Your mailboxes hold ");
	put_octets(out, q->octets);
	str_addf(out, " in %llu messages.\r\nYou may keep ",
	    (unsigned long long)q->messages);
	if (q->limits.octets > 0)
		put_octets(out, q->limits.octets);
	if (q->limits.octets > 0 && q->limits.messages > 0)
		str_adds(out, ", and ");
	if (q->limits.messages > 0)
		str_addf(out, "%llu messages",
		    (unsigned long long)q->limits.messages);
	str_adds(out, ".\r\n\r\n");
}

void
warning_text(struct str *out, const struct quota *q, const char *from,
    int64_t now)
{
	uint64_t a = percent_of(q->octets, q->limits.octets);
	uint64_t b = percent_of(q->messages, q->limits.messages);

	str_addf(out, "Return-Path: <>\r\nFrom: Mail quota <%s>\r\nTo: <%s>\r\n"
	    "Subject: Your mailboxes are %llu%% full\r\nDate: ", from, q->user,
	    (unsigned long long)(a > b ? a : b));
	date_write(out, date_local(now));
	str_addf(out, "\r\nMessage-ID: <%016llX.quota@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    (unsigned long long)clock_wall_us(), index_host());
	put_numbers(out, q);
	str_adds(out, "When that is reached, new mail for you is turned away.\r\n"
	    "Delete what you do not need any more. Messages in a trash mailbox "
	    "count\r\nuntil they are removed from there, too.\r\n");
}

/* The administrator, where the settings name him. */
static void
put_from(struct str *out, const struct quota *q)
{
	const struct settings *s = service_settings();
	struct view user = view_of(q->user);

	if (s != NULL && s->postmaster[0] != '\0') {
		str_adds(out, s->postmaster);
		return;
	}
	str_adds(out, "postmaster");
	str_add(out, view_skip(user, view_rfind(user, '@')));
}

/*
 * The message
 */

/* In a thread. */
static void
write_run(void *arg)
{
	struct warning *x = arg;
	int fd = openat(x->tmp, x->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && file_write_all(fd, str_view(&x->text)) &&
	    fsync(fd) == 0;

	x->error = ok ? 0 : errno;
	if (fd >= 0)
		close(fd);
}

static bool
note(struct arrival *a)
{
	struct warning *x = (struct warning *)(void *)((char *)a -
	    offsetof(struct warning, arrival));

	full_warned(x->quota, x->percent);
	return true;
}

static void
fill_entry(struct warning *x, struct mailbox *mb)
{
	x->entry = (struct entry){ .kind = PLACE_APPENDED };
	x->entry.r.uid = change_uid(mb);
	x->entry.r.size = x->text.n;
	x->entry.r.date = x->entry.r.saved = clock_wall();
	x->entry.r.content = x->number;
	x->arrival = (struct arrival){ .mb = mb, .entries = &x->entry, .n = 1,
		.rows = note };
}

/* From tmp/ into cur/. */
static bool
arrive(struct warning *x, struct mailbox *mb, struct why *w)
{
	struct str name = { 0 };
	int error;

	fill_entry(x, mb);
	mailbox_file_name(&x->entry, &name);
	error = renameat(x->tmp, x->name, mb->cur, name.p) < 0 ? errno : 0;
	str_free(&name);
	if (error != 0)
		return trouble_errno(w, "Naming a message", error);
	return arrival_run(&x->arrival, w);
}

static bool
deliver_warning(struct warning *x, struct mailbox *mb, struct why *w)
{
	struct str path = { 0 };
	bool ok;

	mailbox_path(mb, &path);
	str_adds(&path, "/tmp");
	x->tmp = maildir_open(path.p);
	str_free(&path);
	if (x->tmp < 0)
		return trouble_errno(w, "Opening the mailbox", errno);
	x->number = append_number(x->name);
	pool_call(write_run, x);
	ok = x->error == 0 ? mailbox_usable(mb, w) && arrival_prepare(mb, w) :
			     trouble_errno(w, "Writing a message", x->error);
	ok = ok && arrive(x, mb, w);
	if (!ok)
		unlinkat(x->tmp, x->name, 0);
	close(x->tmp);
	return ok;
}

static void
run(void *arg)
{
	struct warning *x = arg;
	struct quota *q = x->quota;
	struct str from = { 0 };
	struct why w;
	struct mailbox *mb = mailbox_get(view_of(q->user), VIEW_NONE, &w);
	bool ok;

	put_from(&from, q);
	warning_text(&x->text, q, str_c(&from), clock_wall());
	ok = mb != NULL && deliver_warning(x, mb, &w);
	if (ok)
		log_info("quota", "user=%s warned percent=%u",
		    log_quote(view_of(q->user)), x->percent);
	else
		log_warning("quota", "user=%s not-warned reason=\"%s\"",
		    log_quote(view_of(q->user)), w.text);
	if (mb != NULL)
		mailbox_unref(mb);
	str_free(&from);
	str_free(&x->text);
	free(x);
	q->warning = false;
	quota_unref(q);
}

void
warning_start(struct quota *q, uint8_t percent)
{
	struct warning *x = xcalloc(1, sizeof(*x));

	x->quota = q;
	x->percent = percent;
	q->warning = true;
	q->refs++;
	fiber_start(run, x);
}
