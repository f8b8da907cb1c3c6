/* SPDX-License-Identifier: ISC */
/*
 * schedule - a binary heap and one timer for its top
 *
 * mail.heap is the place of a mail in the array, which begins at 1; 0 means
 * that it is not there.
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "queue/schedule.h"

#define AT_ONCE	1000	/* mails, then others have their turn */
#define JUMP	5	/* seconds; less is no jump of the clock */

struct entry {
	struct mail *mail;
	uint32_t due;
};

static struct {
	struct entry *heap;		/* [0] is not used */
	uint32_t n;
	size_t cap;
	void (*due)(struct mail *);
	void (*jumped)(void);
	struct loop_timer *timer;
	uint32_t timer_due;
	int64_t base;			/* wall clock minus monotonic, in ms */
} s;

static int64_t
base_now(void)
{
	return clock_wall_us() / 1000 - clock_ms();
}

uint32_t
schedule_now(void)
{
	if (s.base == 0)
		s.base = base_now();
	return (uint32_t)((s.base + clock_ms()) / 1000);
}

static void
set(uint32_t i, struct entry e)
{
	s.heap[i] = e;
	e.mail->heap = i;
}

static void
sift(uint32_t i)
{
	struct entry e = s.heap[i];

	for (; i > 1 && s.heap[i / 2].due > e.due; i /= 2)
		set(i, s.heap[i / 2]);
	for (uint32_t child; (child = i * 2) <= s.n; i = child) {
		if (child < s.n && s.heap[child + 1].due < s.heap[child].due)
			child++;
		if (s.heap[child].due >= e.due)
			break;
		set(i, s.heap[child]);
	}
	set(i, e);
}

void
schedule_remove(struct mail *m)
{
	uint32_t i = m->heap;

	if (i == 0)
		return;
	m->heap = 0;
	if (i != s.n) {
		set(i, s.heap[s.n--]);
		sift(i);
	} else {
		s.n--;
	}
}

/* The earliest due of a waiting recipient, or the time that the sender set;
 * false when none waits. */
static bool
earliest(const struct mail *m, uint32_t *due)
{
	bool any = false;

	*due = UINT32_MAX;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (m->rcpt[i].state == RCPT_WAITING && !mail_is_frozen(m, i)) {
			any = true;
			if (m->rcpt[i].due < *due)
				*due = m->rcpt[i].due;
		}
	if (any && m->by_mode != 0 && !m->late && mail_by(m) < *due)
		*due = mail_by(m);
	return any;
}

/* What waits for its next try goes along with the clock. */
static void
move_waits(struct mail *m, int64_t seconds, uint32_t now)
{
	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt *r = &m->rcpt[i];

		if (r->state == RCPT_WAITING && !mail_is_held(m, i, now))
			r->due = (uint32_t)(r->due + seconds > 0 ?
			    r->due + seconds : 0);
	}
}

static void
arm(void);

void
schedule_follow(void)
{
	uint32_t before = schedule_now(), n = s.n;
	int64_t base = base_now(), ms = base - s.base;
	int64_t by = (ms + (ms < 0 ? -500 : 500)) / 1000;

	if (by > -JUMP && by < JUMP)
		return;
	log_warning("queue", "the clock has jumped, seconds=%lld",
	    (long long)by);
	s.base = base;
	s.n = 0;
	for (uint32_t i = 1; i <= n; i++) {
		struct entry e = s.heap[i];

		move_waits(e.mail, by, before);
		earliest(e.mail, &e.due);
		set(++s.n, e);
		sift(s.n);
	}
	loop_timer_free(&s.timer);
	arm();
	s.jumped();
}

static void
fire(void *unused)
{
	(void)unused;
	schedule_follow();
	loop_timer_free(&s.timer);
	for (int i = 0; i < AT_ONCE && s.n > 0 &&
	    s.heap[1].due <= schedule_now(); i++) {
		struct mail *m = s.heap[1].mail;

		schedule_remove(m);
		s.due(m);
	}
	arm();
}

static void
arm(void)
{
	uint32_t now = schedule_now();

	if (s.n == 0 || (s.timer != NULL && s.timer_due <= s.heap[1].due))
		return;
	loop_timer_free(&s.timer);
	s.timer_due = s.heap[1].due;
	s.timer = loop_timer_new(s.timer_due > now ?
	    (int64_t)(s.timer_due - now) * 1000 : 1, fire, NULL);
}

static void
place(struct mail *m, uint32_t due)
{
	if (m->heap == 0) {
		s.heap = xgrow(s.heap, s.n + 1, &s.cap, sizeof(*s.heap));
		m->heap = ++s.n;
	}
	set(m->heap, (struct entry){ m, due });
	sift(m->heap);
	arm();
}

void
schedule_put(struct mail *m)
{
	uint32_t due;

	if (earliest(m, &due))
		place(m, due);
	else
		schedule_remove(m);
}

void
schedule_sooner(struct mail *m, uint32_t due)
{
	if (m->heap == 0 || s.heap[m->heap].due > due)
		place(m, due);
}

void
schedule_start(void (*due)(struct mail *), void (*jumped)(void))
{
	s.due = due;
	s.jumped = jumped;
	arm();
}

void
schedule_doubt(struct mail *m, uint32_t most)
{
	uint32_t now = schedule_now();

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		uint32_t due = m->rcpt[i].due;

		if (due > now && (due - now) / 2 > most &&
		    !mail_is_held(m, i, now))
			m->rcpt[i].due = now;
	}
}

uint32_t
schedule_wait(uint16_t tries, uint32_t first, uint32_t most, uint32_t random)
{
	uint64_t wait = first > 0 ? first : 1;
	uint32_t spread;

	for (uint16_t i = 1; i < tries && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	spread = (uint32_t)(wait / 4);
	if (spread > 0)
		wait = wait - spread / 2 + random % (spread + 1);
	return wait > 0 ? (uint32_t)wait : 1;
}
