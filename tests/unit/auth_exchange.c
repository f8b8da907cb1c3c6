/* SPDX-License-Identifier: ISC */
/*
 * auth_exchange - logins by SASL, from the message of a session to the answer
 *
 * A session program at the other end of a socket speaks to the real exchanges,
 * with a table of users of its own. Only the settings are made up. The client
 * knows SCRAM as RFC 5802 says it, and can be told to cheat.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/exchange.h"
#include "auth/fake.h"
#include "auth/login.h"
#include "auth/penalty.h"
#include "auth/users.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "lib/mail/scheme.h"
#include "lib/mail/scram.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "lib/proc/service.h"

#define ALL                                                                    \
	"PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 "              \
	"SCRAM-SHA-256-PLUS EXTERNAL CRAM-MD5 APOP OAUTHBEARER XOAUTH2"
#define FILE_TEXT                                                              \
	"anna@a.test:{PLAIN}secret\n"                                          \
	"bert@a.test:$5$saltstring$P8WxiZdsQgEV/WrUJLFhcY321KVz2YovpJcf0/"     \
	"DrUQ2\n"                                                              \
	"cora@a.test:{SCRAM-SHA-256}4096,AAAAAAAAAAAAAAAAAAAAAA==,"            \
	"%s,%s\n"                                                              \
	"dora@a.test:{PLAIN}secret:::::nologin:nologin\n"                      \
	"eve@a.test:{SCRAM-SHA-256}rubbish\n"                                  \
	"fred@b.test:{PAM}daemon\n"                                            \
	"games@b.test:{PAM}\n"

static struct settings settings;
static struct users *users;
static struct channel *session, *auth;

const struct settings *
service_settings(void)
{
	return &settings;
}

bool
service_call(unsigned role UNUSED, uint32_t instance UNUSED,
    const struct message *request UNUSED, struct reply *reply UNUSED,
    struct why *w)
{
	return why_later(w, "3.0", "nobody is there");
}

struct channel *
service_peer_nth(unsigned role UNUSED, size_t n UNUSED)
{
	return NULL;
}

/* Helpers have answered before they are asked. */
static struct {
	const char *answer;	/* NULL: master starts none */
	unsigned kind;
	int fd;
	char question[128];
} helper = { .fd = -1 };

bool
service_call_master(const struct message *request, struct reply *reply,
    int64_t deadline UNUSED, struct why *w)
{
	int pair[2];

	assert_int_equal(request->type, MSG_helper_start);
	helper.kind = request->helper_start.kind;
	if (helper.answer == NULL)
		return why_later(w, "3.0", "no helper");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(file_write_all(pair[1], view_of(helper.answer)));
	if (helper.answer[0] == '\0')
		shutdown(pair[1], SHUT_WR);
	helper.fd = pair[1];
	*reply = (struct reply){ .m = { .type = MSG_helper_started } };
	reply->m.helper_started.socket = pair[0];
	return true;
}

