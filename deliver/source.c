/* SPDX-License-Identifier: ISC */
/*
 * source - read the files again, with the reader that router has
 *
 * An entry counts where router could have found it by this address: by all of
 * it or its name alone, with the detail or without.
 */
#include <fcntl.h>

#include "deliver/source.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/aliases.h"
#include "lib/proc/message.h"

#define ALLOW (ADDRESS_UTF8 | ADDRESS_BARE)

struct search {
	struct view target;
	struct address address;
	struct view base;	/* its local part without the detail */
	bool found;
};

static bool
is_key(const struct search *s, struct view key)
{
	struct view name = { key.p, view_rfind(key, '@') };

	if (name.n < key.n &&
	    !view_eqi(view_skip(key, name.n + 1), s->address.domain))
		return false;
	return view_eqi(name, s->address.local) || view_eqi(name, s->base);
}

/* Stops the reader when it is found. */
static bool
look(void *arg, size_t line UNUSED, struct view key, struct view items)
{
	struct search *s = arg;
	struct view item;

	if (!is_key(s, key))
		return true;
	while (!s->found && list_next(&items, &item))
		s->found = view_eq(item, s->target);
	return !s->found;
}

/* router has said it already. */
static void
pass_complaint(void *arg UNUSED, size_t line UNUSED,
    const char *sentence UNUSED)
{
}

bool
source_names(struct view text, const struct order *o, const char *delimiters)
{
	struct search s = { .target = o->target };
	const struct aliases_sink sink = { look, pass_complaint, &s };
	struct arena arena = { 0 };
	struct view detail;

	if (address_parse(o->address, ALLOW, &arena, &s.address) ==
	    ADDRESS_FINE) {
		address_detail(s.address.local, delimiters, &s.base, &detail);
		aliases_read(text, &sink);
	}
	arena_reset(&arena);
	return s.found;
}

bool
source_has(int first, const struct order *o, const char *delimiters,
    struct why *w)
{
	for (int fd = first; fcntl(fd, F_GETFD) >= 0; fd++) {
		struct view text = file_map(fd);
		bool found = text.p != NULL &&
		    source_names(text, o, delimiters);

		if (text.p != NULL)
			file_unmap(text);
		if (found)
			return true;
	}
	log_warning("deliver", "refused: an order for %s wants %s, which stands "
	    "in no alias file: changed just now, or forged",
	    log_quote(o->address), log_quote(o->target));
	return why_later(w, "3.5", "no alias file has \"%.100s\" in an entry "
	    "for %.80s any more, or that file is not root's",
	    o->target.p, o->address.p);
}
