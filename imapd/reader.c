/* SPDX-License-Identifier: ISC */
/*
 * reader - lines and literals until a command is whole
 *
 * A command is kept as it came, in one text with a limit. One that is too large
 * or has a CR or LF out of place is read to its end all the same, without
 * keeping more of it, so that its tag gets a BAD and the next command is found.
 * Before login such patience ends with the first literal: only a hostile client
 * sends a large one then.
 */
#include "imapd/commands.h"
#include "imapd/reader.h"
#include "lib/proc/service.h"

#define SKIP_MAX	(1ull << 32)	/* literals that are read in vain */
#define UNASKED_MAX	4096		/* of LITERAL- */

/* What must be known of a line that is not kept. */
struct line {
	char tail[32];		/* its last octets: a literal's head fits */
	size_t n;
	size_t returns;		/* CRs seen */
};

int64_t
reader_deadline(struct imap *im)
{
	if (im->user == NULL)
		return gate_deadline(&im->gate);
	return deadline_in(im->settings->imap_timeout * 1000);
}

void
reader_gone(struct imap *im, enum stream_end e)
{
	if (e == STREAM_TIMEOUT) {
		out_puts(im, "* BYE Nothing was heard for too long\r\n");
		im->ended = "Inactivity";
	} else if (e == STREAM_CANCELLED && im->session->evicted) {
		out_puts(im, "* BYE [UNAVAILABLE] Too many sessions, try again "
			     "later\r\n");
		im->ended = "Made place for others";
	} else if (e == STREAM_CANCELLED) {
		out_puts(im, "* BYE Server is stopping\r\n");
		im->ended = "Server stopping";
	} else {
		im->ended = "Connection closed";
	}
	im->over = true;
}

static size_t
limit(const struct imap *im)
{
	return im->user ? COMMAND_MAX : COMMAND_MAX_LOGIN;
}

static void
keep(struct imap *im, struct view v)
{
	if (im->wrong == NULL && im->text.n + v.n > limit(im))
		im->wrong = "[LIMIT] Command too long";
	if (im->wrong == NULL || im->text.n == 0)
		str_addn(&im->text, v.p, v.n < 256 || !im->wrong ? v.n : 256);
}

static void
note(struct line *l, struct view v)
{
	const char *at = v.p;
	size_t keep_n;

	while ((at = memchr(at, '\r', (size_t)(v.p + v.n - at))) != NULL) {
		l->returns++;
		at++;
	}
	if (v.n > sizeof(l->tail))
		v = view_skip(v, v.n - sizeof(l->tail));
	keep_n = sizeof(l->tail) - v.n < l->n ? sizeof(l->tail) - v.n : l->n;
	memmove(l->tail, l->tail + l->n - keep_n, keep_n);
	memcpy(l->tail + keep_n, v.p, v.n);
	l->n = keep_n + v.n;
}

/* One line, its end included. */
static bool
take_line(struct imap *im, struct line *l)
{
	bool ended = false;

	*l = (struct line){ 0 };
	while (!ended) {
		struct view v;
		enum stream_end e = stream_peek(&im->session->stream, &v,
		    reader_deadline(im));
		size_t n;

		if (e != STREAM_OK) {
			reader_gone(im, e);
			return false;
		}
		n = view_find(v, '\n');
		ended = n < v.n;
		v.n = ended ? n + 1 : v.n;
		keep(im, v);
		note(l, v);
		stream_skip(&im->session->stream, v.n);
	}
	if (im->wrong == NULL && (l->returns != 1 || l->n < 2 ||
		l->tail[l->n - 2] != '\r'))
		im->wrong = "CR or LF out of place";
	return true;
}

static bool
announces(const struct line *l, struct incoming *in)
{
	struct view v = { l->tail, l->n - 1 };

	if (v.n > 0 && v.p[v.n - 1] == '\r')
		v.n--;
	return parse_literal_head(v, &in->literal);
}

static bool
go_ahead(struct imap *im, const struct incoming *in)
{
	if (!in->literal.waits)
		return true;
	out_puts(im, "+ Go ahead\r\n");
	return out_flush(im);
}

/* The octets of a literal; kept while all is fine. */
static bool
take_literal(struct imap *im, uint64_t n)
{
	while (n > 0) {
		struct view v;
		enum stream_end e = stream_peek(&im->session->stream, &v,
		    reader_deadline(im));

		if (e != STREAM_OK) {
			reader_gone(im, e);
			return false;
		}
		if (v.n > n)
			v.n = (size_t)n;
		keep(im, v);
		stream_skip(&im->session->stream, v.n);
		n -= v.n;
	}
	return true;
}