/* What the last helper was asked, with / for NUL. */
static const char *
question(void)
{
	ssize_t n = read(helper.fd, helper.question,
	    sizeof(helper.question) - 1);

	assert_true(n >= 0);
	helper.question[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (helper.question[i] == '\0')
			helper.question[i] = '/';
	close(helper.fd);
	return helper.question;
}

/* ---- the session program ---- */

struct begin {
	const char *mechanism, *initial, *client;
	bool insecure;
	const char *exporter, *end_point;
	struct view identities;
};

static struct {
	struct reply reply;
	char got[512];		/* challenge, user, or status */
	uint64_t exchange;
} last;

/* Ask, and tell the answer in a word. */
static const char *
ask(const struct message *m)
{
	const struct reply *r = &last.reply;
	struct view got = VIEW_NONE;
	const char *word = "trouble";
	struct why w;

	reply_free(&last.reply);
	assert_true(channel_call(session, m, &last.reply, deadline_in(20000),
	    &w));
	if (r->m.type == MSG_sasl_challenge) {
		word = "challenge";
		got = r->m.sasl_challenge.challenge;
		last.exchange = r->m.sasl_challenge.exchange;
	} else if (r->m.type == MSG_logged_in) {
		word = "in";
		got = r->m.logged_in.user;
	} else if (r->m.type == MSG_answer) {
		word = r->m.answer.verdict == VERDICT_NEVER ? "no" : "later";
		got = r->m.answer.status;
	}
	snprintf(last.got, sizeof(last.got), "%.*s", VIEW(got));
	return word;
}

static const char *
begin_session(const struct begin *b, uint64_t number)
{
	static unsigned clients;
	struct message m = { .type = MSG_sasl_begin };
	char client[32];

	/* each from another address, so that nobody pays for another */
	snprintf(client, sizeof(client), "10.0.%u.%u", clients / 250,
	    clients % 250);
	clients++;
	m.sasl_begin.session = number;
	m.sasl_begin.service = VIEW_LIT("smtp");
	m.sasl_begin.mechanism = view_of(b->mechanism);
	m.sasl_begin.begun = b->initial != NULL;
	m.sasl_begin.response = view_of(b->initial ? b->initial : "");
	m.sasl_begin.client = view_of(b->client ? b->client : client);
	m.sasl_begin.secure = !b->insecure;
	m.sasl_begin.exporter = view_of(b->exporter ? b->exporter : "");
	m.sasl_begin.end_point = view_of(b->end_point ? b->end_point : "");
	m.sasl_begin.identities = b->identities;
	return ask(&m);
}

static const char *
begin(const struct begin *b)
{
	return begin_session(b, 1);
}

static const char *
respond_view(struct view text)
{
	struct message m = { .type = MSG_sasl_response };

	m.sasl_response.exchange = last.exchange;
	m.sasl_response.response = text;
	return ask(&m);
}

static const char *
respond(const char *text)
{
	return respond_view(view_of(text));
}

#define expect(call, word, text)                                               \
	do {                                                                   \
		assert_string_equal(call, word);                               \
		assert_string_equal(last.got, text);                           \
	} while (0)

/* ---- PLAIN and LOGIN ---- */

static const struct {
	struct view message;
	const char *word, *got;
} plains[] = {
	{ VIEW_LIT("\0anna@a.test\0secret"), "in", "anna@a.test" },
	{ VIEW_LIT("\0Anna@A.Test\0secret"), "in", "anna@a.test" },
	{ VIEW_LIT("\0anna\0secret"), "in", "anna@a.test" },
	{ VIEW_LIT("anna\0anna\0secret"), "in", "anna@a.test" },
	{ VIEW_LIT("anna@a.test\0anna\0secret"), "in", "anna@a.test" },
	{ VIEW_LIT("bert@a.test\0anna\0secret"), "no", "7.8" },
	{ VIEW_LIT("\0bert\0wonderland"), "in", "bert@a.test" },
	{ VIEW_LIT("\0cora\0secret"), "in", "cora@a.test" },
	{ VIEW_LIT("\0cora\0secrets"), "no", "7.8" },
	{ VIEW_LIT("\0anna\0Secret"), "no", "7.8" },
	{ VIEW_LIT("\0nobody\0secret"), "no", "7.8" },
	{ VIEW_LIT("\0dora\0secret"), "no", "7.8" },
	{ VIEW_LIT("\0eve\0rubbish"), "no", "7.8" },
	{ VIEW_LIT("\0anna\0"), "no", "5.2" },
	{ VIEW_LIT("\0\0secret"), "no", "5.2" },
	{ VIEW_LIT("\0anna\0secret\0"), "no", "5.2" },
	{ VIEW_LIT("\0anna\0sec\0ret"), "no", "5.2" },
	{ VIEW_LIT("anna\0secret"), "no", "5.2" },
	{ VIEW_LIT("anna"), "no", "5.2" },
	{ VIEW_LIT(""), "no", "5.2" },
	{ VIEW_LIT("\0"), "no", "5.2" },
	{ VIEW_LIT("\0\0"), "no", "5.2" },
	{ VIEW_LIT("\0\0\0\0"), "no", "5.2" },
};

static void
talk_plain(void)
{
	for (size_t i = 0; i < nitems(plains); i++) {
		const char *word;

		expect(begin(&(struct begin){ .mechanism = "PLAIN" }), "challenge", "");
		word = respond_view(plains[i].message);
		if (strcmp(word, plains[i].word) != 0 ||
		    strcmp(last.got, plains[i].got) != 0)
			fail_msg("PLAIN %zu: %s %s", i, word, last.got);
	}
	expect(begin(&(struct begin){ .mechanism = "PLAIN", .insecure = true }), "no",
	    "5.4");
	settings.plain_logins = true;
	expect(begin(&(struct begin){ .mechanism = "PLAIN", .insecure = true }),
	    "challenge", "");
	settings.plain_logins = false;
}

static void
talk_login(void)
{
	expect(begin(&(struct begin){ .mechanism = "LOGIN" }), "challenge", "Username:");
	expect(respond("anna"), "challenge", "Password:");
	expect(respond("secret"), "in", "anna@a.test");
	expect(begin(&(struct begin){ .mechanism = "LOGIN", .initial = "anna" }), "challenge",
	    "Password:");
	expect(respond("secret"), "in", "anna@a.test");
	/* it is over */
	expect(respond("secret"), "later", "7.0");
	expect(begin(&(struct begin){ .mechanism = "LOGIN", .initial = "" }), "challenge",
	    "Password:");
	expect(respond(""), "no", "7.8");
	expect(begin(&(struct begin){ .mechanism = "login", .initial = "" }), "no", "5.4");
	expect(begin(&(struct begin){ .mechanism = "", .initial = "" }), "no", "5.4");
}

/* ---- SCRAM ---- */

struct scram_client {
	enum scram_hash hash;
	const char *mechanism, *header, *user, *password;
	const char *exporter, *end_point;
	const char *bound;	/* what the client binds to */
	const char *final;	/* another ending than the right one */
};

static void
add_proof(const struct scram_client *c, const struct scram_keys *k,
    struct view message, struct str *out)
{
	unsigned char salted[32], client[32], stored[32], mac[32];
	size_t n = scram_size(c->hash);
	unsigned char text[SCRAM_SALT_MAX + 4] = { 0 }, u[32];

	memcpy(text, k->salt, k->salt_n);
	text[k->salt_n + 3] = 1;
	scram_mac(c->hash, view_of(c->password),
	    view_bytes(text, k->salt_n + 4), u);
	memcpy(salted, u, n);
	for (uint32_t i = 1; i < k->iterations; i++) {
		scram_mac(c->hash, view_of(c->password), view_bytes(u, n), mac);
		memcpy(u, mac, n);
		for (size_t j = 0; j < n; j++)
			salted[j] ^= u[j];
	}
	scram_mac(c->hash, view_bytes(salted, n), VIEW_LIT("Client Key"),
	    client);
	scram_digest(c->hash, view_bytes(client, n), stored);
	scram_mac(c->hash, view_bytes(stored, n), message, mac);
	for (size_t i = 0; i < n; i++)
		client[i] ^= mac[i];
	str_adds(out, ",p=");
	encode_base64(out, view_bytes(client, n));
}

/* "r=...,s=...,i=..." */
static void
read_challenge(const char *text, struct scram_keys *k, char *nonce)
{
	struct view rest = view_of(text), part;
	struct str salt = { 0 };

	part = view_skip(view_cut(&rest, ','), 2);
	sprintf(nonce, "%.*s", VIEW(part));
	assert_memory_equal(nonce, "hello", 5);
	assert_true(strlen(nonce) > 20);
	part = view_skip(view_cut(&rest, ','), 2);
	assert_true(decode_base64(&salt, part));
	memcpy(k->salt, salt.p, salt.n);
	k->salt_n = salt.n;
	k->iterations = (uint32_t)atoi(rest.p + 2);
	str_free(&salt);
}

static const char *
scram(const struct scram_client *c)
{
	struct begin b = { .mechanism = c->mechanism, .exporter = c->exporter,
		.end_point = c->end_point };
	struct str bare = { 0 }, message = { 0 }, final = { 0 }, bind = { 0 };
	struct scram_keys k = { .hash = c->hash };
	char first[512], nonce[512];
	const char *word;

	str_addf(&bare, "n=%s,r=hello", c->user);
	snprintf(first, sizeof(first), "%s%s", c->header, str_c(&bare));
	b.initial = first;
	word = begin(&b);
	if (strcmp(word, "challenge") == 0) {
		read_challenge(last.got, &k, nonce);
		str_adds(&bind, c->header);
		str_adds(&bind, c->bound ? c->bound : "");
		str_adds(&final, "c=");
		encode_base64(&final, str_view(&bind));
		str_addf(&final, ",r=%s", nonce);
		str_addf(&message, "%s,%s,%s", str_c(&bare), last.got,
		    str_c(&final));
		add_proof(c, &k, str_view(&message), &final);
		word = respond(c->final ? c->final : str_c(&final));
	}
	if (strcmp(word, "challenge") == 0) {
		assert_memory_equal(last.got, "v=", 2);
		word = respond("");
	}
	str_free(&bare);
	str_free(&message);
	str_free(&final);
	str_free(&bind);
	return word;
}

#define NO_TLS	NULL, NULL, NULL, NULL
#define S1	SCRAM_SHA_1, "SCRAM-SHA-1"
#define S256	SCRAM_SHA_256, "SCRAM-SHA-256"
#define S1P	SCRAM_SHA_1, "SCRAM-SHA-1-PLUS"
#define S256P	SCRAM_SHA_256, "SCRAM-SHA-256-PLUS"

static const struct {
	struct scram_client client;
	const char *word, *got;
} scrams[] = {
	{ { S1, "n,,", "anna", "secret", NO_TLS }, "in", "anna@a.test" },
	{ { S256, "n,,", "anna@a.test", "secret", NO_TLS }, "in", "anna@a.test" },
	{ { S256, "y,,", "anna", "secret", NO_TLS }, "in", "anna@a.test" },
	{ { S256, "n,a=anna,", "anna", "secret", NO_TLS }, "in", "anna@a.test" },
	{ { S256, "n,a=bert@a.test,", "anna", "secret", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "cora", "secret", NO_TLS }, "in", "cora@a.test" },
	{ { S1, "n,,", "cora", "secret", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "cora", "secrets", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "anna", "secrets", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "bert", "wonderland", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "nobody", "secret", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "dora", "secret", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "dora", "", NO_TLS }, "no", "7.8" },
	{ { S256, "n,,", "eve", "rubbish", NO_TLS }, "no", "7.8" },
	/* binding */
	{ { S256P, "p=tls-exporter,,", "anna", "secret", "EXP", "END",
	      "EXP", NULL },
	    "in", "anna@a.test" },
	{ { S1P, "p=tls-server-end-point,,", "anna", "secret", "EXP", "END",
	      "END", NULL }, "in", "anna@a.test" },
	{ { S256P, "p=tls-exporter,,", "anna", "secret", "EXP", "END",
	      "END", NULL },
	    "no", "7.8" },
	{ { S256P, "p=tls-exporter,,", "anna", "secret", "EXP", "END",
	      NULL, NULL },
	    "no", "7.8" },
	{ { S256P, "p=tls-exporter,,", "anna", "secret", NULL, "END",
	      "", NULL },
	    "no", "5.2" },
	{ { S256P, "p=tls-unique,,", "anna", "secret", "EXP", "END",
	      "EXP", NULL },
	    "no", "5.2" },
	{ { S256P, "n,,", "anna", "secret", "EXP", "END", "", NULL }, "no", "5.2" },
	{ { S256P, "y,,", "anna", "secret", "EXP", "END", "", NULL }, "no", "5.2" },
	{ { S256, "p=tls-exporter,,", "anna", "secret", "EXP", "END",
	      "EXP", NULL },
	    "no", "5.2" },
	/* somebody took the -PLUS forms out of our offer */
	{ { S256, "y,,", "anna", "secret", "EXP", "END", "", NULL }, "no", "7.8" },
	{ { S256, "n,,", "anna", "secret", "EXP", "END", "", NULL }, "in",
	    "anna@a.test" },
	/* malformed */
	{ { S256, "x,,", "anna", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, ",,", "anna", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, "n,anna,", "anna", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, "n,,m=x,", "anna", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, "n,", "anna", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, "n,,", "an=na", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, "n,,", "", "secret", NO_TLS }, "no", "5.2" },
	{ { S256, "n,,", "anna", "secret", NULL, NULL, NULL,
	      "" }, "no", "5.2" },
	{ { S256, "n,,", "anna", "secret", NULL, NULL, NULL,
	      "c=biws,r=hello,p=AA==" },
	    "no", "5.2" },
	{ { S256, "n,,", "anna", "secret", NULL, NULL, NULL,
	      "c=!,r=hello,p=AA==" },
	    "no", "5.2" },
};

static void
talk_scram(void)
{
	char salt[512];

	for (size_t i = 0; i < nitems(scrams); i++) {
		const char *word = scram(&scrams[i].client);

		if (strcmp(word, scrams[i].word) != 0 ||
		    strcmp(last.got, scrams[i].got) != 0)
			fail_msg("SCRAM %zu: %s %s", i, word, last.got);
	}
	/* an unknown user looks like a known one, each time the same */
	expect(begin(&(struct begin){ .mechanism = "SCRAM-SHA-256" }), "challenge", "");
	assert_string_equal(respond("n,,n=ghost,r=x"), "challenge");
	snprintf(salt, sizeof(salt), "%s", strstr(last.got, ",s="));
	begin(&(struct begin){ .mechanism = "SCRAM-SHA-256", .initial = "n,,n=Ghost,r=x" });
	assert_string_equal(strstr(last.got, ",s="), salt);
	begin(&(struct begin){ .mechanism = "SCRAM-SHA-256", .initial = "n,,n=ghost2,r=x" });
	assert_string_not_equal(strstr(last.got, ",s="), salt);
	assert_int_equal(strlen(strstr(last.got, ",s=")), strlen(salt));
	assert_string_equal(strstr(last.got, ",i="), ",i=4096");
	begin(&(struct begin){ .mechanism = "SCRAM-SHA-256", .initial = "n,,n=anna,r=x" });
	assert_int_equal(strlen(strstr(last.got, ",s=")), strlen(salt));
}

/* ---- the others ---- */

static void
talk_external(void)
{
	struct str names = { 0 };
	struct begin b = { .mechanism = "EXTERNAL", .initial = "" };

	/* a session program cannot make it up */
	list_put(&names, VIEW_LIT("anna@a.test"));
	b.identities = str_view(&names);
	expect(begin(&b), "no", "5.4");
	settings.tls_client_ca = "ca.pem";
	expect(begin(&b), "in", "anna@a.test");
	str_reset(&names);
	b.identities = VIEW_NONE;
	expect(begin(&b), "no", "7.8");
	list_put(&names, VIEW_LIT("stranger@b.test"));
	list_put(&names, VIEW_LIT("dora@a.test"));
	b.identities = str_view(&names);
	expect(begin(&b), "no", "7.8");
	list_put(&names, VIEW_LIT("Bert@A.test"));
	list_put(&names, VIEW_LIT("anna"));
	b.identities = str_view(&names);
	expect(begin(&b), "in", "bert@a.test");
	b.initial = "anna@a.test";
	expect(begin(&b), "in", "anna@a.test");
	b.initial = "cora@a.test";
	expect(begin(&b), "no", "7.8");
	b.initial = NULL;
	expect(begin(&b), "challenge", "");
	expect(respond(""), "in", "bert@a.test");
	str_free(&names);
}

static void
talk_cram(void)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct str answer = { 0 };

	expect(begin(&(struct begin){ .mechanism = "CRAM-MD5", .initial = "x" }), "no", "5.2");
	assert_string_equal(begin(&(struct begin){ .mechanism = "CRAM-MD5" }), "challenge");
	assert_true(last.got[0] == '<');
	HMAC(EVP_md5(), "secret", 6, (unsigned char *)last.got,
	    strlen(last.got), mac, NULL);
	str_adds(&answer, "anna ");
	for (int i = 0; i < 16; i++)
		str_addf(&answer, "%02x", mac[i]);
	expect(respond(str_c(&answer)), "in", "anna@a.test");
	/* another challenge */
	begin(&(struct begin){ .mechanism = "CRAM-MD5" });
	expect(respond(str_c(&answer)), "no", "7.8");
	begin(&(struct begin){ .mechanism = "CRAM-MD5" });
	expect(respond("nobody 00"), "no", "7.8");
	begin(&(struct begin){ .mechanism = "CRAM-MD5" });
	expect(respond("nobody"), "no", "5.2");
	str_free(&answer);
	/* RFC 1939 7, with its secret */
	begin(&(struct begin){ .mechanism = "APOP" });
	expect(respond_view(VIEW_LIT("<1896.697170952@dbc.mtview.ca.us>\0"
	    "mrose@a.test\0c4c9334bac560ecc979e58001b3e22fb")), "in",
	    "mrose@a.test");
	begin(&(struct begin){ .mechanism = "APOP" });
	expect(respond_view(VIEW_LIT("<1896.697170952@dbc.mtview.ca.us>\0"
	    "mrose@a.test\0c4c9334bac560ecc979e58001b3e22fc")), "no", "7.8");
	begin(&(struct begin){ .mechanism = "APOP" });
	expect(respond_view(VIEW_LIT("mrose@a.test\0c4c9334bac560")), "no",
	    "7.8");
}

