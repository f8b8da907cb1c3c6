/* SPDX-License-Identifier: ISC */
/*
 * queue_change - other recipients for a mail: what router says, then what the
 * journal says
 */
#include "queue_sample.h"

#include "lib/proc/message.h"
#include "queue/durable.h"
#include "queue/merge.h"
#include "queue/schedule.h"
#include "queue/transport.h"

#define ID 1000000000000000u

/* A recipient: what the client said, where it goes, and its address. */
struct sample {
	const char *original, *transport, *destination, *address;
	uint8_t notify;
};

static struct mail *
make(const struct sample *s, uint32_t n)
{
	struct str rcpts = { 0 };
	struct mail *m;

	for (uint32_t i = 0; i < n; i++) {
		struct rcpt_texts t = { view_of(s[i].original),
			view_of(s[i].transport), view_of(s[i].destination),
			view_of(s[i].address), VIEW_NONE };

		mail_write_rcpt(&rcpts, NULL, &t, s[i].notify);
	}
	m = mail_make(ID, &sample_head, str_view(&rcpts), n);
	assert_non_null(m);
	for (uint32_t i = 0; i < n; i++)
		m->rcpt[i].due = schedule_now() + 1000 + i;
	m->segment = ledger_oldest();
	ledger_add(m);
	str_free(&rcpts);
	return m;
}

static void
put(struct str *list, const char *transport, const char *destination,
    const char *address)
{
	list_put(list, view_of(transport));
	list_put(list, view_of(destination));
	list_put(list, view_of(address));
}

static bool
is(const struct mail *m, uint32_t i, const struct sample *s)
{
	struct rcpt_texts t = mail_texts(m, i);

	return view_is(t.original, s->original) &&
	    view_is(t.transport, s->transport) &&
	    view_is(t.destination, s->destination) &&
	    view_is(t.address, s->address) &&
	    m->rcpt[i].notify == s->notify;
}

static void
forget_all(void)
{
	struct mail *m;

	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		schedule_remove(m);
	ledger_clear();
}

/* What the journal makes of it is the same. */
static void
assert_replayed(const struct mail *m)
{
	struct str batch = { 0 };
	struct replay r;
	struct rcpt_texts was[8];
	uint32_t n = m->nrcpt;
	uint8_t state[8];

	must(n <= nitems(was));
	str_add(&batch, str_view(durable_notes()));
	for (uint32_t i = 0; i < n; i++) {
		char *p = xmalloc(600);
		struct rcpt_texts t = mail_texts(m, i);

		was[i].destination = view_bytes(memcpy(p, t.destination.p,
		    t.destination.n), t.destination.n);
		was[i].address = view_bytes(memcpy(p + 300, t.address.p,
		    t.address.n), t.address.n);
		mail_state_of(mail_letter(&m->rcpt[i]), &state[i]);
	}
	forget_all();
	sample_replay(&batch, &r);
	m = ledger_find(ID);
	assert_non_null(m);
	assert_int_equal(m->nrcpt, n);
	for (uint32_t i = 0; i < n; i++) {
		struct rcpt_texts t = mail_texts(m, i);

		assert_true(view_eq(t.destination, was[i].destination));
		assert_true(view_eq(t.address, was[i].address));
		assert_int_equal(m->rcpt[i].state, state[i]);
		free((void *)(uintptr_t)was[i].destination.p);
	}
	replay_free(&r);
	str_free(&batch);
	str_reset(durable_notes());
	forget_all();
}

static void
merge(const struct mail *m, const struct merge_group *one, uint8_t *mark,
    struct merge_changes *c)
{
	struct merge_group g = *one;

	merge_groups(m, &(struct merge_groups){ &g, 1 }, mark, c);
}

