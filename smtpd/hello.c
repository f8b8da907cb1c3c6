/* SPDX-License-Identifier: ISC */
/*
 * hello - HELO, EHLO and LHLO
 */
#include "lib/mail/address.h"
#include "smtpd/command.h"
#include "smtpd/extension.h"

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
	extension_list(d, &text);
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
