/* SPDX-License-Identifier: ISC */
/*
 * table_socket - names, questions and answers of tables over sockets
 *
 * A host is a numeric address or localhost: a name that has to be looked up
 * would make each lookup of mail wait for another.
 */
#include <stdlib.h>

#include "lib/mail/table_socket.h"

#define LINE_MOST	4096	/* octets of an answer of tcp: with its end */
#define LENGTH_MOST	6	/* digits of a netstring's length */

/* ---- names ---- */

/* "HOST:PORT"; localhost becomes a number. */
static char *
host_address(struct view host, struct view port)
{
	struct str s = { 0 };

	str_add(&s, view_isi(host, "localhost") ? VIEW_LIT("127.0.0.1") :
						  host);
	str_addc(&s, ':');
	str_add(&s, port);
	return s.p;
}

static struct table_socket *
new_socket(enum table_protocol protocol, char *address, struct view map)
{
	struct table_socket *t = xcalloc(1, sizeof(*t));

	t->protocol = protocol;
	t->address = address;
	t->map = xstrndup(map.p, map.n);
	return t;
}

/* At the last colon; false when there is none, or nothing on a side of it. */
static bool
split_last(struct view text, struct view *before, struct view *behind)
{
	size_t at = view_rfind(text, ':');

	*before = view_bytes(text.p, at);
	*behind = at < text.n ? view_skip(text, at + 1) : VIEW_NONE;
	return before->n > 0 && behind->n > 0;
}

static void *
open_socketmap(struct view text, const struct table_sink *sink)
{
	const struct view inet = VIEW_LIT("inet:"), local = VIEW_LIT("unix:");
	struct view place, map, host, port;
	bool named = split_last(text, &place, &map);

	if (named && view_starts(place, local) && place.n > local.n + 1 &&
	    place.p[local.n] == '/')
		return new_socket(TABLE_SOCKETMAP,
		    xstrndup(place.p, place.n), map);
	if (named && view_starts(place, inet) &&
	    split_last(view_skip(place, inet.n), &host, &port))
		return new_socket(TABLE_SOCKETMAP, host_address(host, port),
		    map);
	sink->complain(sink->arg, 1, "Must be socketmap:inet:HOST:PORT:NAME or "
	    "socketmap:unix:/PATH:NAME");
	return NULL;
}

static void *
open_tcp(struct view text, const struct table_sink *sink)
{
	struct view host, port;

	if (split_last(text, &host, &port))
		return new_socket(TABLE_TCP, host_address(host, port),
		    VIEW_NONE);
	sink->complain(sink->arg, 1, "Must be tcp:HOST:PORT");
	return NULL;
}

static void
close_socket(void *table)
{
	struct table_socket *t = table;

	free(t->address);
	free(t->map);
	free(t);
}

/* ---- questions ---- */

static bool
is_clean(unsigned char c)
{
	return c > ' ' && c < 127 && c != '%';
}

void
table_socket_ask(const struct table_socket *t, struct view key,
    struct str *out)
{
	if (t->protocol == TABLE_SOCKETMAP) {
		str_addf(out, "%zu:%s ", strlen(t->map) + 1 + key.n, t->map);
		str_add(out, key);
		str_addc(out, ',');
		return;
	}
	str_adds(out, "get ");
	for (size_t i = 0; i < key.n; i++)
		if (is_clean((unsigned char)key.p[i]))
			str_addc(out, key.p[i]);
		else
			str_addf(out, "%%%02X", (unsigned char)key.p[i]);
	str_addc(out, '\n');
}

/* ---- answers ---- */

