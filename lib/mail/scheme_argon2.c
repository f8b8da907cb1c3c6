/* SPDX-License-Identifier: ISC */
/*
 * scheme_argon2 - Argon2 in the form that libsodium and the argon2 command write
 *
 * The reference library is asked for raw octets, in the calling thread alone
 * however many lanes there are: its own reader of the text form would start
 * threads of its own. Memory and time are bounded: a few such logins at once
 * must not take the host down.
 */
#include <argon2.h>

#include "lib/base/str.h"
#include "lib/mail/encode.h"
#include "lib/mail/scheme_check.h"

#define MEMORY_MOST	(256u << 10)	/* KiB */
#define WORK_MOST	(2u << 20)	/* KiB times passes */
#define LANES_MOST	16
#define HASH_LEAST	16
#define HASH_MOST	64

/* "65536" behind "m=", up to the comma. */
static bool
take_number(struct view *text, const char *key, uint32_t *out)
{
	struct view part = view_cut(text, ',');
	uint64_t n;

	if (!view_starts(part, view_of(key)) ||
	    !view_u64(view_skip(part, strlen(key)), UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Base64 without its padding. */
static bool
take_octets(struct view text, struct str *out)
{
	struct str padded = { 0 };
	bool ok;

	str_add(&padded, text);
	while (padded.n % 4 != 0)
		str_addc(&padded, '=');
	ok = decode_base64(out, str_view(&padded));
	str_free(&padded);
	return ok;
}

static bool
is_sane(const argon2_context *c)
{
	return c->m_cost <= MEMORY_MOST && c->lanes <= LANES_MOST &&
	    (uint64_t)c->m_cost * c->t_cost <= WORK_MOST;
}

/* "$argon2id$v=19$m=65536,t=3,p=1$": what stands before the salt. */
static bool
take_parameters(struct view *hash, argon2_context *c, argon2_type *type)
{
	struct view name, part;
	uint32_t version = ARGON2_VERSION_10;
	bool versioned;

	if (view_cut(hash, '$').n != 0)
		return false;
	name = view_cut(hash, '$');
	*type = view_is(name, "argon2id") ? Argon2_id : Argon2_i;
	if (!view_is(name, "argon2id") && !view_is(name, "argon2i"))
		return false;
	part = view_cut(hash, '$');
	versioned = view_starts(part, VIEW_LIT("v="));
	if (versioned && !take_number(&part, "v=", &version))
		return false;
	if (versioned)
		part = view_cut(hash, '$');
	c->version = version;
	return take_number(&part, "m=", &c->m_cost) &&
	    take_number(&part, "t=", &c->t_cost) &&
	    take_number(&part, "p=", &c->lanes) && part.n == 0 && is_sane(c);
}

static bool
compute(argon2_context *c, argon2_type type, struct view password,
    struct view wanted)
{
	unsigned char made[HASH_MOST];
	bool same;

	c->out = made;
	c->outlen = (uint32_t)wanted.n;
	c->pwd = (uint8_t *)(uintptr_t)password.p;
	c->pwdlen = (uint32_t)password.n;
	c->threads = 1;
	same = argon2_ctx(c, type) == ARGON2_OK &&
	    view_eq_secret(view_bytes(made, wanted.n), wanted);
	explicit_bzero(made, sizeof(made));
	return same;
}

bool
scheme_check_argon2(struct view password, struct view hash)
{
	struct str salt = { 0 }, wanted = { 0 };
	argon2_context c = { 0 };
	argon2_type type;
	bool same = false;

	if (take_parameters(&hash, &c, &type) &&
	    take_octets(view_cut(&hash, '$'), &salt) &&
	    take_octets(hash, &wanted) && wanted.n >= HASH_LEAST &&
	    wanted.n <= HASH_MOST) {
		c.salt = (uint8_t *)salt.p;
		c.saltlen = (uint32_t)salt.n;
		same = compute(&c, type, password, str_view(&wanted));
	}
	str_free(&salt);
	str_wipe(&wanted);
	str_free(&wanted);
	return same;
}
