/* SPDX-License-Identifier: ISC */
/*
 * hello - HELO, EHLO, LHLO and the list of extensions
 */
#include "lib/mail/address.h"
#include "smtpd/command.h"
#include "smtpd/login.h"
#include "smtpd/starttls.h"
#include "smtpd/xclient.h"

/* One line of the EHLO reply. */
struct extension {
	const char *keyword;
	unsigned protocols;
	/* Its parameters, behind the keyword; NULL: none. */
	void (*parameters)(const struct dialog *d, struct str *out);
	/* NULL: always on offer. */
	bool (*offered)(const struct dialog *d);
};

static void
size_parameters(const struct dialog *d, struct str *out)
{
	str_addf(out, " %llu", (unsigned long long)
	    d->house->settings()->message_size_limit);
}

#define ALL	(PROTOCOL_SMTP | PROTOCOL_SUBMISSION | PROTOCOL_LMTP)

static const struct extension extensions[] = {
	{ "PIPELINING", ALL, NULL, NULL },
	{ "SIZE", ALL, size_parameters, NULL },
	{ "8BITMIME", ALL, NULL, NULL },
	{ "STARTTLS", ALL, NULL, starttls_offered },
	{ "AUTH", PROTOCOL_SUBMISSION, login_mechanisms, login_offered },
	{ "ENHANCEDSTATUSCODES", ALL, NULL, NULL },
	{ "XCLIENT", ALL, xclient_attributes, xclient_offered },
	{ "XFORWARD", ALL, xforward_attributes, xclient_offered },
	{ "HELP", ALL, NULL, NULL },
};

/* Note the name; a second greeting begins anew, too (RFC 5321 4.1.4). */
static bool
greet(struct dialog *d, struct view name, bool extended)
{
	if (!address_is_helo(name, true))
		return false;
	dialog_reset(d);
	arena_reset(&d->hello);
	d->helo = arena_copy(&d->hello, name);
	d->extended = extended;
	d->phase = PHASE_READY;
	return true;
}

static struct response
no_name(struct dialog *d, const char *verb)
{
	return response_printf(&d->command, 501, "5.5.4",
	    "Syntax: %s host, a name or an address in brackets", verb);
}

struct response
command_helo(struct dialog *d, struct view args)
{
	if (!greet(d, args, false))
		return no_name(d, "HELO");
	return response(250, "", d->house->hostname());
}

static struct response
extended(struct dialog *d, struct view args, const char *verb)
{
	struct str text = { 0 };
	struct response r;

	if (!greet(d, args, true))
		return no_name(d, verb);
	str_addf(&text, "%s greets %s", d->house->hostname(), d->helo);
	for (size_t i = 0; i < nitems(extensions); i++) {
		const struct extension *e = &extensions[i];

		if ((e->protocols & d->protocol) == 0 ||
		    (e->offered != NULL && !e->offered(d)))
			continue;
		str_addf(&text, "\n%s", e->keyword);
		if (e->parameters != NULL)
			e->parameters(d, &text);
	}
	r = response(250, "", arena_copy(&d->command, str_view(&text)));
	str_free(&text);
	return r;
}

struct response
command_ehlo(struct dialog *d, struct view args)
{
	return extended(d, args, "EHLO");
}

struct response
command_lhlo(struct dialog *d, struct view args)
{
	return extended(d, args, "LHLO");
}
