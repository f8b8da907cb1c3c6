/* SPDX-License-Identifier: ISC */
/*
 * pop3d_pop3_session - a whole POP3 session over a socket pair
 *
 * Whatever a client sends and wherever store fails: the session ends, all it says
 * is lines, a dot at the beginning of one is the end of a reply or doubled, and
 * messages are removed once at most, all or nothing, and only by a QUIT that is
 * said yes to.
 */
#include "pop3d/pop3.h"
#include "tests/fuzz/pop3d_house.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(struct view said)
{
	must(view_starts(said, VIEW_LIT("+OK Posthouse POP3 server ready")));
	while (said.n > 0) {
		struct view line = { said.p, view_search(said,
		    VIEW_LIT("\r\n")) };

		must(line.n < said.n);
		must(line.n == 0 || line.p[0] != '.' || line.n == 1 ||
		    line.p[1] == '.');
		must(view_find(line, '\n') == line.n);
		must(view_find(line, '\0') == line.n);
		said = view_skip(said, line.n + 2);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener_settings ls = { .name = "fuzz", .protocol = "pop3",
		.tls = "off" };
	bool yes;

	if (size < 2)
		return 0;
	house_run(pop3_session, &ls, view_bytes(data, size));
	must(house.expunges <= 1);
	if (house.leaves)
		return 0;
	check_lines(str_view(&house.said));
	yes = view_ends(str_view(&house.said), VIEW_LIT("\r\n+OK Good bye\r\n")) ||
	    view_ends(str_view(&house.said),
		VIEW_LIT("\r\n+OK Auf Wiedersehen\r\n"));
	must(house_gone() == 0 || yes);
	return 0;
}
