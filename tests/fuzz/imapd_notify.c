/* SPDX-License-Identifier: ISC */
/*
 * imapd_notify - rules of NOTIFY from foreign bytes, and events for them
 *
 * The first line is what stands behind NOTIFY SET. Each octet after it is an
 * event of a few mailboxes, or says that the client reads. Whatever the rules
 * are, each name waits once, nothing is told that no group wants, and what is
 * told are whole lines.
 */
#include "lib/base/log.h"
#include "tests/unit/imapd_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "INBOX", "a", "a/b", "a/b/c", "b", "Work",
	"Work/x y", "zz" };
static const uint8_t whats[] = { NOTIFY_NEW, NOTIFY_EXPUNGE, NOTIFY_FLAGS,
	NOTIFY_NEW | NOTIFY_FLAGS, NOTIFY_NAME, NOTIFY_SUBSCRIPTION,
	NOTIFY_NAME | 64 };

static void
check_lines(struct view said)
{
	while (said.n > 0) {
		struct view line = view_cut(&said, '\n');

		must(view_ends(line, VIEW_LIT("\r")));
		must(view_starts(line, VIEW_LIT("* STATUS ")) ||
		    view_starts(line, VIEW_LIT("* LIST (")));
	}
}

static void
told(struct imap *im)
{
	must(im->notify->waiting <= nitems(names));
	notify_tell(im);
	must(!notify_has_news(im));
	check_lines(str_view(&im->out));
	str_reset(&im->out);
}

static void
one_event(struct imap *im, uint8_t octet)
{
	uint8_t what = whats[octet >> 5 < 7 ? octet >> 5 : 0];
	struct msg_watched m = { .what = what & 63,
		.mailbox = view_of(names[octet & 7]),
		.state = (octet >> 3) & 3, .messages = octet };
	size_t before;

	if (what & 64)
		m.old = view_of(names[(octet + 3) & 7]);
	before = im->notify->waiting;
	notify_hear(im->notify, &m);
	if (m.old.n == 0 && !im->notify->listens &&
	    (notify_wanted(im->notify->rules, m.mailbox, false) & m.what) == 0)
		must(im->notify->waiting == before);
}

static void
events(struct imap *im, struct view rest)
{
	while (rest.n > 0) {
		uint8_t octet = (uint8_t)rest.p[0];

		rest = view_skip(rest, 1);
		if (octet == 255)
			told(im);
		else
			one_event(im, octet);
	}
	told(im);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap im = { .ask = fake_ask };
	struct view in = view_bytes(data, size), line = view_cut(&in, '\n');
	struct notify_rules *r;
	struct parse p;
	struct why w;

	arena_init(&im.arena);
	p = parse_begin(line, &im.arena);
	r = notify_parse(&im, &p);
	must((r == NULL) == (p.error != NULL));
	if (r != NULL && !r->unsupported) {
		must(notify_set(&im, r, &w));
		events(&im, in);
	} else {
		notify_rules_free(&r);
	}
	notify_end(&im);
	arena_reset(&im.arena);
	str_free(&im.out);
	return 0;
}