static const struct {
	enum table_protocol protocol;
	const char *word;
	enum table_said said;
} words[] = {
	{ TABLE_SOCKETMAP, "OK", TABLE_SAID_VALUE },
	{ TABLE_SOCKETMAP, "NOTFOUND", TABLE_SAID_NONE },
	{ TABLE_SOCKETMAP, "TEMP", TABLE_SAID_LATER },
	{ TABLE_SOCKETMAP, "TIMEOUT", TABLE_SAID_LATER },
	{ TABLE_SOCKETMAP, "PERM", TABLE_SAID_LATER },
	{ TABLE_TCP, "200", TABLE_SAID_VALUE },
	{ TABLE_TCP, "400", TABLE_SAID_LATER },
	{ TABLE_TCP, "500", TABLE_SAID_NONE },
};

/* "LENGTH:TEXT,". */
static enum table_said
frame_netstring(struct view octets, size_t *used, struct view *text)
{
	struct view rest = octets, digits = view_cut(&rest, ':');
	uint64_t n;

	for (size_t i = 0; i < digits.n; i++)
		if (i >= LENGTH_MOST || !is_digit(digits.p[i]))
			return TABLE_SAID_WRONG;
	if (digits.n == octets.n)
		return TABLE_SAID_PART;
	if (!view_u64(digits, TABLE_SOCKET_MOST, &n))
		return TABLE_SAID_WRONG;
	if (rest.n <= n)
		return TABLE_SAID_PART;
	*text = view_bytes(rest.p, (size_t)n);
	*used = digits.n + 1 + (size_t)n + 1;
	return rest.p[n] == ',' ? TABLE_SAID_VALUE : TABLE_SAID_WRONG;
}

static enum table_said
frame_line(struct view octets, size_t *used, struct view *text)
{
	size_t n = view_find(octets, '\n');

	if (n >= LINE_MOST)
		return TABLE_SAID_WRONG;
	*used = n + 1;
	*text = view_bytes(octets.p, n);
	return n == octets.n ? TABLE_SAID_PART : TABLE_SAID_VALUE;
}

static int
hex_of(char c)
{
	return is_digit(c)	     ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 :
					 -1;
}

/* With each %XX as what it stands for; false for other signs behind a %. */
static bool
add_decoded(struct view v, struct str *out)
{
	for (size_t i = 0; i < v.n; i++) {
		int high, low;

		if (v.p[i] != '%') {
			str_addc(out, v.p[i]);
			continue;
		}
		high = i + 1 < v.n ? hex_of(v.p[i + 1]) : -1;
		low = i + 2 < v.n ? hex_of(v.p[i + 2]) : -1;
		if (high < 0 || low < 0)
			return false;
		str_addc(out, (char)(high * 16 + low));
		i += 2;
	}
	return true;
}

static enum table_said
read_text(enum table_protocol protocol, struct view text, struct str *out)
{
	struct view rest = text, word = view_cut(&rest, ' ');
	const size_t before = out->n;

	for (size_t i = 0; i < nitems(words); i++) {
		if (words[i].protocol != protocol ||
		    !view_is(word, words[i].word))
			continue;
		if (words[i].said == TABLE_SAID_NONE)
			return TABLE_SAID_NONE;
		if (protocol != TABLE_TCP)
			str_add(out, rest);
		else if (!add_decoded(rest, out))
			break;
		if (words[i].said == TABLE_SAID_VALUE && out->n == before)
			break;
		return words[i].said;
	}
	out->n = before;
	return TABLE_SAID_WRONG;
}

enum table_said
table_socket_read(enum table_protocol protocol, struct view octets,
    size_t *used, struct str *text)
{
	struct view frame;
	enum table_said said = protocol == TABLE_TCP ?
	    frame_line(octets, used, &frame) :
	    frame_netstring(octets, used, &frame);

	return said == TABLE_SAID_VALUE ? read_text(protocol, frame, text) :
					  said;
}

const struct table_kind table_socketmap = { .name = "socketmap",
	.is_inline = true, .is_remote = true, .open = open_socketmap,
	.close = close_socket };
const struct table_kind table_tcp = { .name = "tcp", .is_inline = true,
	.is_remote = true, .open = open_tcp, .close = close_socket };
