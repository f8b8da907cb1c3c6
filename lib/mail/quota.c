/* SPDX-License-Identifier: ISC */
/*
 * quota - words to limits
 *
 * Only what Dovecot's rules say of all mailboxes together ("*") means anything
 * here; a rule for one mailbox, and one in percent, is passed over.
 */
#include "lib/mail/quota.h"

static bool
take_octets(struct view value, struct quota_limits *q)
{
	return view_size(value, QUOTA_MOST, &q->octets);
}

static bool
take_messages(struct view value, struct quota_limits *q)
{
	return view_u64(value, QUOTA_MOST, &q->messages);
}

/* A bare number counts kilobytes. */
static bool
take_storage(struct view value, struct quota_limits *q)
{
	bool bare = value.n > 0 && is_digit(value.p[value.n - 1]);

	if (!view_size(value, bare ? QUOTA_MOST >> 10 : QUOTA_MOST, &q->octets))
		return false;
	q->octets <<= bare ? 10 : 0;
	return true;
}

struct word {
	const char *name;
	bool (*take)(struct view value, struct quota_limits *q);
};

/* The words of one kind; what nobody knows is no mistake. */
static bool
take_word(const struct word *words, struct view text, struct quota_limits *q)
{
	struct view name = view_cut(&text, '=');
	struct quota_limits before = *q;

	for (const struct word *w = words; w->name != NULL; w++)
		if (view_isi(name, w->name)) {
			if (w->take(text, q))
				return true;
			*q = before;
			return false;
		}
	return true;
}

static bool
take_rule(struct view value, struct quota_limits *q)
{
	static const struct word words[] = {
		{ "storage", take_storage },
		{ "bytes", take_octets },
		{ "messages", take_messages },
		{ 0 },
	};
	bool fine = true;

	if (!view_is(view_cut(&value, ':'), "*"))
		return true;
	while (value.n > 0) {
		struct view word = view_cut(&value, ':');

		if (word.n > 0 && word.p[word.n - 1] != '%')
			fine &= take_word(words, word, q);
	}
	return fine;
}

bool
quota_fields(struct view extra, struct quota_limits *q)
{
	static const struct word words[] = {
		{ "quota", take_octets },
		{ "quota_messages", take_messages },
		{ "userdb_quota_rule", take_rule },
		{ 0 },
	};
	bool fine = true;

	*q = QUOTA_LIMITS_UNSAID;
	while (extra.n > 0)
		fine &= take_word(words, view_word(&extra), q);
	return fine;
}

static void
write_one(struct str *out, uint64_t n)
{
	if (n == QUOTA_UNSAID)
		str_addc(out, '-');
	else
		str_addf(out, "%llu", (unsigned long long)n);
}

void
quota_write(struct str *out, const struct quota_limits *q)
{
	write_one(out, q->octets);
	str_addc(out, ' ');
	write_one(out, q->messages);
}

static bool
read_one(struct view text, uint64_t *n)
{
	*n = QUOTA_UNSAID;
	return view_is(text, "-") || view_u64(text, QUOTA_MOST, n);
}

bool
quota_read(struct view text, struct quota_limits *q)
{
	*q = QUOTA_LIMITS_UNSAID;
	return read_one(view_cut(&text, ' '), &q->octets) &&
	    read_one(text, &q->messages);
}
