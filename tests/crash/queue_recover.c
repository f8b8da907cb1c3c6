/* SPDX-License-Identifier: ISC */
/*
 * queue_recover - what a start of queue makes of a spool
 *
 * Reads the paths of spools from standard input, one a line, and runs on each,
 * in a child, just what queue runs when it starts. Prints "missing N" when it
 * misses something of the journal, "mail ID" for each mail with somebody left,
 * then "end STATUS" (0, or how the child ended).
 */
#include <fcntl.h>

#include "lib/mail/spool.h"
#include "queue/content.h"
#include "queue/ledger.h"
#include "queue/replay.h"
#include "tests/crash/recover.h"

static int
recover(const char *path)
{
	char id[SPOOL_ID_SIZE];
	struct replay r;
	struct mail *m;
	int spool = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int journal = openat(spool, "journal",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (journal < 0 || !content_start(spool) ||
	    !replay_journal(journal, &r) || !replay_restore(journal, &r))
		return 1;
	replay_content(&r);
	if (r.gaps > 0 || r.cut > 0)
		printf("missing %zu\n", r.gaps + r.cut);
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		printf("mail %s\n", spool_id(m->id, id));
	fflush(stdout);
	return 0;
}

int
main(void)
{
	return recover_each(recover);
}
