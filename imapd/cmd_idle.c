/* SPDX-License-Identifier: ISC */
/*
 * cmd_idle - IDLE (RFC 2177)
 *
 * Waits for DONE or for an event of store, which wakes the fiber at once
 * (imapd/link.c). A word now and then keeps the boxes between us and the client
 * from forgetting the connection, and shows us when it is gone.
 */
#include "imapd/commands.h"
#include "imapd/notify.h"
#include "imapd/reader.h"
#include "imapd/renew.h"
#include "imapd/sync.h"
#include "lib/proc/service.h"

#define STILL_HERE_MS (4 * 60 * 1000)

static bool
has_news(const struct imap *im)
{
	return im->lost || sync_has_news(im, true) || notify_has_news(im);
}

/* Wait for the client, telling it the news. STREAM_OK: it said something. */
static enum stream_end
wait_telling(struct imap *im)
{
	enum stream_end e = STREAM_WOKEN;

	while (e == STREAM_WOKEN && !im->lost && !im->over) {
		if (has_news(im)) {
			sync_tell(im, true);
			notify_tell(im);
			box_renew(im);
			continue;
		}
		if (!out_flush(im))
			return STREAM_EOF;
		if (has_news(im))
			continue;
		str_free(&im->out);
		im->idling = true;
		e = stream_wait(&im->session->stream,
		    deadline_in(STILL_HERE_MS));
		im->idling = false;
		if (e == STREAM_TIMEOUT) {
			out_puts(im, "* OK Still here\r\n");
			e = STREAM_WOKEN;
		}
	}
	return e;
}

enum answer
cmd_idle(struct imap *im, struct parse *p)
{
	enum stream_end e;

	if (!parse_end(p))
		return answer_syntax(im, p);
	str_free(&im->text);
	out_puts(im, "+ idling\r\n");
	e = wait_telling(im);
	if (e == STREAM_WOKEN)
		return answer_no(im, "[UNAVAILABLE] IDLE ends");
	if (e != STREAM_OK) {
		reader_gone(im, e);
		return answer_no(im, "IDLE ends");
	}
	if (reader_line(im) == READ_GONE)
		return answer_no(im, "IDLE ends");
	if (im->wrong != NULL || !view_isi(str_view(&im->text), "DONE"))
		return answer_bad(im, "DONE expected");
	return ANSWER_OK;
}
