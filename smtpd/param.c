/* SPDX-License-Identifier: ISC */
/*
 * param - a table of keywords
 *
 * An extension that adds parameters adds lines here. Each may stand once. A
 * keyword that is not in the table, or whose extension is not on offer, is
 * 555, as RFC 5321 wants it, so that no client believes in a promise that
 * nobody keeps. A client that said HELO has none.
 */
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/utf8.h"
#include "lib/mail/xtext.h"
#include "smtpd/extension.h"
#include "smtpd/param.h"

#define ENVID_MAX 100	/* RFC 3461 4.4 */
#define ORCPT_MAX 500	/* RFC 3461 4.2 */
#define AUTH_PARAM_MAX  500	/* RFC 4954 5 */

enum param_of { PARAM_MAIL = 1, PARAM_RCPT = 2 };

struct param {
	const char *keyword;
	enum extension extension;
	enum param_of of;
	bool valued;		/* "=" must follow; else it must not */
	/* True, or w is why not. */
	bool (*read)(struct dialog *d, struct rcpt *rcpt, struct view value,
	    struct why *w);
};

static bool
read_size(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	uint64_t limit = d->house->settings()->message_size_limit;

	(void)rcpt;
	if (value.n > 20)
		return why_never(w, "5.4", "SIZE is a number of octets");
	/* twenty digits can be more than 64 bits hold */
	if (!view_u64(value, UINT64_MAX, &d->tx.size)) {
		for (size_t i = 0; i < value.n; i++)
			if (!is_digit(value.p[i]))
				value.n = 0;
		if (value.n == 0)
			return why_never(w, "5.4",
			    "SIZE is a number of octets");
		d->tx.size = UINT64_MAX;
	}
	if (d->tx.size > limit)
		return why_never(w, "3.4",
		    "The mail is larger than %llu octets",
		    (unsigned long long)limit);
	return true;
}

static bool
read_body(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	static const char *const names[] = {
		[BODY_7BIT] = "7BIT",
		[BODY_8BIT] = "8BITMIME",
		[BODY_BINARY] = "BINARYMIME",
	};

	(void)rcpt;
	for (uint8_t i = 0; i < nitems(names); i++)
		if (view_isi(value, names[i])) {
			d->tx.body = i;
			return true;
		}
	return why_never(w, "5.4", "BODY is 7BIT, 8BITMIME or BINARYMIME");
}

static bool
read_utf8(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	(void)rcpt;
	(void)value;
	(void)w;
	d->tx.utf8 = true;
	return true;
}

/* RFC 4954 5: an address or <>. It is checked and not believed: nobody's word
 * about somebody else's login counts here. */
static bool
read_auth(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	struct str text = { 0 };
	struct address a;
	bool ok = value.n <= AUTH_PARAM_MAX && xtext_decode(&text, value, true) &&
	    (view_is(str_view(&text), "<>") ||
		address_parse(str_view(&text), ADDRESS_UTF8, &d->command,
		    &a) == ADDRESS_FINE);

	(void)rcpt;
	str_free(&text);
	return ok || why_never(w, "5.4",
	    "AUTH is an address in xtext, or <>");
}

static bool
read_ret(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	(void)rcpt;
	if (view_isi(value, "FULL"))
		d->tx.ret = 1;
	else if (view_isi(value, "HDRS"))
		d->tx.ret = 2;
	else
		return why_never(w, "5.4", "RET is FULL or HDRS");
	return true;
}

static bool
read_envid(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	struct str text = { 0 };
	bool ok = value.n <= ENVID_MAX && xtext_decode(&text, value, false) &&
	    text.n > 0;

	(void)rcpt;
	if (ok)
		d->tx.envid = arena_view(&d->tx.arena, str_view(&text));
	str_free(&text);
	return ok || why_never(w, "5.4",
	    "ENVID is at most %d octets of xtext", ENVID_MAX);
}

static bool
read_requiretls(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	(void)rcpt;
	(void)value;
	(void)w;
	d->tx.require_tls = true;
	return true;
}

/* The bit of one word of NOTIFY; 0: there is no such word. */
static uint8_t
notify_bit(struct view word)
{
	static const struct {
		const char *word;
		uint8_t bit;
	} words[] = {
		{ "SUCCESS", NOTIFY_SUCCESS },
		{ "FAILURE", NOTIFY_FAILURE },
		{ "DELAY", NOTIFY_DELAY },
		{ "NEVER", NOTIFY_NEVER },
	};

	for (size_t i = 0; i < nitems(words); i++)
		if (view_isi(word, words[i].word))
			return words[i].bit;
	return 0;
}

