/* SPDX-License-Identifier: ISC */
/*
 * queue_recover - what a start of queue makes of a spool
 *
 * Reads the paths of spools from standard input, one a line, and runs on each,
 * in a child, just what queue runs when it starts. Prints
 *
 *	missing N				of the journal's segments
 *	mail ID SIZE ARRIVAL			with somebody left
 *	rcpt ID NUMBER STATE HELD TRANSPORT ADDRESS
 *	finished ID				settled, its content is there
 *
 * then "end STATUS" (0, or how the child ended). STATE is a letter of the journal.
 */
#include <fcntl.h>

#include "lib/mail/spool.h"
#include "queue/content.h"
#include "queue/ledger.h"
#include "queue/replay.h"
#include "tests/crash/recover.h"

static void
print_mail(const struct mail *m)
{
	char id[SPOOL_ID_SIZE];

	printf("mail %s %llu %lld\n", spool_id(m->id, id),
	    (unsigned long long)m->size, (long long)mail_arrival(m));
	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt_texts t = mail_texts(m, i);

		printf("rcpt %s %u %c %d %.*s %.*s\n", id, i,
		    mail_letter(&m->rcpt[i]), mail_is_frozen(m, i),
		    (int)t.transport.n, t.transport.p, (int)t.address.n,
		    t.address.p);
	}
}

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
		print_mail(m);
	for (size_t i = 0; i < r.finishes; i++)
		printf("finished %s\n", spool_id(r.finished[i], id));
	fflush(stdout);
	return 0;
}

int
main(void)
{
	return recover_each(recover);
}
