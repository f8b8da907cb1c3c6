/* SPDX-License-Identifier: ISC */
/*
 * imapd_command - a whole IMAP session from foreign bytes
 *
 * The first octet says whether the client is logged in with a mailbox selected,
 * and in what pieces its bytes come. The mailbox has three messages; the last is
 * the input itself, so that FETCH and SEARCH see hostile messages, too. What the
 * server says must be lines and literals that a client can read.
 */
#include "lib/base/log.h"
#include "tests/unit/imapd_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Step over one response with its literals. */
static void
check_response(struct view *rest)
{
	struct view line;
	uint64_t n;
	bool waits;

	do {
		size_t at = view_search(*rest, VIEW_LIT("\r\n"));

		must(at < rest->n);
		line = (struct view){ rest->p, at };
		must(memchr(line.p, '\0', line.n) == NULL);
		must(memchr(line.p, '\n', line.n) == NULL);
		*rest = view_skip(*rest, at + 2);
		n = 0;
		if (parse_literal_head(line, &n, &waits)) {
			must(n <= rest->n);
			*rest = view_skip(*rest, (size_t)n);
		}
	} while (parse_literal_head(line, &n, &waits));
}

/* Every descriptor that a command got must be closed after it. */
static void
check_descriptors(void)
{
	int fd = dup(STDERR_FILENO);

	must(fd >= 0 && fd < 16);
	close(fd);
}

static void
begin(void)
{
	static bool begun;

	if (begun)
		return;
	log_open("fuzz", "imapd", STDERR_FILENO, LOG_LEVEL_ERROR);
	begun = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size), said;
	bool selected;
	size_t piece;

	begin();
	if (size == 0)
		return 0;
	selected = (data[0] & 1) != 0;
	piece = 1 + (data[0] >> 1);
	in = view_skip(in, 1);
	fake.message[0] = VIEW_LIT("Subject: one\r\n\r\ntext\r\n");
	fake.message[1] = (struct view){ NULL, 0 };
	fake.message[2] = in;
	fake.messages = 3;
	fake.modseq = 1;
	fake_talk(in, selected ? "alice@example.test" : NULL,
	    selected ? fake_box() : NULL, piece);
	said = str_view(&fake.output);
	while (said.n > 0)
		check_response(&said);
	check_descriptors();
	return 0;
}
