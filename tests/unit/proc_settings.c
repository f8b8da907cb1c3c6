/* SPDX-License-Identifier: ISC */
/*
 * proc_settings - the settings file: values, sections, every kind of error
 *
 * Errors are compared as whole texts, so that their wording, their place and
 * their order are part of the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/proc/role.h"
#include "lib/proc/settings.h"
#include "lib/proc/settings_address.h"

static struct settings *
good(const char *text)
{
	struct str errors = { 0 };
	struct settings *s = settings_parse(view_of(text), &errors);

	assert_string_equal(str_c(&errors), "");
	assert_non_null(s);
	str_free(&errors);
	return s;
}

static void
bad(const char *text, const char *expected)
{
	struct str errors = { 0 };
	struct settings *s = settings_parse(view_of(text), &errors);

	assert_null(s);
	assert_string_equal(str_c(&errors), expected);
	str_free(&errors);
}

static void
defaults(UNUSED void **state)
{
	struct settings *s = good("");

	assert_string_equal(s->spool_dir, "/var/spool/posthouse");
	assert_int_equal(s->message_size_limit, 64 << 20);
	assert_int_equal(s->queue_lifetime, 5 * 86400);
	assert_true(s->drop_privileges);
	assert_int_equal(s->domains.n, 0);
	assert_int_equal(s->aliases.n, 1);
	assert_string_equal(s->aliases.word[0].p, "/etc/aliases");
	assert_int_equal(s->listener_count, 1);
	assert_string_equal(s->listener[0].name, "submit");
	assert_string_equal(s->listener[0].address,
	    "unix:/run/posthouse/submit");
	settings_free(&s);
	assert_null(s);
}

static void
values(UNUSED void **state)
{
	struct settings *s = good("# a comment\n"
				  "  hostname=mail.example.org  \r\n"
				  "domains = Example.ORG, example.net\texample.com\n"
				  "message_size_limit = 3m\n"
				  "retry_first = 90\n"
				  "retry_most\t= 2h\n"
				  "delay_warning = 0\n"
				  "plain_logins = Yes\n"
				  "recipient_delimiter =\n"
				  "mail_dir = /srv/mail/\n");

	assert_string_equal(s->hostname, "mail.example.org");
	assert_int_equal(s->domains.n, 3);
	assert_string_equal(s->domains.word[0].p, "example.org");
	assert_string_equal(s->domains.word[2].p, "example.com");
	assert_int_equal(s->message_size_limit, 3 << 20);
	assert_int_equal(s->retry_first, 90);
	assert_int_equal(s->retry_most, 7200);
	assert_int_equal(s->delay_warning, 0);
	assert_true(s->plain_logins);
	assert_string_equal(s->recipient_delimiter, "");
	assert_string_equal(s->mail_dir, "/srv/mail");
	assert_string_equal(settings_path(s, "mail_dir"), "/srv/mail");
	assert_null(settings_path(s, "hostname"));
	assert_null(settings_path(s, "nothing"));
	settings_free(&s);
}

static void
sections(UNUSED void **state)
{
	struct settings *s = good("domains = example.org\n"
				  "[listener Smtp]\n"
				  "address = 127.0.0.1:25\n"
				  "sessions = 1\n"
				  "[listener imap-1]\n"
				  "address = [::1]:143\n"
				  "protocol = imap\n"
				  "[domain example.org]\n"
				  "catch_all = info@example.org\n");
	const struct listener_settings *l = settings_listener(s, "smtp");

	assert_int_equal(s->listener_count, 3);
	assert_int_equal(s->domain_count, 1);
	assert_int_equal(l->sessions, 1);
	assert_int_equal(l->processes, 8);
	assert_int_equal(listener_role(l), ROLE_SMTPD);
	assert_int_equal(listener_role(settings_listener(s, "imap-1")),
	    ROLE_IMAPD);
	assert_null(settings_listener(s, "pop3"));
	assert_string_equal(settings_domain(s, VIEW_LIT("EXAMPLE.org"))
				->catch_all,
	    "info@example.org");
	assert_null(settings_domain(s, VIEW_LIT("example.net")));
	settings_free(&s);
}

struct fault {
	const char *text, *errors;
};

static const struct fault faults[] = {
	{ "hostnam = a\n",
	    "settings:1:1: unknown setting hostnam; did you mean hostname?\n" },
	{ "qqqqqqqq = a\n",
	    "settings:1:1: unknown setting qqqqqqqq; \"posthouse config "
	    "show\" lists all\n" },
	{ "\n  just words\n",
	    "settings:2:3: neither \"name = value\" nor \"include FILE\" nor "
	    "[section NAME]\n" },
	{ "hops_max = 12\nhops_max = 13\n",
	    "settings:2:1: hops_max is set already in settings:1\n" },
	{ "hops_max = 9\nhops_max = 13\nplain_logins = maybe\n",
	    "settings:1:12: hops_max must be a number from 10 to 1000\n"
	    "settings:2:1: hops_max is set already in settings:1\n"
	    "settings:3:16: plain_logins must be yes or no\n" },
	{ "message_size_limit = 5G\n",
	    "settings:1:22: message_size_limit must be a number from 1K to "
	    "4G\n" },
	{ "message_size_limit = 99999999999999999999G\n",
	    "settings:1:22: message_size_limit must be a number from 1K to "
	    "4G\n" },
	{ "pop3_uidl = %v\n",
	    "settings:1:13: pop3_uidl must be posthouse, dovecot, courier, "
	    "cyrus, cyrus-old, uw, or a form with %u in it, as %08Xu%08Xv, of "
	    "at most 70 octets; not %v\n" },
	{ "pop3_expire = soon\n",
	    "settings:1:15: pop3_expire must be never or a number of days, not "
	    "soon\n" },
	{ "imap_admin = root\n",
	    "settings:1:14: imap_admin must be a URI, as "
	    "mailto:postmaster@example.org, not root\n" },
	{ "new_mailboxes = Sent Notes\n",
	    "settings:1:17: new_mailboxes must be of Archive, Drafts, "
	    "Important, Junk, Sent and Trash, not Notes\n" },
	{ "retry_first = 5x\n",
	    "settings:1:15: retry_first must be a number from 1s to 1d\n" },
	{ "retry_first = -5\n",
	    "settings:1:15: retry_first must be a number from 1s to 1d\n" },
	{ "retry_first = 5h\n",
	    "settings:1:15: retry_first must not be longer than retry_most\n" },
	{ "spool_dir =\n", "settings:1:12: spool_dir must not be empty\n" },
	{ "log_level = loud\n",
	    "settings:1:13: log_level must be debug, info, warning or error\n" },
	{ "log_ident = a b\n",
	    "settings:1:13: log_ident may contain letters, digits, - _ . and / "
	    "only\n" },
	{ "hostname = -\x01\n",
	    "settings:1:1: control characters do not belong here\n" },
	{ "hostname = a..b\n", "settings:1:12: hostname is no host name: a..b\n" },
	{ "domains = a b A\n", "settings:1:11: domains has a twice\n" },
	{ "relay_clients = 10.0.0.0/8 fd00::/8 0.0.0.0/0\n",
	    "settings:1:17: relay_clients has 0.0.0.0/0, which makes an open "
	    "relay: name the networks of your own clients\n" },
	{ "relay_clients = 128.0.0.0/1\n",
	    "settings:1:17: relay_clients has 128.0.0.0/1, which makes an open "
	    "relay: name the networks of your own clients\n" },
	{ "relay_clients = ::/0\n",
	    "settings:1:17: relay_clients has ::/0, which makes an open "
	    "relay: name the networks of your own clients\n" },
	{ "relay_domains = a.test .com\n",
	    "settings:1:17: relay_domains has .com, which is all of a top "
	    "level\n" },
	{ "relay_domains = a..test\n",
	    "settings:1:17: relay_domains has a..test, which is no domain\n" },
	{ "relay_domains = a.test A.Test\n",
	    "settings:1:17: relay_domains has A.Test twice\n" },
	{ "domains = a.test\nrelay_domains = A.test\n",
	    "settings:2:17: relay_domains has A.test, whose mail is delivered "
	    "here: it stands in domains\n" },
	{ "relay_recipients = x\n",
	    "settings:1:20: relay_recipients has no effect without "
	    "relay_domains\n" },
	{ "masquerade_domains = a.test !b.test !\n",
	    "settings:1:22: masquerade_domains has !, which is no domain\n" },
	{ "masquerade_domains = a.test b..test\n",
	    "settings:1:22: masquerade_domains has b..test, which is no "
	    "domain\n" },
	{ "masquerade_domains = a.test A.Test\n",
	    "settings:1:22: masquerade_domains has A.Test twice\n" },
	{ "masquerade_exceptions = root\n",
	    "settings:1:25: masquerade_exceptions has no effect without "
	    "masquerade_domains\n" },
	{ "source_addresses = 192.0.2.1 here\n",
	    "settings:1:20: source_addresses has here, which is no IP "
	    "address\n" },
	{ "smtp_tls = most\n", "settings:1:12: smtp_tls must be none, may, "
	    "encrypt, verify or dane-only, not most\n" },
	{ "dns_servers = 127.0.0.1@x\n", "settings:1:15: dns_servers has "
	    "127.0.0.1@x, which is no address or address@port\n" },
	{ "catch_all = a\n",
	    "settings:1:1: catch_all belongs into a [domain NAME] section\n" },
	{ "[listener a]\naddress = 1.2.3.4:5\nhostname = x\n",
	    "settings:3:1: hostname belongs before the first section\n" },
	{ "[listener a]\naddress = 1.2.3.4:5\nadress = x\n",
	    "settings:3:1: unknown setting adress; did you mean address?\n" },
	{ "[listen a]\naddress = 1.2.3.4:5\n",
	    "settings:1:1: a section is [listener NAME] or [domain NAME], the "
	    "name of letters, digits, - _ and .\n" },
	{ "[listener a]\n", "settings:1:1: [listener a] has no address\n" },
	{ "[listener a]\naddress = 1.2.3.4:5\n[listener A]\n",
	    "settings:3:1: [listener a] begins already in settings:1\n" },
	{ "[listener a]\naddress = localhost:25\n",
	    "settings:2:11: address must look like 127.0.0.1:25, [::1]:25, *:25 or "
	    "unix:/path, not localhost:25\n" },
	{ "[listener a]\naddress = 1.2.3.4:99999\n",
	    "settings:2:11: address must end with a colon and a port from 1 to "
	    "65535, not 1.2.3.4:99999\n" },
	{ "[listener a]\naddress = 1.2.3.4:5\n[listener b]\n"
	  "address = 1.2.3.4:5\n",
	    "settings:4:11: address 1.2.3.4:5 is that of [listener a]\n" },
	{ "[listener a]\naddress = 1.2.3.4:5\nprotocol = nntp\ntls = maybe\n",
	    "settings:3:12: protocol must be smtp, submission, lmtp, pop3, pop2 "
	    "or imap, not nntp\n"
	    "settings:4:7: tls must be none, starttls, implicit or auto, not "
	    "maybe\n" },
	{ "[listener a]\naddress = 1.2.3.4:5\ntls = starttls\n",
	    "settings:3:7: tls starttls needs a certificate: set tls_cert and "
	    "tls_key (posthouse tls self-signed makes them)\n" },
	{ "tls_cert = /a\n[listener a]\naddress = 1.2.3.4:5\n"
	  "protocol = pop2\ntls = starttls\n",
	    "settings:1:1: tls_key names 0 files and tls_cert 1: a key for "
	    "each certificate, in the same order\n"
	    "settings:5:7: tls cannot be starttls, which POP2 does not have\n"
	    },
	{ "tls_cert = /a\ntls_key = /a /b\ntls_min = 1.1\n",
	    "settings:1:12: tls_cert names 1 files and tls_key 2: a "
	    "certificate for each key, in the same order\n"
	    "settings:3:11: tls_min must be 1.2 or 1.3, not 1.1\n" },
	{ "tls_client_ca = /a\n",
	    "settings:1:17: tls_client_ca has no effect without tls_cert\n" },
	{ "[listener submit]\naddress = unix:/tmp/x\n",
	    "settings:2:11: address of the listener named submit is always "
	    "unix:/run/posthouse/submit, where sendmail looks\n" },
	{ "[domain example.org]\n",
	    "settings:1:1: [domain example.org] has no effect unless "
	    "example.org stands in domains\n" },
	{ "domains = a.b\n[domain a.b]\ncatch_all = me\n",
	    "settings:3:13: catch_all must be a user with the domain, not "
	    "me\n" },
	{ "mail_dir = /a\nspool_dir = /a/\n",
	    "settings:1:12: mail_dir must differ from spool_dir\n" },
	{ "include other.conf\n",
	    "settings:1:1: include works in files only\n" },
};

static void
errors(UNUSED void **state)
{
	for (size_t i = 0; i < nitems(faults); i++)
		bad(faults[i].text, faults[i].errors);
}

static void
written_reads_back(UNUSED void **state)
{
	static const char text[] =
	    "hostname = a.example\ndomains = a.example b.example\n"
	    "index_cache = 1536K\nretry_first = 61\nplain_logins = yes\n"
	    "aliases =\n[listener x]\naddress = unix:/tmp/x\nprotocol = lmtp\n"
	    "[domain b.example]\ncatch_all = x@b.example\n";

	for (int all = 0; all < 2; all++)
		for (int explained = 0; explained < 2; explained++) {
			struct settings *s = good(text), *again;
			struct str out = { 0 };

			settings_write(s, all, explained, &out);
			again = good(str_c(&out));
			assert_string_equal(s->digest, again->digest);
			assert_int_equal(again->index_cache, 1536 << 10);
			assert_int_equal(again->retry_first, 61);
			settings_free(&s);
			settings_free(&again);
			str_free(&out);
		}
}

static void
digest_tells_apart(UNUSED void **state)
{
	struct settings *a = good(""), *b = good("hops_max = 99\n");

	assert_string_not_equal(a->digest, b->digest);
	settings_free(&a);
	settings_free(&b);
}

static void
put(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_true(file_replace(AT_FDCWD, path, view_of(text), 0644));
}

static void
files(UNUSED void **state)
{
	char dir[] = "/tmp/proc_settings.XXXXXX", path[256];
	struct str errors = { 0 };
	struct settings *s;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/etc", dir);
	assert_true(file_mkdirs(path, 0755));
	put(path, "a.conf",
	    "users = users\nspool_dir = ../spool\nhostname = h\n"
	    "[listener a]\naddress = unix:./a\ninclude b.conf\n"
	    "protocol = lmtp\n");
	put(path, "b.conf", "aliases = al /etc/aliases\n");
	snprintf(path, sizeof(path), "%s/etc/a.conf", dir);
	s = settings_load(path, &errors);
	assert_string_equal(str_c(&errors), "");
	snprintf(path, sizeof(path), "%s/spool", dir);
	assert_string_equal(s->spool_dir, path);
	snprintf(path, sizeof(path), "%s/etc/al", dir);
	assert_string_equal(s->aliases.word[0].p, path);
	snprintf(path, sizeof(path), "unix:%s/etc/a", dir);
	assert_string_equal(settings_listener(s, "a")->address, path);
	assert_string_equal(settings_listener(s, "a")->protocol, "lmtp");
	assert_string_not_equal(s->program_dir, "");
	assert_null(settings_listener(s, "smtp"));
	settings_free(&s);
	snprintf(path, sizeof(path), "%s/etc", dir);
	put(path, "b.conf", "include b.conf\n");
	snprintf(path, sizeof(path), "%s/etc/a.conf", dir);
	assert_null(settings_load(path, &errors));
	assert_non_null(strstr(str_c(&errors), "too many files"));
	str_reset(&errors);
	snprintf(path, sizeof(path), "%s/etc/none.conf", dir);
	assert_null(settings_load(path, &errors));
	assert_non_null(strstr(str_c(&errors), "cannot read"));
	str_free(&errors);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

static void
addresses(UNUSED void **state)
{
	static const struct {
		const char *text;
		bool fine;
	} cases[] = {
		{ "0.0.0.0:25", true },
		{ "[::]:25", true },
		{ "[fe80::1]:65535", true },
		{ "*:25", true },
		{ "unix:/a", true },
		{ "unix:a", false },
		{ "1.2.3:25", false },
		{ "::1:25", false },
		{ "[1.2.3.4]:25", false },
		{ "1.2.3.4", false },
		{ "1.2.3.4:", false },
		{ "1.2.3.4:0", false },
		{ ":25", false },
		{ "**:25", false },
		{ "[*]:25", false },
		{ "[]:25", false },
	};
	struct sockaddr_storage to;
	socklen_t n;

	for (size_t i = 0; i < nitems(cases); i++)
		assert_int_equal(
		    settings_address(cases[i].text, &to, &n) == NULL,
		    cases[i].fine);
}

/* A file without listeners has the usual ones, and can be read back. */
static void
usual_listeners(UNUSED void **state)
{
	char dir[] = "/tmp/proc_settings.XXXXXX", path[256];
	struct str errors = { 0 }, text = { 0 };
	struct settings *s;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/c.conf", dir);
	put(dir, "c.conf", "hostname = h\n");
	s = settings_load(path, &errors);
	assert_string_equal(str_c(&errors), "");
	assert_string_equal(settings_listener(s, "smtp")->address, "*:25");
	assert_string_equal(settings_listener(s, "imap")->address,
	    "127.0.0.1:143");
	assert_null(settings_listener(s, "submission"));
	settings_free(&s);
	put(dir, "c.conf", "hostname = h\ntls_cert = c\ntls_key = k\n");
	s = settings_load(path, &errors);
	assert_int_equal(s->listener_count, 8);
	assert_int_equal(listener_tls(s, settings_listener(s, "pop3s")),
	    LISTENER_IMPLICIT);
	settings_write(s, false, false, &text);
	settings_free(&s);
	s = good(str_c(&text));
	assert_int_equal(s->listener_count, 8);
	settings_free(&s);
	str_free(&text);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

static void
addresses_in_the_way(UNUSED void **state)
{
	bad("[listener a]\naddress = 127.0.0.1:25\n"
	    "[listener b]\naddress = *:25\n[listener c]\naddress = *:26\n",
	    "settings:4:11: address *:25 is that of [listener a]\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(sections),
		cmocka_unit_test(errors),
		cmocka_unit_test(written_reads_back),
		cmocka_unit_test(digest_tells_apart),
		cmocka_unit_test(files),
		cmocka_unit_test(addresses),
		cmocka_unit_test(usual_listeners),
		cmocka_unit_test(addresses_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
