/* SPDX-License-Identifier: ISC */
/*
 * tracer - makes the n-th system call of a program fail
 *
 *   tracer [-r ROLE] [-n N] [-k COUNT] [-p PID]... ACTION [COMMAND...]
 *
 * Follows the processes PID, or COMMAND, with ptrace, which needs nothing from
 * them: no hook, no library, and a sandbox does not mind. With -r only processes
 * whose program is ROLE, or has a name that ends so, count, those included that a PID starts (master's
 * children, from their first call on). Calls that ACTION fits are counted, in
 * all threads together; the N-th is
 *
 *   kill      not made: the process is killed in front of it
 *   after     made, and the process killed before it hears of that
 *   ENOSPC, EIO, EMFILE, ENOMEM, EINTR
 *             not made and answered with that error; with -k the next COUNT - 1
 *             that it fits are, too
 *   short     made with half of the octets
 *   none      left alone, like all others: just counts for all actions
 *   record    left alone; all calls that change a file are told, with what they
 *             write, when they begin, and syncs when they have ended
 *
 * Says "ready" when it has all processes, then a line of JSON for each call
 * that it touched, and ends with a line of counts and the status of COMMAND,
 * after SIGTERM or when the last process has ended. Whoever lives goes on
 * untraced.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define N(a)		(sizeof(a) / sizeof((a)[0]))
#define THREADS_MAX	1024

/* ---- which action fits which call ---- */

enum action { NONE, RECORD, KILL, AFTER, NO_SPACE, IO, NO_FD, NO_MEMORY, INTERRUPTED,
	SHORT, ACTIONS };

static const struct {
	const char *name;
	int error;
	unsigned bit;
} actions[ACTIONS] = {
	[NONE] = { "none", 0, 0 },
	[RECORD] = { "record", 0, 0 },
	[KILL] = { "kill", 0, 1 },
	[AFTER] = { "after", 0, 1 },
	[NO_SPACE] = { "ENOSPC", ENOSPC, 2 },
	[IO] = { "EIO", EIO, 4 },
	[NO_FD] = { "EMFILE", EMFILE, 8 },
	[NO_MEMORY] = { "ENOMEM", ENOMEM, 16 },
	[INTERRUPTED] = { "EINTR", EINTR, 32 },
	[SHORT] = { "short", 0, 64 },
};

enum { C = 1, S = 2, I = 4, F = 8, M = 16, R = 32, H = 64 };

/* How to halve: not, a count in the third argument, a vector in the second, a
 * struct msghdr in the second. */
enum size { WHOLE, COUNT, VECTOR, MSGHDR };

/* What the call is about: a descriptor, a path below a descriptor, a path. */
enum about { FD, AT, PATH, NOTHING };

