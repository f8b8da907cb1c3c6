/* SPDX-License-Identifier: ISC */
/*
 * scram_message - attribute by attribute, in the order that the RFC demands
 */
#include "auth/scram_message.h"
#include "lib/mail/encode.h"

/* The value of the next attribute, which must be this one. */
static bool
take(struct view *text, char name, struct view *value)
{
	struct view part = view_cut(text, ',');

	if (part.n < 2 || part.p[0] != name || part.p[1] != '=')
		return false;
	*value = view_skip(part, 2);
	return true;
}

/* A name in which = and , are written =3D and =2C, and nothing else. */
static bool
decode_name(struct view in, struct str *out)
{
	for (size_t i = 0; i < in.n; i++) {
		struct view rest = view_skip(in, i);

		if (in.p[i] == '\0')
			return false;
		if (in.p[i] != '=') {
			str_addc(out, in.p[i]);
			continue;
		}
		if (!view_starts(rest, VIEW_LIT("=2C")) &&
		    !view_starts(rest, VIEW_LIT("=3D")))
			return false;
		str_addc(out, rest.p[1] == '2' ? ',' : '=');
		i += 2;
	}
	return in.n > 0;
}

static bool
is_nonce(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x21 || v.p[i] > 0x7e)
			return false;
	return v.n > 0 && v.n <= 2 * SCRAM_NONCE_MAX;
}

/* "n", "y" or "p=" and the name of a channel binding. */
static bool
take_flag(struct view *text, struct scram_first *f)
{
	struct view part = view_cut(text, ',');

	f->flag = part.n > 0 ? part.p[0] : '\0';
	if (view_starts(part, VIEW_LIT("p="))) {
		f->binding = view_skip(part, 2);
		return f->binding.n > 0;
	}
	return view_is(part, "n") || view_is(part, "y");
}

static bool
take_header(struct view *text, struct scram_first *f)
{
	struct view as;

	if (!take_flag(text, f))
		return false;
	as = view_cut(text, ',');
	if (as.n == 0)
		return true;
	return view_starts(as, VIEW_LIT("a=")) &&
	    decode_name(view_skip(as, 2), &f->as);
}

bool
scram_parse_first(struct view message, struct scram_first *f)
{
	struct view text = message, user;

	if (!take_header(&text, f))
		return false;
	f->header = view_bytes(message.p, message.n - text.n);
	f->bare = text;
	return take(&text, 'n', &user) && decode_name(user, &f->user) &&
	    take(&text, 'r', &f->nonce) && is_nonce(f->nonce) &&
	    f->nonce.n <= SCRAM_NONCE_MAX;
}

void
scram_free_first(struct scram_first *f)
{
	str_free(&f->as);
	str_free(&f->user);
}

/* c=binding,r=nonce[,extensions],p=proof */
bool
scram_parse_final(struct view message, struct scram_final *f)
{
	size_t comma = view_rfind(message, ',');
	struct view text = view_bytes(message.p, comma), binding, proof;

	if (comma == message.n)
		return false;
	f->without_proof = text;
	proof = view_skip(message, comma + 1);
	return take(&text, 'c', &binding) &&
	    decode_base64(&f->binding, binding) &&
	    take(&text, 'r', &f->nonce) && is_nonce(f->nonce) &&
	    view_starts(proof, VIEW_LIT("p=")) &&
	    decode_base64(&f->proof, view_skip(proof, 2));
}

void
scram_free_final(struct scram_final *f)
{
	str_free(&f->binding);
	str_free(&f->proof);
}