#define BEARER(as, token)                                                      \
	"n," as ",\1host=mx.a.test\1port=143\1auth=Bearer " token "\1\1"

static const struct {
	const char *mechanism, *initial, *answer, *word, *got;
} tokens[] = {
	{ "OAUTHBEARER", BEARER("a=anna@a.test", "to.ken=="),
	    "user anna@a.test\n", "in", "anna@a.test" },
	{ "OAUTHBEARER", BEARER("", "to.ken"), " user anna \n", "in",
	    "anna@a.test" },
	{ "XOAUTH2", "user=anna\1auth=bearer to.ken\1\1", "user anna@a.test\n",
	    "in", "anna@a.test" },
	{ "XOAUTH2", "user=bert\1auth=Bearer to.ken\1\1", "user anna@a.test\n",
	    "challenge", "{\"status\":\"401\",\"schemes\":\"bearer\","
	    "\"scope\":\"\"}" },
	{ "OAUTHBEARER", BEARER("a=bert", "to.ken"), "user anna\n",
	    "challenge", "{\"status\":\"invalid_token\",\"schemes\":"
	    "\"bearer\",\"scope\":\"\"}" },
	{ "OAUTHBEARER", BEARER("", "to.ken"), "user dora\n", "challenge",
	    "{\"status\":\"invalid_token\",\"schemes\":"
	    "\"bearer\",\"scope\":\"\"}" },
	{ "OAUTHBEARER", BEARER("", "to.ken"), "no\n", "challenge",
	    "{\"status\":\"invalid_token\",\"schemes\":"
	    "\"bearer\",\"scope\":\"\"}" },
	{ "OAUTHBEARER", BEARER("", "to.ken"), "", "later", "3.0" },
	{ "OAUTHBEARER", BEARER("", "to ken"), "user anna\n", "no", "5.2" },
	{ "OAUTHBEARER", BEARER("", ""), "user anna\n", "no", "5.2" },
	{ "OAUTHBEARER", "p=x,,\1auth=Bearer x\1\1", "user anna\n", "no",
	    "5.2" },
	{ "OAUTHBEARER", "n,,\1auth=Bearer x\1", "user anna\n", "no", "5.2" },
	{ "OAUTHBEARER", "n,,\1auth=Basic x\1\1", "user anna\n", "no", "5.2" },
	{ "OAUTHBEARER", "n,b=x,\1auth=Bearer x\1\1", "user anna\n", "no",
	    "5.2" },
	{ "OAUTHBEARER", "", "user anna\n", "no", "5.2" },
	{ "XOAUTH2", "auth=Bearer x\1\1", "user anna\n", "no", "5.2" },
	{ "XOAUTH2", "user=anna\1\1", "user anna\n", "no", "5.2" },
};