static const struct call {
	long number;
	const char *name;
	enum about about;
	enum size size;
	unsigned file, stream;	/* what fits, for files and for sockets */
} calls[] = {
	{ SYS_write, "write", FD, COUNT, C | S | I | R | H, C | R | H },
	{ SYS_pwrite64, "pwrite64", FD, COUNT, C | S | I | R | H, 0 },
	{ SYS_writev, "writev", FD, VECTOR, C | S | I | R | H, C | R | H },
	{ SYS_pwritev, "pwritev", FD, VECTOR, C | S | I | R | H, 0 },
	{ SYS_sendmsg, "sendmsg", FD, MSGHDR, 0, C | R | H },
	{ SYS_sendto, "sendto", FD, COUNT, 0, C | R },
	{ SYS_shutdown, "shutdown", FD, WHOLE, 0, C },
	{ SYS_connect, "connect", FD, WHOLE, 0, C },
	{ SYS_read, "read", FD, COUNT, I | R | H, R | H },
	{ SYS_pread64, "pread64", FD, COUNT, I | R | H, 0 },
	{ SYS_readv, "readv", FD, VECTOR, I | R | H, R | H },
	{ SYS_preadv, "preadv", FD, VECTOR, I | R | H, 0 },
	{ SYS_recvmsg, "recvmsg", FD, MSGHDR, 0, R },
	{ SYS_recvfrom, "recvfrom", FD, COUNT, 0, R },
	{ SYS_open, "open", PATH, WHOLE, I | F | M, 0 },
	{ SYS_openat, "openat", AT, WHOLE, I | F | M, 0 },
	{ SYS_openat2, "openat2", AT, WHOLE, I | F | M, 0 },
	{ SYS_rename, "rename", PATH, WHOLE, C | S | I | M, 0 },
	{ SYS_renameat, "renameat", AT, WHOLE, C | S | I | M, 0 },
	{ SYS_renameat2, "renameat2", AT, WHOLE, C | S | I | M, 0 },
	{ SYS_link, "link", PATH, WHOLE, C | S | I | M, 0 },
	{ SYS_linkat, "linkat", AT, WHOLE, C | S | I | M, 0 },
	{ SYS_unlink, "unlink", PATH, WHOLE, C | I | M, 0 },
	{ SYS_unlinkat, "unlinkat", AT, WHOLE, C | I | M, 0 },
	{ SYS_mkdir, "mkdir", PATH, WHOLE, C | S | I | M, 0 },
	{ SYS_mkdirat, "mkdirat", AT, WHOLE, C | S | I | M, 0 },
	{ SYS_rmdir, "rmdir", PATH, WHOLE, C | I | M, 0 },
	{ SYS_fsync, "fsync", FD, WHOLE, C | S | I, 0 },
	{ SYS_fdatasync, "fdatasync", FD, WHOLE, C | S | I, 0 },
	{ SYS_syncfs, "syncfs", FD, WHOLE, C | S | I, 0 },
	{ SYS_sync_file_range, "sync_file_range", FD, WHOLE, C | S | I, 0 },
	{ SYS_ftruncate, "ftruncate", FD, WHOLE, C | S | I, 0 },
	{ SYS_fallocate, "fallocate", FD, WHOLE, C | S | I | R, 0 },
	{ SYS_fchmod, "fchmod", FD, WHOLE, C | I, 0 },
	{ SYS_fchown, "fchown", FD, WHOLE, C | I, 0 },
	{ SYS_chmod, "chmod", PATH, WHOLE, C | I, 0 },
	{ SYS_utimensat, "utimensat", AT, WHOLE, C | I, 0 },
	{ SYS_copy_file_range, "copy_file_range", FD, WHOLE, C | S | I, 0 },
	{ SYS_sendfile, "sendfile", FD, WHOLE, C | S | I, 0 },
	{ SYS_getdents64, "getdents64", FD, WHOLE, I, 0 },
	{ SYS_newfstatat, "newfstatat", AT, WHOLE, I | M, 0 },
	{ SYS_accept4, "accept4", FD, WHOLE, 0, F | M | R },
	{ SYS_socket, "socket", NOTHING, WHOLE, F | M, 0 },
	{ SYS_socketpair, "socketpair", NOTHING, WHOLE, F | M, 0 },
	{ SYS_pipe2, "pipe2", NOTHING, WHOLE, F, 0 },
	{ SYS_memfd_create, "memfd_create", NOTHING, WHOLE, F | M, 0 },
	{ SYS_mmap, "mmap", NOTHING, WHOLE, M, 0 },
	{ SYS_clone, "clone", NOTHING, WHOLE, C | M, 0 },
	{ SYS_clone3, "clone3", NOTHING, WHOLE, C | M, 0 },
	{ SYS_fork, "fork", NOTHING, WHOLE, C | M, 0 },
	{ SYS_vfork, "vfork", NOTHING, WHOLE, C | M, 0 },
	{ SYS_execve, "execve", PATH, WHOLE, C, 0 },
};

/* ---- who is followed ---- */

struct thread {
	pid_t id, process;
	bool counts;	/* it is of the wanted program */
	/* what comes at the end of the call that it is in */
	bool failing, killing, mending;
	bool syncing;	/* tell of it: it began when so many were told */
	long since;
	int error;
	struct iovec whole;	/* the vector's first part before it was halved */
	uint64_t at;		/* where that stands */
};

static struct {
	struct thread thread[THREADS_MAX];
	size_t n;
	const char *role;
	enum action action;
	long first, count;	/* calls to touch: from the first on, so many */
	long seen[ACTIONS];
	long told;	/* calls of the record */
	bool stopping;
	pid_t root;	/* the command */
	int status;	/* what it ended with */
} t = { .first = 1, .count = 1 };

static struct thread *
find(pid_t id)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.thread[i].id == id)
			return &t.thread[i];
	return NULL;
}

