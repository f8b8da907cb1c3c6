/* SPDX-License-Identifier: ISC */
/*
 * sandbox_calls - the seccomp allow-lists
 *
 * A call that is in no list kills the process, except a few that libraries try
 * and can do without (opening files, asking a terminal): those fail. Nothing
 * may become executable, and nothing may be executed.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/sys_build.h"
#include "lib/proc/sandbox.h"

#define CALL(name)	SCMP_SYS(name)

static const int basic[] = { CALL(read), CALL(write), CALL(readv),
	CALL(writev), CALL(pread64), CALL(pwrite64), CALL(preadv),
	CALL(pwritev), CALL(lseek), CALL(close), CALL(fstat),
	CALL(recvfrom), CALL(recvmsg), CALL(sendto), CALL(sendmsg), CALL(sendmmsg),
	CALL(shutdown), CALL(getsockopt), CALL(setsockopt),
	CALL(getsockname), CALL(getpeername), CALL(epoll_wait),
	CALL(epoll_pwait), CALL(epoll_ctl), CALL(poll), CALL(ppoll),
	CALL(munmap), CALL(madvise), CALL(mremap), CALL(brk), CALL(futex),
	CALL(clock_gettime), CALL(gettimeofday), CALL(time),
	CALL(clock_nanosleep), CALL(getpid), CALL(gettid), CALL(getuid),
	CALL(geteuid), CALL(getrandom), CALL(rt_sigaction),
	CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(exit),
	CALL(exit_group), CALL(restart_syscall),
	CALL(sched_yield), CALL(sched_getaffinity), CALL(rseq),
	CALL(set_robust_list), CALL(sysinfo), CALL(uname) };
static const int accept_calls[] = { CALL(accept4) };
static const int files_read[] = { CALL(open), CALL(openat), CALL(openat2),
	CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx),
	CALL(access), CALL(faccessat), CALL(faccessat2), CALL(readlink),
	CALL(readlinkat), CALL(getdents64), CALL(statfs), CALL(fstatfs),
	CALL(fadvise64), CALL(memfd_create), CALL(ftruncate),
	CALL(getcwd) };
static const int files_write[] = { CALL(fsync), CALL(fdatasync),
	CALL(syncfs), CALL(sync_file_range), CALL(fallocate), CALL(link),
	CALL(linkat), CALL(rename), CALL(renameat), CALL(renameat2),
	CALL(unlink), CALL(unlinkat), CALL(mkdir), CALL(mkdirat),
	CALL(rmdir), CALL(fchmod), CALL(fchmodat), CALL(fchown), CALL(chmod),
	CALL(chown), CALL(utimensat), CALL(copy_file_range), CALL(sendfile),
	CALL(flock), CALL(select), CALL(pselect6), CALL(umask),
	CALL(msync) };
static const int connect_calls[] = { CALL(connect), CALL(bind) };
/* The kernel looks at these of an argument that is an int, and no others. */
#define INT_BITS	UINT32_MAX
/* Not F_SETOWN, F_SETOWN_EX and F_SETSIG: who may say to whom which signal goes
 * can kill the others of his user. */
static const int fcntls[] = { F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
	F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
	F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS };

/* what libraries try and can do without */
static const struct {
	int call, error;
	unsigned unless;	/* CALLS_ that allow it */
} refused[] = {
	{ CALL(open), EACCES, CALLS_FILES_READ },
	{ CALL(openat), EACCES, CALLS_FILES_READ },
	{ CALL(stat), EACCES, CALLS_FILES_READ },
	{ CALL(newfstatat), EACCES, CALLS_FILES_READ },
	{ CALL(access), EACCES, CALLS_FILES_READ },
	{ CALL(faccessat), EACCES, CALLS_FILES_READ },
	{ CALL(readlink), EACCES, CALLS_FILES_READ },
	{ CALL(readlinkat), EACCES, CALLS_FILES_READ },
	{ CALL(socket), EACCES, CALLS_CONNECT },
	{ CALL(ioctl), ENOTTY, 0 },
	{ CALL(sched_setscheduler), EPERM, 0 },
	{ CALL(prctl), EPERM, 0 },
};

/* what kills even a program built with instruments; the leak checker traces its
 * own process at the end, so ptrace is not among them */
static const int deadly[] = { CALL(execve), CALL(execveat),
	CALL(process_vm_writev), CALL(io_uring_setup), CALL(bpf),
	CALL(mount), CALL(setuid) };

static void
allow(scmp_filter_ctx f, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0) < 0)
			fatal("seccomp refuses a rule");
}
#define ALLOW(f, calls)	allow(f, calls, nitems(calls))

static void
refuse(scmp_filter_ctx f, unsigned calls)
{
	for (size_t i = 0; i < nitems(refused); i++) {
		if (calls & refused[i].unless)
			continue;
		/* fstat(2) of newer C libraries is newfstatat with an empty
		 * path: that one stays */
		if (refused[i].call == CALL(newfstatat)) {
			seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(newfstatat), 1,
			    SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH,
				AT_EMPTY_PATH));
			seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES),
			    CALL(newfstatat), 1,
			    SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
			continue;
		}
		seccomp_rule_add(f, SCMP_ACT_ERRNO(refused[i].error),
		    refused[i].call, 0);
	}
}

static void
allow_arguments(scmp_filter_ctx f, unsigned calls)
{
	static const int domains[] = { AF_INET, AF_INET6, AF_UNIX };
	size_t n = calls & CALLS_UNIX ? 3 : calls & CALLS_CONNECT ? 2 : 0;
	static const int mapping[] = { CALL(mmap), CALL(mprotect) };

	for (size_t i = 0; i < nitems(mapping); i++)
		seccomp_rule_add(f, SCMP_ACT_ALLOW, mapping[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	for (size_t i = 0; i < n; i++)
		seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(socket), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)domains[i], 0));
	for (size_t i = 0; i < nitems(fcntls); i++)
		seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(fcntl), 1,
		    SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS,
			(scmp_datum_t)fcntls[i]));
	/* abort(3) signals a thread of its own */
	seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(tgkill), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, INT_BITS, (scmp_datum_t)getpid()));
}

static void
fill_filter(scmp_filter_ctx f, unsigned calls)
{
	if (BUILD_INSTRUMENTED) {
		for (size_t i = 0; i < nitems(deadly); i++)
			seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, deadly[i],
			    0);
		return;
	}
	ALLOW(f, basic);
	if (calls & CALLS_ACCEPT)
		ALLOW(f, accept_calls);
	if (calls & CALLS_FILES_READ)
		ALLOW(f, files_read);
	if (calls & CALLS_FILES_WRITE)
		ALLOW(f, files_write);
	if (calls & CALLS_CONNECT)
		ALLOW(f, connect_calls);
	allow_arguments(f, calls);
	refuse(f, calls);
}

void
sandbox_calls(const struct program *p, struct str *layers)
{
	scmp_filter_ctx f = seccomp_init(
	    BUILD_INSTRUMENTED ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);

	if (f == NULL)
		fatal("seccomp_init failed");
	/* threads of the pool, too */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	fill_filter(f, p->calls);
	if (seccomp_load(f) < 0)
		str_adds(layers, "no-seccomp ");
	else
		str_adds(layers, "seccomp ");
	seccomp_release(f);
}
