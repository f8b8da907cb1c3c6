/* SPDX-License-Identifier: ISC */
/*
 * mail_users_file - any text as a users file: names canonical, sorted, only once
 */
#include "lib/mail/scheme.h"
#include "lib/mail/users_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(struct view name)
{
	must(view_find(name, '@') < name.n);
	must(memchr(name.p, '\n', name.n) == NULL);
	must(memchr(name.p, '\0', name.n) == NULL);
	for (size_t i = 0; i < name.n; i++)
		must(name.p[i] == to_lower(name.p[i]));
}

/* What is said of limits can be sent. */
static void
check_limits(const struct users_file *f, size_t i)
{
	struct quota_limits q = users_file_limits(f, i), back;
	struct str text = { 0 };

	must(q.octets == QUOTA_UNSAID || q.octets <= QUOTA_MOST);
	must(q.messages == QUOTA_UNSAID || q.messages <= QUOTA_MOST);
	quota_write(&text, &q);
	must(quota_read(str_view(&text), &back));
	must(back.octets == q.octets && back.messages == q.messages);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);
	struct users_file f;

	must(users_file_read(&f, text, VIEW_LIT("d.test")));
	for (size_t i = 0; i < f.n; i++) {
		struct view name = users_file_name(&f, i);
		struct view secret = users_file_secret(&f, i);
		struct secret parts;
		struct str hash = { 0 };

		check_name(name);
		must(i == 0 || view_cmp(users_file_name(&f, i - 1), name) < 0);
		must(memchr(secret.p, ':', secret.n) == NULL);
		must(memchr(secret.p, '\0', secret.n) == NULL);
		check_limits(&f, i);
		if (scheme_of(secret, &parts)) {
			must(parts.hash.n <= secret.n);
			(void)scheme_decode(&parts, &hash);
			str_free(&hash);
		}
	}
	must((f.n > 0) == (f.first.n > 0));
	users_file_free(&f);
	return 0;
}
