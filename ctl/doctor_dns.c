/* SPDX-License-Identifier: ISC */
/*
 * doctor_dns - the records that ought to be, and those that are
 *
 * Text records are compared by what they are about ("v=spf1"): sites write more
 * into them than a sample has.
 */
#include <string.h>

#include "ctl/dns.h"
#include "ctl/doctor.h"
#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/records.h"
#include "lib/proc/message.h"

static const struct handlers handlers = { .closed = link_closed };

/* What is missing where there is no such record. */
static const struct kind {
	const char *type;
	const char *in;		/* the name or value has this */
	const char *code;
	enum severity severity;
	const char *fix;
} kinds[] = {
	{ "MX", "", "dns.mx", SEVERITY_CRITICAL,
	    "add it to the zone, or mail for the domain goes elsewhere" },
	{ "A", "", "dns.address", SEVERITY_CRITICAL,
	    "add it to the zone: nobody finds this host" },
	{ "AAAA", "", "dns.address", SEVERITY_WARNING,
	    "add it to the zone, or send by IPv4 alone (source_addresses)" },
	{ "PTR", "", "dns.ptr", SEVERITY_WARNING,
	    "have your provider set it: many servers refuse mail without" },
	{ "TXT", "v=spf1", "dns.spf", SEVERITY_WARNING,
	    "add it to the zone: large receivers want it" },
	{ "TXT", "v=DMARC1", "dns.dmarc", SEVERITY_WARNING,
	    "add it to the zone: large receivers want it" },
	{ "TXT", "v=TLSRPTv1", "dns.tlsrpt", SEVERITY_FINE,
	    "add it to the zone to hear of trouble with TLS" },
	{ "SRV", "", "dns.srv", SEVERITY_FINE,
	    "add it to the zone: mail programs set themselves up by it" },
	{ "TLSA", "", "dns.tlsa", SEVERITY_FINE,
	    "add it where the zone is signed" },
};

struct record {
	const char *name, *type, *value;
};

static const struct kind *
kind_of(const struct record *r)
{
	for (size_t i = 0; i < nitems(kinds); i++)
		if (strcmp(r->type, kinds[i].type) == 0 &&
		    strstr(r->value, kinds[i].in) != NULL)
			return &kinds[i];
	return NULL;
}

/* Up to the first blank or semicolon of a text, else all of it. */
static struct view
essence(const struct record *r)
{
	struct view v = view_of(r->value);

	if (strcmp(r->type, "TXT") == 0)
		v.n = strcspn(r->value, " ;");
	return v;
}

/* Any preference will do, as others may come before us or behind. */
static bool
is_same(const struct record *r, struct view found)
{
	struct view wanted = essence(r);

	if (strcmp(r->type, "MX") == 0) {
		view_word(&wanted);
		view_word(&found);
		wanted = view_trim(wanted);
		found = view_trim(found);
	}
	if (strcmp(r->type, "TXT") == 0)
		return view_startsi(found, wanted);
	return view_eqi(found, wanted);
}

static void
find_missing(struct doctor *d, const struct kind *k, const struct record *r,
    enum dns_result result, struct view found)
{
	struct str there = { 0 };
	struct view one;

	while (list_next(&found, &one))
		str_addf(&there, "%s%.*s", there.n > 0 ? ", " : "", VIEW(one));
	doctor_find(d, k->severity, k->code, k->fix,
	    "%s %s should be %s, and is %s", r->name, r->type, r->value,
	    there.n > 0 ? output_clean(str_view(&there)) :
	    result == DNS_BOGUS ? "bogus by DNSSEC" : "not there");
	str_free(&there);
}

/* False: nobody answers, so there is no sense in further questions. */
static bool
look_at(struct doctor *d, struct channel *c, const struct record *r)
{
	const struct kind *k = kind_of(r);
	struct str values = { 0 }, name = { 0 };
	enum dns_result result = DNS_FAILED;
	struct view rest, one;
	struct why w;
	bool same = false;

	if (k == NULL || r->value[0] == '(')
		return true;
	str_adds(&name, r->name);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.p[--name.n] = '\0';
	if (!dns_find(c, name.p, r->type, &result, &values, &w) ||
	    result == DNS_FAILED) {
		doctor_find(d, SEVERITY_WARNING, "dns.resolver",
		    "see dns_servers, and whether a firewall lets DNS out",
		    "there is no answer to %s %s", r->name, r->type);
		result = DNS_FAILED;
	} else {
		rest = str_view(&values);
		while (list_next(&rest, &one))
			same |= is_same(r, one);
		if (same)
			doctor_find(d, SEVERITY_FINE, k->code, NULL, "%s %s",
			    r->name, r->type);
		else
			find_missing(d, k, r, result, str_view(&values));
	}
	str_free(&values);
	str_free(&name);
	return result != DNS_FAILED;
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text != NULL ? text : "";
}

void
doctor_dns(struct doctor *d)
{
	struct channel *c;
	json_t *records, *one;
	size_t i;

	if (!d->running ||
	    link_program(ROLE_RESOLVER, 0, &handlers, &c) != 0)
		return;
	records = records_of(d->s);
	json_array_foreach(records, i, one) {
		struct record r = { text_of(one, "name"), text_of(one, "type"),
			text_of(one, "value") };

		if (!look_at(d, c, &r))
			break;
	}
	json_decref(records);
}
