/* SPDX-License-Identifier: ISC */
/*
 * mail_date - a date that was read is written and read to the same moment
 */
#include "lib/mail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	bool (*parse)(struct view, struct date *);
	void (*write)(struct str *, struct date);
} forms[] = {
	{ date_parse, date_write },
	{ date_parse_internal, date_write_internal },
	{ date_parse_rfc3339, date_write_rfc3339 },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);
	struct date d, again;
	int64_t days;

	for (size_t i = 0; i < nitems(forms); i++) {
		struct str out = { 0 };

		if (!forms[i].parse(text, &d))
			continue;
		forms[i].write(&out, d);
		must(forms[i].parse(str_view(&out), &again));
		must(again.seconds == d.seconds && again.zone == d.zone);
		str_free(&out);
	}
	if (date_parse_day(text, &days))
		must(days > -800000 && days < 3000000);
	return 0;
}
