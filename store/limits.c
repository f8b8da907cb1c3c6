/* SPDX-License-Identifier: ISC */
/*
 * limits - three places, the nearest to the user first
 */
#include "lib/mail/user_table.h"
#include "store/limits.h"

static struct {
	const struct settings *settings;
	struct user_table table;
	bool any;
	unsigned generation;
} limits;

static bool
domain_says(const struct domain_settings *d)
{
	return d->quota[0] != '\0' || d->quota_messages[0] != '\0';
}

static void
changed(void)
{
	const struct settings *s = limits.settings;

	limits.generation++;
	limits.any = limits.table.lines.n > 0;
	if (s == NULL)
		return;
	limits.any |= s->quota > 0 || s->quota_messages > 0;
	for (size_t i = 0; i < s->domain_count; i++)
		limits.any |= domain_says(&s->domain[i]);
}

void
limits_settings(const struct settings *s)
{
	limits.settings = s;
	changed();
}

bool
limits_table(int fd)
{
	bool ok = user_table_map(&limits.table, fd);

	changed();
	return ok;
}

bool
limits_any(void)
{
	return limits.any;
}

unsigned
limits_generation(void)
{
	return limits.generation;
}

/* What is not said yet, from the text of a setting. */
static void
fill(uint64_t *n, const char *text)
{
	if (*n == QUOTA_UNSAID && text[0] != '\0')
		(void)view_size(view_of(text), QUOTA_MOST, n);
}

struct quota_limits
limits_of(struct view user)
{
	const struct settings *s = limits.settings;
	struct view domain = view_skip(user, view_rfind(user, '@'));
	const struct domain_settings *d = s != NULL && domain.n > 0 ?
	    settings_domain(s, view_skip(domain, 1)) : NULL;
	struct quota_limits q = QUOTA_LIMITS_UNSAID;
	struct view text;

	if (user_table_find(&limits.table, user, &text))
		(void)quota_read(text, &q);
	if (d != NULL) {
		fill(&q.octets, d->quota);
		fill(&q.messages, d->quota_messages);
	}
	if (q.octets == QUOTA_UNSAID)
		q.octets = s != NULL ? s->quota : 0;
	if (q.messages == QUOTA_UNSAID)
		q.messages = s != NULL ? s->quota_messages : 0;
	return q;
}
