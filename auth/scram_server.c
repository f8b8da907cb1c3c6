/* SPDX-License-Identifier: ISC */
/*
 * scram_server - SCRAM-SHA-1 and SCRAM-SHA-256, with and without -PLUS
 *
 * The password never travels: the client proves that it has it, and so do we
 * (RFC 5802). Keys are those of the users file; for a secret of the scheme PLAIN
 * they are made when the proof is there. Whoever has neither, and whoever does
 * not exist, gets a salt that does not change, and fails at the proof with the
 * same words as a wrong password.
 *
 * A client that could bind to TLS and was told that we cannot ("y", while we
 * offered it) talks to somebody in between; a binding of another connection
 * shows the same.
 */
#include <stdlib.h>

#include "auth/exchange.h"
#include "auth/fake.h"
#include "auth/scram_message.h"
#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "lib/mail/scheme.h"
#include "lib/mail/scram.h"

#define NONCE_OCTETS	18	/* 24 characters */

struct scram {
	struct scram_keys keys;
	bool real;		/* keys are this account's */
	struct str plain;	/* password to make them of, or empty */
	struct str header;	/* of the client, with the binding behind it */
	struct str nonce;	/* both parts */
	struct str message;	/* AuthMessage as far as it is known */
};

static const struct kind {
	const struct mechanism *mechanism;
	enum scram_hash hash;
	unsigned serves;
	const char *name, *plus;
} kinds[] = {
	{ &mechanism_scram_sha_1, SCRAM_SHA_1, SERVES_SCRAM_SHA_1,
	    "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS" },
	{ &mechanism_scram_sha_1_plus, SCRAM_SHA_1, SERVES_SCRAM_SHA_1,
	    "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS" },
	{ &mechanism_scram_sha_256, SCRAM_SHA_256, SERVES_SCRAM_SHA_256,
	    "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS" },
	{ &mechanism_scram_sha_256_plus, SCRAM_SHA_256, SERVES_SCRAM_SHA_256,
	    "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS" },
};

static const struct kind *
kind_of(const struct exchange *x)
{
	size_t i = 0;

	while (kinds[i].mechanism != x->mechanism)
		i++;
	return &kinds[i];
}

static void
end(struct exchange *x)
{
	struct scram *s = x->state;

	if (s == NULL)
		return;
	str_wipe(&s->plain);
	str_free(&s->plain);
	str_free(&s->header);
	str_free(&s->nonce);
	str_free(&s->message);
	explicit_bzero(&s->keys, sizeof(s->keys));
	free(s);
}

/* ---- whose keys ---- */

static void
take_keys(struct exchange *x, struct scram *s)
{
	const struct kind *kind = kind_of(x);
	struct str text = { 0 };
	struct secret secret;

	if (!scheme_of(str_view(&x->claim.secret), &secret) ||
	    !(secret.scheme->serves & kind->serves) ||
	    !scheme_decode(&secret, &text)) {
		x->claim.wrong = "the account has no keys for it";
	} else if (strcmp(secret.scheme->name, kind->name) == 0) {
		s->real = scram_parse(&s->keys, kind->hash,
		    str_view(&text));
		x->claim.wrong = "malformed keys";
	} else {
		str_add(&s->plain, str_view(&text));
		s->real = text.n > 0;
	}
	str_wipe(&text);
	str_free(&text);
}

/* The salt of those who have none. */
static void
fake_keys(struct exchange *x, struct scram *s)
{
	const struct claim *a = &x->claim;
	struct view name = str_view(a->name.n > 0 ? &a->name : &a->given);
	unsigned char octets[FAKE_SIZE];

	fake_octets(name, kind_of(x)->name, octets);
	s->keys = (struct scram_keys){ .hash = kind_of(x)->hash,
		.iterations = claim_iterations(), .salt_n = SCRAM_SALT };
	memcpy(s->keys.salt, octets, SCRAM_SALT);
	arc4random_buf(s->keys.stored, sizeof(s->keys.stored));
	arc4random_buf(s->keys.server, sizeof(s->keys.server));
}

static bool
find_keys(struct exchange *x, struct scram *s, struct view as)
{
	const struct claim *a = &x->claim;
	enum kv_result r = claim_find(&x->claim);

	if (r == KV_TROUBLE)
		return false;
	if (a->secret.n > 0)
		take_keys(x, s);
	if (!s->real || s->plain.n > 0)
		fake_keys(x, s);
	/* The salt stays that of the user: another one would tell that he
	 * exists. */
	if (a->shut_out)
		x->claim.wrong = CLAIM_SHUT_OUT;
	else if (s->real && !claim_may_be(a, as))
		x->claim.wrong = "wants to act for somebody else";
	s->real = s->real && r == KV_FOUND && claim_may_be(a, as);
	return true;
}

/* ---- channel binding ---- */

static enum step
cut_off(struct exchange *x, const char *what)
{
	log_warning("auth", "client=%s mechanism=%s %s",
	    log_quote(str_view(&x->claim.client)), x->mechanism->name, what);
	why_never(&x->claim.why, "7.8", "Authentication failed");
	return STEP_TROUBLE;
}

