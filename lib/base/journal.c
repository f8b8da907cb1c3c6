/* SPDX-License-Identifier: ISC */
/*
 * journal - fields by the keys that lines have
 *
 * The first value of a key counts: what a client has said stands behind what is
 * known of it.
 */
#include <stdio.h>
#include <syslog.h>

#include "lib/base/journal.h"

static const struct field {
	const char *key, *field;
} fields[] = {
	{ "client", "CLIENT" },
	{ "dsn", "DSN" },
	{ "delay", "DELAY" },
	{ "from", "SENDER" },
	{ "message-id", "HEADER_MESSAGE_ID" },
	{ "nrcpt", "NRCPT" },
	{ "proto", "PROTO" },
	{ "relay", "RELAY" },
	{ "rip", "CLIENT_IP" },
	{ "sasl_username", "LOGIN" },
	{ "size", "SIZE" },
	{ "status", "STATUS" },
	{ "tls", "TLS" },
	{ "to", "RCPT" },
	{ "user", "LOGIN" },
};

static void
put(struct str *out, const char *field, struct view value)
{
	str_addf(out, "%s=%.*s\n", field, VIEW(value));
}

/* "0006...: " in front, or "NOQUEUE: ". */
static void
put_id(struct view line, struct str *out)
{
	struct view id = view_cut(&line, ':');
	uint64_t number;

	if (view_is(id, "NOQUEUE") || view_hex16(id, &number))
		put(out, "QUEUE_ID", id);
}

/* The address of "name[192.0.2.1]". */
static void
put_address(struct view line, unsigned *done, struct str *out)
{
	size_t begin = view_search(line, VIEW_LIT("["));
	struct view ip = view_skip(line, begin + (begin < line.n));
	size_t end = view_find(ip, ']');

	ip.n = end < ip.n ? end : 0;
	for (size_t i = 0; i < ip.n; i++)
		if (!is_alnum(ip.p[i]) && ip.p[i] != '.' && ip.p[i] != ':')
			return;
	if (ip.n == 0 || (*done & 1u << nitems(fields)))
		return;
	*done |= 1u << nitems(fields);
	put(out, "CLIENT_IP", ip);
}

/* "550 5.1.1" behind "reject: RCPT from name[ip]: ". */
static void
put_reason(struct view line, struct str *out)
{
	size_t at = view_search(line, VIEW_LIT("]: "));
	struct view code, status;

	if (at == line.n ||
	    view_search(line, VIEW_LIT("reject: ")) == line.n)
		return;
	line = view_skip(line, at + 3);
	code = view_word(&line);
	status = view_word(&line);
	if (code.n != 3 || !is_digit(code.p[0]))
		return;
	put(out, "STATUS", VIEW_LIT("reject"));
	str_addf(out, "REASON_CODE=%.*s", VIEW(code));
	if (status.n > 3 && is_digit(status.p[0]) && status.p[1] == '.')
		str_addf(out, " %.*s", VIEW(status));
	str_addc(out, '\n');
}

/* Between < and >, or up to a comma or blank. */
static struct view
take_value(struct view *rest)
{
	bool angle = rest->n > 0 && rest->p[0] == '<';
	size_t n = 0;
	struct view v;

	if (angle)
		*rest = view_skip(*rest, 1);
	while (n < rest->n && (angle ? rest->p[n] != '>' :
		rest->p[n] != ',' && rest->p[n] != ' '))
		n++;
	v = view_bytes(rest->p, n);
	*rest = view_skip(*rest, n);
	return v;
}

static void
put_field(struct view key, struct view value, unsigned *done, struct str *out)
{
	for (size_t i = 0; i < nitems(fields); i++) {
		if (!view_is(key, fields[i].key) || (*done & 1u << i))
			continue;
		*done |= 1u << i;
		put(out, fields[i].field, value);
		if (view_is(key, "client"))
			put_address(value, done, out);
	}
}

/* Words "key=value"; a remote server's own words, in parentheses, are none. */
static void
put_fields(struct view rest, unsigned *done, struct str *out)
{
	while (rest.n > 0 && rest.p[0] != '(') {
		size_t n = 0;

		while (n < rest.n && (is_alpha(rest.p[n]) || rest.p[n] == '-' ||
			rest.p[n] == '_'))
			n++;
		if (n > 0 && n < rest.n && rest.p[n] == '=') {
			struct view key = view_bytes(rest.p, n);

			rest = view_skip(rest, n + 1);
			put_field(key, take_value(&rest), done, out);
		}
		while (rest.n > 0 && rest.p[0] != ' ' && rest.p[0] != ',')
			rest = view_skip(rest, 1);
		while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == ','))
			rest = view_skip(rest, 1);
	}
}

void
journal_entry(struct str *out, const char *ident, int pid, int priority,
    struct view line)
{
	size_t from = view_search(line, VIEW_LIT(" from "));
	unsigned done = 0;

	put(out, "MESSAGE", line);
	str_addf(out, "PRIORITY=%d\nSYSLOG_FACILITY=%d\n"
	    "SYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%d\n", priority, LOG_MAIL >> 3,
	    ident, pid);
	put_id(line, out);
	put_fields(line, &done, out);
	if (from < line.n)
		put_address(view_skip(line, from), &done, out);
	put_reason(line, out);
}
