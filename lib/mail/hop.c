/* SPDX-License-Identifier: ISC */
/*
 * hop - the text of a next hop, read and written
 *
 * Where it goes comes first, options follow; each part is a small reader of its
 * own, and each option a row of a table. What is read is brought to one form at
 * once (A-labels, lower case, addresses as the C library writes them), so that
 * writing has nothing to decide.
 */
#include <arpa/inet.h>
#include <sys/un.h>

#include "lib/mail/address.h"
#include "lib/mail/hop.h"
#include "lib/mail/idn.h"

#define PATH_MOST  (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define LOGIN_MOST 128

static const char *const levels[] = {
	[HOP_TLS_DEFAULT] = "",
	[HOP_TLS_NONE] = "none",
	[HOP_TLS_MAY] = "may",
	[HOP_TLS_ENCRYPT] = "encrypt",
	[HOP_TLS_VERIFY] = "verify",
	[HOP_TLS_DANE_ONLY] = "dane-only",
	[HOP_TLS_IMPLICIT] = "implicit",
};

bool
hop_tls_named(struct view name, enum hop_tls *tls)
{
	for (size_t i = HOP_TLS_NONE; i < nitems(levels); i++)
		if (view_is(name, levels[i])) {
			*tls = (enum hop_tls)i;
			return true;
		}
	return false;
}

const char *
hop_tls_name(enum hop_tls tls)
{
	return levels[tls];
}

/* The address as the C library writes it; false when it is none. */
static bool
read_ip(struct view v, struct arena *a, struct view *out)
{
	char text[ADDRESS_IP_SIZE];
	bool ok = address_is_ip(v, view_find(v, ':') < v.n ? AF_INET6 :
	    AF_INET, text);

	if (ok)
		*out = arena_view(a, view_of(text));
	return ok;
}

/* 192.0.2.1 has the form of a name, but no top level consists of digits. */
static bool
ends_in_number(struct view name)
{
	uint64_t n;
	size_t dot = view_rfind(name, '.');

	return view_u64(dot < name.n ? view_skip(name, dot + 1) : name,
	    UINT64_MAX, &n);
}

static bool
read_name(struct view v, struct arena *a, struct view *out)
{
	struct str ascii = { 0 };
	bool ok = v.n <= ADDRESS_DOMAIN_MAX && idn_ascii(&ascii, v) &&
		  address_is_domain(str_view(&ascii), false) &&
		  !ends_in_number(str_view(&ascii));

	if (ok)
		*out = arena_view(a, str_view(&ascii));
	str_free(&ascii);
	return ok;
}

static bool
read_port(struct view v, struct hop *h, struct why *w)
{
	uint64_t port;

	if (!view_u64(v, UINT16_MAX, &port) || port == 0)
		return why_never(w, "3.5", "\"%.*s\" is no port", VIEW(v));
	h->port = (uint16_t)port;
	return true;
}

static bool
read_unix(struct view path, struct arena *a, struct hop *h, struct why *w)
{
	if (path.n < 2 || path.p[0] != '/' || path.n > PATH_MOST)
		return why_never(w, "3.5", "unix: wants the whole path of a "
		    "socket, at most %zu octets", PATH_MOST);
	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.p[i] <= ' ' || path.p[i] == 127)
			return why_never(w, "3.5", "The path of a socket "
			    "cannot have blanks or controls");
	h->kind = HOP_UNIX;
	h->lmtp = true;
	h->host = arena_view(a, path);
	return true;
}

/* "[host]", "[192.0.2.1]", "[IPv6:2001:db8::1]" and what follows. The tag may
 * be left out: no host name has a colon. */
static bool
read_brackets(struct view v, struct arena *a, struct hop *h, struct why *w)
{
	size_t end = view_find(v, ']');
	struct view in = view_bytes(v.p + 1, end - 1), ip = in;
	struct view rest = view_skip(v, end < v.n ? end + 1 : end);

	if (end == v.n)
		return why_never(w, "3.5", "There is no ] after [");
	if (view_startsi(in, VIEW_LIT("IPv6:")))
		ip = view_skip(in, 5);
	if ((ip.n == in.n || view_find(ip, ':') < ip.n) &&
	    read_ip(ip, a, &h->host))
		h->kind = HOP_ADDRESS;
	else if (read_name(in, a, &h->host))
		h->kind = HOP_HOST;
	else
		return why_never(w, "3.5", "\"%.*s\" is no host and no address",
		    VIEW(in));
	if (rest.n == 0)
		return true;
	if (rest.p[0] != ':')
		return why_never(w, "3.5", "Only :PORT may follow ]");
	return read_port(view_skip(rest, 1), h, w);
}