static void
forget(struct thread *x)
{
	*x = t.thread[--t.n];
}

/* What stands behind a name in a file of /proc; otherwise when it does not. */
static long long
number_in(const char *path, const char *name, long long otherwise)
{
	char line[256];
	FILE *f = fopen(path, "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0) {
			otherwise = strtoll(line + strlen(name), NULL, 10);
			break;
		}
	if (f != NULL)
		fclose(f);
	return otherwise;
}

static pid_t
process_of(pid_t id)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", id);
	return (pid_t)number_in(path, "Tgid:", id);
}

static bool
link_of(pid_t id, const char *what, char to[PATH_MAX])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", id, what);
	n = readlink(path, to, PATH_MAX - 1);
	to[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool
is_wanted(pid_t id)
{
	char path[PATH_MAX], *name;

	if (t.role == NULL || !link_of(id, "exe", path))
		return t.role == NULL;
	name = basename(path);
	name[strcspn(name, " ")] = '\0';	/* "(deleted)" */
	if (strlen(name) < strlen(t.role))
		return false;
	return strcmp(name + strlen(name) - strlen(t.role), t.role) == 0;
}

static struct thread *
add(pid_t id)
{
	struct thread *x = find(id);

	if (x != NULL)
		return x;
	if (t.n == THREADS_MAX)
		exit(EX_SOFTWARE);
	x = &t.thread[t.n++];
	*x = (struct thread){ .id = id, .process = process_of(id),
		.counts = is_wanted(id) };
	return x;
}

static bool
seize(pid_t id)
{
	unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
	    PTRACE_O_TRACEEXEC;

	if (t.role != NULL)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (ptrace(PTRACE_SEIZE, id, 0, options) < 0)
		return errno == ESRCH;
	add(id);
	ptrace(PTRACE_INTERRUPT, id, 0, 0);
	return true;
}

/* All threads; twice, as one may come while we look. */
static bool
seize_process(pid_t process)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	for (int i = 0; i < 2; i++) {
		DIR *dir = opendir(path);
		struct dirent *e;

		if (dir == NULL)
			return false;
		while ((e = readdir(dir)) != NULL) {
			pid_t id = atoi(e->d_name);

			if (id > 0 && find(id) == NULL && !seize(id))
				return false;
		}
		closedir(dir);
	}
	return true;
}

/* ---- memory of a traced process ---- */

static bool
peek(pid_t id, uint64_t at, void *p, size_t n)
{
	struct iovec here = { p, n }, there = { (void *)at, n };

	return process_vm_readv(id, &here, 1, &there, 1, 0) == (ssize_t)n;
}

static bool
poke(pid_t id, uint64_t at, const void *p, size_t n)
{
	struct iovec here = { (void *)(uintptr_t)p, n },
	    there = { (void *)at, n };

	return process_vm_writev(id, &here, 1, &there, 1, 0) == (ssize_t)n;
}

static void
peek_text(pid_t id, uint64_t at, char to[PATH_MAX])
{
	size_t n = 0;

	while (n + 1 < PATH_MAX && peek(id, at + n, to + n, 1) && to[n] != '\0')
		n++;
	to[n] = '\0';
}

/* ---- a call ---- */

struct where {
	const struct call *call;
	bool is_stream, is_file;
	char path[2 * PATH_MAX + 1];
};

static void
descriptor_path(pid_t id, int fd, char to[PATH_MAX])
{
	char name[32];

	if (fd == AT_FDCWD) {
		link_of(id, "cwd", to);
		return;
	}
	snprintf(name, sizeof(name), "fd/%d", fd);
	link_of(id, name, to);
}

/* Neither the log, nor what the loader of shared libraries reads. */
static bool
is_of_interest(const char *path)
{
	static const char *const others[] = { "/dev/", "/proc/", "/sys/",
		"/usr/", "/lib", "/etc/ld.so" };
	static const char memory[] = "/dev/shm/posthouse-";

	for (size_t i = 0; i < N(others); i++)
		if (strncmp(path, others[i], strlen(others[i])) == 0)
			return strncmp(path, memory, strlen(memory)) == 0;
	return path[0] == '/' && strstr(path, "/log/") == NULL;
}

static void
look_at(const struct thread *x, const struct user_regs_struct *r,
    struct where *w)
{
	char text[PATH_MAX];

