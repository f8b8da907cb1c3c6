/* SPDX-License-Identifier: ISC */
/*
 * export_mbox - "Work.2026.mbox", with fields for what a Maildir has in names
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/export.h"
#include "ctl/output.h"
#include "lib/mail/mbox.h"
#include "lib/mail/wire.h"
#include "lib/proc/message.h"

static bool
begin(struct export_box *b)
{
	struct str name = { 0 };
	int fd;

	str_addf(&name, "%s.mbox", b->name);
	fd = openat(b->dir, name.p,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	b->list = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (b->list == NULL) {
		ctl_fail(0, "%s: %s", name.p, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	str_free(&name);
	return b->list != NULL;
}

/* Keywords of bits that are set, blanks between. */
static void
put_keywords(struct view keywords, uint64_t bits, struct str *out)
{
	const char *before = "X-Keywords: ";
	struct view item;

	for (; bits != 0 && list_next(&keywords, &item); bits >>= 1)
		if (bits & 1) {
			str_addf(out, "%s%.*s", before, VIEW(item));
			before = " ";
		}
	if (before[0] == ' ')
		str_addc(out, '\n');
}

static void
put_state(const struct export_box *b, const struct record *r, struct str *out)
{
	static const struct {
		uint32_t flag;
		char letter;
	} letters[] = { { FLAG_ANSWERED, 'A' }, { FLAG_FLAGGED, 'F' },
		{ FLAG_DELETED, 'D' }, { FLAG_DRAFT, 'T' } };

	if (b->count == 0)
		str_addf(out, "X-IMAPbase: %u %010u\n", b->uidvalidity,
		    b->uidnext - 1);
	str_addf(out, "X-UID: %u\nStatus: %sO\nX-Status: ", r->uid,
	    r->flags & FLAG_SEEN ? "R" : "");
	for (size_t i = 0; i < nitems(letters); i++)
		if (r->flags & letters[i].flag)
			str_addc(out, letters[i].letter);
	str_addc(out, '\n');
	put_keywords(b->keywords, r->keywords, out);
}

static bool
put(struct export_box *b, const struct export_message *m)
{
	struct str text = { 0 }, out = { 0 };
	time_t date = (time_t)m->r.date;
	char line[64] = "Thu Jan  1 00:00:00 1970";
	struct tm tm;
	bool ok;

	if (gmtime_r(&date, &tm) != NULL)
		asctime_r(&tm, line);
	str_addf(&out, "From MAILER-DAEMON %.24s\n", line);
	put_state(b, &m->r, &out);
	wire_to_lf(m->content, &text);
	mbox_write(str_view(&text), &out);
	ok = fwrite(out.p, 1, out.n, b->list) == out.n;
	if (!ok)
		ctl_fail(0, "%s: %s", output_clean(b->mailbox),
		    strerror(errno));
	str_free(&text);
	str_free(&out);
	return ok;
}

static bool
end(struct export_box *b, bool fine)
{
	bool ok = !ferror(b->list);

	ok = fclose(b->list) == 0 && ok;
	if (!ok && fine)
		ctl_fail(0, "%s: %s", output_clean(b->mailbox),
		    strerror(errno));
	return ok;
}

/* mbox files have no place for them. */
static bool
subscribed(int dir UNUSED, struct view names UNUSED)
{
	return true;
}

const struct export_form export_mbox = { begin, put, end, subscribed };