static bool
read_domain(struct view v, struct arena *a, struct hop *h, struct why *w)
{
	struct view name = v, ip;
	size_t colon = view_find(v, ':');

	if (read_ip(v, a, &ip))
		return why_never(w, "3.5", "An address stands in brackets: "
		    "[%.*s]", VIEW(v));
	name.n = colon;
	h->kind = HOP_MX;
	if (!read_name(name, a, &h->host))
		return why_never(w, "3.5", "\"%.*s\" is no domain", VIEW(name));
	if (h->lmtp)
		return why_never(w, "3.5", "lmtp: wants a host or an address "
		    "in brackets");
	return colon == v.n || read_port(view_skip(v, colon + 1), h, w);
}

static bool
read_where(struct view v, struct arena *a, struct hop *h, struct why *w)
{
	if (view_starts(v, VIEW_LIT("lmtp:"))) {
		h->lmtp = true;
		v = view_skip(v, 5);
	}
	if (view_starts(v, VIEW_LIT("unix:")))
		return read_unix(view_skip(v, 5), a, h, w);
	return v.n > 0 && v.p[0] == '[' ? read_brackets(v, a, h, w)
					: read_domain(v, a, h, w);
}

/* ---- options ---- */

static bool
option_tls(struct view v, struct arena *a UNUSED, struct hop *h)
{
	return hop_tls_named(v, &h->tls);
}

static bool
option_login(struct view v, struct arena *a, struct hop *h)
{
	if (v.n == 0 || v.n > LOGIN_MOST)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	h->login = arena_view(a, v);
	return true;
}

static bool
option_source(struct view v, struct arena *a, struct hop *h)
{
	return read_ip(v, a, &h->source);
}

static const struct option {
	const char *name;
	bool (*read)(struct view value, struct arena *a, struct hop *h);
	const char *wants;
	bool local;		/* has a meaning for sockets of this host */
} options[] = {
	{ "tls", option_tls, "none, may, encrypt, verify, dane-only or implicit",
	    false },
	{ "login", option_login, "a name of the file relay_logins", true },
	{ "source", option_source, "an IP address of this host", false },
};

static bool
read_option(struct view v, struct arena *a, struct hop *h, unsigned *seen,
    struct why *w)
{
	struct view name = view_cut(&v, '=');

	for (unsigned i = 0; i < nitems(options); i++) {
		const struct option *o = &options[i];

		if (!view_is(name, o->name))
			continue;
		if (*seen & 1U << i)
			return why_never(w, "3.5", "%s= stands there twice",
			    o->name);
		if (h->kind == HOP_UNIX && !o->local)
			return why_never(w, "3.5", "%s= has no meaning for "
			    "unix:", o->name);
		*seen |= 1U << i;
		return o->read(v, a, h) ||
		       why_never(w, "3.5", "%s= wants %s", o->name, o->wants);
	}
	return why_never(w, "3.5", "\"%.*s\" is no option: they are tls=, "
	    "login= and source=", VIEW(name));
}

bool
hop_parse(struct view text, struct arena *a, struct hop *h, struct why *w)
{
	struct view word = view_word(&text);
	unsigned seen = 0;

	*h = (struct hop){ .login = VIEW_NONE, .source = VIEW_NONE };
	if (word.n + text.n > HOP_MAX)
		return why_never(w, "3.5", "A hop has at most %d octets",
		    HOP_MAX);
	if (word.n == 0)
		return why_never(w, "3.5", "There is no hop");
	if (!read_where(word, a, h, w))
		return false;
	while ((word = view_word(&text)).n > 0)
		if (!read_option(word, a, h, &seen, w))
			return false;
	return true;
}

void
hop_write(const struct hop *h, struct str *out)
{
	bool v6 = h->kind == HOP_ADDRESS && view_find(h->host, ':') < h->host.n;

	if (h->kind == HOP_UNIX)
		str_adds(out, "unix:");
	else if (h->lmtp)
		str_adds(out, "lmtp:");
	if (h->kind == HOP_HOST || h->kind == HOP_ADDRESS)
		str_adds(out, v6 ? "[IPv6:" : "[");
	str_add(out, h->host);
	if (h->kind == HOP_HOST || h->kind == HOP_ADDRESS)
		str_addc(out, ']');
	if (h->port != 0)
		str_addf(out, ":%u", h->port);
	if (h->tls != HOP_TLS_DEFAULT)
		str_addf(out, " tls=%s", hop_tls_name(h->tls));
	if (h->login.n > 0)
		str_addf(out, " login=%.*s", VIEW(h->login));
	if (h->source.n > 0)
		str_addf(out, " source=%.*s", VIEW(h->source));
}

bool
hop_delivers(struct view text)
{
	return view_starts(text, VIEW_LIT("lmtp:")) ||
	    view_starts(text, VIEW_LIT("unix:"));
}

bool
hop_is_named(struct view text)
{
	return view_starts(text, VIEW_LIT("[")) || hop_delivers(text);
}