	w->path[0] = '\0';
	w->is_file = w->call->about == NOTHING;
	w->is_stream = false;
	if (w->call->about == FD) {
		descriptor_path(x->id, (int)r->rdi, w->path);
		w->is_stream = strncmp(w->path, "socket:", 7) == 0;
		w->is_file = is_of_interest(w->path);
	} else if (w->call->about == AT) {
		peek_text(x->id, r->rsi, text);
		descriptor_path(x->id, (int)r->rdi, w->path);
		if (text[0] == '/')
			w->path[0] = '\0';
		else
			strcat(w->path, "/");
		strcat(w->path, text);
		w->is_file = text[0] != '\0' &&	/* else fstat(2) */
		    is_of_interest(w->path);
	} else if (w->call->about == PATH) {
		peek_text(x->id, r->rdi, w->path);
		w->is_file = is_of_interest(w->path);
	}
}

/* Opening changes something only when it may make the file. */
static unsigned
opening(const struct thread *x, const struct user_regs_struct *r, unsigned fits)
{
	uint64_t flags = r->rdx;

	if (r->orig_rax == SYS_open)
		flags = r->rsi;
	if (r->orig_rax == SYS_openat2 &&
	    !peek(x->id, r->rdx, &flags, sizeof(flags)))
		return fits;
	return (flags & (O_CREAT | O_TRUNC)) ? fits | C | S : fits;
}

static unsigned
fitting(const struct thread *x, const struct user_regs_struct *r,
    const struct where *w)
{
	unsigned fits = w->is_stream ? w->call->stream :
	    w->is_file		     ? w->call->file :
				       0;
	struct iovec v;
	uint64_t vector = r->rsi;

	switch (w->call->size) {
	case WHOLE:
		break;
	case COUNT:
		return r->rdx < 2 ? fits & ~H : fits;
	case MSGHDR:
		if (!peek(x->id, r->rsi + 16, &vector, sizeof(vector)))
			return fits & ~H;
		/* FALLTHROUGH */
	case VECTOR:
		if (!peek(x->id, vector, &v, sizeof(v)) || v.iov_len < 2)
			fits &= ~H;
		break;
	}
	if (r->orig_rax == SYS_mmap && !(r->r10 & MAP_ANONYMOUS))
		return 0;
	if (r->orig_rax == SYS_open || r->orig_rax == SYS_openat ||
	    r->orig_rax == SYS_openat2)
		return opening(x, r, fits);
	return fits;
}

/* Half of what stands in the vector's first part, and no other part. */
static void
halve(struct thread *x, struct user_regs_struct *r, const struct call *call)
{
	struct iovec half;
	uint64_t one = 1;

	x->at = r->rsi;
	if (call->size == COUNT) {
		r->rdx /= 2;
		return;
	}
	if (call->size == MSGHDR)
		peek(x->id, r->rsi + 16, &x->at, sizeof(x->at));
	peek(x->id, x->at, &x->whole, sizeof(x->whole));
	half = (struct iovec){ x->whole.iov_base, x->whole.iov_len / 2 };
	x->mending = poke(x->id, x->at, &half, sizeof(half));
	if (call->size == VECTOR)
		r->rdx = 1;
	else
		poke(x->id, r->rsi + 24, &one, sizeof(one));
}