static const struct str *
binding_of(const struct exchange *x, struct view name)
{
	if (view_is(name, "tls-exporter") && x->exporter.n > 0)
		return &x->exporter;
	if (view_is(name, "tls-server-end-point") && x->end_point.n > 0)
		return &x->end_point;
	return NULL;
}

/* The header and the data to which the client must bind itself. */
static enum step
take_binding(struct exchange *x, struct scram *s, const struct scram_first *f)
{
	bool plus = (x->mechanism->flags & MECHANISM_PLUS) != 0;
	const struct str *data = NULL;

	if (plus != (f->flag == 'p'))
		return exchange_malformed(x);
	if (f->flag == 'y' && x->exporter.n + x->end_point.n > 0 &&
	    exchange_is_named(kind_of(x)->plus))
		return cut_off(x, "the offer was changed on its way to the "
		    "client");
	if (plus)
		data = binding_of(x, f->binding);
	if (plus && data == NULL)
		return exchange_malformed(x);
	str_add(&s->header, f->header);
	if (plus)
		str_add(&s->header, str_view(data));
	return STEP_CHALLENGE;
}

/* ---- the messages ---- */

static void
say_first(struct exchange *x, struct scram *s, const struct scram_first *f)
{
	unsigned char octets[NONCE_OCTETS];

	arc4random_buf(octets, sizeof(octets));
	str_add(&s->nonce, f->nonce);
	encode_base64(&s->nonce, view_bytes(octets, sizeof(octets)));
	str_addf(&x->challenge, "r=%s,s=", str_c(&s->nonce));
	encode_base64(&x->challenge,
	    view_bytes(s->keys.salt, s->keys.salt_n));
	str_addf(&x->challenge, ",i=%u", s->keys.iterations);
	str_add(&s->message, f->bare);
	str_addc(&s->message, ',');
	str_add(&s->message, str_view(&x->challenge));
}

static enum step
answer_first(struct exchange *x, const struct scram_first *f)
{
	struct scram *s = x->state;
	enum step step = take_binding(x, s, f);

	if (step != STEP_CHALLENGE)
		return step;
	str_add(&x->claim.given, str_view(&f->user));
	if (!find_keys(x, s, str_view(&f->as)))
		return STEP_TROUBLE;
	say_first(x, s, f);
	return STEP_CHALLENGE;
}

static enum step
first(struct exchange *x, struct view response)
{
	struct scram_first f = { 0 };
	enum step step;

	x->state = xcalloc(1, sizeof(struct scram));
	step = scram_parse_first(response, &f) ? answer_first(x, &f) :
	    exchange_malformed(x);
	scram_free_first(&f);
	return step;
}

static void
derive(void *arg)
{
	struct scram *s = arg;

	scram_derive(&s->keys, str_view(&s->plain));
}

static enum step
answer_final(struct exchange *x, const struct scram_final *f)
{
	unsigned char signature[SCRAM_SIZE_MAX];
	struct scram *s = x->state;
	bool right;

	if (!view_eq(f->nonce, str_view(&s->nonce)))
		return exchange_malformed(x);
	if (!view_eq(str_view(&f->binding), str_view(&s->header)))
		return cut_off(x, "the client is bound to another connection");
	if (s->plain.n > 0 && !claim_work(&x->claim, derive, s))
		return STEP_TROUBLE;
	str_addc(&s->message, ',');
	str_add(&s->message, f->without_proof);
	right = scram_verify(&s->keys, str_view(&s->message),
	    str_view(&f->proof));
	if (!right || !s->real) {
		if (s->real)
			x->claim.wrong = "Password mismatch";
		return STEP_WRONG;
	}
	scram_sign(&s->keys, str_view(&s->message), signature);
	str_adds(&x->challenge, "v=");
	encode_base64(&x->challenge,
	    view_bytes(signature, scram_size(s->keys.hash)));
	return STEP_CHALLENGE;
}

static enum step
final(struct exchange *x, struct view response)
{
	struct scram_final f = { 0 };
	enum step step = scram_parse_final(response, &f) ?
	    answer_final(x, &f) : exchange_malformed(x);

	scram_free_final(&f);
	return step;
}

/* The client is content with our signature. */
static enum step
content(struct exchange *x, struct view response)
{
	return response.n == 0 ? STEP_RIGHT : exchange_malformed(x);
}

static enum step
respond(struct exchange *x, struct view response)
{
	static enum step (*const steps[])(struct exchange *, struct view) = {
		first,
		final,
		content,
	};

	must(x->step < nitems(steps));
	return steps[x->step](x, response);
}

const struct mechanism mechanism_scram_sha_1 = {
	.name = "SCRAM-SHA-1",
	.respond = respond,
	.end = end,
};

const struct mechanism mechanism_scram_sha_1_plus = {
	.name = "SCRAM-SHA-1-PLUS",
	.flags = MECHANISM_PLUS,
	.respond = respond,
	.end = end,
};

const struct mechanism mechanism_scram_sha_256 = {
	.name = "SCRAM-SHA-256",
	.respond = respond,
	.end = end,
};

const struct mechanism mechanism_scram_sha_256_plus = {
	.name = "SCRAM-SHA-256-PLUS",
	.flags = MECHANISM_PLUS,
	.respond = respond,
	.end = end,
};
