/* SPDX-License-Identifier: ISC */
/*
 * scram_client - what a client says, and what it believes
 *
 * The nonce is checked before anything is computed: a challenge that does not
 * begin with our own is an old one. The server's signature is computed together
 * with the proof, so that the last step is a comparison.
 */
#include <stdlib.h>

#include "lib/mail/encode.h"
#include "lib/mail/scram_client.h"

#define NONCE_OCTETS	18		/* 24 characters */
#define NONCE_MOST	1024		/* of the server, ours in front */

static void
add_nonce(struct scram_client *c, const char *nonce)
{
	unsigned char octets[NONCE_OCTETS];
	size_t before = c->message.n;

	if (nonce != NULL) {
		str_adds(&c->message, nonce);
	} else {
		arc4random_buf(octets, sizeof(octets));
		encode_base64(&c->message,
		    view_bytes(octets, sizeof(octets)));
	}
	c->nonce_n = c->message.n - before;
}

void
scram_client_first(struct scram_client *c, struct view user,
    const struct scram_binding *b, const char *nonce, struct str *out)
{
	if (b->flag == 'p')
		str_addf(&c->header, "p=%s,,", b->name);
	else
		str_addf(&c->header, "%c,,", b->flag);
	str_adds(&c->message, "n=");
	for (size_t i = 0; i < user.n; i++) {
		if (user.p[i] == '=')
			str_adds(&c->message, "=3D");
		else if (user.p[i] == ',')
			str_adds(&c->message, "=2C");
		else
			str_addc(&c->message, user.p[i]);
	}
	str_adds(&c->message, ",r=");
	add_nonce(c, nonce);
	str_add(out, str_view(&c->header));
	str_add(out, str_view(&c->message));
	if (b->flag == 'p')
		str_add(&c->header, b->data);
}

static bool
take(struct view *text, char name, struct view *value)
{
	struct view part = view_cut(text, ',');

	if (part.n < 3 || part.p[0] != name || part.p[1] != '=')
		return false;
	*value = view_skip(part, 2);
	return true;
}

struct challenge {
	struct view nonce;
	unsigned char salt[SCRAM_SALT_MAX];
	size_t salt_n;
	uint32_t iterations;
};

static bool
take_salt(struct view *text, struct challenge *ch)
{
	struct str octets = { .limit = SCRAM_SALT_MAX };
	struct view v;
	bool ok = take(text, 's', &v) && decode_base64(&octets, v) &&
	    !str_full(&octets) && octets.n > 0;

	if (ok)
		memcpy(ch->salt, octets.p, octets.n);
	ch->salt_n = octets.n;
	str_free(&octets);
	return ok;
}

static const char *
read_challenge(const struct scram_client *c, struct view text,
    struct challenge *ch)
{
	struct view own = { c->message.p + c->message.n - c->nonce_n,
		c->nonce_n };
	struct view v;
	uint64_t n;

	if (!take(&text, 'r', &ch->nonce) || ch->nonce.n > NONCE_MOST ||
	    !take_salt(&text, ch) || !take(&text, 'i', &v) ||
	    !view_u64(v, UINT32_MAX, &n))
		return "the challenge is malformed";
	if (!view_starts(ch->nonce, own) || ch->nonce.n == own.n)
		return "the challenge is not an answer to us";
	if (n < SCRAM_CLIENT_LEAST)
		return "the challenge has too few iterations";
	if (n > SCRAM_CLIENT_MOST)
		return "the challenge has too many iterations";
	ch->iterations = (uint32_t)n;
	return NULL;
}

static void
find_keys(const struct scram_client *c, const struct challenge *ch,
    struct view password, struct scram_client_keys *k)
{
	struct scram_keys *known = &k->keys;

	if (k->known && known->hash == c->hash &&
	    known->iterations == ch->iterations &&
	    view_eq(view_bytes(known->salt, known->salt_n),
		view_bytes(ch->salt, ch->salt_n)))
		return;
	*known = (struct scram_keys){ .hash = c->hash,
		.iterations = ch->iterations, .salt_n = ch->salt_n };
	memcpy(known->salt, ch->salt, ch->salt_n);
	scram_derive_client(known, password, k->client);
	k->known = true;
}

/* c->message is complete. */
static void
add_proof(struct scram_client *c, const struct scram_client_keys *k,
    struct str *out)
{
	unsigned char proof[SCRAM_SIZE_MAX];
	size_t n = scram_size(c->hash);

	scram_mac(c->hash, view_bytes(k->keys.stored, n),
	    str_view(&c->message), proof);
	for (size_t i = 0; i < n; i++)
		proof[i] ^= k->client[i];
	str_adds(out, ",p=");
	encode_base64(out, view_bytes(proof, n));
	scram_sign(&k->keys, str_view(&c->message), c->server);
	explicit_bzero(proof, sizeof(proof));
}

bool
scram_client_final(struct scram_client *c, struct view challenge,
    struct view password, struct scram_client_keys *k, struct str *out,
    const char **wrong)
{
	struct challenge ch;

	*wrong = read_challenge(c, challenge, &ch);
	if (*wrong != NULL)
		return false;
	find_keys(c, &ch, password, k);
	str_adds(out, "c=");
	encode_base64(out, str_view(&c->header));
	str_addf(out, ",r=%.*s", VIEW(ch.nonce));
	str_addf(&c->message, ",%.*s,%s", VIEW(challenge), str_c(out));
	add_proof(c, k, out);
	return true;
}

bool
scram_client_verify(const struct scram_client *c, struct view final)
{
	struct str octets = { 0 };
	struct view v;
	bool ok = take(&final, 'v', &v) && decode_base64(&octets, v) &&
	    octets.n == scram_size(c->hash) &&
	    view_eq_secret(str_view(&octets),
		view_bytes(c->server, octets.n));

	str_free(&octets);
	return ok;
}

void
scram_client_end(struct scram_client *c)
{
	str_free(&c->header);
	str_free(&c->message);
	explicit_bzero(c->server, sizeof(c->server));
}
