/* SPDX-License-Identifier: ISC */
/*
 * sts_policy - fields in any order, the first of each counts
 *
 * What is not known is passed over, as the RFC wants for fields to come; what is
 * known and malformed makes the whole policy wrong, so that nobody is held to
 * half of one.
 */
#include "lib/proc/message.h"
#include "smtp/sts_policy.h"

#define MX_MOST		1000
#define NAME_MOST	253

static const char *const modes[] = {
	[STS_NONE] = "none",
	[STS_TESTING] = "testing",
	[STS_ENFORCE] = "enforce",
};

const char *
sts_mode_name(enum sts_mode mode)
{
	return modes[mode];
}

/* ---- the record ---- */

static bool
is_id(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]))
			return false;
	return v.n > 0 && v.n <= STS_ID_MOST;
}

bool
sts_record(struct view txt, struct view *id)
{
	struct view version = view_trim(view_cut(&txt, ';'));

	*id = VIEW_NONE;
	if (!view_is(version, "v=STSv1"))
		return false;
	while (txt.n > 0) {
		struct view field = view_trim(view_cut(&txt, ';'));
		struct view name = view_trim(view_cut(&field, '='));

		if (!view_is(name, "id"))
			continue;
		field = view_trim(field);
		if (is_id(field))
			*id = field;
		break;
	}
	return true;
}

/* ---- the policy ---- */

/* Labels of letters, digits and hyphens; a star may be the first. */
static bool
is_pattern(struct view v)
{
	size_t label = 0, labels = 0;

	if (v.n > 2 && v.p[0] == '*' && v.p[1] == '.')
		v = view_skip(v, 2);
	if (v.n == 0 || v.n > NAME_MOST)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '.' ? label == 0 : !is_alnum(c) && c != '-' && c != '_')
			return false;
		label = c == '.' ? 0 : label + 1;
		labels += label == 1;
		if (label > 63)
			return false;
	}
	return label > 0 && labels > 0;
}

static const char *
take_version(struct sts_policy *p, struct view value)
{
	(void)p;
	return view_is(value, "STSv1") ? NULL : "it is not of version STSv1";
}

static const char *
take_mode(struct sts_policy *p, struct view value)
{
	for (size_t i = 0; i < nitems(modes); i++)
		if (view_is(value, modes[i])) {
			p->mode = (enum sts_mode)i;
			return NULL;
		}
	return "its mode is none of enforce, testing and none";
}

static const char *
take_age(struct sts_policy *p, struct view value)
{
	uint64_t n;

	if (value.n > 10 || !view_u64(value, UINT64_MAX, &n))
		return "its max_age is no number of seconds";
	p->max_age = n > STS_AGE_MOST ? STS_AGE_MOST : (uint32_t)n;
	return NULL;
}

static const char *
take_mx(struct sts_policy *p, struct view value)
{
	char lower[NAME_MOST + 2];

	if (!is_pattern(value) || value.n > sizeof(lower))
		return "an mx is no host name";
	if (p->nmx++ == MX_MOST)
		return "it has too many hosts";
	for (size_t i = 0; i < value.n; i++)
		lower[i] = to_lower(value.p[i]);
	list_put(&p->mx, (struct view){ lower, value.n });
	return NULL;
}

enum field { VERSION, MODE, AGE, MX, FIELDS };

static const struct {
	const char *name;
	const char *(*take)(struct sts_policy *, struct view);
	const char *missing;
} fields[FIELDS] = {
	[VERSION] = { "version", take_version, "it has no version" },
	[MODE] = { "mode", take_mode, "it has no mode" },
	[AGE] = { "max_age", take_age, "it has no max_age" },
	[MX] = { "mx", take_mx, "it has no mx" },
};

static const char *
take_line(struct sts_policy *p, struct view line, bool *seen)
{
	struct view name = view_cut(&line, ':');

	for (size_t i = 0; i < FIELDS; i++) {
		if (!view_is(name, fields[i].name))
			continue;
		if (seen[i] && i != MX)
			return NULL;
		seen[i] = true;
		return fields[i].take(p, view_trim(line));
	}
	return NULL;
}

static const char *
take_lines(struct sts_policy *p, struct view text)
{
	bool seen[FIELDS] = { false };
	const char *wrong = NULL;

	while (text.n > 0 && wrong == NULL)
		wrong = take_line(p, view_cut(&text, '\n'), seen);
	for (size_t i = 0; wrong == NULL && i < FIELDS; i++)
		if (!seen[i] && (i != MX || p->mode != STS_NONE))
			wrong = fields[i].missing;
	return wrong;
}

bool
sts_policy_read(struct view text, struct sts_policy *p, const char **wrong)
{
	*p = (struct sts_policy){ .mode = STS_NONE };
	*wrong = text.n > STS_TEXT_MOST ? "it is too large" :
					  take_lines(p, text);
	if (*wrong != NULL)
		sts_policy_free(p);
	return *wrong == NULL;
}

void
sts_policy_free(struct sts_policy *p)
{
	str_free(&p->mx);
	*p = (struct sts_policy){ .mode = STS_NONE };
}

bool
sts_policy_lists(const struct sts_policy *p, struct view host)
{
	struct view list = str_view(&p->mx), pattern;
	struct view parent = host;

	view_cut(&parent, '.');
	while (list_next(&list, &pattern))
		if (pattern.p[0] != '*' ? view_eqi(pattern, host) :
		    parent.n > 0 && view_eqi(view_skip(pattern, 2), parent))
			return true;
	return false;
}
