/* SPDX-License-Identifier: ISC */
/*
 * place - spelling names for the disk and reading them back
 */
#include <stdio.h>

#include "lib/mail/record.h"
#include "lib/mail/utf8.h"
#include "lib/mail/place.h"

#define COMPONENT_MAX 250 /* of 255 that a file name may have */
#define MAILBOX_MAX   200
#define USER_MAX      400
#define DOT	      "&AC4-"

static bool
has_control(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 32 || v.p[i] == 127)
			return true;
	return false;
}

static bool
put_component(struct str *out, struct view v)
{
	size_t start = out->n;

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (is_alnum(c) || (c != '\0' && strchr("_+=@-", c) != NULL) ||
		    (c == '.' && i > 0))
			str_addc(out, c);
		else
			str_addf(out, "%%%02X", (unsigned char)c);
	}
	return v.n > 0 && out->n - start <= COMPONENT_MAX;
}

bool
place_user(struct view user, struct str *out)
{
	size_t at = view_rfind(user, '@');

	if (user.n > USER_MAX || has_control(user) || at == user.n ||
	    !put_component(out, view_skip(user, at + 1)))
		return false;
	str_addc(out, '/');
	return put_component(out, (struct view){ user.p, at });
}

bool
place_decode(struct str *out, struct view v)
{
	uint64_t octet;

	while (v.n > 0) {
		if (v.p[0] != '%') {
			str_addc(out, v.p[0]);
			v = view_skip(v, 1);
			continue;
		}
		if (v.n < 3 || !view_hex(view_bytes(v.p + 1, 2), 2, &octet))
			return false;
		str_addc(out, (char)octet);
		v = view_skip(v, 3);
	}
	return true;
}

bool
place_user_of(struct view domain, struct view local, struct str *out)
{
	size_t start = out->n;
	struct str again = { 0 };
	struct view path;
	bool ok = place_decode(out, local);

	str_addc(out, '@');
	ok = ok && place_decode(out, domain) &&
	    place_user(view_skip(str_view(out), start), &again);
	path = str_view(&again);
	ok = ok && view_eq(view_cut(&path, '/'), domain) &&
	    view_eq(path, local);
	str_free(&again);
	if (!ok)
		out->n = start;
	return ok;
}

struct view
place_canonical(struct view mailbox)
{
	if (mailbox.n == 0 || view_isi(mailbox, "INBOX"))
		return VIEW_LIT("INBOX");
	return mailbox;
}

/* One component of a mailbox name, dots spelt out. */
static bool
put_folder_part(struct str *out, struct view part)
{
	struct str utf7 = { 0 };
	bool ok = part.n > 0 && utf7_encode(&utf7, part);

	str_addc(out, '.');
	for (size_t i = 0; ok && i < utf7.n; i++)
		if (utf7.p[i] == '.')
			str_adds(out, DOT);
		else
			str_addc(out, utf7.p[i]);
	str_free(&utf7);
	return ok;
}

bool
place_folder(struct view mailbox, struct str *out)
{
	size_t start = out->n;
	struct view rest = place_canonical(mailbox);

	if (view_is(rest, "INBOX"))
		return true;
	if (rest.n > MAILBOX_MAX * 4 || has_control(rest) ||
	    view_ends(rest, VIEW_LIT("/")))
		return false;
	while (rest.n > 0)
		if (!put_folder_part(out, view_cut(&rest, '/')))
			return false;
	return out->n - start <= MAILBOX_MAX;
}

static bool
put_mailbox_part(struct str *out, struct view part)
{
	bool ok = part.n > 0;

	while (ok && part.n > 0) {
		size_t dot = view_search(part, VIEW_LIT(DOT));

		if (dot > 0)
			ok = utf7_decode(out, (struct view){ part.p, dot });
		part = view_skip(part, dot);
		if (part.n > 0) {
			str_addc(out, '.');
			part = view_skip(part, sizeof(DOT) - 1);
		}
	}
	return ok;
}

