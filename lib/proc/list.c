/* SPDX-License-Identifier: ISC */
/*
 * list - counted texts in a row, the one compound field of a message
 */
#include "lib/proc/message.h"

static void
put_u32(char b[4], uint64_t n)
{
	for (int i = 0; i < 4; i++)
		b[i] = (char)(n >> (8 * (3 - i)));
}

void
list_put(struct str *list, struct view item)
{
	char head[4];

	put_u32(head, item.n);
	str_addn(list, head, sizeof(head));
	str_add(list, item);
}

void
list_put_u32(struct str *list, uint32_t n)
{
	char b[4];

	put_u32(b, n);
	list_put(list, view_bytes(b, sizeof(b)));
}

void
list_put_u64(struct str *list, uint64_t n)
{
	char b[8];

	put_u32(b, n >> 32);
	put_u32(b + 4, n & UINT32_MAX);
	list_put(list, view_bytes(b, sizeof(b)));
}

static uint64_t
number(struct view v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n = n << 8 | (unsigned char)v.p[i];
	return n;
}

bool
list_next(struct view *list, struct view *item)
{
	size_t n;

	if (list->n < 4)
		goto end;
	n = number((struct view){ list->p, 4 });
	if (n > list->n - 4)
		goto end;
	*item = (struct view){ list->p + 4, n };
	*list = view_skip(*list, 4 + n);
	return true;
end:
	*list = VIEW_NONE;
	return false;
}

bool
list_has(struct view list, struct view wanted)
{
	struct view item;

	while (list_next(&list, &item))
		if (view_eq(item, wanted))
			return true;
	return false;
}

bool
list_next_u32(struct view *list, uint32_t *n)
{
	struct view item;

	if (!list_next(list, &item) || item.n != 4)
		return false;
	*n = (uint32_t)number(item);
	return true;
}

bool
list_next_u64(struct view *list, uint64_t *n)
{
	struct view item;

	if (!list_next(list, &item) || item.n != 8)
		return false;
	*n = number(item);
	return true;
}

bool
list_ok(struct view list, size_t *count)
{
	struct view item;
	size_t n = 0, used = 0, all = list.n;

	while (list_next(&list, &item)) {
		used += 4 + item.n;
		n++;
	}
	if (count != NULL)
		*count = n;
	return used == all;
}