static void
talk_oauth(void)
{
	expect(begin(&(struct begin){ .mechanism = "OAUTHBEARER",
	    .initial = BEARER("", "x") }), "no", "5.4");
	settings.oauth_program = "/program";
	for (size_t i = 0; i < nitems(tokens); i++) {
		const char *word;

		helper.answer = tokens[i].answer;
		helper.fd = -1;
		word = begin(&(struct begin){ .mechanism = tokens[i].mechanism,
		    .initial = tokens[i].initial });
		if (strcmp(word, tokens[i].word) != 0 ||
		    strcmp(last.got, tokens[i].got) != 0)
			fail_msg("token %zu: %s %s", i, word, last.got);
		assert_true((helper.fd < 0) == (strcmp(last.got, "5.2") == 0));
		if (helper.fd >= 0)
			assert_memory_equal(question(), "to.ken", 6);
		if (strcmp(word, "challenge") == 0)
			expect(respond("\1"), "no", "7.8");
	}
	assert_int_equal(helper.kind, 2);
	helper.answer = NULL;
	expect(begin(&(struct begin){ .mechanism = "OAUTHBEARER",
	    .initial = BEARER("", "x") }), "later", "3.0");
}

static void
talk_system(void)
{
	static const struct {
		const char *answer, *word, *got;
	} answers[] = {
		{ "yes\n", "in", "daemon@a.test" },
		{ "no\n", "no", "7.8" },
		{ "later\n", "later", "3.0" },
		{ "", "later", "3.0" },
	};
	struct begin b = { .mechanism = "PLAIN", .client = "192.0.2.9" };

	settings.system_users = true;
	for (size_t i = 0; i < nitems(answers); i++) {
		helper.answer = answers[i].answer;
		begin(&b);
		expect(respond_view(i % 2 ? VIEW_LIT("\0daemon\0secret") :
		    VIEW_LIT("\0Daemon@A.test\0secret")), answers[i].word,
		    answers[i].got);
		assert_string_equal(question(), "daemon/secret/192.0.2.9/");
	}
	assert_int_equal(helper.kind, 1);
	/* by the users file */
	helper.answer = "yes\n";
	begin(&b);
	expect(respond_view(VIEW_LIT("\0fred@b.test\0secret")), "in",
	    "fred@b.test");
	assert_string_equal(question(), "daemon/secret/192.0.2.9/");
	begin(&b);
	expect(respond_view(VIEW_LIT("\0games@b.test\0secret")), "in",
	    "games@b.test");
	assert_string_equal(question(), "games/secret/192.0.2.9/");
	/* not asked: other domains, strange names, users of our own */
	helper.answer = NULL;
	begin(&b);
	expect(respond_view(VIEW_LIT("\0daemon@b.test\0secret")), "no", "7.8");
	begin(&b);
	expect(respond_view(VIEW_LIT("\0-daemon\0secret")), "no", "7.8");
	begin(&b);
	expect(respond_view(VIEW_LIT("\0da/emon\0secret")), "no", "7.8");
	begin(&b);
	expect(respond_view(VIEW_LIT("\0anna\0wrong")), "no", "7.8");
	settings.system_users = false;
	begin(&b);
	expect(respond_view(VIEW_LIT("\0fred@b.test\0secret")), "no", "7.8");
	begin(&b);
	expect(respond_view(VIEW_LIT("\0daemon\0secret")), "no", "7.8");
}

