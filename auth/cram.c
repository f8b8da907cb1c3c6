/* SPDX-License-Identifier: ISC */
/*
 * cram - CRAM-MD5 (RFC 2195) and APOP (RFC 1939 7)
 *
 * Both prove a password by a digest over a challenge, and need it in the users
 * file as it is; sasl_mechanisms does not name them unless the administrator
 * does. APOP's challenge is the time stamp in the greeting of POP3: it comes as
 * an initial response of time stamp, name and digest with NUL between.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/exchange.h"
#include "lib/mail/scheme.h"
#include "lib/proc/service.h"

#define MD5_SIZE	16

static void
cram_begin(struct exchange *x)
{
	struct str *sent = xcalloc(1, sizeof(*sent));
	uint64_t octets[2];

	arc4random_buf(octets, sizeof(octets));
	str_addf(sent, "<%llu.%llu@%s>", (unsigned long long)octets[0],
	    (unsigned long long)octets[1], service_settings()->hostname);
	x->state = sent;
	str_add(&x->challenge, str_view(sent));
}

static void
cram_end(struct exchange *x)
{
	struct str *sent = x->state;

	if (sent == NULL)
		return;
	str_free(sent);
	free(sent);
}

/* The password of an account that has one; else a random one. */
static bool
take_password(struct claim *a)
{
	struct secret secret;

	if (scheme_of(str_view(&a->secret), &secret) &&
	    (secret.scheme->serves & SERVES_CRAM_MD5) &&
	    scheme_decode(&secret, &a->password) && a->password.n > 0)
		return true;
	a->wrong = "the account has no plain password";
	return false;
}

static bool
is_digest(const unsigned char *made, struct view said)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * MD5_SIZE], lower[2 * MD5_SIZE];

	if (said.n != sizeof(hex))
		return false;
	for (size_t i = 0; i < sizeof(hex); i++) {
		hex[i] = digits[made[i / 2] >> (i % 2 ? 0 : 4) & 15];
		lower[i] = to_lower(said.p[i]);
	}
	return view_eq_secret(view_bytes(hex, sizeof(hex)),
	    view_bytes(lower, sizeof(lower)));
}

/* Digests of a challenge under the password of a. */
typedef void digest_fn(struct view challenge, struct view password,
    unsigned char *out);

static void
digest_cram(struct view challenge, struct view password, unsigned char *out)
{
	must(HMAC(EVP_md5(), password.p, (int)password.n,
		(const unsigned char *)challenge.p, challenge.n, out,
		NULL) != NULL);
}

static void
digest_apop(struct view challenge, struct view password, unsigned char *out)
{
	struct str text = { 0 };

	str_add(&text, challenge);
	str_add(&text, password);
	must(EVP_Digest(text.p, text.n, out, NULL, EVP_md5(), NULL) == 1);
	str_wipe(&text);
	str_free(&text);
}

struct proof {
	struct view challenge, user, digest;
	digest_fn *make;
};

static enum step
check(struct exchange *x, const struct proof *p)
{
	struct claim *a = &x->claim;
	unsigned char made[EVP_MAX_MD_SIZE];
	enum kv_result r;
	bool right;

	str_add(&a->given, p->user);
	r = claim_find(a);
	if (r == KV_TROUBLE)
		return STEP_TROUBLE;
	right = r == KV_FOUND && take_password(a);
	p->make(p->challenge, str_view(&a->password), made);
	str_wipe(&a->password);	/* is not what the client said */
	if (right && !is_digest(made, p->digest)) {
		a->wrong = "Password mismatch";
		right = false;
	}
	return right ? STEP_RIGHT : STEP_WRONG;
}

static enum step
cram_respond(struct exchange *x, struct view response)
{
	struct proof p = { .challenge = str_view(x->state),
		.make = digest_cram };
	size_t blank = view_rfind(response, ' ');

	if (blank == response.n || blank == 0)
		return exchange_malformed(x);
	p.user = view_bytes(response.p, blank);
	p.digest = view_skip(response, blank + 1);
	return check(x, &p);
}

static enum step
apop_respond(struct exchange *x, struct view response)
{
	struct proof p = { .make = digest_apop };

	p.challenge = view_cut(&response, '\0');
	p.user = view_cut(&response, '\0');
	p.digest = response;
	if (p.challenge.n == 0 || p.user.n == 0)
		return exchange_malformed(x);
	return check(x, &p);
}

const struct mechanism mechanism_cram_md5 = {
	.name = "CRAM-MD5",
	.begin = cram_begin,
	.respond = cram_respond,
	.end = cram_end,
};

const struct mechanism mechanism_apop = {
	.name = "APOP",
	.respond = apop_respond,
};
