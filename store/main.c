/* SPDX-License-Identifier: ISC */
/*
 * store - the only owner of the mailboxes and their indexes
 *
 * Runs as posthouse-store, once or several times with the users spread over
 * the instances. Talks to local (deliver), queue (settled), auth (grant), to
 * pop3d and imapd (everything about mailboxes), to router (who is full), to
 * posthouse (rebuild), to its other instances (mailboxes that are shared); never
 * to the network. doc/STORE.md tells what is on disk and why a crash at any
 * point leaves a legal state.
 *
 *	main.c		start, stop
 *	handlers.c	who answers which message
 *	link.c		channels, grants, requests as fibers
 *	deliver.c append.c -> arrival.c		new messages
 *	fresh.c held.c				and what is not synced of them yet
 *	modify.c copy.c copying.c look.c			what sessions ask for
 *	access.c acl.c				and whether they may
 *	seen.c seen_file.c			\Seen of those who read others' mail
 *	shares.c everyone.c			who shares what with whom
 *	distant.c copy_out.c			with another instance of store
 *	listing.c folder.c rename.c account.c	about mailboxes as a whole
 *	change.c event.c watch.c records.c mailbox.c	a mailbox in memory
 *	attributes.c attributes_text.c		what it is for, and what is noted of it
 *	load.c find.c compare.c behind.c	and its way to and from the files
 *	quota.c limits.c full.c warning.c usage.c	how much a user keeps
 *	broken.c				when the index can't be believed
 *	outcome.c				and what has happened then
 *	durable.c index.c maildir.c scan.c place.c	the disk
 */
#include <sys/resource.h>

#include <stdio.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/date.h"
#include "lib/proc/service.h"
#include "store/access.h"
#include "store/behind.h"
#include "store/broken.h"
#include "store/deliver.h"
#include "store/durable.h"
#include "store/full.h"
#include "store/handlers.h"
#include "store/held.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"
#include "store/metadata.h"
#include "store/newcomer.h"
#include "store/seen.h"
#include "store/shares.h"
#include "store/usage.h"

#define LETTERS_MS 2000 /* for file names at an orderly end */

/* Directories of mailboxes in memory may use a good half of what is allowed. */
static unsigned
mailboxes_most(void)
{
	struct rlimit r = { .rlim_cur = 1024 };

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur > 16384)
		return 8192;
	return r.rlim_cur < 200 ? 64 : (unsigned)r.rlim_cur / 2;
}

static void
prepare(void)
{
	mailbox_begin(mailboxes_most());
	/* the time zone file cannot be read later */
	date_local(clock_wall());
}

/* After the change of user: what is made here must belong to it. */
static void
open_all(void)
{
	const struct settings *s = service_settings();
	char host[256] = "", dir[4200];
	struct why w;

	snprintf(host, sizeof(host), "%s", s->hostname);
	if (host[0] == '\0' && gethostname(host, sizeof(host) - 1) < 0)
		snprintf(host, sizeof(host), "localhost");
	for (char *p = host; *p != '\0'; p++)
		if (*p == '/' || *p == ':' || *p == ',')
			*p = '-';
	access_begin(service_instance(), (uint32_t)s->store_instances);
	trouble_begin(s->mail_dir, s->spool_reserve);
	if (!maildir_begin(s->mail_dir))
		fatal("cannot use the mail directory %s", s->mail_dir);
	if (!deliver_begin(s->spool_dir))
		fatal("cannot use the spool %s", s->spool_dir);
	snprintf(dir, sizeof(dir), "%s/index/store/%u", s->state_dir,
	    service_instance());
	if (!index_open(dir, s->index_cache, host, &w))
		fatal("%s: %s", dir, w.text);
}

static void
begin(void)
{
	full_settings(service_settings());
	usage_begin(&service_settings()->imap_quota_admins);
	open_all();
	broken_begin();
	if (!held_begin(service_settings()->mail_dir, service_instance()))
		fatal("cannot use the journal in %s",
		    service_settings()->mail_dir);
	behind_begin();
	load_begin();
	shares_begin();
	metadata_begin(service_settings());
	newcomer_begin(&service_settings()->new_mailboxes);
	full_begin();
}

static void
stop_run(void *arg UNUSED)
{
	behind_finish(LETTERS_MS);
	held_finish();
	seen_finish(LETTERS_MS);
	mailbox_end();
	while (behind_checkpoint_runs() || !durable_idle())
		fiber_sleep(5);
	index_close();
	service_quit();
}

static void
stopping(void)
{
	fiber_start(stop_run, NULL);
}

static void
changed(void)
{
	const struct settings *s = service_settings();

	trouble_begin(s->mail_dir, s->spool_reserve);
	metadata_begin(s);
	newcomer_begin(&s->new_mailboxes);
	full_settings(s);
	usage_begin(&s->imap_quota_admins);
	full_begin();
}

static void
linked(struct channel *c)
{
	if (channel_peer(c)->role == ROLE_ROUTER)
		full_linked(c);
}

static const struct program_path paths[] = { { "mail_dir", "", true },
	{ "state_dir", "/index/store", true },
	/* hard links need the same rights on both sides */
	{ "spool_dir", "/content", true }, { NULL, NULL, false } };

static const struct program program = {
	.role = ROLE_STORE,
	.user = "posthouse-store",
	.purpose = "owns the mailboxes and their indexes",
	.calls = CALLS_FILES_READ | CALLS_FILES_WRITE | CALLS_THREADS,
	.paths = paths,
	.peers = ROLE_LOCAL | ROLE_QUEUE | ROLE_AUTH | ROLE_READERS | ROLE_STORE |
	    ROLE_ROUTER | ROLE_CTL,
	.threads = 8,
	.handlers = &store_handlers,
	.prepare = prepare,
	.begin = begin,
	.changed = changed,
	.linked = linked,
	.stopping = stopping,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
