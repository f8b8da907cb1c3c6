/* SPDX-License-Identifier: ISC */
/*
 * dns - what the server's resolver says
 *
 * The answer that smtp would get: from the same cache, validated or not. An
 * address without a type is looked up backwards.
 */
#include <stdio.h>
#include <sysexits.h>

#include "ctl/dns.h"
#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/records.h"
#include "lib/mail/idn.h"
#include "lib/proc/dns.h"

static const struct handlers handlers = { .closed = link_closed };

/* ---- records as zone files have them ---- */

static void
put_hex(struct view octets, struct str *out)
{
	for (size_t i = 0; i < octets.n; i++)
		str_addf(out, "%02x", (unsigned char)octets.p[i]);
}

static bool
put_address(enum dns_type type, struct view rdata, struct str *out)
{
	struct address16 address;
	char text[ADDRESS16_TEXT];

	if (!dns_address(type, rdata, &address))
		return false;
	address16_text(&address, text);
	str_adds(out, text);
	return true;
}

static bool
put_a(struct view rdata, struct arena *a, struct str *out)
{
	(void)a;
	return put_address(DNS_A, rdata, out);
}

static bool
put_aaaa(struct view rdata, struct arena *a, struct str *out)
{
	(void)a;
	return put_address(DNS_AAAA, rdata, out);
}

static bool
put_name(struct view rdata, struct arena *a, struct str *out)
{
	struct view name;

	if (!dns_name(rdata, a, &name))
		return false;
	str_addf(out, "%.*s.", VIEW(name));
	return true;
}

static bool
put_mx(struct view rdata, struct arena *a, struct str *out)
{
	struct dns_mx mx;

	if (!dns_mx(rdata, a, &mx))
		return false;
	str_addf(out, "%u %.*s.", mx.preference, VIEW(mx.host));
	return true;
}

static bool
put_txt(struct view rdata, struct arena *a, struct str *out)
{
	struct view text;

	if (!dns_txt(rdata, a, &text))
		return false;
	str_addc(out, '"');
	str_add(out, text);
	str_addc(out, '"');
	return true;
}

static bool
put_srv(struct view rdata, struct arena *a, struct str *out)
{
	struct dns_srv srv;

	if (!dns_srv(rdata, a, &srv))
		return false;
	str_addf(out, "%u %u %u %.*s.", srv.priority, srv.weight, srv.port,
	    VIEW(srv.host));
	return true;
}

static bool
put_tlsa(struct view rdata, struct arena *a, struct str *out)
{
	struct dns_tlsa tlsa;

	(void)a;
	if (!dns_tlsa(rdata, &tlsa))
		return false;
	str_addf(out, "%u %u %u ", tlsa.usage, tlsa.selector, tlsa.matching);
	put_hex(tlsa.data, out);
	return true;
}

static const struct {
	const char *name;
	enum dns_type type;
	bool (*put)(struct view rdata, struct arena *a, struct str *out);
} types[] = {
	{ "A", DNS_A, put_a },
	{ "AAAA", DNS_AAAA, put_aaaa },
	{ "MX", DNS_MX, put_mx },
	{ "TXT", DNS_TXT, put_txt },
	{ "PTR", DNS_PTR, put_name },
	{ "CNAME", DNS_CNAME, put_name },
	{ "NS", DNS_NS, put_name },
	{ "SRV", DNS_SRV, put_srv },
	{ "TLSA", DNS_TLSA, put_tlsa },
};

/* As RFC 3597 5 writes it, where it is not what it should be. */
static void
put_record(size_t type, struct view rdata, struct arena *a, struct str *out)
{
	if (types[type].put(rdata, a, out))
		return;
	str_addf(out, "\\# %zu ", rdata.n);
	put_hex(rdata, out);
}

/* ---- the answer ---- */

static const char *const results[] = {
	[DNS_FOUND] = "found",
	[DNS_NO_DATA] = "no such record",
	[DNS_NO_NAME] = "no such name",
	[DNS_BOGUS] = "bogus",
	[DNS_FAILED] = "failed",
};

struct asked {
	const char *name;
	size_t type;	/* of types[] */
	struct dns_answer answer;
	struct arena arena;
};

static void
print_json(struct asked *q)
{
	struct view rest = q->answer.records, rdata;
	json_t *records = json_array();

	while (list_next(&rest, &rdata)) {
		struct str text = { 0 };

		put_record(q->type, rdata, &q->arena, &text);
		json_array_append_new(records, output_text(str_view(&text)));
		str_free(&text);
	}
	output_json(json_pack("{s:s,s:s,s:s,s:b,s:o,s:I,s:o,s:o}", "name",
	    q->name, "type", types[q->type].name, "result",
	    results[q->answer.result], "secure", q->answer.secure,
	    "canonical", output_text(q->answer.canonical), "ttl",
	    (json_int_t)q->answer.ttl, "records", records, "sentence",
	    output_text(q->answer.sentence)));
}

