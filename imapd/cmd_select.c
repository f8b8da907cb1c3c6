/* SPDX-License-Identifier: ISC */
/*
 * cmd_select - SELECT EXAMINE CLOSE UNSELECT (RFC 3501 6.3, 6.4; RFC 3691)
 *
 * The mailbox that was selected is left whatever becomes of the new one. A
 * client that was here before may say what it knows, and hears what is new
 * since (RFC 7162 3.2.5).
 */
#include <stdlib.h>

#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/link.h"
#include "imapd/route.h"
#include "imapd/select.h"
#include "imapd/sync.h"
#include "imapd/vanished.h"
#include "lib/mail/rights.h"

void
box_leave(struct imap *im)
{
	struct message m = { .type = MSG_mailbox_close };

	if (im->box == NULL)
		return;
	if (im->box->channel != NULL) {
		m.mailbox_close.handle = im->box->handle;
		channel_send(im->box->channel, &m);
	}
	link_detach(im->box);
	box_free(&im->box);
}

static struct box *
make_box(struct imap *im, const struct msg_mailbox_opened *o)
{
	struct box *b = box_new();

	b->im = im;
	b->channel = im->opens_at;
	b->handle = o->handle;
	b->shared = o->shared != 0;
	if (!rights_parse(o->rights, &b->rights))
		b->rights = 0;
	b->uidvalidity = o->uidvalidity;
	b->uidnext = o->uidnext;
	b->modseq = o->modseq;
	b->unseen = o->unseen;
	str_add(&b->id, o->id);
	box_set_keywords(b, o->keywords);
	if (!box_map(b, o->index, o->count))
		box_free(&b);
	else if (o->recent > 0)
		box_set_recent(b, o->first_recent);
	return b;
}

struct box *
box_open(struct imap *im, struct view name, bool read_only, struct why *w)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = imap_number(im), .mailbox = name,
		    .mode = read_only ? 0 : 1 } };
	struct reply reply = { 0 };
	struct box *b = NULL;

	if (!store_ask(im, &m, &reply, w))
		return NULL;
	if (store_want(&reply, MSG_mailbox_opened, w)) {
		b = make_box(im, &reply.m.mailbox_opened);
		if (b == NULL)
			why_later(w, "3.0", "No memory for the index");
	}
	reply_free(&reply);
	if (b == NULL)
		return NULL;
	b->read_only = read_only;
	str_add(&b->name, name);
	return b;
}

void
box_close(struct imap *im, struct box **b)
{
	struct message m = { .type = MSG_mailbox_close,
		.mailbox_close.handle = (*b)->handle };

	if (im->store != NULL)
		channel_send(im->store, &m);
	box_free(b);
}

static bool
select_open(struct imap *im, struct view name, bool read_only, struct why *w)
{
	im->box = box_open(im, name, read_only, w);
	if (im->box == NULL)
		return false;
	if (im->opens_at != NULL)
		link_attach(im->box);
	return true;
}

/* RFC 9051 6.3.2: the mailbox, as LIST without options would tell it. */
static void
put_list(struct imap *im, struct view name)
{
	if (!imap_has(im, FEATURE_REV2))
		return;
	out_puts(im, "* LIST () \"/\" ");
	out_mailbox(im, name);
	out_puts(im, "\r\n");
}

/* Events that came before this are told with the tagged answer. */
static void
describe(struct imap *im)
{
	const struct box *b = im->box;
	bool modern = imap_has(im, FEATURE_REV2 | FEATURE_UIDONLY);

	sync_tell_keywords(im);
	sync_put_exists(im);
	if (b->unseen > 0 && !modern)
		out_printf(im, "* OK [UNSEEN %u] First unseen message\r\n",
		    b->unseen);
	out_printf(im,
	    "* OK [UIDVALIDITY %u] UIDs are valid\r\n"
	    "* OK [UIDNEXT %u] Next UID\r\n"
	    "* OK [HIGHESTMODSEQ %llu] Last change\r\n",
	    b->uidvalidity, b->uidnext, (unsigned long long)b->modseq);
	out_printf(im, "* OK [MAILBOXID (%.*s)] Its id\r\n", VIEW(str_view(&b->id)));
}

/* ---- what the client knows ---- */

struct known {
	bool given;
	uint32_t uidvalidity;
	uint64_t modseq;
	struct numset *uids;	/* NULL: may be all */
};

/* "(uidvalidity modseq [uids] [(numbers uids)])"; the pairs of numbers and UIDs
 * would help a server that has forgotten, and are only read. */