static void
an_alias_changes_its_members(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "list@a.test", "local", "ann", "ann@a.test", 0 },
		{ "list@a.test", "smtp", "b.test", "bob@b.test", 0 },
		{ "list@a.test", "smtp", "b.test", "cat@b.test", 0 },
		{ "dan@d.test", "smtp", "d.test", "dan@d.test", 0 },
	};
	struct mail *m = make(before, nitems(before));
	const uint32_t member[] = { 0, 1, 2 };
	uint8_t mark[] = { 0, 1, 1, 0 };
	struct merge_changes c = { 0 };
	struct str list = { 0 };

	/* ann has it; cat is left; eve and dan are on it now */
	put(&list, "local", "ann", "ann@a.test");
	put(&list, "smtp", "[192.0.2.1]", "cat@b.test");
	put(&list, "smtp", "e.test", "eve@e.test");
	put(&list, "smtp", "d.test", "dan@d.test");
	put(&list, "local", "fay", "fay@a.test");
	ledger_move(m, 0, RCPT_READY);
	ledger_move(m, 0, RCPT_TRYING);
	ledger_move(m, 0, RCPT_SETTLED);
	merge(m, &(struct merge_group){ member, 3, str_view(&list) },
	    mark, &c);
	assert_int_equal(c.n, 3);
	assert_int_equal(mark[0], 0);
	assert_int_equal(mark[1], MERGE_KEPT);
	assert_int_equal(mark[2], MERGE_KEPT);
	assert_int_equal(mark[3], 0);
	m = change_mail(m, c.at, c.n);
	assert_int_equal(m->nrcpt, 5);
	assert_int_equal(m->unsettled, 4);
	assert_true(is(m, 0, &before[0]));
	assert_true(is(m, 1, &(struct sample){ "list@a.test", "smtp", "e.test",
	    "eve@e.test", 0 }));
	assert_true(is(m, 2, &(struct sample){ "list@a.test", "smtp",
	    "[192.0.2.1]", "cat@b.test", 0 }));
	assert_true(is(m, 3, &before[3]));
	assert_true(is(m, 4, &(struct sample){ "list@a.test", "local", "fay",
	    "fay@a.test", 0 }));
	assert_int_equal(m->rcpt[1].state, RCPT_WAITING);
	assert_int_equal(m->rcpt[4].state, RCPT_READY);
	assert_int_equal(m->rcpt[0].state, RCPT_SETTLED);
	assert_ptr_equal(ledger_find(ID), m);
	free(c.at);
	str_free(&list);
	assert_replayed(m);
}

static void
who_is_gone_stays_marked(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "l@a.test", "smtp", "b.test", "b@b.test", 0 },
		{ "l@a.test", "smtp", "c.test", "c@c.test", 0 },
	};
	struct mail *m = make(before, nitems(before));
	const uint32_t member[] = { 0, 1 };
	uint8_t mark[] = { 1, 1 };
	struct merge_changes c = { 0 };
	struct str list = { 0 };

	put(&list, "smtp", "c.test", "c@c.test");
	merge(m, &(struct merge_group){ member, 2, str_view(&list) },
	    mark, &c);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.at[0].rcpt, 0);
	assert_true(view_is(c.at[0].to.transport, "expanded"));
	assert_int_equal(mark[0], MERGE_MARKED);
	assert_int_equal(mark[1], MERGE_KEPT);
	ledger_move(m, 0, RCPT_SETTLED);
	m = change_mail(m, c.at, c.n);
	/* it comes back, and c goes */
	c.n = 0;
	mark[0] = 0;
	mark[1] = MERGE_MARKED;
	str_reset(&list);
	put(&list, "smtp", "b.test", "b@b.test");
	merge(m, &(struct merge_group){ member + 1, 1, str_view(&list) }, mark,
	    &c);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.at[0].rcpt, 1);
	assert_true(view_is(c.at[0].to.address, "b@b.test"));
	assert_int_equal(mark[1], MERGE_KEPT);
	free(c.at);
	str_free(&list);
	forget_all();
}

