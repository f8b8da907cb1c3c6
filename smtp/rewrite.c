/* SPDX-License-Identifier: ISC */
/*
 * rewrite - one header, some questions to router, another header
 *
 * All addresses of a mail go in one question, unless they are so many that they
 * would not fit a message. Only a header that becomes another one is kept.
 */
#include "lib/base/file.h"
#include "lib/mail/header.h"
#include "lib/mail/rewrite.h"
#include "lib/proc/service.h"
#include "smtp/rewrite.h"

#define FIRST	(16u * 1024)	/* octets read, which is enough for most */
#define AT_ONCE 500		/* addresses in one question, and its answer */

static bool
is_wanted(const struct job *j)
{
	const struct settings *s = service_settings();

	return !j->hop.lmtp &&
	       (s->canonical.n > 0 || s->masquerade_domains.n > 0);
}

/* ---- the header ---- */

/* Have the first n octets of the mail in text. */
static bool
read_up_to(const struct job *j, size_t n, struct str *text, struct outcome *o)
{
	size_t more = n - text->n;

	if (!file_pread_all(j->m.content, str_room(text, more), more,
		(off_t)(j->m.skip + text->n)))
		return outcome_later(o, "3.0", "the content in the spool "
		    "cannot be read");
	text->n = n;
	return true;
}

/* Have the header in text, without what follows; nothing if it is too large. Where
 * all that was read is one without an end, there may be more of it. */
static bool
read_header(const struct job *j, struct str *text, struct outcome *o)
{
	uint64_t size = job_size(j), most = REWRITE_HEADER_MAX;

	for (uint64_t want = FIRST; text->n < size; want = most) {
		uint64_t n = want < size ? want : size;

		if (text->n == n) {
			text->n = 0;
			break;
		}
		if (!read_up_to(j, (size_t)n, text, o))
			return false;
		n = header_size(str_view(text));
		if (n < text->n) {
			text->n = (size_t)n;
			break;
		}
	}
	return true;
}

/* ---- questions ---- */

static bool
take_answer(struct reply *r, struct rewrite_spot *s, size_t n, struct arena *a,
    struct why *w)
{
	struct view list = r->m.rewritten.addresses, to;

	if (!reply_is(r, MSG_rewritten, w))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!list_next(&list, &to))
			return why_later(w, "3.0", "router left some out");
		s[i].to = arena_view(a, to);
	}
	return true;
}

static bool
ask(struct rewrite_spot *s, size_t n, struct arena *a, struct why *w)
{
	struct message m = { .type = MSG_rewrite };
	struct str list = { 0 };
	struct reply r;
	bool ok;

	for (size_t i = 0; i < n; i++)
		list_put(&list, s[i].address);
	m.rewrite.addresses = str_view(&list);
	ok = service_call(ROLE_ROUTER, 0, &m, &r, w) &&
	     take_answer(&r, s, n, a, w);
	reply_free(&r);
	str_free(&list);
	return ok;
}

static bool
ask_all(struct rewrite_spot *s, size_t n, struct arena *a, struct outcome *o)
{
	struct why w;

	for (size_t i = 0; i < n; i += AT_ONCE)
		if (!ask(s + i, n - i < AT_ONCE ? n - i : AT_ONCE, a, &w))
			return outcome_later(o, "3.0", "it is not known what "
			    "the addresses are called elsewhere: %s", w.text);
	return true;
}

/* ---- the mail ---- */

/* The sender is one more spot, behind those of the header. */
static void
add_sender(const struct job *j, struct arena *a, struct rewrite *r)
{
	struct rewrite_spot *all = arena_alloc(a, (r->n + 1) * sizeof(*all));

	if (r->n > 0)
		memcpy(all, r->spot, r->n * sizeof(*all));
	all[r->n] = (struct rewrite_spot){ .address = j->m.sender,
		.to = VIEW_NONE };
	r->spot = all;
}

static void
take_names(struct job *j, const struct rewrite *r)
{
	struct view sender = r->spot[r->n].to;
	struct str text = { 0 };
	size_t changed = 0;

	if (sender.n > 0)
		j->m.sender = arena_view(&j->arena, sender);
	for (size_t i = 0; i < r->n; i++)
		changed += r->spot[i].to.n > 0;
	if (changed == 0)
		return;
	rewrite_write(r, &text);
	j->header = arena_view(&j->arena, str_view(&text));
	j->header_was = r->header.n;
	str_free(&text);
}

bool
rewrite_job(struct job *j, struct outcome *o)
{
	struct str header = { 0 };
	struct arena arena = { 0 };
	struct rewrite r;
	bool ok;

	if (!is_wanted(j))
		return true;
	ok = read_header(j, &header, o);
	if (ok) {
		if (!rewrite_find(str_view(&header), &arena, &r))
			r.n = 0;	/* too many: it stays */
		add_sender(j, &arena, &r);
		ok = ask_all(r.spot, r.n + (j->m.sender.n > 0), &arena, o);
	}
	if (ok)
		take_names(j, &r);
	else
		j->contact = CONTACT_UNTRIED;
	str_free(&header);
	arena_reset(&arena);
	return ok;
}