bool
place_mailbox(struct view folder, struct str *out)
{
	if (folder.n < 2 || folder.p[0] != '.' || folder.p[1] == '.')
		return false;
	folder = view_skip(folder, 1);
	while (folder.n > 0) {
		struct view part = view_cut(&folder, '.');

		if (view_find(part, '/') < part.n ||
		    !put_mailbox_part(out, part))
			return false;
		if (folder.n > 0)
			str_addc(out, '/');
	}
	return true;
}

uint32_t
place_letters(uint32_t flags, uint64_t keywords)
{
	uint32_t named = (uint32_t)(keywords & ((1u << PLACE_KEYWORDS) - 1));

	return (flags & FLAG_STORABLE) | named << 5;
}

uint32_t
place_letter_flags(uint32_t letters)
{
	return letters & FLAG_STORABLE;
}

uint64_t
place_letter_keywords(uint32_t letters)
{
	return letters >> 5;
}

void
place_write_letters(struct str *out, uint32_t letters)
{
	str_adds(out, ":2,");
	flag_letters(place_letter_flags(letters),
	    place_letter_keywords(letters), out);
}

void
place_write(struct str *out, const struct place_message *m, const char *host)
{
	must(m->kind != PLACE_FOREIGN);
	str_addf(out, "%016llX.%c%u.%s", (unsigned long long)m->content,
	    (char)m->kind, m->number, host);
	str_addf(out, ",S=%llu,U=%u", (unsigned long long)m->size, m->uid);
	place_write_letters(out, m->letters);
}

static uint32_t
letters_of(struct view text)
{
	uint32_t letters = 0;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'a' && text.p[i] <= 'z')
			letters |= 1u << (5 + text.p[i] - 'a');
		else
			letters |= flag_of_letter(text.p[i]) & FLAG_STORABLE;
	return letters;
}

/* "S=", "U=" and "P=" among the fields behind the base, in any order. */
static void
read_fields(struct view fields, struct place_message *m)
{
	while (fields.n > 0) {
		struct view field = view_cut(&fields, ',');
		uint64_t n;

		if (view_starts(field, VIEW_LIT("S=")) &&
		    view_u64(view_skip(field, 2), INT64_MAX, &n)) {
			m->size = n;
			m->sized = true;
		}
		if (view_starts(field, VIEW_LIT("U=")) &&
		    view_u64(view_skip(field, 2), UINT32_MAX, &n))
			m->uid = (uint32_t)n;
		if (view_starts(field, VIEW_LIT("P=")))
			m->uidl = view_skip(field, 2);
	}
}

/* "<content>.<kind><number>.<host>": our own. */
static void
read_base(struct view base, const char *host, struct place_message *m)
{
	struct view id = view_cut(&base, '.'), what = view_cut(&base, '.');
	uint64_t content, number;

	if (!view_hex16(id, &content) || base.n == 0 || what.n < 2 ||
	    strchr("RAC", what.p[0]) == NULL ||
	    !view_u64(view_skip(what, 1), UINT32_MAX >> 2, &number) ||
	    (what.n > 2 && what.p[1] == '0'))
		return;
	m->kind = (enum place_kind)what.p[0];
	m->content = content;
	m->number = (uint32_t)number;
	m->ours = view_is(base, host);
}

static uint64_t
hash(struct view v)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * UINT64_C(1099511628211);
	return h;
}

bool
place_parse(struct view name, const char *host, struct place_message *m)
{
	size_t info = view_rfind(name, ':');
	struct view fields = { name.p, info };

	*m = (struct place_message){ .kind = PLACE_FOREIGN };
	if (name.n == 0 || name.p[0] == '.')
		return false;
	if (info < name.n &&
	    view_starts(view_skip(name, info), VIEW_LIT(":2,")))
		m->letters = letters_of(view_skip(name, info + 3));
	m->base = view_cut(&fields, ',');
	read_fields(fields, m);
	m->content = hash(m->base);
	read_base(m->base, host, m);
	return m->base.n > 0;
}