static void
print_text(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\' || (unsigned char)*s < ' ')
			printf("\\u%04x", (unsigned)(unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

static void
say(const struct thread *x, const struct where *w, long n)
{
	printf("{\"n\": %ld, \"pid\": %d, \"call\": \"%s\", \"path\": ", n,
	    x->process, w->call->name);
	print_text(w->path);
	printf("}\n");
	fflush(stdout);
}

static void
touch(struct thread *x, struct user_regs_struct *r, const struct where *w)
{
	say(x, w, t.seen[t.action]);
	if (t.action == KILL) {
		kill(x->process, SIGKILL);
	} else if (t.action == AFTER) {
		x->killing = true;
	} else if (t.action == SHORT) {
		halve(x, r, w->call);
		ptrace(PTRACE_SETREGS, x->id, 0, r);
	} else {
		/* one that every sandbox allows: filters look at it after us */
		r->orig_rax = SYS_getpid;
		ptrace(PTRACE_SETREGS, x->id, 0, r);
		x->failing = true;
		x->error = actions[t.action].error;
	}
}

/* ---- the record ---- */

static void
print_octets(pid_t id, uint64_t at, uint64_t n)
{
	unsigned char piece[4096];

	while (n > 0) {
		size_t part = n < sizeof(piece) ? n : sizeof(piece);

		if (!peek(id, at, piece, part))
			break;
		for (size_t i = 0; i < part; i++)
			printf("%02x", piece[i]);
		at += part;
		n -= part;
	}
}

/* Where write(2) writes; -1: nobody knows. */
static long long
position(pid_t id, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", id, fd);
	return number_in(path, "pos:", -1);
}

static void
print_data(const struct thread *x, const struct user_regs_struct *r,
    const struct call *call)
{
	struct iovec v;

	printf(", \"at\": %lld, \"data\": \"",
	    r->orig_rax == SYS_pwrite64 || r->orig_rax == SYS_pwritev ?
		(long long)r->r10 : position(x->id, (int)r->rdi));
	if (call->size == COUNT)
		print_octets(x->id, r->rsi, r->rdx);
	for (uint64_t i = 0; call->size == VECTOR && i < r->rdx; i++)
		if (peek(x->id, r->rsi + i * sizeof(v), &v, sizeof(v)))
			print_octets(x->id, (uint64_t)v.iov_base, v.iov_len);
	putchar('"');
}

static void
tell(const struct thread *x, const struct where *w)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("{\"n\": %ld, \"time\": %lld.%09ld, \"pid\": %d, "
	    "\"call\": \"%s\", \"path\": ", ++t.told, (long long)now.tv_sec,
	    now.tv_nsec, x->process, w->call->name);
	print_text(w->path);
}

static bool
is_sync(long number)
{
	return number == SYS_fsync || number == SYS_fdatasync ||
	    number == SYS_syncfs;
}

static void
record(struct thread *x, const struct user_regs_struct *r,
    const struct where *w)
{
	char to[PATH_MAX], dir[2 * PATH_MAX];

	if (is_sync((long)r->orig_rax)) {
		x->syncing = true;
		x->since = t.told;
		return;
	}
	tell(x, w);
	if (w->call->size == COUNT || w->call->size == VECTOR)
		print_data(x, r, w->call);
	if (r->orig_rax == SYS_renameat || r->orig_rax == SYS_renameat2 ||
	    r->orig_rax == SYS_linkat) {
		descriptor_path(x->id, (int)r->rdx, dir);
		peek_text(x->id, r->r10, to);
		printf(", \"to\": ");
		strcat(dir, "/");
		strcat(dir, to);
		print_text(dir);
	}
	if (r->orig_rax == SYS_ftruncate)
		printf(", \"size\": %lld", (long long)r->rsi);
	if (r->orig_rax == SYS_openat)
		printf(", \"cut\": %d", (r->rdx & O_TRUNC) != 0);
	printf("}\n");
}

/* A sync has ended well. */
static void
synced(struct thread *x, const struct user_regs_struct *r)
{
	struct where w = { 0 };

	for (size_t i = 0; i < N(calls); i++)
		if (calls[i].number == (long)r->orig_rax)
			w.call = &calls[i];
	look_at(x, r, &w);
	tell(x, &w);
	printf(", \"since\": %ld, \"failed\": %d}\n", x->since, r->rax != 0);
}

static void
entered(struct thread *x)
{
	struct user_regs_struct r;
	struct where w = { 0 };
	unsigned fits;

	if (!x->counts || ptrace(PTRACE_GETREGS, x->id, 0, &r) < 0)
		return;
	for (size_t i = 0; i < N(calls) && w.call == NULL; i++)
		if (calls[i].number == (long)r.orig_rax)
			w.call = &calls[i];
	if (w.call == NULL)
		return;
	look_at(x, &r, &w);
	fits = fitting(x, &r, &w);
	for (size_t i = 0; i < ACTIONS; i++)
		t.seen[i] += (fits & actions[i].bit) != 0;
	if (t.action == RECORD && w.is_file && (fits & C))
		record(x, &r, &w);
	if ((fits & actions[t.action].bit) &&
	    t.seen[t.action] >= t.first &&
	    t.seen[t.action] < t.first + t.count)
		touch(x, &r, &w);
}

static void
left(struct thread *x)
{
	struct user_regs_struct r;

	if (x->killing)
		kill(x->process, SIGKILL);
	if (x->mending)
		poke(x->id, x->at, &x->whole, sizeof(x->whole));
	if (x->failing && ptrace(PTRACE_GETREGS, x->id, 0, &r) == 0) {
		r.rax = (unsigned long long)-x->error;
		ptrace(PTRACE_SETREGS, x->id, 0, &r);
	}
	if (x->syncing && ptrace(PTRACE_GETREGS, x->id, 0, &r) == 0)
		synced(x, &r);
	x->failing = x->mending = x->killing = x->syncing = false;
}

static void
in_call(struct thread *x)
{
	struct ptrace_syscall_info info = { 0 };

	if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, x->id,
	    sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		entered(x);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		left(x);
}

/* ---- the loop ---- */

static void
on_stop(struct thread *x, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	long forward = 0;

	if (signal == (SIGTRAP | 0x80)) {
		in_call(x);
	} else if (event == PTRACE_EVENT_EXEC) {
		x->process = process_of(x->id);
		x->counts = is_wanted(x->id);
		if (!x->counts && x->id != t.root) {
			ptrace(PTRACE_DETACH, x->id, 0, 0);
			forget(x);
			return;
		}
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, x->id, 0, 0);
		return;
	} else if (event == 0) {
		forward = signal;
	}
	ptrace(PTRACE_SYSCALL, x->id, 0, forward);
}

static bool
is_busy(void)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.thread[i].failing || t.thread[i].mending ||
		    t.thread[i].killing)
			return true;
	return false;
}

