/* SPDX-License-Identifier: ISC */
/*
 * command - the table
 *
 * Searched from its beginning, where the verbs of a usual session stand. The
 * order is also that of the tally in the log. A verb without a function is
 * known and refused with 502, so that a client can tell it from a typing error.
 */
#include "smtpd/command.h"

#define ANY	(PHASE_NEW | PHASE_READY | PHASE_MAIL | PHASE_RCPT | \
	PHASE_CHUNK)
#define MAILS	(PROTOCOL_SMTP | PROTOCOL_SUBMISSION)
#define ALL	(MAILS | PROTOCOL_LMTP)
#define IDLE	(COMMAND_LAST | COMMAND_JUNK)

static const struct command commands[] = {
	{ "HELO", command_helo, MAILS, ANY, IDLE, "HELO host",
	    "Says who you are, without extensions." },
	{ "EHLO", command_ehlo, MAILS, ANY, IDLE, "EHLO host",
	    "Says who you are and asks for the extensions on offer." },
	{ "LHLO", command_lhlo, PROTOCOL_LMTP, ANY, IDLE, "LHLO host",
	    "Says who you are and asks for the extensions on offer." },
	{ "MAIL", command_mail, ALL, PHASE_READY,
	    COMMAND_LOGGED | COMMAND_AUTHED | COMMAND_JUNK,
	    "MAIL FROM:<address> [parameter[=value]]...",
	    "Begins a mail; reports about it go to the address, <> for none." },
	{ "RCPT", command_rcpt, ALL, PHASE_MAIL | PHASE_RCPT, COMMAND_LOGGED,
	    "RCPT TO:<address> [parameter=value]...",
	    "Names a recipient; give it once for each of them." },
	{ "DATA", command_data, ALL, PHASE_MAIL | PHASE_RCPT,
	    COMMAND_LAST | COMMAND_LOGGED | COMMAND_JUNK, "DATA",
	    "Begins the content, which a line with a single dot ends." },
	{ "BDAT", command_bdat, ALL, ANY, 0, "BDAT octets [LAST]",
	    "Sends so many octets of content, which follow the line." },
	{ "RSET", command_rset, ALL, ANY, COMMAND_JUNK, "RSET",
	    "Forgets sender and recipients." },
	{ "NOOP", command_noop, ALL, ANY, IDLE, "NOOP [text]",
	    "Does nothing." },
	{ "QUIT", command_quit, ALL, ANY, COMMAND_LAST, "QUIT",
	    "Ends the session." },
	{ "HELP", command_help, ALL, ANY, COMMAND_JUNK, "HELP [verb]",
	    "Tells what there is, or about one command." },
	{ "VRFY", command_vrfy, ALL, ANY, IDLE, "VRFY user or address",
	    "Tells who that is, to whom it may be told." },
	{ "EXPN", command_expn, MAILS, ANY, IDLE, "EXPN list",
	    "Tells who is on a list." },
	{ "ETRN", command_etrn, PROTOCOL_SMTP, ANY, COMMAND_JUNK,
	    "ETRN domain or @domain",
	    "Tries now what waits for a domain." },
	{ "AUTH", command_auth, PROTOCOL_SUBMISSION, PHASE_READY,
	    IDLE, "AUTH mechanism [response]",
	    "Logs in; EHLO lists the mechanisms on offer." },
	{ "STARTTLS", command_starttls, ALL, PHASE_NEW | PHASE_READY, IDLE,
	    "STARTTLS",
	    "Goes on in TLS, and as if nothing had been said before." },
	{ "XCLIENT", command_xclient, ALL, ANY, 0, "XCLIENT attribute=value...",
	    NULL },
	{ "XFORWARD", command_xforward, ALL, ANY, 0,
	    "XFORWARD attribute=value...", NULL },
	{ "SEND", NULL, ALL, ANY, 0, "SEND FROM:<address>", NULL },
	{ "SOML", NULL, ALL, ANY, 0, "SOML FROM:<address>", NULL },
	{ "SAML", NULL, ALL, ANY, 0, "SAML FROM:<address>", NULL },
	{ "TURN", NULL, ALL, ANY, 0, "TURN", NULL },
	{ "GET", command_foreign, ALL, ANY, 0, NULL, NULL },
	{ "POST", command_foreign, ALL, ANY, 0, NULL, NULL },
	{ "CONNECT", command_foreign, ALL, ANY, 0, NULL, NULL },
};

const struct command *
command_find(struct view verb)
{
	for (size_t i = 0; i < nitems(commands); i++)
		if (view_isi(verb, commands[i].verb))
			return &commands[i];
	return NULL;
}

size_t
command_number(const struct command *c)
{
	return (size_t)(c - commands);
}

size_t
command_count(void)
{
	return nitems(commands);
}

const struct command *
command_at(size_t i)
{
	return &commands[i];
}
