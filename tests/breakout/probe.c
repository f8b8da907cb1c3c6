/* SPDX-License-Identifier: ISC */
/*
 * probe - what code that runs inside a program can do once it is confined
 *
 * Linked with the objects of a program in place of service_main(), so that its
 * own declaration is what confines. Each attack runs in a child of its own, which
 * confines itself as the program does and then tries. Prints a line for each:
 * its name and "done", "refused ERRNO" or "killed". Attacks that the
 * declaration allows are named "allowed".
 *
 *     probe SETTINGS OUTSIDE    OUTSIDE: a directory of nobody's, with a file
 */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/sandbox.h"

int __wrap_service_main(const struct program *p, int argc, char **argv);

/* What an attacker would like to reach. */
static struct {
	char file[256], other[256], shell[16];
	pid_t sibling;
	int pipe[2];	/* somebody reads and writes here */
	void *page;
} prey;

static long
read_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, prey.file, O_RDONLY);
}

static long
read_old_way(void)
{
	return syscall(SYS_open, prey.file, O_RDONLY);
}

static long
read_through_proc(void)
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/self/root%s", prey.file);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}

static long
read_passwords(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/shadow", O_RDONLY);
}

static long
write_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, prey.file, O_WRONLY);
}

static long
create_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, prey.other, O_WRONLY | O_CREAT,
	    0600);
}

static long
remove_file(void)
{
	return syscall(SYS_unlink, prey.file);
}

static long
rename_file(void)
{
	return syscall(SYS_rename, prey.file, prey.other);
}

static long
link_file(void)
{
	return syscall(SYS_linkat, AT_FDCWD, prey.file, AT_FDCWD, prey.other, 0);
}

static long
cut_file(void)
{
	return syscall(SYS_truncate, prey.file, 0L);
}

static long
make_directory(void)
{
	return syscall(SYS_mkdir, prey.other, 0700);
}

static long
make_node(void)
{
	return syscall(SYS_mknodat, AT_FDCWD, prey.other, 020600, 0x101);
}

static long
list_directory(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
}

static long
open_handle(void)
{
	return syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY);
}

static long
read_memory_file(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)prey.sibling);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDWR);
}

