/* SPDX-License-Identifier: ISC */
/*
 * queue_check - is the content of every waiting mail there, and whole?
 *
 * The queue looks at the files; this command says what it found, and what lies
 * in spool/lost. It changes nothing: a start of the queue mends what the journal
 * can mend (doc/QUEUE.md).
 */
#include <dirent.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/queue.h"
#include "lib/mail/spool.h"

static struct {
	uint64_t mail;	/* that was told last */
	struct queue_sums sums;
} check;

/* One of each recipient comes. */
static void
on_item(const struct msg_queue_item *m)
{
	char id[SPOOL_ID_SIZE];

	if (m->mail == check.mail)
		return;
	check.mail = m->mail;
	printf("%s from=<%s> size=%llu: its content is not whole\n",
	    spool_id(m->mail, id), output_clean(m->sender),
	    (unsigned long long)m->size);
}

static int
check_each(struct queue_request *r)
{
	return queue_list(r, on_item, &check.sums);
}

static size_t
files_in(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		n += e->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return n;
}

static void
tell_lost(const struct settings *s)
{
	struct str path = { 0 };
	size_t n;

	str_addf(&path, "%s/lost", s->spool_dir);
	n = files_in(str_c(&path));
	if (n > 0)
		printf("%s: %zu file%s that the queue could not use; the log "
		    "says why\n", str_c(&path), n, n == 1 ? "" : "s");
	str_free(&path);
}

int
queue_check_run(struct ctl *ctl)
{
	int code = queue_each(ctl, QUEUE_CHECK, check_each);

	if (code != 0)
		return code;
	tell_lost(ctl_settings(ctl));
	if (check.sums.hurt > 0)
		printf("The last start found %u segment%s of the journal "
		    "missing or damaged; the log says which\n",
		    check.sums.hurt, check.sums.hurt == 1 ? "" : "s");
	if (check.sums.mails > 0)
		return ctl_fail(EX_DATAERR, "%llu mail%s; stop the server and "
		    "start it again: what the journal still has is mended, the "
		    "rest is moved to spool/lost",
		    (unsigned long long)check.sums.mails,
		    check.sums.mails == 1 ? "" : "s");
	puts("The content of every mail is whole");
	return 0;
}
