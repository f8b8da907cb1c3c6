/* SPDX-License-Identifier: ISC */
/*
 * mail_sasl - what is on offer where, and an exchange with a made-up auth
 *
 * Settings, TLS and auth are this test's: the functions of the same names in
 * lib/proc are not linked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mail/sasl.h"
#include "lib/proc/tls.h"

#define ALL                                                                    \
	"EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 "          \
	"SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 APOP PLAIN LOGIN"

static struct settings settings;
static const struct tls_info *tls;
static size_t bound;

const struct settings *
service_settings(void)
{
	return &settings;
}

const struct tls_info *
tls_info(const struct stream *s UNUSED)
{
	return tls;
}

size_t
tls_binding(const struct stream *s UNUSED, enum tls_binding kind,
    unsigned char *out)
{
	memset(out, 'x', bound);
	return kind == TLS_EXPORTER ? bound : 0;
}

struct channel *
service_peer(unsigned role UNUSED, uint32_t instance UNUSED)
{
	return NULL;
}

/* What auth says next, and what it was asked. */
static struct message answer;
static struct {
	struct msg_sasl_begin begin;
	struct msg_sasl_response response;
	char text[128];
} asked;

bool
service_call(unsigned role, uint32_t instance UNUSED,
    const struct message *request, struct reply *reply, struct why *w UNUSED)
{
	assert_int_equal(role, ROLE_AUTH);
	asked.begin = request->sasl_begin;
	asked.response = request->sasl_response;
	if (request->type == MSG_sasl_begin)
		snprintf(asked.text, sizeof(asked.text), "%.*s|%.*s|%d|%zu|%d",
		    VIEW(asked.begin.mechanism), VIEW(asked.begin.response),
		    asked.begin.begun, asked.begin.exporter.n,
		    asked.begin.secure);
	*reply = (struct reply){ .m = answer };
	return true;
}

static void
set_mechanisms(const char *names)
{
	static struct view words[16];
	struct view rest = view_of(names), word;
	size_t n = 0;

	while ((word = view_word(&rest)).n > 0)
		words[n++] = word;
	settings.sasl_mechanisms = (struct words){ n, words };
}

static void
set_usable(const char *names)
{
	struct view rest = view_of(names), word;
	struct msg_mechanisms m = { VIEW_NONE };
	struct str list = { 0 };

	while ((word = view_word(&rest)).n > 0)
		list_put(&list, word);
	m.names = str_view(&list);
	sasl_mechanisms(NULL, 0, &m);
	str_free(&list);
}

static const struct tls_info anonymous = { .version = "TLSv1.3" };
static const struct tls_info known = { .version = "TLSv1.3",
	.verified = true };

static const struct {
	const char *named, *usable;
	bool plain, local;
	const struct tls_info *tls;
	size_t bound;
	const char *offer;
} offers[] = {
	/* until auth has spoken */
	{ ALL, NULL, false, false, NULL, 0, "" },
	{ ALL, NULL, true, false, NULL, 0, " PLAIN LOGIN" },
	/* in the clear: nothing that gives a secret away */
	{ ALL, ALL, false, false, NULL, 0,
	    " SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5" },
	{ ALL, ALL, true, false, NULL, 0,
	    " SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN "
	    "LOGIN" },
	/* a local socket is private, but has no TLS to bind to */
	{ ALL, ALL, false, true, NULL, 0,
	    " SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN "
	    "LOGIN" },
	{ ALL, ALL, false, false, &anonymous, 32,
	    " SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 "
	    "OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN LOGIN" },
	{ ALL, ALL, false, false, &anonymous, 0,
	    " SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN "
	    "LOGIN" },
	{ "external plain", ALL, false, false, &known, 0, " EXTERNAL PLAIN" },
	{ "external plain", ALL, false, false, &anonymous, 0, " PLAIN" },
	{ ALL, "PLAIN SCRAM-SHA-256 FUTURE", false, false, &known, 32,
	    " SCRAM-SHA-256 PLAIN" },
	{ "", ALL, true, false, &known, 32, "" },
	{ ALL, "", true, false, &known, 32, "" },
};

static void
set_case(size_t i, struct session *s)
{
	*s = (struct session){ .client = "192.0.2.1" };
	s->address.ss_family = offers[i].local ? AF_UNIX : AF_INET;
	set_mechanisms(offers[i].named);
	if (offers[i].usable != NULL)
		set_usable(offers[i].usable);
	settings.plain_logins = offers[i].plain;
	tls = offers[i].tls;
	bound = offers[i].bound;
}

static void
test_offers(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(offers); i++) {
		struct str out = { 0 };
		struct session s;

		set_case(i, &s);
		sasl_offer(&s, " ", &out);
		assert_string_equal(str_c(&out), offers[i].offer);
		str_free(&out);
	}
}

static void
test_refused(void **state UNUSED)
{
	static const struct {
		const char *name, *status;
	} refused[] = {
		{ "PLAIN", "7.11" },
		{ "login", "7.11" },
		{ "SCRAM-SHA-256-PLUS", "5.4" },
		{ "EXTERNAL", "5.4" },
		{ "GSSAPI", "5.4" },
		{ "APOP", "5.4" },	/* its challenge is not the client's */
		{ "", "5.4" },
	};
	struct session s;
	struct why w;

	set_case(2, &s);
	for (size_t i = 0; i < nitems(refused); i++) {
		struct sasl x = { 0 };

		assert_int_equal(sasl_begin(&x, &s, "smtp",
		    view_of(refused[i].name), NULL, &w), SASL_REFUSED);
		assert_string_equal(w.status, refused[i].status);
		assert_int_equal(w.verdict, VERDICT_NEVER);
		sasl_end(&x);
	}
}

static void
test_exchange(void **state UNUSED)
{
	struct view initial = VIEW_LIT("n,,n=a,r=x");
	struct session s;
	struct sasl x = { 0 };
	struct why w;

	set_case(5, &s);
	answer = (struct message){ .type = MSG_sasl_challenge };
	answer.sasl_challenge.exchange = 7;
	answer.sasl_challenge.challenge = VIEW_LIT("r=xy");
	assert_int_equal(sasl_begin(&x, &s, "imap",
	    VIEW_LIT("Scram-Sha-256-Plus"), &initial, &w), SASL_CONTINUE);
	assert_string_equal(asked.text, "SCRAM-SHA-256-PLUS|n,,n=a,r=x|1|32|1");
	assert_string_equal(str_c(&x.challenge), "r=xy");
	assert_string_equal(x.mechanism, "SCRAM-SHA-256-PLUS");
	answer = (struct message){ .type = MSG_logged_in };
	answer.logged_in.user = VIEW_LIT("a@a.test");
	answer.logged_in.store = 3;
	assert_int_equal(sasl_answer(&x, VIEW_LIT("c="), &w), SASL_DONE);
	assert_int_equal(asked.response.exchange, 7);
	assert_string_equal(str_c(&x.user), "a@a.test");
	assert_int_equal(x.store, 3);
	assert_int_equal(x.exchange, 0);
	sasl_end(&x);
	/* auth says no */
	answer = (struct message){ .type = MSG_answer };
	answer.answer.verdict = VERDICT_NEVER;
	answer.answer.status = VIEW_LIT("7.8");
	answer.answer.sentence = VIEW_LIT("Authentication failed");
	assert_int_equal(sasl_begin(&x, &s, "imap", VIEW_LIT("PLAIN"), NULL,
	    &w), SASL_REFUSED);
	assert_string_equal(asked.text, "PLAIN||0|32|1");
	assert_string_equal(w.status, "7.8");
	sasl_end(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
