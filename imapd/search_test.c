/* SPDX-License-Identifier: ISC */
/*
 * search_test - keys against the index, and how keys combine
 *
 * Three answers: yes, no, and "not without the content". A conjunction is no as
 * soon as one key says no, so that most messages are never opened.
 */
#include "imapd/search.h"
#include "lib/base/clock.h"
#include "lib/mail/date.h"

static enum verdict_of_key
verdict(bool yes)
{
	return yes ? KEY_YES : KEY_NO;
}

/* All keys of a program. */
static enum verdict_of_key
all_of(struct search *s, const struct key *k)
{
	enum verdict_of_key result = KEY_YES;

	for (; k != NULL; k = k->next) {
		enum verdict_of_key one = k->test(s, k);

		if (one == KEY_NO)
			return KEY_NO;
		if (one == KEY_NEEDS_CONTENT)
			result = one;
	}
	return result;
}

enum verdict_of_key
search_test(struct search *s)
{
	return all_of(s, s->program);
}

enum verdict_of_key
key_all(struct search *s, const struct key *k)
{
	(void)s;
	(void)k;
	return KEY_YES;
}

enum verdict_of_key
key_flag(struct search *s, const struct key *k)
{
	return verdict(((s->record.flags & k->flag) != 0) == k->want);
}

enum verdict_of_key
key_new(struct search *s, const struct key *k)
{
	(void)k;
	return verdict((s->record.flags & (FLAG_RECENT | FLAG_SEEN)) ==
	    FLAG_RECENT);
}

enum verdict_of_key
key_keyword(struct search *s, const struct key *k)
{
	return verdict(((s->record.keywords & k->keyword) != 0) == k->want);
}

enum verdict_of_key
key_size(struct search *s, const struct key *k)
{
	int64_t size = (int64_t)s->record.size;

	return verdict(k->compare < 0 ? size < k->number : size > k->number);
}

static enum verdict_of_key
compare_day(int64_t day, const struct key *k)
{
	return verdict(k->compare < 0 ? day < k->number :
		k->compare > 0	      ? day >= k->number :
					day == k->number);
}

enum verdict_of_key
key_date(struct search *s, const struct key *k)
{
	return compare_day(date_day(DATE_UTC(s->record.date)), k);
}

/* By the second (RFC 5032): no older than so many seconds, or older. */
enum verdict_of_key
key_age(struct search *s, const struct key *k)
{
	int64_t since = clock_wall() - k->number;

	return verdict(k->compare < 0 ? s->record.date <= since :
					s->record.date >= since);
}

/* The day that it came into this mailbox (RFC 8514). */
enum verdict_of_key
key_saved(struct search *s, const struct key *k)
{
	return compare_day(date_day(DATE_UTC(s->record.saved)), k);
}

/* want: it is such an id at all. */
enum verdict_of_key
key_emailid(struct search *s, const struct key *k)
{
	return verdict(k->want && s->record.content == k->content);
}

enum verdict_of_key
key_none(struct search *s, const struct key *k)
{
	(void)s;
	(void)k;
	return KEY_NO;
}

enum verdict_of_key
key_numbers(struct search *s, const struct key *k)
{
	return verdict(numset_has(&k->set, s->seq));
}

enum verdict_of_key
key_modseq(struct search *s, const struct key *k)
{
	return verdict(s->record.modseq >= (uint64_t)k->number);
}

enum verdict_of_key
key_uids(struct search *s, const struct key *k)
{
	return verdict(numset_has(&k->set, s->record.uid));
}

enum verdict_of_key
key_not(struct search *s, const struct key *k)
{
	enum verdict_of_key a = all_of(s, k->a);

	return a == KEY_NEEDS_CONTENT ? a : verdict(a == KEY_NO);
}

enum verdict_of_key
key_or(struct search *s, const struct key *k)
{
	enum verdict_of_key a = all_of(s, k->a), b;

	if (a == KEY_YES)
		return a;
	b = all_of(s, k->b);
	return b == KEY_NO ? a : b;
}

enum verdict_of_key
key_group(struct search *s, const struct key *k)
{
	return all_of(s, k->a);
}
