/* SPDX-License-Identifier: ISC */
/*
 * settings_check_away - rules of what concerns mail for other hosts
 *
 * Who may relay is named, or nobody may: a network so wide that strangers are
 * in it names nobody, so it is refused, and so is a domain so short that it
 * belongs to everybody.
 */
#include "lib/proc/settings_rules.h"

#define V4_LEAST (96 + 8)	/* bits; 10.0.0.0/8 */
#define V6_LEAST 7		/* fc00::/7 */

bool
settings_is_everybody(const struct network *n)
{
	bool v4 = address16_is_v4(&n->address) && n->bits >= 96;

	return n->bits < (v4 ? V4_LEAST : V6_LEAST);
}

static void
check_relay_clients(struct settings *s, const struct setting_judge *j)
{
	const struct networks *list = &s->relay_clients;

	for (size_t i = 0; i < list->words.n; i++)
		if (settings_is_everybody(&list->network[i]))
			complain_main(j, "relay_clients", "has %s, which makes "
			    "an open relay: name the networks of your own "
			    "clients", list->words.word[i].p);
}

static bool
is_in(const struct words *list, size_t n, struct view v)
{
	for (size_t i = 0; i < n; i++)
		if (view_eqi(list->word[i], v))
			return true;
	return false;
}

static void
check_relay_domains(struct settings *s, const struct setting_judge *j)
{
	const struct words *list = &s->relay_domains;

	for (size_t i = 0; i < list->n; i++) {
		struct view v = list->word[i];
		bool below = v.p[0] == '.';
		struct view name = view_skip(v, below);

		if (!settings_is_domain(name))
			complain_main(j, "relay_domains",
			    "has %s, which is no domain", v.p);
		else if (below && view_find(name, '.') == name.n)
			complain_main(j, "relay_domains",
			    "has %s, which is all of a top level", v.p);
		else if (is_in(&s->domains, s->domains.n, v))
			complain_main(j, "relay_domains",
			    "has %s, whose mail is delivered here: it stands "
			    "in domains", v.p);
		else if (is_in(list, i, v))
			complain_main(j, "relay_domains", "has %s twice", v.p);
	}
	if (s->relay_recipients[0] != '\0' && list->n == 0)
		complain_main(j, "relay_recipients",
		    "has no effect without relay_domains");
}

static void
check_masquerade(struct settings *s, const struct setting_judge *j)
{
	const struct words *list = &s->masquerade_domains;

	for (size_t i = 0; i < list->n; i++) {
		struct view v = list->word[i];

		if (!settings_is_domain(view_skip(v, v.p[0] == '!')))
			complain_main(j, "masquerade_domains",
			    "has %s, which is no domain", v.p);
		else if (is_in(list, i, v))
			complain_main(j, "masquerade_domains", "has %s twice",
			    v.p);
	}
	if (s->masquerade_exceptions.n > 0 && list->n == 0)
		complain_main(j, "masquerade_exceptions",
		    "has no effect without masquerade_domains");
}

static void
check_source_addresses(struct settings *s, const struct setting_judge *j)
{
	const struct words *list = &s->source_addresses;
	struct address16 a;

	for (size_t i = 0; i < list->n; i++)
		if (!address16_parse(list->word[i], &a))
			complain_main(j, "source_addresses",
			    "has %s, which is no IP address", list->word[i].p);
		else if (is_in(list, i, list->word[i]))
			complain_main(j, "source_addresses", "has %s twice",
			    list->word[i].p);
}

static void
check_remote_tls(struct settings *s, const struct setting_judge *j)
{
	static const char *const level[] = { "none", "may", "encrypt",
		"verify", "dane-only" };

	for (size_t i = 0; i < nitems(level); i++)
		if (strcmp(s->smtp_tls, level[i]) == 0)
			return;
	complain_main(j, "smtp_tls", "must be none, may, encrypt, verify or "
	    "dane-only, not %s", s->smtp_tls);
}

static void
check_dns(struct settings *s, const struct setting_judge *j)
{
	static const char *const ways[] = { "auto", "validate", "trust",
		"off" };
	bool trust = strcmp(s->dnssec, "trust") == 0;
	size_t i = 0;

	while (i < nitems(ways) && strcmp(s->dnssec, ways[i]) != 0)
		i++;
	if (i == nitems(ways))
		complain_main(j, "dnssec",
		    "must be auto, validate, trust or off");
	for (i = 0; i < s->dns_servers.n; i++) {
		struct view v = s->dns_servers.word[i];
		struct address16 a;
		uint16_t port = 53;

		if (!address16_parse_port(v, &a, &port))
			complain_main(j, "dns_servers",
			    "has %.*s, which is no address or address@port",
			    VIEW(v));
		else if (trust && !address16_is_loopback(&a))
			complain_main(j, "dns_servers",
			    "has %.*s, which is not on this host: with "
			    "dnssec = trust an answer can be forged on the way",
			    VIEW(v));
	}
}

void
settings_check_away(struct settings *s, const struct setting_judge *j)
{
	check_relay_clients(s, j);
	check_relay_domains(s, j);
	check_masquerade(s, j);
	check_source_addresses(s, j);
	check_remote_tls(s, j);
	check_dns(s, j);
}
