/* SPDX-License-Identifier: ISC */
/*
 * dane - two names to ask at, and what the answer is good for
 */
#include "lib/proc/message.h"
#include "lib/proc/service.h"
#include "lib/proc/tls_client.h"
#include "smtp/dane.h"

/* Octets of data by matching type: 0 is the whole thing. */
static const size_t data_sizes[] = { 0, 32, 64 };

/* Usage 2 and 3 (RFC 7672 3.1.3), whole certificates or keys, as they are or as
 * SHA-256 or SHA-512. */
bool
dane_is_usable(struct view rdata)
{
	struct dns_tlsa t;

	return dns_tlsa(rdata, &t) && (t.usage == 2 || t.usage == 3) &&
	    t.selector <= 1 && t.matching < nitems(data_sizes) &&
	    (t.matching == 0 ? tls_client_knows(t.selector, t.data) :
			       t.data.n == data_sizes[t.matching]);
}

static void
add_string(struct str *list, const struct dns_tlsa *t)
{
	struct str text = { 0 };

	str_addf(&text, "%u %u %u ", t->usage, t->selector, t->matching);
	for (size_t i = 0; i < t->data.n; i++)
		str_addf(&text, "%02X", (unsigned char)t->data.p[i]);
	list_put(list, str_view(&text));
	str_free(&text);
}

static enum dane
judge(const struct dns_answer *answer, struct arena *a,
    struct dane_records *out)
{
	struct view list = answer->records, r;
	enum dane result = DANE_UNUSABLE;
	struct str strings = { 0 };
	struct dns_tlsa t;

	while (list_next(&list, &r)) {
		if (dns_tlsa(r, &t))
			add_string(&strings, &t);
		if (dane_is_usable(r))
			result = DANE_USABLE;
	}
	out->records = answer->records;
	out->strings = arena_view(a, str_view(&strings));
	str_free(&strings);
	return result;
}

static void
put_question(struct view name, enum dns_type type, struct arena *a,
    struct dns_answer *answer)
{
	int64_t deadline = deadline_in(service_settings()->dns_timeout * 1000);

	dns_ask(name, type, deadline, a, answer);
}

static bool
is_lost(const struct dns_answer *answer, struct dane_records *out)
{
	out->bogus = answer->result == DNS_BOGUS;
	out->sentence = answer->sentence;
	return answer->result == DNS_BOGUS || answer->result == DNS_FAILED;
}

static enum dane
ask(struct view base, uint16_t port, struct arena *a, struct dane_records *out)
{
	struct view name = view_of(arena_printf(a, "_%u._tcp.%.*s", port,
	    VIEW(base)));
	struct dns_answer answer;

	put_question(name, DNS_TLSA, a, &answer);
	if (is_lost(&answer, out))
		return DANE_FAILED;
	if (answer.result != DNS_FOUND || !answer.secure)
		return DANE_NONE;
	out->base = base;
	return judge(&answer, a, out);
}

/* Addresses that are not secure: an alias may be all the same, which leads out
 * of a signed zone. Then the records beside it count. */
static enum dane
ask_beside(const struct host *host, uint16_t port, struct arena *a,
    struct dane_records *out)
{
	struct dns_answer answer;

	put_question(host->name, DNS_CNAME, a, &answer);
	if (is_lost(&answer, out))
		return DANE_FAILED;
	if (answer.result != DNS_FOUND || !answer.secure)
		return DANE_NONE;
	return ask(host->name, port, a, out);
}

enum dane
dane_find(const struct host *host, uint16_t port, struct arena *a,
    struct dane_records *out)
{
	enum dane result = DANE_NONE;
	bool alias = host->canonical.n > 0 &&
	    !view_eqi(host->canonical, host->name);

	*out = (struct dane_records){ .base = host->name,
		.records = VIEW_NONE, .strings = VIEW_NONE,
		.sentence = VIEW_NONE };
	if (host->name.n == 0 || (!host->secure && !alias))
		return DANE_NONE;
	if (!host->secure)
		return ask_beside(host, port, a, out);
	if (alias)
		result = ask(host->canonical, port, a, out);
	if (result == DANE_NONE)
		result = ask(host->name, port, a, out);
	return result;
}
