/* SPDX-License-Identifier: ISC */
/*
 * auth_sasl - what clients say in an exchange, and the keys in the users file
 *
 * The first octet chooses the reader. What it takes must lie within the message
 * and be what the RFC allows; what it gives up on must cost nothing.
 */
#include "auth/oauth.h"
#include "auth/plain.h"
#include "auth/scram_message.h"
#include "lib/mail/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_within(struct view part, struct view all)
{
	return part.n == 0 ||
	    (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

static bool
is_without(struct view part, char c)
{
	return part.n == 0 || memchr(part.p, c, part.n) == NULL;
}

static void
read_plain(struct view message)
{
	struct plain p;

	if (!plain_parse(message, &p))
		return;
	must(is_within(p.as, message) && is_within(p.user, message) &&
	    is_within(p.password, message));
	must(p.user.n > 0 && p.password.n > 0);
	must(p.as.n + p.user.n + p.password.n + 2 == message.n);
	must(is_without(p.password, '\0'));
}

static void
read_first(struct view message)
{
	struct scram_first f = { 0 };

	if (scram_parse_first(message, &f)) {
		must(is_within(f.header, message) &&
		    is_within(f.bare, message) && is_within(f.nonce, f.bare));
		must(f.header.n + f.bare.n == message.n);
		must((f.flag == 'p') == (f.binding.n > 0));
		must(f.user.n > 0 && f.user.n <= f.bare.n);
		must(is_without(str_view(&f.user), '\0'));
		must(is_without(f.nonce, ',') && is_without(f.nonce, ' '));
	}
	scram_free_first(&f);
}

static void
read_final(struct view message)
{
	struct scram_final f = { 0 };

	if (scram_parse_final(message, &f)) {
		must(is_within(f.without_proof, message) &&
		    is_within(f.nonce, f.without_proof));
		must(f.proof.n < message.n && f.binding.n < message.n);
	}
	scram_free_final(&f);
}

static void
check_oauth(bool fine, const struct oauth *o, struct view message)
{
	if (!fine)
		return;
	must(is_within(o->user, message) && is_within(o->token, message));
	must(o->token.n > 0 && is_without(o->token, '\n') &&
	    is_without(o->token, '\0') && is_without(o->token, ' '));
}

static void
read_bearer(struct view message)
{
	struct oauth o;

	check_oauth(oauth_parse_bearer(message, &o), &o, message);
}

static void
read_xoauth2(struct view message)
{
	struct oauth o;

	check_oauth(oauth_parse_xoauth2(message, &o), &o, message);
}

/* Read, written and read again they are the same. */
static void
read_keys(struct view text)
{
	for (enum scram_hash h = SCRAM_SHA_1; h <= SCRAM_SHA_256; h++) {
		struct scram_keys k, again;
		struct str out = { 0 };

		if (!scram_parse(&k, h, text))
			continue;
		scram_write(&k, &out);
		must(scram_parse(&again, h, str_view(&out)));
		must(k.iterations == again.iterations &&
		    k.salt_n == again.salt_n);
		must(memcmp(k.stored, again.stored, scram_size(h)) == 0);
		str_free(&out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct view) = { read_plain, read_first,
		read_final, read_bearer, read_xoauth2, read_keys };

	if (size > 0)
		readers[data[0] % nitems(readers)](
		    view_bytes(data + 1, size - 1));
	return 0;
}
