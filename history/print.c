/* SPDX-License-Identifier: ISC */
/*
 * print - FNV-1a over 64 bits, folded
 */
#include "history/print.h"
#include "lib/proc/message.h"

#define FNV_BASIS	0xcbf29ce484222325u
#define FNV_PRIME	0x100000001b3u

static uint32_t
fold(uint64_t h)
{
	return (uint32_t)(h ^ h >> 32);
}

uint32_t
print_of(enum print_kind kind, struct view text)
{
	uint64_t h = (FNV_BASIS ^ kind) * FNV_PRIME;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)to_lower(text.p[i])) * FNV_PRIME;
	return fold(h);
}

uint32_t
print_of_number(enum print_kind kind, uint64_t n)
{
	uint64_t h = (FNV_BASIS ^ kind) * FNV_PRIME;

	for (; n > 0; n >>= 8)
		h = (h ^ (n & 255)) * FNV_PRIME;
	return fold(h);
}

void
prints_add(struct prints *p, uint32_t print)
{
	p->p = xgrow(p->p, p->n, &p->cap, sizeof(*p->p));
	p->p[p->n++] = print;
}

struct view
print_message_id(struct view v)
{
	v = view_trim(v);
	if (v.n >= 2 && v.p[0] == '<' && v.p[v.n - 1] == '>')
		return (struct view){ v.p + 1, v.n - 2 };
	return v;
}

static void
add_text(struct prints *p, enum print_kind kind, struct view v)
{
	if (v.n > 0)
		prints_add(p, print_of(kind, v));
}

static void
add_tls(struct prints *p, const struct event *e)
{
	prints_add(p, print_of_number(PRINT_DAY,
	    event_number(e, EVENT_day)));
	add_text(p, PRINT_DOMAIN, e->text[EVENT_domain]);
}

void
prints_of(struct prints *p, const struct event *e)
{
	static const enum event_field addresses[] = { EVENT_sender,
		EVENT_recipient, EVENT_original };
	struct view list = e->text[EVENT_recipients], one;
	uint64_t about = event_number(e, EVENT_about);

	if (e->kind == EVENT_TLS) {
		add_tls(p, e);
		return;
	}
	if (e->mail != 0)
		prints_add(p, print_of_number(PRINT_MAIL, e->mail));
	if (about != 0)
		prints_add(p, print_of_number(PRINT_MAIL, about));
	for (size_t i = 0; i < nitems(addresses); i++)
		add_text(p, PRINT_ADDRESS, e->text[addresses[i]]);
	while (list_next(&list, &one))
		add_text(p, PRINT_ADDRESS, one);
	add_text(p, PRINT_MESSAGE_ID,
	    print_message_id(e->text[EVENT_message_id]));
	add_text(p, PRINT_IP, e->text[EVENT_ip]);
}
