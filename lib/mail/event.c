/* SPDX-License-Identifier: ISC */
/*
 * event - written into a batch, read from it
 *
 * Everything about a field stands in the table of event.h.
 */
#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/mail/event.h"

const struct event_info event_infos[EVENT_FIELD_COUNT] = {
#define FIELD(name, letter, form) { #name, letter, EVENT_##form },
	EVENT_FIELDS
#undef FIELD
};

/* Letter to field, and one more: 0 is no field. */
static const uint8_t field_of[256] = {
#define FIELD(name, letter, form) [letter] = EVENT_##name + 1,
	EVENT_FIELDS
#undef FIELD
};

size_t
event_begin(struct str *batch, enum event_kind kind, uint64_t mail)
{
	size_t begin = batch->n;

	put_u32(batch, 0);
	put_u8(batch, kind);
	put_u64(batch, (uint64_t)clock_wall_us());
	put_u64(batch, mail);
	return begin;
}

void
event_put(struct str *batch, enum event_field field, struct view v)
{
	bool list = event_infos[field].form == EVENT_LIST;

	if (v.n == 0 || v.n > (list ? UINT16_MAX : SIZE_MAX))
		return;
	put_u8(batch, (unsigned char)event_infos[field].letter);
	if (list || v.n <= EVENT_TEXT_MOST) {
		put_text(batch, v);
		return;
	}
	v.n = EVENT_TEXT_MOST - 3;
	put_u16(batch, EVENT_TEXT_MOST);
	str_add(batch, v);
	str_adds(batch, "...");
}

void
event_put_number(struct str *batch, enum event_field field, uint64_t n)
{
	if (n == 0)
		return;
	put_u8(batch, (unsigned char)event_infos[field].letter);
	put_u16(batch, 8);
	put_u64(batch, n);
}

bool
event_end(struct str *batch, size_t begin)
{
	size_t n = batch->n - begin - 4;

	if (n > EVENT_MOST) {
		batch->n = begin;
		return false;
	}
	for (size_t i = 4; i-- > 0; n >>= 8)
		batch->p[begin + i] = (char)(n & 255);
	return true;
}

bool
event_next(struct view *batch, struct view *octets)
{
	struct bytes b = { .rest = *batch };
	uint32_t n = get_u32(&b);

	if (b.bad || n > EVENT_MOST || n > b.rest.n)
		return false;
	*octets = (struct view){ b.rest.p, n };
	*batch = view_skip(b.rest, n);
	return true;
}

bool
event_read(struct view octets, struct event *e)
{
	struct bytes b = { .rest = octets };

	memset(e, 0, sizeof(*e));
	e->kind = get_u8(&b);
	e->at = (int64_t)get_u64(&b);
	e->mail = get_u64(&b);
	while (get_more(&b)) {
		uint8_t field = field_of[get_u8(&b)];
		struct view v = get_text(&b);

		if (!b.bad && field > 0)
			e->text[field - 1] = v;
	}
	return !b.bad && e->kind > 0 && e->kind < EVENT_KINDS;
}

uint64_t
event_number(const struct event *e, enum event_field field)
{
	struct bytes b = { .rest = e->text[field] };
	uint64_t n = get_u64(&b);

	return b.bad ? 0 : n;
}
