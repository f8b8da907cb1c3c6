/* SPDX-License-Identifier: ISC */
/*
 * pop3d_pop2_session - a whole POP2 session over a socket pair
 *
 * Whatever a client sends and wherever store fails: what comes back is replies,
 * and after the size of a message, perhaps more than once, exactly that message;
 * a session that ended in an error removed nothing that no FOLD had removed
 * before.
 */
#include "pop3d/pop2.h"
#include "tests/fuzz/pop3d_house.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_message(struct view v, uint64_t size)
{
	for (size_t i = 0; i < MESSAGES; i++)
		if (messages[i].n == size &&
		    view_starts(v, str_view(&messages[i])))
			return true;
	return false;
}

/* One reply from the front; the size that it announces, else *size stays. */
static struct view
take_reply(struct view *said, uint64_t *size)
{
	size_t n = view_search(*said, VIEW_LIT("\r\n"));
	struct view line = { said->p, n };

	must(n >= 2 && n < said->n && view_find(line, '\n') == n);
	*said = view_skip(*said, n + 2);
	if (line.p[0] == '#')
		must(view_u64(view_skip(line, 1), MESSAGES, size));
	else if (line.p[0] == '=')
		must(view_u64(view_skip(line, 1), UINT32_MAX, size));
	else
		must(line.p[1] == ' ');
	return line;
}

/* The last reply. */
static struct view
check_replies(struct view said)
{
	struct view last = VIEW_NONE;
	uint64_t size = 0;

	must(view_starts(said, VIEW_LIT("+ POP2 ")));
	while (said.n > 0)
		if (strchr("#=+-", said.p[0]) != NULL) {
			last = take_reply(&said, &size);
			must(last.p[0] != '-' || said.n == 0);
		} else {
			must(last.p[0] == '=' && is_message(said, size));
			said = view_skip(said, (size_t)size);
		}
	return last;
}

static unsigned
count_folds(struct view data)
{
	unsigned n = 0;

	while (data.n > 0)
		n += view_startsi(view_cut(&data, '\n'), VIEW_LIT("FOLD"));
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener_settings ls = { .name = "fuzz", .protocol = "pop2",
		.tls = "off" };
	struct view all = view_bytes(data, size), last;

	if (size < 2)
		return 0;
	house_run(pop2_session, &ls, all);
	if (house.leaves)
		return 0;
	last = check_replies(str_view(&house.said));
	must(house.expunges <= count_folds(view_skip(all, 2)) +
		view_is(last, "+ Good bye"));
	must(house_gone() == 0 || house.expunges > 0);
	return 0;
}