bool
reader_may_come(const struct imap *im, const struct literal *l)
{
	return l->waits || !im->settings->imap_literal_minus ||
	    l->size <= UNASKED_MAX;
}

/* Too large for us, or to come without being asked for. */
static void
judge(struct imap *im, const struct literal *l)
{
	if (im->wrong == NULL && l->size > limit(im) - im->text.n)
		im->wrong = "[LIMIT] Literal too large";
	if (im->wrong == NULL && !reader_may_come(im, l))
		im->wrong = "[TOOBIG] Literal too large to be sent without "
			    "waiting";
}

static bool
too_patient(struct imap *im, const struct incoming *in)
{
	if (im->wrong == NULL ||
	    (im->user != NULL && in->literal.size < SKIP_MAX))
		return false;
	out_printf(im, "* BYE [%s] Literal too large\r\n",
	    im->settings->imap_literal_minus ? "TOOBIG" : "LIMIT");
	im->ended = "Literal too large";
	im->over = true;
	return true;
}

static enum read_end
whole(struct imap *im)
{
	if (im->wrong != NULL)
		return READ_BAD;
	im->text.n -= 2;
	im->text.p[im->text.n] = '\0';
	return READ_COMMAND;
}

/* Lines and literals to the end of the command. */
static enum read_end
take_command(struct imap *im)
{
	struct incoming in = { 0 };
	struct line l;

	for (;;) {
		if (!take_line(im, &l))
			return READ_GONE;
		if (!announces(&l, &in))
			return whole(im);
		if (im->wrong == NULL && command_takes(im)) {
			im->incoming = in;
			im->incoming.pending = im->incoming.open = true;
			return READ_COMMAND;
		}
		judge(im, &in.literal);
		if (im->wrong != NULL && in.literal.waits)
			return READ_BAD;
		if (too_patient(im, &in) || !go_ahead(im, &in) ||
		    !take_literal(im, in.literal.size))
			return READ_GONE;
	}
}

enum read_end
reader_command(struct imap *im)
{
	im->wrong = NULL;
	im->incoming = (struct incoming){ 0 };
	str_reset(&im->text);
	return take_command(im);
}

enum read_end
reader_line(struct imap *im)
{
	struct line l;

	im->wrong = NULL;
	str_reset(&im->text);
	return take_line(im, &l) ? whole(im) : READ_GONE;
}

/* ---- literals that a command takes itself ---- */

bool
reader_literal_begin(struct imap *im)
{
	return go_ahead(im, &im->incoming);
}

bool
reader_literal_piece(struct imap *im, struct view *piece)
{
	enum stream_end e;

	*piece = VIEW_NONE;
	if (im->incoming.literal.size == 0) {
		im->incoming.pending = false;
		return true;
	}
	e = stream_peek(&im->session->stream, piece, reader_deadline(im));
	if (e != STREAM_OK) {
		reader_gone(im, e);
		return false;
	}
	if (piece->n > im->incoming.literal.size)
		piece->n = (size_t)im->incoming.literal.size;
	return true;
}

void
reader_literal_done(struct imap *im, size_t n)
{
	im->incoming.literal.size -= n;
	stream_skip(&im->session->stream, n);
}

enum read_end
reader_continue(struct imap *im)
{
	struct line l;

	str_reset(&im->text);
	if (!take_line(im, &l))
		return READ_GONE;
	im->incoming = (struct incoming){ 0 };
	if (announces(&l, &im->incoming)) {
		im->incoming.pending = im->incoming.open = true;
		return im->wrong ? READ_BAD : READ_COMMAND;
	}
	return whole(im);
}

bool
reader_finish(struct imap *im)
{
	while (im->incoming.open) {
		if (im->incoming.pending && im->incoming.literal.waits)
			break;
		if (im->wrong == NULL)
			im->wrong = "";	/* keep nothing */
		if (im->incoming.pending && (too_patient(im, &im->incoming) ||
			!take_literal(im, im->incoming.literal.size)))
			return false;
		if (reader_continue(im) == READ_GONE)
			return false;
	}
	im->incoming = (struct incoming){ 0 };
	return true;
}