static long
socket_inet(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long
socket_unix(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long
socket_netlink(void)
{
	return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static long
socket_packet(void)
{
	return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0);
}

static long
socket_vsock(void)
{
	return syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
}

static long
socket_pair(void)
{
	int pair[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
}

static long
listen_here(void)
{
	return syscall(SYS_listen, prey.pipe[0], 5);
}

static long
connect_on(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(25), .sin_addr = { htonl(0x7f000001) } };

	return syscall(SYS_connect, prey.pipe[0], &a, sizeof(a));
}

static long
run_shell(void)
{
	char *argv[] = { prey.shell, NULL };

	return syscall(SYS_execve, prey.shell, argv, NULL);
}

static long
run_descriptor(void)
{
	char *argv[] = { prey.shell, NULL };

	return syscall(SYS_execveat, prey.pipe[0], "", argv, NULL,
	    AT_EMPTY_PATH);
}

static long
fork_child(void)
{
	long n = syscall(SYS_fork);

	if (n == 0)
		_exit(0);
	return n;
}

static long
clone_child(void)
{
	long n = syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);

	if (n == 0)
		_exit(0);
	return n;
}

static long
trace_sibling(void)
{
	return syscall(SYS_ptrace, PTRACE_ATTACH, prey.sibling, 0L, 0L);
}

static long
read_sibling(void)
{
	char b[8];
	struct iovec own = { b, 8 }, its = { prey.page, 8 };

	return syscall(SYS_process_vm_readv, prey.sibling, &own, 1L, &its, 1L,
	    0L);
}

static long
kill_sibling(void)
{
	return syscall(SYS_kill, prey.sibling, 0);
}

static long
kill_thread_of_sibling(void)
{
	return syscall(SYS_tgkill, prey.sibling, prey.sibling, 0);
}

/* The kernel sends that signal when the descriptor has something to read. */
static long
signal_by_descriptor(void)
{
	long n = syscall(SYS_fcntl, prey.pipe[0], F_SETOWN, prey.sibling);

	return n < 0 ? n : syscall(SYS_fcntl, prey.pipe[0], F_SETSIG, SIGKILL);
}

static long
signal_by_ioctl(void)
{
	int pid = (int)prey.sibling;

	return syscall(SYS_ioctl, prey.pipe[0], 0x8901 /* FIOSETOWN */, &pid);
}

static long
hold_sibling(void)
{
	return syscall(SYS_pidfd_open, prey.sibling, 0);
}

static long
limit_sibling(void)
{
	struct rlimit none = { 0, 0 };

	return syscall(SYS_prlimit64, prey.sibling, RLIMIT_AS, &none, NULL);
}

static long
type_for_terminal(void)
{
	return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}

static long
map_code(void)
{
	return syscall(SYS_mmap, NULL, 4096L, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
}

static long
make_code(void)
{
	return syscall(SYS_mprotect, prey.page, 4096L, PROT_READ | PROT_EXEC);
}

#define PLAIN(name, ...)                                                       \
	static long name(void)                                                 \
	{                                                                      \
		return syscall(__VA_ARGS__);                                   \
	}
PLAIN(become_root, SYS_setuid, 0)
PLAIN(become_group, SYS_setgid, 0)
PLAIN(change_root, SYS_chroot, "/tmp")
PLAIN(new_spaces, SYS_unshare, 0x10000000 /* CLONE_NEWUSER */)
PLAIN(mount_disk, SYS_mount, "none", "/tmp", "tmpfs", 0L, NULL)
PLAIN(ring, SYS_io_uring_setup, 1, prey.page)
PLAIN(kernel_code, SYS_bpf, 0, prey.page, 8)
PLAIN(kernel_module, SYS_finit_module, 0, "", 0)
PLAIN(kernel_keys, SYS_keyctl, 0, 0, 0, 0, 0)
PLAIN(counters, SYS_perf_event_open, prey.page, 0, -1, -1, 0)
PLAIN(faults, SYS_userfaultfd, 0)
PLAIN(be_traced, SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0)
PLAIN(be_old, SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */)
PLAIN(set_clock, SYS_clock_settime, 0, prey.page)
PLAIN(shared_memory, SYS_shmget, 1, 4096, 01600)
PLAIN(message_queue, SYS_msgget, 1, 01600)

static const struct attack {
	const char *name;
	long (*run)(void);
	unsigned allowed;	/* CALLS_ that are for just this */
} attacks[] = {
#define ATTACK(fn) { #fn, fn, 0 }
	ATTACK(read_file), ATTACK(read_old_way), ATTACK(read_through_proc),
	ATTACK(read_passwords), ATTACK(write_file), ATTACK(create_file),
	ATTACK(remove_file), ATTACK(rename_file), ATTACK(link_file),
	ATTACK(cut_file), ATTACK(make_directory), ATTACK(make_node),
	ATTACK(list_directory), ATTACK(open_handle), ATTACK(read_memory_file),
	{ "socket_inet", socket_inet, CALLS_CONNECT },
	{ "socket_unix", socket_unix, CALLS_UNIX },
	ATTACK(socket_netlink), ATTACK(socket_packet), ATTACK(socket_vsock),
	ATTACK(socket_pair), ATTACK(listen_here), ATTACK(connect_on),
	ATTACK(run_shell), ATTACK(run_descriptor), ATTACK(fork_child),
	ATTACK(clone_child), ATTACK(trace_sibling), ATTACK(read_sibling),
	ATTACK(kill_sibling), ATTACK(kill_thread_of_sibling),
	ATTACK(signal_by_descriptor), ATTACK(signal_by_ioctl),
	ATTACK(hold_sibling), ATTACK(limit_sibling), ATTACK(type_for_terminal),
	ATTACK(map_code), ATTACK(make_code), ATTACK(become_root),
	ATTACK(become_group), ATTACK(change_root), ATTACK(new_spaces),
	ATTACK(mount_disk), ATTACK(ring), ATTACK(kernel_code),
	ATTACK(kernel_module), ATTACK(kernel_keys), ATTACK(counters),
	ATTACK(faults), ATTACK(be_traced), ATTACK(be_old), ATTACK(set_clock),
	ATTACK(shared_memory), ATTACK(message_queue),
};

/* The exit status is the errno, 0 for success. */
static void
confine_and_try(const struct program *p, const struct settings *s,
    const struct attack *a)
{
	struct str layers = { 0 };

	sandbox_paths(p, s, &layers);
	sandbox_user(p, s, &layers);
	sandbox_calls(p, &layers);
	_exit(a->run() < 0 ? errno : 0);
}

static void
try(const struct program *p, const struct settings *s, const struct attack *a)
{
	int status = -1;
	pid_t child;

	if (p->calls & a->allowed) {
		printf("%s allowed\n", a->name);
		return;
	}
	fflush(stdout);
	child = fork();
	if (child == 0)
		confine_and_try(p, s, a);
	must(waitpid(child, &status, 0) == child);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		printf("%s killed\n", a->name);
	else if (!WIFEXITED(status))
		printf("%s ended %d\n", a->name, status);
	else if (WEXITSTATUS(status) != 0)
		printf("%s refused %d\n", a->name, WEXITSTATUS(status));
	else
		printf("%s done\n", a->name);
}

static void
prepare(const char *outside)
{
	snprintf(prey.file, sizeof(prey.file), "%s/file", outside);
	snprintf(prey.other, sizeof(prey.other), "%s/other", outside);
	strcpy(prey.shell, "/bin/sh");
	prey.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(prey.page != MAP_FAILED && pipe(prey.pipe) == 0);
	prey.sibling = fork();
	if (prey.sibling == 0)
		for (;;)
			pause();
}

int
__wrap_service_main(const struct program *p, int argc, char **argv)
{
	struct str text = { 0 }, errors = { 0 };
	struct settings *s;

	if (argc != 3 || !file_read(AT_FDCWD, argv[1], 1u << 20, &text))
		return 64;
	s = settings_parse(str_view(&text), &errors);
	if (s == NULL) {
		fprintf(stderr, "%s\n", str_c(&errors));
		return 65;
	}
	prepare(argv[2]);
	for (size_t i = 0; i < nitems(attacks); i++)
		try(p, s, &attacks[i]);
	kill(prey.sibling, SIGKILL);
	return 0;
}
