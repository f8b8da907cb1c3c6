/* SPDX-License-Identifier: ISC */
/*
 * mail_quota - any text as the extra fields of a user, and as what auth tells
 * store of them
 */
#include "lib/mail/quota.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_limit(uint64_t n)
{
	return n <= QUOTA_MOST || n == QUOTA_UNSAID;
}

/* Told and read it is the same. */
static void
check(const struct quota_limits *q)
{
	struct quota_limits again = { 0 };
	struct str text = { 0 };

	must(is_limit(q->octets) && is_limit(q->messages));
	quota_write(&text, q);
	must(quota_read(str_view(&text), &again));
	must(again.octets == q->octets && again.messages == q->messages);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct quota_limits fields = QUOTA_LIMITS_UNSAID;
	struct quota_limits told = QUOTA_LIMITS_UNSAID;
	struct view text = view_bytes(data, size);

	quota_fields(text, &fields);
	check(&fields);
	if (quota_read(text, &told))
		check(&told);
	return 0;
}
