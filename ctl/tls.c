/* SPDX-License-Identifier: ISC */
/*
 * tls - what is served, against what is on disk
 *
 * keys tells what it serves and what it could not take over; the files are read
 * here, by the administrator's rights.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/certificate.h"
#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/tls_report.h"
#include "lib/base/file.h"
#include "lib/proc/tls_pair.h"

static struct {
	struct table table;
	json_t *certificates;
	uint32_t authorities;
} seen;

static void
add_hex(struct str *out, const unsigned char *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%02x", octets[i]);
}

static json_t *
json_names(const X509 *x)
{
	json_t *all = json_array();
	struct str list = { 0 };
	struct view rest, name;

	tls_cert_names(x, &list);
	rest = str_view(&list);
	while (list_next(&rest, &name))
		json_array_append_new(all, output_text(name));
	str_free(&list);
	return all;
}

/* Facts of a certificate, NULL without one. */
static json_t *
json_certificate(const X509 *x)
{
	struct str hex = { 0 }, kind = { 0 };
	unsigned char digest[32];
	json_t *j;

	if (x == NULL)
		return json_null();
	tls_cert_digest(x, digest);
	add_hex(&hex, digest, sizeof(digest));
	tls_key_kind(X509_get0_pubkey(x), &kind);
	j = json_pack("{s:o,s:s,s:I,s:I,s:s}", "names", json_names(x),
	    "algorithm", str_c(&kind), "not_before",
	    (json_int_t)tls_cert_begins(x), "not_after",
	    (json_int_t)tls_cert_expires(x), "fingerprint", str_c(&hex));
	str_free(&hex);
	str_free(&kind);
	return j;
}

/* What stands in the file now. NULL with a sentence. */
static STACK_OF(X509) *
on_disk(struct view path, struct why *w)
{
	STACK_OF(X509) *chain = NULL;
	struct str name = { 0 }, pem = { 0 };

	str_add(&name, path);
	if (file_read(AT_FDCWD, str_c(&name), TLS_FILE_MAX, &pem))
		chain = tls_chain_read(str_view(&pem), w);
	else
		why_errno(w, str_c(&name));
	str_free(&name);
	str_free(&pem);
	return chain;
}

static X509 *
own(STACK_OF(X509) *chain)
{
	return sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : NULL;
}

/* One certificate: as it is served, and as it stands in its file. */
struct shown {
	const struct msg_tls_item *item;
	STACK_OF(X509) *served, *disk;
	const char *state;
	struct why why;		/* of the disk */
};

static const char *
state_of(const struct shown *s)
{
	if (own(s->served) == NULL)
		return "not served";
	if (own(s->disk) == NULL)
		return "file unreadable";
	return X509_cmp(own(s->served), own(s->disk)) == 0 ?
	    "as on disk" : "file differs";
}

static void
table_names(const X509 *x)
{
	struct str list = { 0 }, line = { 0 };
	struct view rest, name;

	tls_cert_names(x, &list);
	rest = str_view(&list);
	while (list_next(&rest, &name)) {
		if (line.n > 0)
			str_addc(&line, ' ');
		str_add(&line, name);
	}
	table_add(&seen.table, "%s", line.n > 0 ? str_c(&line) : "-");
	str_free(&list);
	str_free(&line);
}

static void
table_shown(const struct shown *s)
{
	const X509 *x = own(s->served);
	struct str kind = { 0 }, hex = { 0 };
	unsigned char digest[32];

	if (x == NULL)
		x = own(s->disk);
	table_add(&seen.table, "%.*s", VIEW(s->item->cert_name));
	table_add(&seen.table, "%s", s->state);
	if (x == NULL) {
		for (int i = 0; i < 4; i++)
			table_add(&seen.table, "-");
		return;
	}
	tls_cert_digest(x, digest);
	add_hex(&hex, digest, 8);
	tls_key_kind(X509_get0_pubkey(x), &kind);
	table_add(&seen.table, "%s", output_time(tls_cert_expires(x)));
	table_add(&seen.table, "%s", str_c(&kind));
	table_add(&seen.table, "%s...", str_c(&hex));
	table_names(x);
	str_free(&kind);
	str_free(&hex);
}

static void
json_shown(const struct shown *s)
{
	json_array_append_new(seen.certificates,
	    json_pack("{s:o,s:o,s:s,s:o,s:o,s:o}",
		"file", output_text(s->item->cert_name),
		"key_file", output_text(s->item->key_name),
		"state", s->state,
		"complaint", s->item->sentence.n > 0 ?
		    output_text(s->item->sentence) : json_null(),
		"served", json_certificate(own(s->served)),
		"on_disk", json_certificate(own(s->disk))));
}

static void
on_item(struct channel *c UNUSED, uint32_t tag UNUSED,
    struct msg_tls_item *m)
{
	struct shown s = { .item = m };

	s.served = tls_chain_get(m->chain);
	s.disk = on_disk(m->cert_name, &s.why);
	s.state = state_of(&s);
	table_shown(&s);
	json_shown(&s);
	tls_chain_free(&s.served);
	tls_chain_free(&s.disk);
}

static void
on_end(struct channel *c UNUSED, uint32_t tag UNUSED, struct msg_tls_end *m)
{
	seen.authorities = m->authorities;
	link_done();
}

static const struct handlers show_handlers = {
	.tls_item = on_item,
	.tls_end = on_end,
	.closed = link_closed,
};

static void
print_shown(const struct ctl *ctl)
{
	json_t *one;
	size_t i;

	if (ctl_has(ctl, OPTION_JSON)) {
		output_json(json_pack("{s:o,s:i}", "certificates",
		    seen.certificates, "client_authorities",
		    (int)seen.authorities));
		return;
	}
	if (json_array_size(seen.certificates) == 0)
		puts("no certificate is served: tls_cert is empty");
	else
		table_print(&seen.table);
	json_array_foreach(seen.certificates, i, one) {
		const char *c = json_string_value(
		    json_object_get(one, "complaint"));

		if (c != NULL)
			printf("%s: %s\n",
			    json_string_value(json_object_get(one, "file")), c);
	}
	json_decref(seen.certificates);
}

static int
show(struct ctl *ctl)
{
	static const char *const heads[] = { "FILE", "STATE", "EXPIRES",
		"ALGORITHM", "FINGERPRINT", "NAMES" };
	static const struct handlers none = { .closed = link_closed };
	struct message m = { .type = MSG_tls_list };
	struct channel *c;
	int code = link_open(ctl, &none);

	if (code == 0)
		code = link_program(ROLE_KEYS, 0, &show_handlers, &c);
	if (code != 0)
		return code;
	seen.table.columns = nitems(heads);
	seen.certificates = json_array();
	for (size_t i = 0; i < nitems(heads); i++)
		table_add(&seen.table, "%s", heads[i]);
	channel_send(c, &m);
	if (!link_wait())
		return ctl_fail(EX_TEMPFAIL, "keys went away; try again");
	print_shown(ctl);
	return 0;
}

const struct command tls_commands[] = {
	{ "tls show", "", OPTION_JSON, 0, 0, show,
	    "certificates: what is served, and what is on disk" },
	{ "tls report", "[DOMAIN]", OPTION_JSON | OPTION_DAY, 0, 1, tls_report,
	    "how TLS with other servers went (RFC 8460)" },
	{ "tls self-signed", "NAME...", 0, 1, 100, certificate_self_signed,
	    "write a certificate that nobody else trusts, and its key" },
	{ 0 },
};
