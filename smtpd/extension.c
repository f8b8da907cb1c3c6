/* SPDX-License-Identifier: ISC */
/*
 * extension - the table
 *
 * The order is that of the EHLO reply. An extension that depends on the state
 * of the session (TLS, a login) or on a setting has a function that says so.
 */
#include "lib/base/clock.h"
#include "lib/mail/date.h"
#include "smtpd/extension.h"
#include "smtpd/login.h"
#include "smtpd/starttls.h"
#include "smtpd/xclient.h"

struct row {
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

static void
limits_parameters(const struct dialog *d, struct str *out)
{
	str_addf(out, " RCPTMAX=%llu", (unsigned long long)
	    d->house->settings()->recipients_max);
}

static void
release_parameters(const struct dialog *d, struct str *out)
{
	int64_t most = d->house->settings()->future_release;

	str_addf(out, " %lld ", (long long)most);
	date_write_rfc3339(out, DATE_UTC(clock_wall() + most));
}

static bool
is_secure(const struct dialog *d)
{
	return d->secure;
}

/* Who is known may say that his mail is urgent. */
static bool
is_known(const struct dialog *d)
{
	return d->trusted || d->login[0] != '\0';
}

static bool
has_etrn(const struct dialog *d)
{
	return d->house->settings()->etrn_domains.n > 0;
}

#define SMTP	(PROTOCOL_SMTP | PROTOCOL_SUBMISSION)
#define ALL	(SMTP | PROTOCOL_LMTP)

static const struct row rows[EXTENSIONS] = {
	[EXT_PIPELINING] = { "PIPELINING", ALL, NULL, NULL },
	[EXT_SIZE] = { "SIZE", ALL, size_parameters, NULL },
	[EXT_8BITMIME] = { "8BITMIME", ALL, NULL, NULL },
	[EXT_BINARYMIME] = { "BINARYMIME", ALL, NULL, NULL },
	[EXT_CHUNKING] = { "CHUNKING", ALL, NULL, NULL },
	[EXT_ENHANCED] = { "ENHANCEDSTATUSCODES", ALL, NULL, NULL },
	[EXT_DSN] = { "DSN", ALL, NULL, NULL },
	[EXT_UTF8] = { "SMTPUTF8", ALL, NULL, NULL },
	[EXT_STARTTLS] = { "STARTTLS", ALL, NULL, starttls_offered },
	[EXT_AUTH] = { "AUTH", PROTOCOL_SUBMISSION, login_mechanisms,
	    login_offered },
	[EXT_REQUIRETLS] = { "REQUIRETLS", ALL, NULL, is_secure },
	[EXT_LIMITS] = { "LIMITS", ALL, limits_parameters, NULL },
	[EXT_FUTURERELEASE] = { "FUTURERELEASE", PROTOCOL_SUBMISSION,
	    release_parameters, NULL },
	[EXT_DELIVERBY] = { "DELIVERBY", PROTOCOL_SUBMISSION, NULL, NULL },
	[EXT_PRIORITY] = { "MT-PRIORITY", PROTOCOL_SUBMISSION, NULL,
	    is_known },
	[EXT_ETRN] = { "ETRN", PROTOCOL_SMTP, NULL, has_etrn },
	[EXT_EXPN] = { "EXPN", SMTP, NULL, dialog_may_verify },
	[EXT_XCLIENT] = { "XCLIENT", ALL, xclient_attributes,
	    xclient_offered },
	[EXT_XFORWARD] = { "XFORWARD", ALL, xforward_attributes,
	    xclient_offered },
	[EXT_HELP] = { "HELP", ALL, NULL, NULL },
};

bool
extension_offered(const struct dialog *d, enum extension e)
{
	return (rows[e].protocols & d->protocol) != 0 &&
	    (rows[e].offered == NULL || rows[e].offered(d));
}

void
extension_list(const struct dialog *d, struct str *out)
{
	for (enum extension e = 0; e < EXTENSIONS; e++) {
		if (!extension_offered(d, e))
			continue;
		str_addf(out, "\n%s", rows[e].keyword);
		if (rows[e].parameters != NULL)
			rows[e].parameters(d, out);
	}
}
