/* SPDX-License-Identifier: ISC */
/*
 * imapd_command - a whole IMAP session from foreign bytes
 *
 * The first octet says whether the client is logged in with a mailbox selected,
 * in what pieces its bytes come, and whether store is away, or there is no TLS, or
 * no password without it. The mailbox has four messages; the third is the input
 * itself, so that FETCH and SEARCH see hostile messages, too. What the server says
 * must be lines and literals that a client can read, and compressed ones behind
 * the answer to COMPRESS.
 */
#include <zlib.h>

#include "lib/base/log.h"
#include "tests/unit/imapd_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Step over one response with its literals; true when compression begins. */
static bool
check_response(struct view *rest)
{
	struct view line;
	struct literal l;

	do {
		size_t at = view_search(*rest, VIEW_LIT("\r\n"));

		must(at < rest->n);
		line = (struct view){ rest->p, at };
		must(memchr(line.p, '\0', line.n) == NULL);
		must(memchr(line.p, '\n', line.n) == NULL);
		*rest = view_skip(*rest, at + 2);
		if (parse_literal_head(line, &l)) {
			must(l.size <= rest->n);
			must(l.binary || memchr(rest->p, '\0',
				(size_t)l.size) == NULL);
			*rest = view_skip(*rest, (size_t)l.size);
		}
	} while (parse_literal_head(line, &l));
	return view_ends(line, VIEW_LIT(" OK Compression begins"));
}

/* All responses up to the end, or to where compression begins: true. */
static bool
check_responses(struct view *rest)
{
	while (rest->n > 0)
		if (check_response(rest))
			return true;
	return false;
}

/* RFC 1951, flushed to a byte boundary, so that nothing is missing. */
static void
check_compressed(struct view said)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)said.p,
		.avail_in = (uInt)said.n };
	struct str text = { 0 };
	struct view rest;
	char piece[4096];
	int code;

	must(inflateInit2(&z, -MAX_WBITS) == Z_OK);
	do {
		z.next_out = (Bytef *)piece;
		z.avail_out = sizeof(piece);
		code = inflate(&z, Z_SYNC_FLUSH);
		must(code == Z_OK || code == Z_BUF_ERROR);
		str_addn(&text, piece, sizeof(piece) - z.avail_out);
	} while (z.avail_out == 0);
	must(z.avail_in == 0);
	inflateEnd(&z);
	rest = str_view(&text);
	must(!check_responses(&rest));
	str_free(&text);
}

/* Every descriptor that a command got must be closed after it. */
static void
check_descriptors(void)
{
	int fd = dup(STDERR_FILENO);

	must(fd >= 0 && fd < 16);
	close(fd);
}

/* With parts, and a message within. */
static const char first[] = "From: \"A. B.\" <a@b.test>\r\n"
    "Date: Mon, 1 Jan 2024 10:00:00 +0100\r\nSubject: one\r\n"
    "Message-ID: <1@b.test>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n"
    "--x\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: =?utf-8?q?z=C3=BC?=\r\n"
    "Content-Type: multipart/alternative; boundary=y\r\n\r\n"
    "--y\r\n\r\ntext\r\n--y\r\nContent-Type: text/html\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--y--\r\n"
    "--x--\r\n";

static void
begin(void)
{
	static const char *const names[] = { "Drafts", "esmB", "a/b", "eA",
		"a/b/c d", "e", "gone/x", "s", "\xc3\x9c" "ber", "e" };
	static struct str list;

	if (list.n > 0)
		return;
	for (size_t i = 0; i < nitems(names); i++)
		list_put(&list, view_of(names[i]));
	fake.names = str_view(&list);
	log_open("fuzz", "imapd", STDERR_FILENO, LOG_LEVEL_ERROR);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size), said;
	unsigned knob;
	bool selected;
	size_t piece;

	begin();
	if (size == 0)
		return 0;
	selected = (data[0] & 1) != 0;
	piece = 1 + (data[0] >> 1);
	knob = data[0] >> 1 & 3;
	in = view_skip(in, 1);
	fake.message[0] = view_bytes(first, sizeof(first) - 1);
	fake.message[1] = (struct view){ NULL, 0 };
	fake.message[2] = in;
	fake.message[3] = VIEW_LIT("From: J\xc3\xbcrg <j@x.test>\r\n"
	    "Subject: \xc3\xa4\r\n\r\ntext\r\n");
	fake.messages = 4;
	fake_gate.in_tls = false;
	fake_gate.tls_offered = !selected && knob != 2;
	fake_gate.strict = knob == 1;
	fake.refuse = selected && knob == 2;
	fake.tls_input = in;	/* all of it once more */
	fake_conf = "imap_quota_admins = alice@example.test\n";
	fake.opens = true;
	fake.modseq = 1;
	fake_talk(in, selected ? "alice@example.test" : NULL,
	    selected ? fake_box() : NULL, piece);
	said = str_view(&fake.output);
	if (check_responses(&said))
		check_compressed(said);
	check_descriptors();
	return 0;
}
