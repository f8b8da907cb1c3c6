/* SPDX-License-Identifier: ISC */
/*
 * broken - give up what is in memory, recover what is on disk
 */
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "store/behind.h"
#include "store/broken.h"
#include "store/durable.h"
#include "store/load.h"
#include "store/watch.h"

#define FIRST_MS 1
#define RETRY_MS 500

static struct loop_timer *retry;

static void
reopen(void *arg UNUSED)
{
	struct why w;

	loop_timer_free(&retry);
	if (behind_checkpoint_runs() || !index_reopen(&w)) {
		retry = loop_timer_new(RETRY_MS, reopen, NULL);
		return;
	}
	log_info("index", "opened-again");
	load_begin();
}

static void
broken(void)
{
	mailbox_all_stale();
	watch_lost();
	if (retry == NULL)
		retry = loop_timer_new(FIRST_MS, reopen, NULL);
}

void
broken_begin(void)
{
	durable_begin(mailbox_write_headers, broken);
}