/* One exchange of a session at a time, each of its own process and link. */
static void
talk_lives(void)
{
	struct message cancel = { .type = MSG_sasl_cancel };

	begin_session(&(struct begin){ .mechanism = "LOGIN" }, 1);
	begin_session(&(struct begin){ .mechanism = "LOGIN" }, 2);
	last.exchange = 1;
	expect(respond("anna"), "challenge", "Password:");
	last.exchange = 2;
	expect(respond("bert"), "challenge", "Password:");
	last.exchange = 1;
	expect(respond("secret"), "in", "anna@a.test");
	last.exchange = 2;
	expect(respond("wonderland"), "in", "bert@a.test");
	begin_session(&(struct begin){ .mechanism = "LOGIN" }, 3);
	cancel.sasl_cancel.exchange = 3;
	channel_send(session, &cancel);
	channel_send(session, &cancel);
	expect(respond("anna"), "later", "7.0");
	/* the second one replaces the first */
	begin_session(&(struct begin){ .mechanism = "LOGIN" }, 4);
	begin_session(&(struct begin){ .mechanism = "PLAIN" }, 4);
	expect(respond("anna"), "no", "5.2");
	last.exchange = 77;
	expect(respond("anna"), "later", "7.0");
}

static void
talk_shut_out(void)
{
	struct begin b = { .mechanism = "PLAIN", .client = "192.0.2.77" };
	int64_t since;

	penalty_limits(2, 60000);
	for (int i = 0; i < 2; i++) {
		begin(&b);
		expect(respond_view(i ? VIEW_LIT("\0nobody\0x") :
		    VIEW_LIT("\0noone\0x")), "no", "7.8");
	}
	since = clock_ms();
	expect(begin(&b), "no", "7.8");
	assert_true(clock_ms() - since < 400);
	penalty_limits(1000, 60000);
	assert_int_equal(penalty_clear(VIEW_LIT("192.0.2.77")), 3);
	expect(begin(&b), "challenge", "");
}

