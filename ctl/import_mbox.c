/* SPDX-License-Identifier: ISC */
/*
 * import_mbox - a file with one message behind the other
 *
 * It is read twice, as the first message tells the UIDVALIDITY and all of them
 * which keywords there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/import.h"
#include "ctl/output.h"
#include "lib/base/file.h"
#include "lib/mail/mbox.h"
#include "lib/mail/record.h"
#include "lib/proc/message.h"


struct reading {
	struct import_box *box;
	uint32_t last_uid;
	uint32_t dropped;	/* keywords beyond those */
};

/* The letter of a keyword, new if it has none; 0: there are too many. */
static char
letter_of(struct import_box *b, struct view word)
{
	struct view rest = str_view(&b->keywords), item;
	char letter = 'a';

	for (; list_next(&rest, &item); letter++)
		if (view_eqi(item, word))
			return letter;
	if (letter == 'a' + LETTER_KEYWORDS)
		return 0;
	list_put(&b->keywords, word);
	return letter;
}

static void
take_keywords(struct reading *r, struct view words, struct str *letters)
{
	struct view word;
	char letter;

	while ((word = view_word(&words)).n > 0)
		if ((letter = letter_of(r->box, word)) != 0)
			str_addc(letters, letter);
		else
			r->dropped++;
}

/* UIDs that do not ascend are none. */
static uint32_t
take_uid(struct reading *r, uint32_t uid)
{
	if (uid <= r->last_uid || r->box->uidvalidity == 0)
		return 0;
	r->last_uid = uid;
	return uid;
}

static int
put(struct reading *r, const struct mbox_message *m)
{
	struct import_message out = { .date = m->date, .uidl = VIEW_NONE };
	struct str content = { 0 };
	struct mbox_state s;
	int code = 0;

	mbox_read(m->raw, &content, &s);
	out.content = str_view(&content);
	out.uid = take_uid(r, s.uid);
	str_adds(&out.letters, s.letters);
	take_keywords(r, s.keywords, &out.letters);
	if (!s.internal)
		code = import_put(r->box, &out);
	str_free(&out.letters);
	str_free(&content);
	return code;
}

/* How many there are, and what the first one says of all. */
static int
look(struct import_box *b, struct view text, const char *path)
{
	struct mbox_message m;
	struct mbox_state s;
	struct view rest = text;

	while (mbox_next(&rest, &m)) {
		struct str content = { 0 };

		if (b->total++ == 0) {
			mbox_read(m.raw, &content, &s);
			b->uidvalidity = s.uidvalidity;
			b->uidnext = s.uidlast + (s.uidlast < UINT32_MAX);
		}
		str_free(&content);
	}
	return rest.n == 0 ? 0 : ctl_fail(EX_DATAERR, "%s is no mbox file: "
	    "where a message should begin, at octet %zu, is no \"From\" line",
	    path, text.n - rest.n);
}

static int
bring(struct import *i, struct view text, const char *path,
    struct view mailbox)
{
	struct import_box b = { .mailbox = mailbox };
	struct reading r = { .box = &b };
	struct mbox_message m;
	int code = look(&b, text, path);

	if (code != 0)
		return code;
	code = import_open(i, &b);
	while (code == 0 && mbox_next(&text, &m))
		code = put(&r, &m);
	if (b.uidnext <= r.last_uid)
		b.uidnext = r.last_uid + 1;
	if (r.dropped > 0)
		ctl_fail(0, "%s: more than %d keywords; %u of messages were "
		    "left out", output_clean(mailbox), LETTER_KEYWORDS, r.dropped);
	return import_close(&b, code);
}

int
import_mbox(struct import *i, const char *path, struct view mailbox)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), code;
	struct view text = { 0 };

	if (fd < 0 || (text = file_map(fd)).p == NULL)
		code = ctl_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
	else
		code = bring(i, text, path, mailbox);
	if (text.p != NULL)
		file_unmap(text);
	if (fd >= 0)
		close(fd);
	return code;
}
