/* SPDX-License-Identifier: ISC */
/*
 * chunk - count, take, answer
 */
#include "smtpd/chunk.h"
#include "smtpd/command.h"

static bool
refuse(struct dialog *d, struct response r)
{
	d->chunk.refusal = r;
	return false;
}

/* A first BDAT begins the content. */
static bool
begin(struct dialog *d)
{
	struct why w;

	if (d->phase == PHASE_CHUNK)
		return true;
	content_begin(&d->content, d->house->settings()->message_size_limit,
	    d->tx.body == BODY_BINARY ? CONTENT_BINARY : CONTENT_LINES);
	if (!dialog_hold_mail(d, &w))
		return refuse(d, response_why(&d->command, &w));
	d->phase = PHASE_CHUNK;
	return true;
}

/* Is it time for content? */
static bool
in_turn(struct dialog *d)
{
	if (d->phase == PHASE_RCPT || d->phase == PHASE_CHUNK)
		return true;
	if (d->phase == PHASE_MAIL)
		return refuse(d, dialog_no_recipients(d));
	return refuse(d, dialog_out_of_turn(d));
}

/* More digits than a number holds: so much is never taken. */
static struct response
endless(struct dialog *d)
{
	struct response r = response(552, "5.3.4",
	    "The chunk is larger than any mail");

	dialog_reset(d);
	r.then = THEN_CLOSE;
	return r;
}

static bool
is_number(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_digit(v.p[i]))
			return false;
	return v.n > 0;
}

struct response
command_bdat(struct dialog *d, struct view args)
{
	struct view size = view_word(&args), word = view_word(&args);
	struct response r = { .then = THEN_CHUNK };
	uint64_t n;

	if (!is_number(size) || (word.n > 0 && !view_isi(word, "LAST")) ||
	    view_word(&args).n > 0)
		return response(501, "5.5.4", "Syntax: BDAT octets [LAST]");
	if (!view_u64(size, UINT64_MAX / 2, &n))
		return endless(d);
	d->chunk = (struct chunk){ .on = true, .last = word.n > 0, .size = n,
		.left = n };
	if (in_turn(d))
		begin(d);
	return r;
}

size_t
chunk_take(struct dialog *d, struct view in, bool *done)
{
	struct chunk *c = &d->chunk;

	if (in.n > c->left)
		in.n = (size_t)c->left;
	c->left -= in.n;
	if (c->refusal.code != 0)
		d->content.swallowed += in.n;
	else
		content_take(&d->content, in);
	*done = c->left == 0;
	return in.n;
}

bool
chunk_end(struct dialog *d, struct response *r)
{
	struct chunk c = d->chunk;

	d->chunk.on = false;
	if (c.refusal.code == 0) {
		if (c.last)
			content_last(&d->content);
		if (d->content.why != NULL)
			c.refusal = response_why(&d->command, d->content.why);
	}
	if (c.refusal.code != 0) {
		*r = c.refusal;
		return false;
	}
	if (!c.last)
		*r = response_printf(&d->command, 250, "2.0.0",
		    "%llu octets taken", (unsigned long long)c.size);
	return c.last;
}