/* The salt and the iterations that a client is shown. */
static const char *
salt(const char *initial, char *out)
{
	assert_string_equal(begin(&(struct begin){
		.mechanism = "SCRAM-SHA-256", .initial = initial,
		.client = "192.0.2.78" }), "challenge");
	assert_non_null(strstr(last.got, ",s="));
	return strcpy(out, strstr(last.got, ",s="));
}

/* A salt that changes for users only would tell who is one. */
static void
talk_salts(void)
{
	static const char *const names[] = { "cora", "anna", "bert", "dora",
		"nobody" };
	struct view *known = settings.domains.word;
	struct view two[] = { { "a.test", 6 }, { "b.test", 6 } };
	struct begin b = { .mechanism = "PLAIN", .client = "192.0.2.78" };
	char usual[512], now[512], text[64];

	for (size_t i = 0; i < nitems(names); i++) {
		snprintf(text, sizeof(text), "n,,n=%s,r=hello", names[i]);
		salt(text, usual);
		snprintf(text, sizeof(text), "n,a=zoe,n=%s,r=hello", names[i]);
		assert_string_equal(salt(text, now), usual);
		penalty_limits(2, 60000);
		begin(&b);
		snprintf(text, sizeof(text), "%c%s%cx", 0, names[i], 0);
		expect(respond_view(view_bytes(text, strlen(names[i]) + 3)),
		    "no", "7.8");
		penalty_limits(1000, 60000);
		snprintf(text, sizeof(text), "n,,n=%s,r=hello", names[i]);
		assert_string_equal(salt(text, now), usual);
		assert_string_equal(respond("c=biws,r=x,p=AAAA"), "no");
		penalty_clear(VIEW_LIT("192.0.2.78"));
	}
	/* in one of the domains the name means the same, whoever it is */
	settings.domains = (struct words){ 2, two };
	for (size_t i = 0; i < nitems(names); i++) {
		unsigned same = 0;

		snprintf(text, sizeof(text), "n,,n=%s,r=hello", names[i]);
		salt(text, usual);
		for (size_t j = 0; j < nitems(two); j++) {
			snprintf(text, sizeof(text), "n,,n=%s@%s,r=hello",
			    names[i], two[j].p);
			same += strcmp(salt(text, now), usual) == 0;
		}
		assert_int_equal(same, 1);
	}
	settings.domains = (struct words){ 1, known };
}

