/* SPDX-License-Identifier: ISC */
/*
 * smtp_sts - any text as a policy of MTA-STS, and as its TXT record
 */
#include "lib/proc/message.h"
#include "smtp/sts_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_policy(const struct sts_policy *p)
{
	struct view list = str_view(&p->mx), mx;
	size_t n = 0;

	must(p->max_age <= STS_AGE_MOST);
	must(p->mode == STS_NONE || p->nmx > 0);
	while (list_next(&list, &mx)) {
		struct str host = { 0 };

		n++;
		must(mx.n > 0 && mx.n <= 255);
		str_adds(&host, mx.p[0] == '*' ? "x" : "");
		str_add(&host, mx.p[0] == '*' ? view_skip(mx, 1) : mx);
		must(sts_policy_lists(p, str_view(&host)));
		str_free(&host);
	}
	must(n == p->nmx);
	must(!sts_policy_lists(p, VIEW_NONE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size), id;
	struct sts_policy p;
	const char *wrong;

	if (sts_record(text, &id))
		must(id.n <= STS_ID_MOST);
	else
		must(id.n == 0);
	if (sts_policy_read(text, &p, &wrong))
		check_policy(&p);
	else
		must(wrong != NULL && p.mx.n == 0);
	sts_policy_free(&p);
	return 0;
}
