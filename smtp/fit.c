/* SPDX-License-Identifier: ISC */
/*
 * fit - needs against offers
 */
#include "lib/base/clock.h"
#include "lib/mail/idn.h"
#include "lib/mail/utf8.h"
#include "smtp/command.h"
#include "smtp/convert.h"

static bool
offers(const struct client *c, enum feature f)
{
	return (c->features.bits & f) != 0;
}

/* ---- addresses ---- */

/* The address with a domain of A-labels; false when the rest is not ASCII, or the
 * domain has none. */
static bool
spell(struct arena *a, struct view address, struct view *out)
{
	size_t at = view_rfind(address, '@');
	struct view local = { address.p, at };
	struct str domain = { 0 };
	bool ok;

	*out = address;
	if (utf8_is_ascii(address))
		return true;
	ok = at < address.n && utf8_is_ascii(local) &&
	    idn_ascii(&domain, view_skip(address, at + 1));
	if (ok)
		*out = view_of(arena_printf(a, "%.*s@%s", VIEW(local),
		    str_c(&domain)));
	str_free(&domain);
	return ok;
}

static bool
needs_utf8(struct outcome *o, const struct client *c, const char *what)
{
	return outcome_never(o, "6.7", "SMTPUTF8 is required for %s, but was "
	    "not offered by host %s", what, c->host);
}

/* With SMTPUTF8 everything is said as it is. */
static void
spell_freely(const struct job *j, struct fit *f)
{
	f->sender = j->m.sender;
	f->utf8 = (j->m.body & BODY_UTF8) != 0 || !utf8_is_ascii(f->sender);
	for (size_t i = 0; i < j->nrecipients; i++) {
		struct recipient *r = &j->recipient[i];

		r->spelled = r->address;
		f->utf8 |= r->state == RECIPIENT_WANTED &&
		    !utf8_is_ascii(r->address);
	}
}

/* Without it, only what comes out as ASCII can be sent. A field of the header
 * would have to be said in another way, which nobody has signed. */
static enum fit_end
spell_plainly(const struct client *c, struct job *j, struct fit *f,
    struct outcome *o)
{
	bool utf8_header = false;

	if ((j->m.body & BODY_UTF8) && !convert_look(j, &utf8_header, o))
		return FIT_NOT_HERE;
	if (utf8_header)
		needs_utf8(o, c, "the header");
	else if (!spell(&j->arena, j->m.sender, &f->sender))
		needs_utf8(o, c, "the sender");
	else
		for (size_t i = 0; i < j->nrecipients; i++) {
			struct recipient *r = &j->recipient[i];

			if (r->state != RECIPIENT_WANTED ||
			    spell(&j->arena, r->address, &r->spelled))
				continue;
			needs_utf8(o, c, "this address");
			job_settle(j, r, o);
		}
	return f->sender.p != NULL ? FIT_WELL : FIT_NOT_HERE;
}

/* ---- content ---- */

static enum fit_end
look_at_body(const struct client *c, const struct job *j, struct fit *f,
    struct outcome *o)
{
	enum downgrade_level has = (enum downgrade_level)(j->m.body &
	    BODY_FORM);
	static const char *const bodies[] = { NULL, "8BITMIME", "BINARYMIME" };

	f->level = offers(c, FEATURE_BINARYMIME) ? LEVEL_BINARY :
	    offers(c, FEATURE_8BITMIME)		 ? LEVEL_8BIT :
						   LEVEL_7BIT;
	f->convert = has > f->level;
	f->chunks = !f->convert && offers(c, FEATURE_CHUNKING);
	f->size = job_size(j);
	f->body = f->convert ? bodies[f->level] : bodies[has];
	if (f->body != NULL && !offers(c, FEATURE_8BITMIME) &&
	    f->level != LEVEL_BINARY)
		f->body = NULL;
	if (f->convert && !convert_measure(j, f->level, &f->size, o))
		return o->verdict == VERDICT_NEVER ? FIT_NEVER : FIT_NOT_HERE;
	return FIT_WELL;
}

static enum fit_end
look_at_size(const struct client *c, const struct fit *f, struct outcome *o)
{
	uint64_t most = c->features.size;

	if (most == 0 || f->size <= most)
		return FIT_WELL;
	outcome_never(o, "3.4", "message size %llu exceeds size limit %llu of "
	    "server %s", (unsigned long long)f->size,
	    (unsigned long long)most, c->host);
	return FIT_NEVER;
}

/* ---- demands ---- */

/* RFC 8689 4.2.1: only to who was verified and promises to do the same. */
static enum fit_end
look_at_tls(const struct client *c, const struct job *j, struct outcome *o)
{
	if (j->m.tls != TLS_REQUIRED || (c->info != NULL &&
	    c->info->verified && offers(c, FEATURE_REQUIRETLS)))
		return FIT_WELL;
	outcome_never(o, "7.30", "REQUIRETLS was asked for, and host %s does "
	    "not offer it", c->host);
	return FIT_NOT_HERE;
}

/* RFC 2852 4.1.4: what is to come back when it is late goes only to who keeps to
 * that, and can do so in the time that is left. */
static enum fit_end
look_at_time(const struct client *c, const struct job *j, struct outcome *o)
{
	int64_t left = j->m.by - clock_wall();

	if ((j->m.by_mode & BY_MODE) != BY_RETURN)
		return FIT_WELL;
	if (!offers(c, FEATURE_DELIVERBY)) {
		outcome_never(o, "3.3", "DELIVERBY was asked for, and host %s "
		    "does not offer it", c->host);
		return FIT_NOT_HERE;
	}
	if (left > 0 && (uint64_t)left >= c->features.by_least)
		return FIT_WELL;
	outcome_never(o, "4.7", "host %s cannot deliver it within %lld "
	    "seconds", c->host, (long long)left);
	return FIT_NOT_HERE;
}

enum fit_end
fit_look(const struct client *c, struct job *j, struct fit *f,
    struct outcome *o)
{
	enum fit_end e = FIT_WELL;

	*f = (struct fit){ 0 };
	if ((e = look_at_tls(c, j, o)) != FIT_WELL ||
	    (e = look_at_time(c, j, o)) != FIT_WELL ||
	    (e = look_at_body(c, j, f, o)) != FIT_WELL ||
	    (e = look_at_size(c, f, o)) != FIT_WELL)
		return e;
	if (!offers(c, FEATURE_SMTPUTF8))
		return spell_plainly(c, j, f, o);
	spell_freely(j, f);
	return FIT_WELL;
}