static void
follow(const sigset_t *signals)
{
	while (t.n > 0 && !(t.stopping && !is_busy())) {
		int status;
		pid_t id = waitpid(-1, &status, __WALL | WNOHANG);

		if (id < 0)
			break;
		if (id == 0) {
			t.stopping |= sigwaitinfo(signals, NULL) == SIGTERM;
			continue;
		}
		if (!WIFSTOPPED(status) && id == t.root)
			t.status = status;
		if (WIFSTOPPED(status))
			on_stop(add(id), status);
		else if (find(id) != NULL)
			forget(find(id));
	}
}

static pid_t
begin_command(char **argv)
{
	pid_t id = fork();
	sigset_t none;

	if (id != 0)
		return id;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	raise(SIGSTOP);
	dup2(STDERR_FILENO, STDOUT_FILENO);	/* ours speaks JSON */
	execv(argv[0], argv);
	_exit(127);
}

static enum action
action_of(const char *name)
{
	for (size_t i = 0; i < ACTIONS; i++)
		if (strcmp(actions[i].name, name) == 0)
			return (enum action)i;
	fprintf(stderr, "tracer: no such action: %s\n", name);
	exit(EX_USAGE);
}

static bool
begin_all(const pid_t *pids, size_t n, char **command)
{
	int status;
	pid_t id;

	for (size_t i = 0; i < n; i++)
		if (!seize_process(pids[i]))
			return false;
	if (command[0] == NULL)
		return true;
	id = begin_command(command);
	if (id < 0 || waitpid(id, &status, WUNTRACED) != id || !seize(id))
		return false;
	/* until it executes something it is a copy of this program */
	find(id)->counts = false;
	t.root = id;
	kill(id, SIGCONT);
	return true;
}

int
main(int argc, char **argv)
{
	pid_t pids[64];
	size_t n = 0;
	sigset_t signals;
	int c;

	while ((c = getopt(argc, argv, "+r:n:k:p:")) != -1)
		if (c == 'r')
			t.role = optarg;
		else if (c == 'n')
			t.first = atol(optarg);
		else if (c == 'k')
			t.count = atol(optarg);
		else if (c == 'p' && n < N(pids))
			pids[n++] = atoi(optarg);
		else
			return EX_USAGE;
	if (optind == argc)
		return EX_USAGE;
	t.action = action_of(argv[optind]);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (!begin_all(pids, n, argv + optind + 1)) {
		fprintf(stderr, "tracer: cannot trace: %s\n", strerror(errno));
		return EX_NOPERM;
	}
	printf("ready\n");
	fflush(stdout);
	follow(&signals);
	printf("{\"status\": %d", t.status);
	for (size_t i = KILL; i < ACTIONS; i++)
		printf(", \"%s\": %ld", actions[i].name, t.seen[i]);
	printf("}\n");
	return 0;
}
