/* SPDX-License-Identifier: ISC */
/*
 * check_dns - is there a name server to ask, and something to validate by
 *
 * Nobody is asked: a check must work before the network does.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ctl/check_dns.h"
#include "lib/base/file.h"
#include "lib/proc/network.h"

#define RESOLV_CONF	"/etc/resolv.conf"
#define FILE_MOST	(1 << 20)

static bool
has_server(struct view text)
{
	struct address16 a;

	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');

		if (view_is(view_word(&line), "nameserver") &&
		    address16_parse(view_word(&line), &a))
			return true;
	}
	return false;
}

static void
check_servers(const struct settings *s, struct str *warnings)
{
	struct str text = { 0 };

	if (s->dns_servers.n > 0)
		return;
	if (!file_read(AT_FDCWD, RESOLV_CONF, FILE_MOST, &text) ||
	    !has_server(str_view(&text)))
		str_adds(warnings, "dns_servers: there is no name server, "
		    "neither here nor in " RESOLV_CONF ": mail for other hosts "
		    "will wait\n");
	str_free(&text);
}

static bool
has_anchor(struct view text)
{
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n'), word;

		line = view_cut(&line, ';');
		while ((word = view_word(&line)).n > 0)
			if (view_isi(word, "DS") || view_isi(word, "DNSKEY"))
				return true;
	}
	return false;
}

static void
check_anchors(const struct settings *s, struct str *errors,
    struct str *warnings)
{
	bool needed = strcmp(s->dnssec, "validate") == 0;
	struct str text = { 0 };
	const char *fault = NULL;

	if (!needed && strcmp(s->dnssec, "auto") != 0)
		return;
	if (!file_read(AT_FDCWD, s->dns_anchors, FILE_MOST, &text))
		fault = strerror(errno);
	else if (!has_anchor(str_view(&text)))
		fault = "has no DS and no DNSKEY";
	if (fault != NULL)
		str_addf(needed ? errors : warnings, "dns_anchors: %s: %s%s\n",
		    s->dns_anchors, fault, needed ? "" :
			"; answers of the DNS cannot be validated here");
	str_free(&text);
}

void
check_dns(const struct settings *s, struct str *errors, struct str *warnings)
{
	check_servers(s, warnings);
	check_anchors(s, errors, warnings);
}
