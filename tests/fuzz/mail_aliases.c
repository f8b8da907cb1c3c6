/* SPDX-License-Identifier: ISC */
/*
 * mail_aliases - any text as an alias file, and as a list: entries keep their form
 */
#include "lib/mail/address.h"
#include "lib/mail/aliases.h"
#include "lib/proc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool list;	/* that is being read, not a file of names */
static bool own;	/* and that of a user */

static bool
entry(void *arg UNUSED, size_t line, struct view key, struct view items)
{
	const unsigned allow = ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE;
	struct arena arena = { 0 };
	struct address a;
	struct view item;
	size_t count;

	must(line > 0 && (key.n > 0 || list));
	must(list_ok(items, &count) && (count > 0 || list));
	for (size_t i = 0; i < key.n; i++)
		must(key.p[i] == to_lower(key.p[i]));
	while (list_next(&items, &item)) {
		must(item.n > 1);
		if (item.p[0] == ALIAS_ADDRESS || item.p[0] == ALIAS_USER)
			must(address_parse(view_skip(item, 1), allow, &arena,
				 &a) == ADDRESS_FINE);
		else if (item.p[0] == ALIAS_INCLUDE)
			must(item.p[1] == '/');
		else if (item.p[0] == ALIAS_COMMAND ||
		    item.p[0] == ALIAS_FILE)
			must((!list || own) && item.n <= ALIASES_TARGET_MAX &&
			    memchr(item.p, '\0', item.n) == NULL);
		else
			must(item.p[0] == ALIAS_REFUSED);
	}
	arena_reset(&arena);
	return true;
}

static void
complain(void *arg UNUSED, size_t line, const char *sentence)
{
	must(line > 0 && sentence[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct aliases_sink sink = { entry, complain, NULL };

	list = false;
	must(aliases_read(view_bytes(data, size), &sink));
	list = true;
	must(aliases_read_list(view_bytes(data, size), &sink));
	own = true;
	must(aliases_read_forward(view_bytes(data, size), &sink));
	own = false;
	return 0;
}
