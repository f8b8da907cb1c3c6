/* SPDX-License-Identifier: ISC */
/*
 * xclient - attributes that a proxy gives
 *
 * All attributes of a command are read and judged before the first is used.
 * [UNAVAILABLE] and [TEMPUNAVAIL] stand for what the proxy does not know.
 */
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/xtext.h"
#include "smtpd/command.h"
#include "smtpd/login.h"
#include "smtpd/xclient.h"

/* What XCLIENT gives. */
struct given {
	const char *name, *helo, *login;	/* NULL: unsaid */
	struct address16 address;
	bool addressed;
	uint16_t port;
};

static bool
is_unavailable(struct view v)
{
	return v.n == 0 || view_isi(v, "[UNAVAILABLE]") ||
	    view_isi(v, "[TEMPUNAVAIL]");
}

/* ---- each attribute: false when it is wrong ---- */

typedef bool attribute_fn(struct dialog *d, struct view value,
    struct given *g);

static bool
take_name(struct dialog *d, struct view value, struct given *g)
{
	if (is_unavailable(value))
		g->name = "unknown";
	else if (value.n <= 255 && address_is_helo(value, false))
		g->name = arena_copy(&d->command, value);
	return g->name != NULL;
}

static bool
take_address(struct dialog *d UNUSED, struct view value, struct given *g)
{
	g->addressed = !is_unavailable(value);
	return !g->addressed || address16_parse(value, &g->address);
}

static bool
take_port(struct dialog *d UNUSED, struct view value, struct given *g)
{
	uint64_t n = 0;

	if (!is_unavailable(value) && !view_u64(value, 65535, &n))
		return false;
	g->port = (uint16_t)n;
	return true;
}

static bool
take_proto(struct dialog *d UNUSED, struct view value, struct given *g UNUSED)
{
	return is_unavailable(value) || view_isi(value, "SMTP") ||
	    view_isi(value, "ESMTP") || view_isi(value, "LMTP");
}

static bool
take_helo(struct dialog *d, struct view value, struct given *g)
{
	if (is_unavailable(value))
		return true;
	g->helo = arena_copy(&d->command, value);
	return value.n <= 255 && address_is_helo(value, true);
}

static bool
take_login(struct dialog *d, struct view value, struct given *g)
{
	g->login = is_unavailable(value) ? "" :
					   arena_copy(&d->command, value);
	return value.n <= 255;
}

/* Where the connection went: the proxy's business. */
static bool
take_destination(struct dialog *d UNUSED, struct view value,
    struct given *g UNUSED)
{
	struct address16 a;
	uint64_t port;

	return is_unavailable(value) || address16_parse(value, &a) ||
	    view_u64(value, 65535, &port);
}

/* IDENT and SOURCE of XFORWARD. */
static bool
take_text(struct dialog *d UNUSED, struct view value, struct given *g UNUSED)
{
	return value.n <= 255;
}

struct attribute {
	const char *name;
	attribute_fn *take;
};

static const struct attribute of_xclient[] = {
	{ "NAME", take_name },
	{ "ADDR", take_address },
	{ "PORT", take_port },
	{ "PROTO", take_proto },
	{ "HELO", take_helo },
	{ "LOGIN", take_login },
	{ "DESTADDR", take_destination },
	{ "DESTPORT", take_destination },
};

static const struct attribute of_xforward[FORWARDS] = {
	[FORWARD_NAME] = { "NAME", take_name },
	[FORWARD_ADDR] = { "ADDR", take_address },
	[FORWARD_PORT] = { "PORT", take_port },
	[FORWARD_PROTO] = { "PROTO", take_proto },
	[FORWARD_HELO] = { "HELO", take_helo },
	[FORWARD_IDENT] = { "IDENT", take_text },
	[FORWARD_SOURCE] = { "SOURCE", take_text },
};

/* ---- the list ---- */

static bool
read_one(struct dialog *d, struct view word, struct view *name,
    struct view *value)
{
	struct str text = { 0 };
	bool fine = view_find(word, '=') < word.n;

	*name = view_cut(&word, '=');
	fine = fine && xtext_decode(&text, word, false);
	*value = arena_view(&d->command, str_view(&text));
	str_free(&text);
	return fine;
}