/* A user who is shut out is refused with the right proof, too. */
static void
talk_shut_proof(void)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct begin b = { .mechanism = "CRAM-MD5", .client = "192.0.2.79" };
	struct str answer = { 0 };

	penalty_limits(2, 60000);
	begin(&b);
	expect(respond("anna 00"), "no", "7.8");
	begin(&b);
	HMAC(EVP_md5(), "secret", 6, (unsigned char *)last.got,
	    strlen(last.got), mac, NULL);
	str_adds(&answer, "anna ");
	for (int i = 0; i < 16; i++)
		str_addf(&answer, "%02x", mac[i]);
	expect(respond(str_c(&answer)), "no", "7.8");
	b.mechanism = "PLAIN";
	begin(&b);
	expect(respond_view(VIEW_LIT("\0anna\0secret")), "no", "7.8");
	penalty_limits(1000, 60000);
	penalty_clear(VIEW_LIT("192.0.2.79"));
	str_free(&answer);
}

/* ---- the stage ---- */

static void (*const talks[])(void) = { talk_plain, talk_login, talk_scram,
	talk_external, talk_cram, talk_oauth, talk_system, talk_lives, talk_shut_out,
	talk_salts, talk_shut_proof };

static void
talk(void *arg UNUSED)
{
	for (size_t i = 0; i < nitems(talks); i++)
		talks[i]();
	reply_free(&last.reply);
	loop_stop();
}

