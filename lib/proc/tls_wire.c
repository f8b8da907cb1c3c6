/* SPDX-License-Identifier: ISC */
/*
 * tls_wire - records instead of octets, for both sides of a handshake
 *
 * OpenSSL reads and writes the socket through a BIO of ours and tells what it
 * waits for; the fiber waits. Errors of OpenSSL are kept by thread, and all
 * fibers are one thread: the queue is emptied before each call. Buffers exist
 * only while they hold something.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "lib/proc/tls_key.h"
#include "lib/proc/tls_state.h"

static BIO_METHOD *wire;

/* ---- the wire ---- */

static int
take_before(struct tls *t, char *p, size_t n)
{
	if (n > t->before_n)
		n = t->before_n;
	memcpy(p, t->before + t->before_at, n);
	t->before_at += n;
	t->before_n -= n;
	if (t->before_n == 0) {
		free(t->before);
		t->before = NULL;
	}
	return (int)n;
}

static int
wire_read(BIO *b, char *p, int n)
{
	struct stream *s = BIO_get_data(b);
	struct tls *t = s->tls;
	ssize_t got;

	BIO_clear_retry_flags(b);
	if (t->before != NULL)
		return take_before(t, p, (size_t)n);
	got = recv(s->fd, p, (size_t)n, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(b);
	t->ended = got == 0;
	return (int)got;
}

static int
wire_write(BIO *b, const char *p, int n)
{
	struct stream *s = BIO_get_data(b);
	ssize_t put = send(s->fd, p, (size_t)n, MSG_NOSIGNAL);

	BIO_clear_retry_flags(b);
	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(b);
	return (int)put;
}

static long
wire_control(BIO *b, int what, long number UNUSED, void *p UNUSED)
{
	struct stream *s = BIO_get_data(b);

	if (what == BIO_CTRL_EOF)
		return ((struct tls *)s->tls)->ended;
	return what == BIO_CTRL_FLUSH;
}

void
tls_wire_prepare(void)
{
	if (wire != NULL)
		return;
	wire = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
	    "stream");
	must(wire != NULL && BIO_meth_set_read(wire, wire_read) == 1 &&
	    BIO_meth_set_write(wire, wire_write) == 1 &&
	    BIO_meth_set_ctrl(wire, wire_control) == 1);
}

static BIO *
wire_new(struct stream *s)
{
	BIO *b = BIO_new(wire);

	must(b != NULL);
	BIO_set_data(b, s);
	BIO_set_init(b, 1);
	return b;
}

/* ---- the transport ---- */

static ssize_t
outcome(struct tls *t, int result, char *want)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*want = 'r';
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_WANT_WRITE:
		*want = 'w';
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		t->broken = true;
		errno = ECONNRESET;
		return -1;
	}
}

static ssize_t
tls_read(struct stream *s, void *p, size_t n, char *want)
{
	struct tls *t = s->tls;
	size_t got = 0;
	int result;

	if (t->broken)
		return 0;
	ERR_clear_error();
	result = SSL_read_ex(t->ssl, p, n, &got);
	return result == 1 ? (ssize_t)got : outcome(t, result, want);
}

static ssize_t
tls_write(struct stream *s, const void *p, size_t n, char *want)
{
	struct tls *t = s->tls;
	size_t put = 0;
	int result;

	if (t->broken) {
		errno = ECONNRESET;
		return -1;
	}
	ERR_clear_error();
	result = SSL_write_ex(t->ssl, p, n, &put);
	if (result == 1)
		return (ssize_t)put;
	if (outcome(t, result, want) == 0) {
		/* a lost connection, after the peer's close_notify */
		t->broken = true;
		errno = ECONNRESET;
	}
	return -1;
}

static void
tls_close(struct stream *s)
{
	struct tls *t = s->tls;

	ERR_clear_error();
	if (!t->broken && SSL_is_init_finished(t->ssl))
		SSL_shutdown(t->ssl);
	SSL_free(t->ssl);
	ERR_clear_error();
	free(t->before);
	arena_reset(&t->arena);
	free(t);
	s->tls = NULL;
}

static const struct stream_transport transport = { tls_read, tls_write,
	tls_close };

static void
look_at_result(struct tls *t)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(t->ssl);
	int algorithm = 0;

	t->info.version = SSL_get_version(t->ssl);
	t->info.cipher = SSL_CIPHER_get_name(c);
	t->info.bits = (unsigned)SSL_CIPHER_get_bits(c, &algorithm);
	t->info.resumed = SSL_session_reused(t->ssl) == 1;
	tls_peer_look(t);
}

/* ---- the handshake ---- */

/* What OpenSSL says of its last failure. */
static const char *
reason(const struct tls *t)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	if (text != NULL)
		return text;
	return t->ended ? "lost connection" : "connection reset";
}

bool
tls_wait(struct stream *s, char want, int64_t deadline, struct why *w)
{
	enum wait end;

	do
		end = want == 'r' ? fd_wait_read(s->watch, deadline) :
				    fd_wait_write(s->watch, deadline);
	while (end == WAIT_WOKEN);
	if (end == WAIT_TIMEOUT)
		return why_later(w, "7.5", "timed out");
	return end == WAIT_READY || why_later(w, "3.0", "cancelled");
}

struct tls *
tls_attach(struct stream *s, SSL_CTX *c)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	BIO *b;

	arena_init(&t->arena);
	t->info.sni = "";
	if (s->in_n > 0) {
		t->before = xmalloc(s->in_n);
		memcpy(t->before, s->in + s->in_at, s->in_n);
		t->before_n = s->in_n;
	}
	stream_discard(s);
	t->ssl = SSL_new(c);
	must(t->ssl != NULL);
	SSL_set_app_data(t->ssl, t);
	s->tls = t;
	s->transport = &transport;
	s->drained = false;
	b = wire_new(s);
	SSL_set_bio(t->ssl, b, b);
	return t;
}

bool
tls_shake_hands(struct stream *s, int64_t deadline, struct why *w)
{
	struct tls *t = s->tls;
	char want = 'r';
	int result;

	for (;;) {
		ERR_clear_error();
		tls_key_deadline(deadline);
		result = SSL_do_handshake(t->ssl);
		if (result == 1)
			break;
		if (outcome(t, result, &want) == 0 || errno != EAGAIN)
			return why_later(w, "7.5", "%s", reason(t));
		if (!tls_wait(s, want, deadline, w))
			return false;
	}
	look_at_result(t);
	return true;
}

const struct tls_info *
tls_info(const struct stream *s)
{
	const struct tls *t = s->tls;

	return t != NULL ? &t->info : NULL;
}
