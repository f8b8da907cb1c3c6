/* SPDX-License-Identifier: ISC */
/*
 * members - one string, places in it, and one sort
 *
 * 100,000 members of 80 octets take 8 MB here and as much in the memfd, for the
 * moment of the question.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/message.h"
#include "router/members.h"

#define PIECE 65536	/* octets written at once */

static void
add_lower(struct str *s, struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		str_addc(s, to_lower(v.p[i]));
}

/* A mailbox here has no case, other hosts may see one in the local part. */
static void
add_key(struct str *key, const struct view part[3], const struct address *a)
{
	add_lower(key, a->domain);
	str_addc(key, ' ');
	if (view_is(part[0], "local"))
		add_lower(key, a->local);
	else
		str_add(key, a->local);
	str_addc(key, ' ');
	str_add(key, part[0]);
	if (view_is(part[0], "deliver")) {
		str_addc(key, ' ');
		str_add(key, part[1]);
	}
	if (key->n > MEMBERS_KEY)
		key->n = MEMBERS_KEY;
}

bool
members_put(struct members *m, const struct view part[3],
    const struct address *a)
{
	struct str key = { 0 };

	/* the same one twice is sorted out later */
	if (m->n >= 2 * MEMBERS_MAX || m->texts.n > MEMBERS_OCTETS)
		return false;
	m->at = xgrow(m->at, m->n, &m->cap, sizeof(*m->at));
	m->at[m->n++] = (uint32_t)m->texts.n;
	add_key(&key, part, a);
	list_put(&m->texts, str_view(&key));
	for (size_t i = 0; i < 3; i++)
		list_put(&m->texts, part[i]);
	str_free(&key);
	return true;
}

/* Its four texts as they stand in a list. */
static struct view
member_at(const struct members *m, uint32_t at)
{
	struct view rest = view_skip(str_view(&m->texts), at), part;
	const char *begin = rest.p;

	for (size_t i = 0; i < 4; i++)
		must(list_next(&rest, &part));
	return view_bytes(begin, (size_t)(rest.p - begin));
}

static struct view
key_of(struct view member)
{
	struct view key = VIEW_NONE;

	list_next(&member, &key);
	return key;
}

/* By key; those with one key by what they are, so that equal ones meet. */
static int
compare(const void *a, const void *b, void *members)
{
	struct view x = member_at(members, *(const uint32_t *)a);
	struct view y = member_at(members, *(const uint32_t *)b);
	int c = view_cmp(key_of(x), key_of(y));

	return c != 0 ? c : view_cmp(x, y);
}

/* Only a command or a file may have a key that is cut off. */
static bool
is_same(struct view x, struct view y)
{
	struct view key = key_of(x);

	return view_eq(key, key_of(y)) &&
	    (key.n < MEMBERS_KEY || view_eq(x, y));
}

static bool
write_all(const struct members *m, int fd, uint32_t *n)
{
	struct view last = VIEW_NONE;
	struct str piece = { 0 };
	bool ok = true;

	*n = 0;
	for (size_t i = 0; ok && i < m->n; i++) {
		struct view one = member_at(m, m->at[i]);

		if (i > 0 && is_same(one, last))
			continue;
		str_add(&piece, one);
		last = one;
		++*n;
		if (piece.n < PIECE)
			continue;
		ok = file_write_all(fd, str_view(&piece));
		str_reset(&piece);
	}
	ok = ok && file_write_all(fd, str_view(&piece));
	str_free(&piece);
	return ok;
}

int
members_memfd(struct members *m, uint32_t *n)
{
	int fd = file_memfd_open("members");

	if (m->n > 0)
		qsort_r(m->at, m->n, sizeof(*m->at), compare, m);
	if (fd >= 0 && (!write_all(m, fd, n) || !file_memfd_seal(fd))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void
members_free(struct members *m)
{
	str_free(&m->texts);
	free(m->at);
	*m = (struct members){ 0 };
}
