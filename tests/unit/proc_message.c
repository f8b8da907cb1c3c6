/* SPDX-License-Identifier: ISC */
/*
 * proc_message - every message of the table goes out and comes back the same,
 * and no shortened or altered frame is believed
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/proc/message.h"

static unsigned seed = 1;

static uint64_t
any(void)
{
	seed = seed * 1103515245 + 12345;
	return (uint64_t)seed * 2654435761u;
}

static char noise[64] = "some octets\r\n\0and more of them to be sent along";
static struct str any_list;

static void
make_u8(uint8_t *v)
{
	*v = (uint8_t)any();
}
static void
make_u32(uint32_t *v)
{
	*v = (uint32_t)any();
}
static void
make_u64(uint64_t *v)
{
	*v = any();
}
static void
make_i64(int64_t *v)
{
	*v = (int64_t)any();
}
static void
make_text(struct view *v)
{
	*v = view_bytes(noise, any() % sizeof(noise));
}
static void
make_list(struct view *v)
{
	*v = str_view(&any_list);
}
static void
make_fd(int *v)
{
	*v = any() & 1 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
}
static void
make_fds(struct fds *v)
{
	v->n = (uint32_t)(any() % (FDS_MAX - 1));
	for (uint32_t i = 0; i < v->n; i++)
		v->fd[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

#define same_u8(a, b)	assert_int_equal(*(a), *(b))
#define same_u32(a, b)	assert_int_equal(*(a), *(b))
#define same_u64(a, b)	assert_true(*(a) == *(b))
#define same_i64(a, b)	assert_true(*(a) == *(b))
#define same_text(a, b)	assert_true(view_eq(*(a), *(b)))
#define same_list(a, b)	assert_true(view_eq(*(a), *(b)))
#define same_fd(a, b)	assert_int_equal(*(a), *(b))
#define same_fds(a, b)	assert_memory_equal((a)->fd, (b)->fd, (a)->n * 4)

/* Every cut and every flipped bit of the frame: decoded or refused, but never
 * read beyond its end (the sanitizers watch). */
static void
abuse(const struct str *frame, const struct fds *fds)
{
	struct message m;

	for (size_t n = 0; n < frame->n; n++)
		assert_false(message_decode(view_bytes(frame->p, n), fds, &m));
	for (size_t i = 0; i < frame->n * 8; i++) {
		char *copy = xmalloc(frame->n);

		memcpy(copy, frame->p, frame->n);
		copy[i / 8] ^= (char)(1 << (i % 8));
		message_decode(view_bytes(copy, frame->n), fds, &m);
		free(copy);
	}
}

#define FIELD(type, name, words) make_##type(&m->name);
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	static void fill_##name(struct message *msg)                           \
	{                                                                      \
		struct msg_##name *m = &msg->name;                             \
		(void)m;                                                       \
		msg->type = MSG_##name;                                        \
		msg->tag = (uint32_t)any();                                    \
		__VA_ARGS__                                                    \
	}
#include "lib/proc/messages.def"
#undef FIELD
#undef MESSAGE

#define FIELD(type, name, words) same_##type(&a->name, &b->name);
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	static void round_##name(void **unused)                                \
	{                                                                      \
		struct message x = { 0 }, y = { 0 };                           \
		const struct msg_##name *a = &x.name, *b = &y.name;            \
		struct str frame = { 0 };                                      \
		struct fds fds;                                                \
		uint32_t nfds;                                                 \
		(void)unused;                                                  \
		(void)a;                                                       \
		(void)b;                                                       \
		fill_##name(&x);                                               \
		assert_true(message_encode(&x, &frame, &fds));                 \
		assert_true(message_frame(str_view(&frame), &nfds) ==          \
		    frame.n);                                                  \
		assert_int_equal(nfds, fds.n);                                 \
		assert_true(message_decode(str_view(&frame), &fds, &y));       \
		assert_int_equal(x.type, y.type);                              \
		assert_int_equal(x.tag, y.tag);                                \
		__VA_ARGS__                                                    \
		abuse(&frame, &fds);                                           \
		message_close(&x);                                             \
		str_free(&frame);                                              \
	}
#include "lib/proc/messages.def"
#undef FIELD
#undef MESSAGE

static void
lists_hold_what_was_put(void **unused)
{
	struct str s = { 0 };
	struct view rest, item;
	uint64_t n64;
	uint32_t n32;
	size_t count;

	(void)unused;
	list_put(&s, VIEW_LIT("first"));
	list_put(&s, VIEW_NONE);
	list_put_u32(&s, 0xdeadbeef);
	list_put_u64(&s, 0x123456789abcdef0u);
	rest = str_view(&s);
	assert_true(list_ok(rest, &count));
	assert_int_equal(count, 4);
	assert_true(list_next(&rest, &item) && view_is(item, "first"));
	assert_true(list_next(&rest, &item) && item.n == 0);
	assert_true(list_next_u32(&rest, &n32) && n32 == 0xdeadbeef);
	assert_true(list_next_u64(&rest, &n64) &&
	    n64 == 0x123456789abcdef0u);
	assert_false(list_next(&rest, &item));
	assert_false(list_ok(view_bytes(s.p, s.n - 1), NULL));
	str_free(&s);
}

static void
too_large_is_refused(void **unused)
{
	struct str frame = { 0 };
	struct message m = { .type = MSG_answer };
	struct fds fds;
	char *big = calloc(1, FRAME_MAX);

	(void)unused;
	m.answer.sentence = view_bytes(big, FRAME_MAX);
	str_adds(&frame, "before");
	assert_false(message_encode(&m, &frame, &fds));
	assert_int_equal(frame.n, 6);
	free(big);
	str_free(&frame);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define MESSAGE(name, ...) cmocka_unit_test(round_##name),
#include "lib/proc/messages.def"
#undef MESSAGE
		cmocka_unit_test(lists_hold_what_was_put),
		cmocka_unit_test(too_large_is_refused),
	};

	list_put(&any_list, VIEW_LIT("one"));
	list_put(&any_list, VIEW_LIT("and two"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
