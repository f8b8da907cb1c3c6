/* SPDX-License-Identifier: ISC */
/*
 * ctl_map - any text as what a table is made from, and as the settings of a site
 *
 * Entries come in order; the first of each key is the one that is found. Of a
 * setting there is one line, however often it is set.
 */
#include "ctl/map.h"
#include "ctl/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_found(struct view text, struct view key)
{
	struct str value = { 0 };

	must(map_find(text, key, &value));
	str_free(&value);
}

static void
read_map(struct view text)
{
	struct map_entry e = { .key = VIEW_NONE };
	struct view rest = text;
	size_t line = 0, looks = 0;

	while (map_next(&rest, &e)) {
		must(e.line > line && e.next > e.line);
		line = e.line;
		must(e.value.n == 0 || view_trim(e.value).n == e.value.n);
		if (looks++ < 8)
			check_found(text, e.key);
	}
}

static void
set(struct view text)
{
	struct str site = { 0 }, again = { 0 };

	str_add(&site, text);
	site_set(&site, "hostname", "a.test");
	must(view_search(str_view(&site), VIEW_LIT("hostname = a.test")) <
	    site.n);
	must(site_has_listener(str_view(&site)) == site_has_listener(text));
	str_add(&again, str_view(&site));
	site_set(&again, "hostname", "a.test");
	must(view_eq(str_view(&again), str_view(&site)));
	str_free(&site);
	str_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_map(view_bytes(data, size));
	set(view_bytes(data, size));
	return 0;
}
