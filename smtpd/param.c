/* SPDX-License-Identifier: ISC */
/*
 * param - a table of keywords
 *
 * An extension that adds parameters adds lines here. Each may stand once. A
 * keyword that is not in the table is 555, as RFC 5321 wants it, so that no
 * client believes in a promise that nobody keeps.
 */
#include "lib/base/log.h"
#include "smtpd/param.h"

struct param {
	const char *keyword;
	unsigned of;		/* enum param_of bits */
	unsigned protocols;
	bool valued;		/* "=" must follow */
	/* True, or w is why not. */
	bool (*read)(struct dialog *d, struct view value, struct why *w);
};

static bool
read_size(struct dialog *d, struct view value, struct why *w)
{
	uint64_t limit = d->house->settings()->message_size_limit;

	if (value.n > 20 || !view_u64(value, UINT64_MAX, &d->tx.size))
		return why_never(w, "5.4", "SIZE is a number of octets");
	if (d->tx.size > limit)
		return why_never(w, "3.4",
		    "The mail is larger than %llu octets",
		    (unsigned long long)limit);
	return true;
}

static bool
read_body(struct dialog *d, struct view value, struct why *w)
{
	if (view_isi(value, "7BIT"))
		d->tx.body = 0;
	else if (view_isi(value, "8BITMIME"))
		d->tx.body = 1;
	else
		return why_never(w, "5.4", "BODY is 7BIT or 8BITMIME");
	return true;
}

/* RFC 4954 5: only who logged in may vouch for another; nobody is believed. */
static bool
read_auth(struct dialog *d, struct view value, struct why *w)
{
	(void)d;
	if (value.n == 0 || value.n > 500)
		return why_never(w, "5.4", "AUTH is an address in xtext or <>");
	return true;
}

#define ALL	(PROTOCOL_SMTP | PROTOCOL_SUBMISSION | PROTOCOL_LMTP)

static const struct param params[] = {
	{ "SIZE", PARAM_MAIL, ALL, true, read_size },
	{ "BODY", PARAM_MAIL, ALL, true, read_body },
	{ "AUTH", PARAM_MAIL, PROTOCOL_SUBMISSION, true, read_auth },
};

static bool
find(const struct dialog *d, struct view keyword, enum param_of of, size_t *i)
{
	for (*i = 0; *i < nitems(params); ++*i)
		if (view_isi(keyword, params[*i].keyword))
			return (params[*i].of & of) != 0 &&
			    (params[*i].protocols & d->protocol) != 0;
	return false;
}

static bool
unknown(struct dialog *d, struct view keyword, struct response *r)
{
	if (keyword.n > 64)
		keyword.n = 64;
	*r = response_printf(&d->command, 555, "5.5.4",
	    "The parameter %s is not known here", log_quote(keyword));
	return false;
}

bool
param_read(struct dialog *d, struct view text, enum param_of of,
    struct response *r)
{
	unsigned seen = 0;
	struct view word;
	struct why w;
	size_t i;

	while ((word = view_word(&text)).n > 0) {
		bool valued = view_find(word, '=') < word.n;
		struct view keyword = view_cut(&word, '=');

		if (!find(d, keyword, of, &i))
			return unknown(d, keyword, r);
		if (valued != params[i].valued)
			why_never(&w, "5.4", "%s %s", params[i].keyword,
			    valued ? "takes no value" : "needs a value");
		else if (seen & 1u << i)
			why_never(&w, "5.4", "%s stands twice",
			    params[i].keyword);
		else if (params[i].read(d, word, &w)) {
			seen |= 1u << i;
			continue;
		}
		*r = response_why(&d->command, &w);
		return false;
	}
	return true;
}
