/* SPDX-License-Identifier: ISC */
/*
 * progress - "* OK [INPROGRESS ("tag" done total)]"
 */
#include "imapd/progress.h"
#include "lib/base/clock.h"

void
progress_begin(struct progress *p, struct imap *im, size_t total)
{
	*p = (struct progress){ .im = im, .total = total,
		.next = clock_ms() + PROGRESS_MS };
}

bool
progress_at(struct progress *p, size_t done)
{
	struct imap *im = p->im;

	if (clock_ms() < p->next)
		return true;
	p->next = clock_ms() + PROGRESS_MS;
	/* of one of many mailboxes that means nothing */
	if (im->look != NULL) {
		out_printf(im, "* OK [INPROGRESS (\"%.*s\" NIL NIL)] Still at "
		    "it\r\n", VIEW(im->tag));
		return out_flush(im);
	}
	out_printf(im, "* OK [INPROGRESS (\"%.*s\" %zu ", VIEW(im->tag), done);
	if (p->total > 0)
		out_printf(im, "%zu)] Still at it\r\n", p->total);
	else
		out_puts(im, "NIL)] Still at it\r\n");
	return out_flush(im);
}
