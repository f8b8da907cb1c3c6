/* SPDX-License-Identifier: ISC */
/*
 * catenate - finding what a URL names, and copying it
 *
 * The mailbox is opened at store as for EXAMINE, which asks for the rights that
 * reading needs and says what its UIDs are worth. Octets are copied as they
 * are, whatever the client may see of a header in FETCH.
 */
#include "imapd/catenate.h"
#include "imapd/box.h"
#include "imapd/fetch.h"
#include "lib/base/file.h"
#include "lib/mail/utf8.h"
#include "lib/proc/service.h"

#define PIECE 65536u

/* ---- the URL ---- */

static int
hex(char c)
{
	c = to_lower(c);
	return is_digit(c)	    ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
				   -1;
}

/* "%41" to "A". False for what is no such code, and for NUL, CR and LF. */
static bool
decode(struct view v, struct arena *a, struct view *out)
{
	char *to = arena_alloc(a, v.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++) {
		int c = (unsigned char)v.p[i];

		if (c == '%') {
			int high = i + 2 < v.n ? hex(v.p[i + 1]) : -1;
			int low = high >= 0 ? hex(v.p[i + 2]) : -1;

			if (low < 0)
				return false;
			c = high << 4 | low;
			i += 2;
		}
		if (c == '\0' || c == '\r' || c == '\n')
			return false;
		to[n++] = (char)c;
	}
	to[n] = '\0';
	*out = (struct view){ to, n };
	return true;
}

/* Cut v at the last or first ";NAME=", letters without case; what is behind it,
 * p NULL if there is none. */
static struct view
cut_at(struct view *v, const char *mark)
{
	size_t n = strlen(mark);

	for (size_t i = 0; i + n <= v->n; i++) {
		struct view at = { v->p + i, n };

		if (view_isi(at, mark)) {
			at = view_skip(*v, i + n);
			v->n = i;
			return at;
		}
	}
	return (struct view){ NULL, 0 };
}

static bool
parse_number32(struct view v, uint32_t *out)
{
	uint64_t n;

	if (!view_u64(v, UINT32_MAX, &n) || n == 0)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* "0.100", "100" */
static bool
parse_range(struct view v, struct catenate_url *u)
{
	struct view from = view_cut(&v, '.');

	u->partial = true;
	if (!view_u64(from, INT64_MAX, &u->from))
		return false;
	return v.n == 0 || (view_u64(v, INT64_MAX, &u->count) && u->count > 0);
}

/* A scheme, a server, or what is signed, is of another extension. */
static bool
is_relative(struct view url)
{
	size_t colon = view_find(url, ':');

	return !view_starts(url, VIEW_LIT("//")) &&
	    (colon == url.n || colon > view_find(url, '/'));
}

/* "mailbox;UIDVALIDITY=1" */
static bool
parse_place(struct view v, struct arena *a, struct catenate_url *out)
{
	struct view validity;

	if (v.n > 0 && v.p[0] == '/')
		v = view_skip(v, 1);
	validity = cut_at(&v, ";UIDVALIDITY=");
	if (validity.p != NULL && !parse_number32(validity, &out->uidvalidity))
		return false;
	return decode(v, a, &out->mailbox) && utf8_valid(out->mailbox);
}

bool
catenate_parse(struct view url, struct arena *a, struct catenate_url *out)
{
	struct view uid, section, partial;

	*out = (struct catenate_url){ .section = VIEW_NONE };
	if (!is_relative(url))
		return false;
	uid = cut_at(&url, "/;UID=");
	if (uid.p == NULL)
		uid = cut_at(&url, ";UID=");	/* of the selected mailbox */
	partial = cut_at(&uid, "/;PARTIAL=");
	section = cut_at(&uid, "/;SECTION=");
	return uid.p != NULL && parse_number32(uid, &out->uid) &&
	    parse_place(url, a, out) &&
	    (section.p == NULL || decode(section, a, &out->section)) &&
	    (partial.p == NULL || parse_range(partial, out));
}

/* ---- the message ---- */

/* The mailbox at store: its handle, and whether it has to be closed. */
struct source {
	uint32_t handle;
	bool opened;
};

static bool
open_mailbox(struct imap *im, const struct catenate_url *u, struct source *s,
    struct why *w)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = imap_number(im),
		    .mailbox = u->mailbox } };
	struct reply reply = { 0 };
	uint32_t uidvalidity;

	if (!store_ask(im, &m, &reply, w))
		return false;
	if (!store_want(&reply, MSG_mailbox_opened, w)) {
		reply_free(&reply);
		return false;
	}
	s->handle = reply.m.mailbox_opened.handle;
	s->opened = true;
	uidvalidity = reply.m.mailbox_opened.uidvalidity;
	reply_free(&reply);
	return u->uidvalidity == 0 || u->uidvalidity == uidvalidity ||
	    why_never(w, "2.1", "The mailbox is another one now");
}

