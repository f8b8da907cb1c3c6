/* SPDX-License-Identifier: ISC */
/*
 * export_maildir - a Maildir++, and what Dovecot wants to know beside it
 *
 * Lines end with LF there, as mail programs that read a Maildir expect.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/export.h"
#include "ctl/message_file.h"
#include "ctl/output.h"
#include "lib/base/file.h"
#include "lib/mail/wire.h"
#include "lib/proc/message.h"

static bool
fail(const struct export_box *b, const char *what)
{
	ctl_fail(0, "%s: cannot write %s: %s", output_clean(b->mailbox), what,
	    strerror(errno));
	return false;
}

static FILE *
make_file(int dir, const char *name)
{
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

static bool
close_file(FILE *f)
{
	bool ok = !ferror(f);

	return fclose(f) == 0 && ok;
}

/* ---- a mailbox ---- */

static bool
make_parts(int box)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	for (size_t i = 0; i < nitems(parts); i++)
		if (mkdirat(box, parts[i], 0700) < 0)
			return false;
	return true;
}

static bool
begin(struct export_box *b)
{
	struct str folder = { 0 };
	bool inbox = view_is(b->mailbox, "INBOX");

	str_addf(&folder, ".%s", inbox ? "" : b->name);
	if (!inbox && mkdirat(b->dir, folder.p, 0700) < 0)
		b->box = -1;
	else
		b->box = openat(
		    b->dir, folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	str_free(&folder);
	b->list = NULL;
	if (b->box >= 0 && make_parts(b->box))
		b->list = make_file(b->box, "dovecot-uidlist");
	if (b->list == NULL) {
		fail(b, "its directory");
		if (b->box >= 0)
			close(b->box);
		return false;
	}
	fprintf(b->list, "3 V%u N%u\n", b->uidvalidity, b->uidnext);
	return true;
}

static bool
write_message(const struct export_box *b, const char *name, struct view text,
    int64_t date)
{
	struct str path = { 0 };
	bool ok;

	str_addf(&path, "cur/%s", name);
	ok = message_file_write(b->box, path.p, text, date, NULL);
	str_free(&path);
	return ok;
}

static bool
put(struct export_box *b, const struct export_message *m)
{
	struct str text = { 0 }, name = { 0 };
	bool ok;

	wire_to_lf(m->content, &text);
	str_addf(&name, "%lld.M%uP0.posthouse,S=%zu,W=%zu",
	    (long long)(m->r.date > 0 ? m->r.date : 0), m->r.uid, text.n,
	    m->content.n);
	fprintf(b->list, "%u", m->r.uid);
	if (m->uidl.n > 0)
		fprintf(b->list, " P%.*s", VIEW(m->uidl));
	fprintf(b->list, " :%s\n", name.p);
	str_adds(&name, ":2,");
	flag_letters(m->r.flags, m->r.keywords, &name);
	ok = write_message(b, name.p, str_view(&text), m->r.date);
	if (!ok)
		fail(b, "a message");
	str_free(&text);
	str_free(&name);
	return ok;
}

static bool
put_keywords(const struct export_box *b)
{
	struct view rest = b->keywords, item;
	FILE *f = make_file(b->box, "dovecot-keywords");

	for (int i = 0; f != NULL && i < LETTER_KEYWORDS && list_next(&rest, &item);
	     i++)
		fprintf(f, "%d %.*s\n", i, VIEW(item));
	return f != NULL && close_file(f);
}

static bool
end(struct export_box *b, bool fine)
{
	bool ok = close_file(b->list) && put_keywords(b);

	if (!ok && fine)
		fail(b, "its list of UIDs or keywords");
	close(b->box);
	return ok;
}

/* With tabs between the parts of a name, as from version 2 on. */
static bool
subscribed(int dir, struct view names)
{
	FILE *f = make_file(dir, "subscriptions");
	struct view name;

	if (f != NULL)
		fputs("V\t2\n\n", f);
	while (f != NULL && list_next(&names, &name)) {
		for (size_t i = 0; i < name.n; i++)
			putc(name.p[i] == '/' ? '\t' : name.p[i], f);
		putc('\n', f);
	}
	if (f != NULL && close_file(f))
		return true;
	ctl_fail(0, "cannot write the subscriptions: %s", strerror(errno));
	return false;
}

const struct export_form export_maildir = { begin, put, end, subscribed };
