/* SPDX-License-Identifier: ISC */
/*
 * imapd_thread - headers that refer to each other in any way
 *
 * The input is headers, divided by lines with a single dot. Every message must
 * be in the forest once, no dummy without children, and none below the top.
 */
#include <stdlib.h>

#include "imapd/sort.h"
#include "imapd/thread_references.h"
#include "lib/mail/header.h"
#include "lib/mail/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGES 200

static uint32_t
read_all(struct view text, struct thread_message *m, struct arena *a)
{
	uint32_t n = 0;

	while (text.n > 0 && n < MESSAGES) {
		size_t end = view_search(text, VIEW_LIT("\n.\n"));
		struct view header = { text.p, end }, raw;
		struct str base = { 0 };
		struct record r = { .date = 5 };

		text = view_skip(text, end < text.n ? end + 3 : text.n);
		if (header_find(header, "Subject", &raw))
			m[n].reply = subject_base(&base, raw);
		m[n].subject = arena_view(a, str_view(&base));
		str_free(&base);
		m[n].sent = sort_sent(header, &r);
		thread_read(&m[n++], header, 5, a);
	}
	return n;
}

static void
check(const struct forest *f, uint32_t n)
{
	unsigned char seen[MESSAGES] = { 0 };
	uint32_t found = 0;

	for (uint32_t i = forest_next(f, 0); i != NO_NODE;
	     i = forest_next(f, i)) {
		const struct node *node = &f->node[i];

		if (node->message == NO_NODE) {
			must(node->parent == 0 && node->child != NO_NODE);
			continue;
		}
		must(node->message < n && !seen[node->message]);
		seen[node->message] = 1;
		found++;
	}
	must(found == n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct thread_message m[MESSAGES];
	struct arena a = { 0 };
	struct forest f;
	uint32_t n;

	memset(m, 0, sizeof(m));
	n = read_all(view_bytes(data, size), m, &a);
	forest_begin(&f);
	thread_references(&f, m, n);
	check(&f, n);
	thread_order(&f, m);
	check(&f, n);
	forest_free(&f);
	arena_reset(&a);
	return 0;
}