static void
print_text(struct asked *q)
{
	struct view rest = q->answer.records, rdata;

	printf("%s %s: %s, %s", q->name, types[q->type].name,
	    results[q->answer.result],
	    q->answer.secure ? "secure" : "not secure");
	if (q->answer.ttl > 0)
		printf(", for %us", q->answer.ttl);
	if (q->answer.sentence.n > 0)
		printf(": %s", output_clean(q->answer.sentence));
	putchar('\n');
	if (q->answer.canonical.n > 0 &&
	    !view_isi(q->answer.canonical, q->name))
		printf("  is %s\n", output_clean(q->answer.canonical));
	while (list_next(&rest, &rdata)) {
		struct str text = { 0 };

		put_record(q->type, rdata, &q->arena, &text);
		for (size_t i = 0; i < text.n; i++)
			if ((unsigned char)text.p[i] < 32 || text.p[i] == 127)
				text.p[i] = '?';
		printf("  %s\n", str_c(&text));
		str_free(&text);
	}
}

/* ---- the question ---- */

static bool
find_type(const char *name, struct asked *q)
{
	for (q->type = 0; q->type < nitems(types); q->type++)
		if (view_isi(view_of(name), types[q->type].name))
			return true;
	return false;
}

static bool
call(struct channel *c, struct asked *q, struct why *w)
{
	struct message m = { .type = MSG_resolve,
		.resolve = { view_of(q->name), types[q->type].type } };
	struct reply r;
	bool fine = link_call(c, &m, &r, w) && reply_is(&r, MSG_resolved, w);

	if (fine)
		dns_answer_of(&r.m.resolved, &q->arena, &q->answer);
	reply_free(&r);
	return fine;
}

bool
dns_find(struct channel *resolver, const char *name, const char *type,
    enum dns_result *result, struct str *values, struct why *w)
{
	struct asked q = { .name = name };
	struct view rest, rdata;
	bool fine;

	if (!find_type(type, &q))
		return why_never(w, "0.0", "There is no type %s", type);
	fine = call(resolver, &q, w);
	rest = q.answer.records;
	while (fine && list_next(&rest, &rdata)) {
		struct str text = { 0 };

		put_record(q.type, rdata, &q.arena, &text);
		list_put(values, str_view(&text));
		str_free(&text);
	}
	*result = q.answer.result;
	arena_reset(&q.arena);
	return fine;
}

static int
ask(struct ctl *ctl, struct channel *c, struct asked *q)
{
	static const int codes[] = {
		[DNS_FOUND] = 0,
		[DNS_NO_DATA] = EX_NOHOST,
		[DNS_NO_NAME] = EX_NOHOST,
		[DNS_BOGUS] = EX_TEMPFAIL,
		[DNS_FAILED] = EX_TEMPFAIL,
	};
	struct why w;

	if (!call(c, q, &w))
		return ctl_fail(EX_TEMPFAIL, "%s", w.text);
	if (ctl_has(ctl, OPTION_JSON))
		print_json(q);
	else
		print_text(q);
	return codes[q->answer.result];
}

/* What is asked for: exit code 0, or it is said what is wrong. */
static int
set_question(struct ctl *ctl, struct asked *q, struct str *name)
{
	struct view given = view_of(ctl->argv[0]);
	const char *type = ctl->argc > 1 ? ctl->argv[1] : "A";
	struct address16 address;

	if (ctl->argc == 1 && address16_parse(given, &address)) {
		dns_reverse(&address, name);
		type = "PTR";
	} else {
		if (view_ends(given, VIEW_LIT(".")))
			given.n--;
		if (!idn_ascii(name, given))
			return ctl_fail(EX_DATAERR, "%s is no domain name",
			    ctl->argv[0]);
	}
	if (!find_type(type, q))
		return ctl_fail(EX_USAGE, "%s is no type of record that "
		    "mail has to do with", type);
	q->name = str_c(name);
	return 0;
}

static int
dns(struct ctl *ctl)
{
	struct asked q = { 0 };
	struct str name = { 0 };
	struct channel *c;
	int code = set_question(ctl, &q, &name);

	if (code == 0)
		code = link_open(ctl, &handlers);
	if (code == 0)
		code = link_program(ROLE_RESOLVER, 0, &handlers, &c);
	if (code == 0)
		code = ask(ctl, c, &q);
	arena_reset(&q.arena);
	str_free(&name);
	return code;
}

static int
show(struct ctl *ctl)
{
	json_t *records = records_of(ctl_settings(ctl));

	if (ctl_has(ctl, OPTION_JSON)) {
		output_json(records);
		return 0;
	}
	records_print(records);
	json_decref(records);
	return 0;
}

const struct command dns_commands[] = {
	{ "dns show", "", OPTION_JSON, 0, 0, show,
	    "what the DNS should say about this site" },
	{ "dns", "NAME [TYPE]", OPTION_JSON, 1, 2, dns,
	    "what the resolver finds, and whether it is secure" },
	{ 0 },
};