/* RFC 3461 5.2.7: reported as expanded, its members not at all. */
static void
one_becomes_several(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "x@a.test", "smtp", "b.test", "x@b.test",
		    NOTIFY_SUCCESS | NOTIFY_FAILURE },
	};
	struct mail *m = make(before, 1);
	const uint32_t member[] = { 0 };
	uint8_t mark[] = { 1 };
	struct merge_changes c = { 0 };
	struct str list = { 0 };

	put(&list, "smtp", "b.test", "x@b.test");
	put(&list, "smtp", "c.test", "y@c.test");
	merge(m, &(struct merge_group){ member, 1, str_view(&list) },
	    mark, &c);
	m = change_mail(m, c.at, c.n);
	assert_int_equal(m->nrcpt, 3);
	assert_true(is(m, 0, &(struct sample){ "x@a.test", "smtp", "b.test",
	    "x@b.test", NOTIFY_FAILURE }));
	assert_true(is(m, 1, &(struct sample){ "x@a.test", "smtp", "c.test",
	    "y@c.test", NOTIFY_FAILURE }));
	assert_true(is(m, 2, &(struct sample){ "x@a.test", "expanded", "",
	    "x@a.test", NOTIFY_SUCCESS }));
	assert_int_equal(m->rcpt[2].state, RCPT_DONE);
	free(c.at);
	str_free(&list);
	assert_replayed(m);
}

/* Two aliases have the same new member: it gets one mail. */
static void
nobody_gets_two(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "p@a.test", "smtp", "b.test", "p@b.test", 0 },
		{ "q@a.test", "smtp", "b.test", "q@b.test", 0 },
	};
	struct mail *m = make(before, 2);
	const uint32_t first[] = { 0 }, second[] = { 1 };
	uint8_t mark[] = { 1, 1 };
	struct merge_changes c = { 0 };
	struct str list = { 0 };

	put(&list, "smtp", "n.test", "new@n.test");
	merge_groups(m, &(struct merge_groups){ (struct merge_group[]){
	    { first, 1, str_view(&list) }, { second, 1, str_view(&list) } }, 2 },
	    mark, &c);
	assert_int_equal(c.n, 2);
	assert_int_equal(mark[0] + mark[1], MERGE_KEPT + MERGE_MARKED);
	assert_true(view_is(c.at[0].to.address, "new@n.test"));
	assert_true(view_is(c.at[1].to.transport, "expanded"));
	free(c.at);
	str_free(&list);
	forget_all();
}

/* One alias leaves an address that the next one wants: it is not lost. */
static void
aliases_change_places(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "x@a.test", "smtp", "b.test", "old@b.test", 0 },
		{ "y@a.test", "smtp", "b.test", "y@b.test", 0 },
	};
	struct mail *m = make(before, 2);
	const uint32_t first[] = { 0 }, second[] = { 1 };
	uint8_t mark[] = { 1, 1 };
	struct merge_changes c = { 0 };
	struct str x = { 0 }, y = { 0 };

	put(&x, "smtp", "c.test", "new@c.test");
	put(&y, "smtp", "b.test", "old@b.test");
	merge_groups(m, &(struct merge_groups){ (struct merge_group[]){
	    { first, 1, str_view(&x) }, { second, 1, str_view(&y) } }, 2 },
	    mark, &c);
	assert_int_equal(mark[0], MERGE_KEPT);
	assert_int_equal(mark[1], MERGE_MARKED);
	assert_int_equal(c.n, 2);
	assert_true(c.at[0].new);
	assert_true(view_is(c.at[0].to.address, "new@c.test"));
	assert_int_equal(c.at[1].rcpt, 1);
	free(c.at);
	str_free(&x);
	str_free(&y);
	forget_all();
}

static void
no_list_changes_nothing(void **state UNUSED)
{
	struct str list = { 0 };

	for (int i = 0; i < 3; i++) {
		assert_false(merge_is_list(str_view(&list)));
		list_put(&list, VIEW_LIT("smtp"));
	}
	assert_true(merge_is_list(str_view(&list)));
	str_reset(&list);
	put(&list, "expanded", "", "p@b.test");
	assert_false(merge_is_list(str_view(&list)));
	str_free(&list);
}

