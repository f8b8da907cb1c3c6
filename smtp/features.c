/* SPDX-License-Identifier: ISC */
/*
 * features - keywords of EHLO and their parameters
 */
#include "smtp/features.h"

static void
read_size(struct view args, struct arena *a, struct features *f)
{
	(void)a;
	if (!view_u64(view_word(&args), UINT64_MAX, &f->size))
		f->size = 0;
}

static void
read_deliverby(struct view args, struct arena *a, struct features *f)
{
	(void)a;
	if (!view_u64(view_word(&args), INT32_MAX, &f->by_least))
		f->by_least = 0;
}

/* "AUTH PLAIN LOGIN", or "AUTH=PLAIN LOGIN" of before RFC 2554; both may come,
 * and the first that names anything counts. */
static void
read_auth(struct view args, struct arena *a, struct features *f)
{
	args = view_trim(args);
	if (f->auth.n == 0)
		f->auth = arena_view(a, args);
}

static void
read_limits(struct view args, struct arena *a, struct features *f)
{
	static const char *const names[] = { "MAILMAX", "RCPTMAX",
		"RCPTDOMAINMAX" };
	uint64_t *const limits[] = { &f->mails_most, &f->recipients_most,
		&f->domains_most };
	struct view word, name;

	(void)a;
	while ((word = view_word(&args)).n > 0) {
		name = view_cut(&word, '=');
		for (size_t i = 0; i < nitems(names); i++)
			if (view_isi(name, names[i]) &&
			    !view_u64(word, UINT32_MAX, limits[i]))
				*limits[i] = 0;
	}
}

static const struct {
	const char *keyword;
	enum feature bit;
	void (*read)(struct view args, struct arena *a, struct features *f);
} keywords[] = {
	{ "PIPELINING", FEATURE_PIPELINING, NULL },
	{ "SIZE", FEATURE_SIZE, read_size },
	{ "8BITMIME", FEATURE_8BITMIME, NULL },
	{ "SMTPUTF8", FEATURE_SMTPUTF8, NULL },
	{ "DSN", FEATURE_DSN, NULL },
	{ "CHUNKING", FEATURE_CHUNKING, NULL },
	{ "BINARYMIME", FEATURE_BINARYMIME, NULL },
	{ "STARTTLS", FEATURE_STARTTLS, NULL },
	{ "REQUIRETLS", FEATURE_REQUIRETLS, NULL },
	{ "MT-PRIORITY", FEATURE_MT_PRIORITY, NULL },
	{ "DELIVERBY", FEATURE_DELIVERBY, read_deliverby },
	{ "AUTH", FEATURE_AUTH, read_auth },
	{ "LIMITS", FEATURE_LIMITS, read_limits },
};

static void
read_line(struct view line, struct arena *a, struct features *f)
{
	struct view keyword = view_word(&line);

	if (view_startsi(keyword, VIEW_LIT("AUTH="))) {
		line.n += (size_t)(line.p - keyword.p) - 5;
		line.p = keyword.p + 5;
		keyword.n = 4;
	}
	for (size_t i = 0; i < nitems(keywords); i++) {
		if (!view_isi(keyword, keywords[i].keyword))
			continue;
		f->bits |= keywords[i].bit;
		if (keywords[i].read != NULL)
			keywords[i].read(line, a, f);
	}
}

void
features_read(const struct response *ehlo, struct arena *a, struct features *f)
{
	struct view line;
	size_t at = 0;

	*f = (struct features){ .auth = VIEW_NONE };
	response_line(ehlo, &at, &line);	/* the server's name */
	while (response_line(ehlo, &at, &line))
		read_line(line, a, f);
	/* RFC 3030 2: the one cannot be had without the other */
	if (!(f->bits & FEATURE_CHUNKING))
		f->bits &= ~(unsigned)FEATURE_BINARYMIME;
}
