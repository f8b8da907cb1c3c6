/* SPDX-License-Identifier: ISC */
/*
 * settings_usual - the usual ports, as text
 */
#include "lib/proc/settings_usual.h"

#define LISTENER(name, address, protocol)                     \
	"[listener " name "]\naddress = " address "\nprotocol = " \
	protocol "\n"

struct view
settings_usual(const struct settings *s)
{
	static const char with_tls[] =
	    LISTENER("smtp", "*:25", "smtp")
	    LISTENER("submission", "*:587", "submission")
	    LISTENER("submissions", "*:465", "submission")
	    LISTENER("imap", "*:143", "imap")
	    LISTENER("imaps", "*:993", "imap")
	    LISTENER("pop3", "*:110", "pop3")
	    LISTENER("pop3s", "*:995", "pop3");
	static const char without[] =
	    LISTENER("smtp", "*:25", "smtp")
	    LISTENER("imap", "127.0.0.1:143", "imap")
	    LISTENER("pop3", "127.0.0.1:110", "pop3");

	return view_of(s->tls_cert.n > 0 ? with_tls : without);
}