/* The row that a word belongs to, whose value is fine; n if there is none. */
static size_t
take_one(struct dialog *d, struct view word, const struct attribute *rows,
    size_t n, struct given *g, struct view *value)
{
	struct view name;
	size_t i = 0;

	if (!read_one(d, word, &name, value))
		return n;
	while (i < n && !view_isi(name, rows[i].name))
		i++;
	return i < n && rows[i].take(d, *value, g) ? i : n;
}

static struct response
wrong(struct dialog *d, const char *verb, struct view word)
{
	return response_printf(&d->command, 501, "5.5.4",
	    "%s does not take %.*s", verb, VIEW(word));
}

/* May the command be used, now? */
static bool
may(struct dialog *d, struct view args, const char *verb, struct response *r)
{
	if (!d->believed)
		*r = response(550, "5.7.0", "You are not trusted to say so");
	else if (d->phase & (PHASE_MAIL | PHASE_RCPT | PHASE_CHUNK))
		*r = response(503, "5.5.1", "There is a mail under way");
	else if (args.n == 0)
		*r = response_printf(&d->command, 501, "5.5.4",
		    "Syntax: %s attribute=value...", verb);
	else
		return true;
	return false;
}

bool
xclient_offered(const struct dialog *d)
{
	return d->believed;
}

void
xclient_attributes(const struct dialog *d UNUSED, struct str *out)
{
	for (size_t i = 0; i < nitems(of_xclient); i++)
		str_addf(out, " %s", of_xclient[i].name);
}

void
xforward_attributes(const struct dialog *d UNUSED, struct str *out)
{
	for (size_t i = 0; i < nitems(of_xforward); i++)
		str_addf(out, " %s", of_xforward[i].name);
}

/* ---- XCLIENT ---- */

/* False when the client has too many sessions. */
static bool
become(struct dialog *d, const struct given *g)
{
	bool room = true;

	log_info(NULL, "%s speaks for name=%s login=%s", d->client,
	    g->name != NULL ? g->name : "", g->login != NULL ?
	    log_quote(view_of(g->login)) : "");
	dialog_begin_anew(d);
	if (g->addressed)
		room = d->house->speaks_for(d, &g->address, g->port);
	dialog_rename(d, g->name, g->addressed ? &g->address : NULL);
	if (g->helo != NULL)
		d->helo = arena_copy(&d->hello, view_of(g->helo));
	if (g->login != NULL && g->login[0] != '\0') {
		d->login = arena_copy(&d->own, view_of(g->login));
		d->login_method = "XCLIENT";
	}
	return room;
}

struct response
command_xclient(struct dialog *d, struct view args)
{
	struct given g = { 0 };
	struct view word, value;
	struct response r;

	if (!may(d, args, "XCLIENT", &r))
		return r;
	while ((word = view_word(&args)).n > 0)
		if (take_one(d, word, of_xclient, nitems(of_xclient), &g,
			&value) == nitems(of_xclient))
			return wrong(d, "XCLIENT", word);
	if (become(d, &g))
		return dialog_greeting(d);
	r = response_printf(&d->command, 421, "4.3.2",
	    "%s Too many sessions, try again later", d->house->hostname());
	r.then = THEN_CLOSE;
	return r;
}

/* ---- XFORWARD ---- */

struct response
command_xforward(struct dialog *d, struct view args)
{
	struct given unused = { 0 };
	struct view values[FORWARDS] = { 0 }, word, value;
	struct response r;

	if (!may(d, args, "XFORWARD", &r))
		return r;
	while ((word = view_word(&args)).n > 0) {
		size_t i = take_one(d, word, of_xforward, FORWARDS, &unused,
		    &value);

		if (i == FORWARDS)
			return wrong(d, "XFORWARD", word);
		values[i] = value;
	}
	for (size_t i = 0; i < FORWARDS; i++)
		if (values[i].p != NULL)
			d->tx.forward[i] = arena_view(&d->tx.arena, values[i]);
	return response(250, "2.0.0", "Ok");
}

void
xforward_log(const struct dialog *d, struct str *out)
{
	const struct view *f = d->tx.forward;

	if (!is_unavailable(f[FORWARD_IDENT]))
		str_addf(out, ", orig_queue_id=%s",
		    log_quote(f[FORWARD_IDENT]));
	if (!is_unavailable(f[FORWARD_ADDR]))
		str_addf(out, ", orig_client=%s[%s]",
		    is_unavailable(f[FORWARD_NAME]) ? "unknown" :
		    log_quote(f[FORWARD_NAME]), log_quote(f[FORWARD_ADDR]));
}