/* DONE with content that only the journal has: a change does not say so. */
static void
what_is_soft_is_not_said(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "a@a.test", "local", "a", "a@a.test", 0 },
		{ "b@a.test", "smtp", "b.test", "b@a.test", 0 },
	};
	struct mail *m = make(before, 2);
	struct change c = { .rcpt = 1, .to = { VIEW_LIT("rerouted"),
	    VIEW_LIT("[::1]:25"), VIEW_LIT("b@a.test") } };

	m->soft = true;
	ledger_move(m, 0, RCPT_READY);
	ledger_move(m, 0, RCPT_TRYING);
	ledger_move(m, 0, RCPT_SETTLED);
	m->unsaid = m->rcpt[0].unsaid = true;
	m = change_mail(m, &c, 1);
	assert_int_equal(m->rcpt[0].state, RCPT_SETTLED);
	assert_int_equal(m->unsettled, 1);
	assert_int_equal(mail_letter(&m->rcpt[0]), 'w');
	assert_replayed(m);
}

/* What is under way, held or reported goes on. */
static void
states_are_carried_over(void **state UNUSED)
{
	static const struct sample before[] = {
		{ "a@a.test", "smtp", "a.test", "a@a.test", 0 },
		{ "b@a.test", "smtp", "a.test", "b@a.test", 0 },
		{ "c@a.test", "smtp", "a.test", "c@a.test", 0 },
		{ "d@a.test", "smtp", "a.test", "d@a.test", 0 },
	};
	struct mail *m = make(before, 4);
	struct change c[2] = {
		{ .rcpt = 0, .to = { VIEW_LIT("rerouted"), VIEW_LIT("[::1]:25"),
		    VIEW_LIT("a@a.test") } },
		{ .rcpt = 3, .to = { VIEW_LIT("rerouted"), VIEW_LIT("[::1]:25"),
		    VIEW_LIT("d@a.test") } },
	};

	ledger_move(m, 0, RCPT_READY);
	ledger_move(m, 0, RCPT_TRYING);
	ledger_move(m, 1, RCPT_READY);
	ledger_move(m, 1, RCPT_TRYING);
	ledger_move(m, 1, RCPT_FAILED);
	ledger_move(m, 1, RCPT_REPORTING);
	m->rcpt[2].due = FROZEN;
	m->reporting = m->warned = true;
	m = change_mail(m, c, 2);
	assert_int_equal(m->busy, 1);
	assert_int_equal(m->unsettled, 4);
	assert_int_equal(m->rcpt[0].state, RCPT_TRYING);
	assert_int_equal(m->rcpt[1].state, RCPT_REPORTING);
	assert_true(mail_is_frozen(m, 2));
	assert_int_equal(m->rcpt[3].transport, TRANSPORT_REROUTED);
	assert_true(view_is(destination_hop(m->rcpt[3].to), "[::1]:25"));
	assert_true(m->reporting && m->warned);
	assert_int_not_equal(m->heap, 0);
	assert_replayed(m);
}

/* A sender's hold that the administrator has ended stays so. */
static void
released_is_released(void **state UNUSED)
{
	static const struct rcpt_texts t = { VIEW_LIT("a@a.test"),
		VIEW_LIT("smtp"), VIEW_LIT("a.test"), VIEW_LIT("a@a.test"),
		VIEW_NONE };
	const struct rcpt released = { .state = RCPT_WAITING, .due = 5000 };
	struct mail_head h = sample_head;
	struct str rcpts = { 0 };
	struct mail *m;

	h.hold = 9000;
	mail_write_rcpt(&rcpts, NULL, &t, 0);
	mail_write_rcpt(&rcpts, &released, &t, 0);
	m = mail_make(ID, &h, str_view(&rcpts), 2);
	assert_int_equal(m->rcpt[0].due, 9000);
	assert_int_equal(m->rcpt[1].due, 5000);
	mail_free(&m);
	str_free(&rcpts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alias_changes_its_members),
		cmocka_unit_test(who_is_gone_stays_marked),
		cmocka_unit_test(one_becomes_several),
		cmocka_unit_test(nobody_gets_two),
		cmocka_unit_test(aliases_change_places),
		cmocka_unit_test(what_is_soft_is_not_said),
		cmocka_unit_test(no_list_changes_nothing),
		cmocka_unit_test(released_is_released),
		cmocka_unit_test(states_are_carried_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
