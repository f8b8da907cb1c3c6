/* SPDX-License-Identifier: ISC */
/*
 * doctor_machine - clock, disks, kernel
 */
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "lib/base/clock.h"

#define LATE_2025	1764547200	/* no clock that is right says less */
#define FEW_PERCENT	10
#define NO_PERCENT	3
#define LANDLOCK_ASK	1u		/* LANDLOCK_CREATE_RULESET_VERSION */

static void
look_at_clock(struct doctor *d)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);
	bool wrong = clock_wall() < LATE_2025;

	if (wrong)
		doctor_find(d, SEVERITY_CRITICAL, "machine.clock",
		    "set the clock: certificates and dates of mail depend on "
		    "it", "the clock says a year that is over");
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		doctor_find(d, SEVERITY_WARNING, "machine.clock",
		    "run systemd-timesyncd or chrony",
		    "nothing keeps the clock right");
	else
		doctor_find(d, SEVERITY_FINE, "machine.clock", NULL,
		    "the clock is kept right");
}

static unsigned
percent(uint64_t part, uint64_t all)
{
	return all > 0 ? (unsigned)(part * 100 / all) : 100;
}

static void
look_at_share(struct doctor *d, const char *code, const char *path,
    unsigned left, bool none, const char *of)
{
	if (none || left < NO_PERCENT)
		doctor_find(d, SEVERITY_CRITICAL, code,
		    "make room: below spool_reserve no mail is taken",
		    "%s: %u%% of the %s are free", path, left, of);
	else if (left < FEW_PERCENT)
		doctor_find(d, SEVERITY_WARNING, code,
		    "make room before it is full",
		    "%s: %u%% of the %s are free", path, left, of);
	else
		doctor_find(d, SEVERITY_FINE, code, NULL,
		    "%s: %u%% of the %s are free", path, left, of);
}

static void
look_at_disk(struct doctor *d, const char *path)
{
	struct statvfs v;

	if (statvfs(path, &v) < 0) {
		if (errno != ENOENT || d->running)
			doctor_find(d, SEVERITY_CRITICAL, "machine.disk",
			    "make it reachable, or set another", "%s: %s",
			    path, strerror(errno));
		return;
	}
	look_at_share(d, "machine.disk", path, percent(v.f_bavail, v.f_blocks),
	    v.f_bavail * v.f_frsize < d->s->spool_reserve, "blocks");
	/* some file systems make inodes as they go, and count none */
	if (v.f_files > 0)
		look_at_share(d, "machine.inodes", path,
		    percent(v.f_favail, v.f_files), v.f_favail == 0, "inodes");
}

/* What the confinement of the programs wants (posthouse privileges). */
static void
look_at_kernel(struct doctor *d)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK);

	if (abi < 1)
		doctor_find(d, SEVERITY_WARNING, "machine.landlock",
		    "boot with lsm=landlock,..., or use a newer kernel: "
		    "programs are confined by seccomp and users alone",
		    "the kernel has no Landlock");
	else
		doctor_find(d, SEVERITY_FINE, "machine.landlock", NULL,
		    "Landlock ABI %ld", abi);
}

void
doctor_machine(struct doctor *d)
{
	look_at_clock(d);
	look_at_disk(d, d->s->spool_dir);
	look_at_disk(d, d->s->mail_dir);
	look_at_disk(d, d->s->state_dir);
	look_at_kernel(d);
}