static bool
read_notify(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	uint8_t bits = 0, bit;
	bool more, alone = view_isi(value, "NEVER");

	(void)d;
	do {
		more = view_find(value, ',') < value.n;
		bit = notify_bit(view_cut(&value, ','));
		bits |= bit;
	} while (more && bit != 0);
	if (bit == 0 || (bits & NOTIFY_NEVER && !alone))
		return why_never(w, "5.4", "NOTIFY is NEVER, or some of "
		    "SUCCESS,FAILURE,DELAY");
	rcpt->notify = bits;
	return true;
}

/* An atom: what kind of address it is. */
static bool
is_address_type(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && v.p[i] != '-')
			return false;
	return v.n > 0;
}

static bool
read_orcpt(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w)
{
	struct view address = value, type = view_cut(&address, ';');
	struct str text = { 0 };
	bool ok = value.n <= ORCPT_MAX && is_address_type(type) &&
	    address.n > 0;

	if (ok) {
		str_add(&text, type);
		str_addc(&text, ';');
		ok = view_isi(type, "utf-8") ?
		    xtext_decode_unicode(&text, address, d->tx.utf8) :
		    xtext_decode(&text, address, false);
	}
	if (ok)
		rcpt->orcpt = arena_view(&d->tx.arena, str_view(&text));
	str_free(&text);
	return ok || why_never(w, "5.4", "ORCPT is the type of an address, "
	    "';' and the address in xtext");
}

static const struct param params[] = {
	{ "SIZE", EXT_SIZE, PARAM_MAIL, true, read_size },
	{ "BODY", EXT_8BITMIME, PARAM_MAIL, true, read_body },
	{ "SMTPUTF8", EXT_UTF8, PARAM_MAIL, false, read_utf8 },
	{ "AUTH", EXT_AUTH, PARAM_MAIL, true, read_auth },
	{ "RET", EXT_DSN, PARAM_MAIL, true, read_ret },
	{ "ENVID", EXT_DSN, PARAM_MAIL, true, read_envid },
	{ "NOTIFY", EXT_DSN, PARAM_RCPT, true, read_notify },
	{ "ORCPT", EXT_DSN, PARAM_RCPT, true, read_orcpt },
	{ "REQUIRETLS", EXT_REQUIRETLS, PARAM_MAIL, false, read_requiretls },
	{ "HOLDFOR", EXT_FUTURERELEASE, PARAM_MAIL, true, param_hold_for },
	{ "HOLDUNTIL", EXT_FUTURERELEASE, PARAM_MAIL, true, param_hold_until },
	{ "BY", EXT_DELIVERBY, PARAM_MAIL, true, param_by },
	{ "MT-PRIORITY", EXT_PRIORITY, PARAM_MAIL, true, param_priority },
};

static bool
find(const struct dialog *d, struct view keyword, enum param_of of, size_t *i)
{
	for (*i = 0; *i < nitems(params); ++*i)
		if (view_isi(keyword, params[*i].keyword))
			return params[*i].of == of && d->extended &&
			    extension_offered(d, params[*i].extension);
	return false;
}

static bool
unknown(struct dialog *d, struct view keyword, struct response *r)
{
	if (!d->extended) {
		*r = response(555, "5.5.4", "Parameters need EHLO");
		return false;
	}
	if (keyword.n > 64)
		keyword.n = 64;
	*r = response_printf(&d->command, 555, "5.5.4",
	    "The parameter %s is not known here", log_quote(keyword));
	return false;
}

static bool
read_all(struct dialog *d, struct rcpt *rcpt, struct view text,
    struct response *r)
{
	unsigned seen = 0;
	struct view word;
	struct why w;
	size_t i;

	while ((word = view_word(&text)).n > 0) {
		bool valued = view_find(word, '=') < word.n;
		struct view keyword = view_cut(&word, '=');

		if (!find(d, keyword, rcpt ? PARAM_RCPT : PARAM_MAIL, &i))
			return unknown(d, keyword, r);
		if (valued != params[i].valued)
			why_never(&w, "5.4", "%s %s", params[i].keyword,
			    valued ? "takes no value" : "needs a value");
		else if (seen & 1u << i)
			why_never(&w, "5.4", "%s stands twice",
			    params[i].keyword);
		else if (params[i].read(d, rcpt, word, &w)) {
			seen |= 1u << i;
			continue;
		}
		*r = response_why(&d->command, &w);
		return false;
	}
	return true;
}

bool
param_mail(struct dialog *d, struct view text, struct response *r)
{
	struct why w;

	if (!read_all(d, NULL, text, r))
		return false;
	if (param_times_fit(d, &w))
		return true;
	*r = response_why(&d->command, &w);
	return false;
}

bool
param_rcpt(struct dialog *d, struct rcpt *rcpt, struct view text,
    struct response *r)
{
	return read_all(d, rcpt, text, r);
}