static bool
find_mailbox(struct imap *im, const struct catenate_url *u, struct source *s,
    struct why *w)
{
	if (u->mailbox.n > 0)
		return open_mailbox(im, u, s, w);
	if (im->box == NULL)
		return why_never(w, "2.1", "No mailbox selected");
	s->handle = im->box->handle;
	return u->uidvalidity == 0 ||
	    u->uidvalidity == im->box->uidvalidity ||
	    why_never(w, "2.1", "The mailbox is another one now");
}

static void
close_mailbox(struct imap *im, const struct source *s)
{
	struct message m = { .type = MSG_mailbox_close,
		.mailbox_close.handle = s->handle };

	struct channel *c = s->opened && im->store != NULL ?
	    service_peer(ROLE_STORE, s->handle >> HANDLE_INSTANCE) : NULL;

	if (c != NULL)
		channel_send(c, &m);
}

/* ---- its octets ---- */

static bool
put_range(struct append *a, int fd, struct mime_range r, struct why *w)
{
	struct str piece = { 0 };
	bool fine = true;

	while (fine && r.n > 0) {
		size_t n = r.n < PIECE ? r.n : PIECE;

		fine = file_pread_all(fd, str_room(&piece, n), n, (off_t)r.at);
		if (!fine)
			why_errno(w, "reading a message");
		fine = fine && append_put(a, (struct view){ piece.p, n }, w);
		r.at += n;
		r.n -= n;
	}
	str_free(&piece);
	return fine;
}

static bool
put_fields(struct append *a, struct content *c, const struct section *s,
    struct mime_range r, struct why *w)
{
	struct str chosen = { 0 };
	struct view all;
	bool fine = content_all(c, &all);

	if (!fine) {
		why_errno(w, "reading a message");
	} else {
		section_fields(s, (struct view){ all.p + r.at, r.n }, &chosen);
		r = section_clip(s, (struct mime_range){ 0, chosen.n });
		fine = append_put(a, (struct view){ str_c(&chosen) + r.at,
		    r.n }, w);
	}
	str_free(&chosen);
	return fine;
}

static enum answer
put_section(struct imap *im, struct append *a, struct content *c,
    const struct section *s)
{
	const struct mime_part *root = content_root(c);
	struct why w = { .verdict = VERDICT_DONE };
	struct mime_range r = { 0 };
	bool fine;

	if (root == NULL || !mime_range(root, s->numbers, s->want, &r))
		return ANSWER_BAD;	/* the caller says which URL */
	if (s->field == NULL)
		r = section_clip(s, r);
	if (!append_fits(im, a, r.n))
		return answer_no(im, "[TOOBIG] Message too large");
	fine = s->field != NULL ? put_fields(a, c, s, r, &w) :
				  put_range(a, c->fd, r, &w);
	return fine ? ANSWER_OK : answer_why(im, &w);
}

/* ---- all of it ---- */

static bool
read_section(struct imap *im, const struct catenate_url *u, struct section *s)
{
	struct parse p = parse_begin(u->section, &im->arena);
	struct str label = { 0 };

	*s = (struct section){ .partial = u->partial, .from = u->from,
		.count = u->count > 0 ? u->count : INT64_MAX };
	section_parse(&p, s, &label);
	str_free(&label);
	return parse_end(&p);
}

/* In a response code: no ']', and nothing that is no text. */
static enum answer
bad_url(struct imap *im, struct view url, const char *why)
{
	struct str shown = { 0 };
	enum answer answer;

	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];

		if (c <= ' ' || c >= 0x7f || c == ']' || c == '\\')
			str_addf(&shown, "%%%02X", c);
		else
			str_addc(&shown, (char)c);
	}
	answer = answer_no(im, "[BADURL %s] %s", str_c(&shown), why);
	str_free(&shown);
	return answer;
}

static enum answer
from_message(struct imap *im, struct append *a, const struct section *s,
    int fd)
{
	struct content *c = arena_zalloc(&im->arena, sizeof(*c));
	enum answer answer = ANSWER_BAD;

	a->binary = true;	/* what was delivered may have NUL */
	if (content_begin(c, fd))
		answer = put_section(im, a, c, s);
	content_free(c);
	return answer;
}

enum answer
catenate_url(struct imap *im, struct append *a, struct view url)
{
	struct contents *files = arena_zalloc(&im->arena, sizeof(*files));
	struct catenate_url u;
	struct source source = { 0 };
	enum answer answer = ANSWER_BAD;
	struct section section;
	struct why w = { 0 };

	if (!catenate_parse(url, &im->arena, &u) ||
	    !read_section(im, &u, &section))
		return bad_url(im, url, "Not a URL of a message here");
	files->n = 1;
	files->uid[0] = u.uid;
	if (!find_mailbox(im, &u, &source, &w) ||
	    !contents_of(im, source.handle, files, &w)) {
		close_mailbox(im, &source);
		return w.verdict == VERDICT_LATER ? answer_why(im, &w) :
						    bad_url(im, url, w.text);
	}
	if (files->fd[0] >= 0)
		answer = from_message(im, a, &section, files->fd[0]);
	contents_close(files);
	close_mailbox(im, &source);
	return answer == ANSWER_BAD ? bad_url(im, url, "No such message or "
						       "part") : answer;
}
