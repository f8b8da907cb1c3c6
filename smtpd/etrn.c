/* SPDX-License-Identifier: ISC */
/*
 * etrn - ETRN: try what waits for a domain now (RFC 1985)
 *
 * Nothing is sent over this session, and nothing is told of a domain that
 * etrn_domains does not name. "@domain" is the domain and what is below it;
 * queues with a name of their own ("#name") there are none.
 */
#include "lib/mail/address.h"
#include "lib/mail/idn.h"
#include "smtpd/command.h"

/* Does etrn_domains name it? Both in the form that queue compares. */
static bool
is_ours(const struct dialog *d, struct view domain)
{
	const struct settings *s = d->house->settings();
	struct str name = { 0 };
	bool found = false;

	for (size_t i = 0; !found && i < s->etrn_domains.n; i++) {
		str_reset(&name);
		found = idn_ascii(&name, s->etrn_domains.word[i]) &&
		    view_eq(str_view(&name), domain);
	}
	str_free(&name);
	return found;
}

static struct response
try_domain(struct dialog *d, bool below, struct view domain)
{
	struct view asked = view_of(arena_printf(&d->command, "%s%.*s",
	    below ? "@" : "", VIEW(domain)));
	uint32_t mails = 0;
	struct why w;

	if (!d->house->try_domain(d, asked, &mails, &w))
		return response_printf(&d->command, 458, "4.3.0",
		    "Cannot try mail for %.*s now: %s", VIEW(asked), w.text);
	if (mails == 0)
		return response_printf(&d->command, 251, "2.0.0",
		    "No mail waits for %.*s", VIEW(asked));
	return response_printf(&d->command, 253, "2.0.0",
	    "%u mails for %.*s are tried now", mails, VIEW(asked));
}

struct response
command_etrn(struct dialog *d, struct view args)
{
	struct view node = view_word(&args);
	bool below = view_starts(node, VIEW_LIT("@"));
	struct str name = { 0 };
	struct response r;

	if (d->house->settings()->etrn_domains.n == 0)
		return response(502, "5.5.1", "ETRN is not offered here");
	if (node.n == 0 || view_trim(args).n > 0)
		return response(501, "5.5.4", "Syntax: ETRN domain, or @domain "
		    "for those below it, too");
	if (view_starts(node, VIEW_LIT("#")))
		return response(459, "4.7.1", "There is no queue of that name");
	node = view_skip(node, below);
	if (!address_is_domain(node, true) || !idn_ascii(&name, node))
		r = response(501, "5.5.4", "That is no domain");
	else if (!is_ours(d, str_view(&name)))
		r = response(459, "4.7.1",
		    "Mail for that domain cannot be asked for here");
	else
		r = try_domain(d, below, str_view(&name));
	str_free(&name);
	return r;
}