static void
parse_known(struct parse *p, struct known *k, bool numbers_refused)
{
	struct numset pair;

	k->given = true;
	parse_want(p, '(');
	k->uidvalidity = (uint32_t)parse_number(p, UINT32_MAX);
	parse_space(p);
	k->modseq = parse_number(p, MODSEQ_MAX);
	while (parse_take(p, ' ')) {
		if (parse_at_set(p) && k->uids == NULL) {
			k->uids = arena_alloc(p->arena, sizeof(*k->uids));
			parse_set(p, UINT32_MAX, k->uids);
			continue;
		}
		if (numbers_refused)
			parse_fail(p, "[UIDREQUIRED] Message numbers are not "
				      "used");
		parse_want(p, '(');
		parse_set(p, UINT32_MAX, &pair);
		parse_space(p);
		parse_set(p, UINT32_MAX, &pair);
		parse_want(p, ')');
		break;
	}
	parse_want(p, ')');
}

/* " (CONDSTORE)", " (QRESYNC (...))" */
static void
parse_parameters(struct imap *im, struct parse *p, struct known *k)
{
	unsigned enabled = im->enabled;

	if (!parse_take(p, ' '))
		return;
	parse_want(p, '(');
	do {
		if (parse_word(p, "CONDSTORE")) {
			enabled |= FEATURE_CONDSTORE;
		} else if (parse_word(p, "QRESYNC") && !k->given) {
			parse_space(p);
			parse_known(p, k, imap_has(im, FEATURE_UIDONLY));
		} else {
			parse_fail(p, "Unknown SELECT parameter");
		}
	} while (parse_take(p, ' '));
	parse_want(p, ')');
	if (k->given && !imap_has(im, FEATURE_QRESYNC))
		parse_fail(p, "ENABLE QRESYNC first");
	if (parse_fine(p))
		im->enabled = enabled;
}

static void
tell_changes(struct imap *im, uint64_t since, const struct numset *known)
{
	struct walk w;

	walk_begin(&w, im->box, known, true);
	while (walk_next(&w) && out_push(im))
		if (record_modseq(box_record(im->box, w.index)) > since)
			sync_tell_flags(im, w.index, w.seq,
			    TELL_UID | TELL_FLAGS | TELL_MODSEQ);
}

static bool
resynchronize(struct imap *im, const struct known *k, struct why *w)
{
	if (!k->given || k->uidvalidity != im->box->uidvalidity)
		return true;
	if (!vanished_tell(im, k->modseq, k->uids, w))
		return false;
	tell_changes(im, k->modseq, k->uids);
	return true;
}

/* RFC 4314 5.2: something that others can see. */
static bool
may_write(const struct box *b)
{
	uint32_t seen_by_others = RIGHT_INSERT | RIGHT_EXPUNGE |
	    RIGHT_DELETED | RIGHT_WRITE | (b->shared ? 0 : RIGHT_SEEN);

	return !b->read_only && (b->rights & seen_by_others) != 0;
}

static enum answer
select_box(struct imap *im, struct parse *p, bool read_only)
{
	struct known known = { 0 };
	struct why w = { 0 };
	struct view name;
	bool opened;

	parse_space(p);
	name = parse_mailbox_named(p);
	parse_parameters(im, p, &known);
	if (!parse_end(p))
		return answer_syntax(im, p);
	if (im->box != NULL)
		out_puts(im, "* OK [CLOSED] The one before is closed\r\n");
	box_leave(im);
	im->opens_at = route_name(im, name, &w);
	if (im->opens_at == NULL)
		return answer_why(im, &w);
	link_open_begin(im->opens_at);
	opened = select_open(im, name, read_only, &w);
	if (im->opens_at != NULL)
		link_open_end(im->opens_at);
	im->opens_at = NULL;
	if (!opened)
		return answer_why(im, &w);
	describe(im);
	put_list(im, name);
	if (!resynchronize(im, &known, &w)) {
		box_leave(im);
		return answer_why(im, &w);
	}
	return answer_ok(im, "[READ-%s] Mailbox selected",
	    may_write(im->box) ? "WRITE" : "ONLY");
}

enum answer
cmd_select(struct imap *im, struct parse *p)
{
	return select_box(im, p, false);
}

enum answer
cmd_examine(struct imap *im, struct parse *p)
{
	return select_box(im, p, true);
}

enum answer
cmd_close(struct imap *im, struct parse *p)
{
	struct why w = { 0 };

	if (!parse_end(p))
		return answer_syntax(im, p);
	if (!im->box->read_only && (im->box->rights & RIGHT_EXPUNGE) &&
	    !expunge_deleted(im, NULL, &w))
		return answer_why(im, &w);
	box_leave(im);
	return ANSWER_OK;
}

enum answer
cmd_unselect(struct imap *im, struct parse *p)
{
	if (!parse_end(p))
		return answer_syntax(im, p);
	box_leave(im);
	return ANSWER_OK;
}