static const struct handlers session_handlers = { 0 };
static const struct handlers auth_handlers = {
	.login = login_handle,
	.sasl_begin = exchange_begin,
	.sasl_response = exchange_respond,
	.sasl_cancel = exchange_cancel,
	.closed = exchange_closed,
};

static void
set_settings(void)
{
	static struct view domain = { "a.test", 6 }, words[16];
	struct view rest = view_of(ALL), word;
	size_t n = 0;

	while ((word = view_word(&rest)).n > 0)
		words[n++] = word;
	settings = (struct settings){ .hostname = "mx.a.test",
		.domains = { 1, &domain }, .sasl_mechanisms = { n, words },
		.store_instances = 1, .oauth_program = "",
		.tls_client_ca = "" };
}

static void
write_users(const char *file)
{
	struct scram_keys k = { .hash = SCRAM_SHA_256, .iterations = 4096,
		.salt_n = 16 };
	struct str stored = { 0 }, server = { 0 }, text = { 0 };

	scram_derive(&k, VIEW_LIT("secret"));
	encode_base64(&stored, view_bytes(k.stored, 32));
	encode_base64(&server, view_bytes(k.server, 32));
	str_addf(&text, FILE_TEXT, str_c(&stored), str_c(&server));
	str_adds(&text, "mrose@a.test:{PLAIN}tanstaaf\n");
	assert_true(file_replace(AT_FDCWD, file, str_view(&text), 0600));
	str_free(&stored);
	str_free(&server);
	str_free(&text);
}

static void
test_talks(void **state UNUSED)
{
	char dir[] = "/tmp/exchange-XXXXXX", file[64], salts[64], command[80];
	struct peer_id to_auth = { ROLE_AUTH, 0, 1 };
	struct peer_id to_session = { ROLE_SMTPD, 0, 2 };
	struct why w;
	int pair[2];

	set_settings();
	pool_start(1);
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/users", dir);
	snprintf(salts, sizeof(salts), "%s/salts", dir);
	write_users(file);
	users = users_open(dir, &w);
	assert_non_null(users);
	assert_true(users_refresh(users, file, VIEW_NONE, &w));
	scheme_prepare();
	fake_start(salts);
	claim_start(users);
	penalty_limits(1000, 60000);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	session = channel_open(pair[0], ROLE_SMTPD, to_auth,
	    &session_handlers);
	auth = channel_open(pair[1], ROLE_AUTH, to_session, &auth_handlers);
	fiber_start(talk, NULL);
	loop_run();
	exchange_closed(auth);
	channel_close(&session);
	channel_close(&auth);
	users_close(&users);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void
test_names(void **state UNUSED)
{
	struct str list = { 0 }, words = { 0 };
	struct view rest, name;

	set_settings();
	exchange_names(SERVES_SCRAM_SHA_256, &list);
	rest = str_view(&list);
	while (list_next(&rest, &name))
		str_addf(&words, "%.*s ", VIEW(name));
	assert_string_equal(str_c(&words),
	    "PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS ");
	str_free(&list);
	str_free(&words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
