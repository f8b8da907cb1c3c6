/* SPDX-License-Identifier: ISC */
/*
 * sandbox - Landlock rules and the change of user
 *
 * The kernel's Landlock interface has no wrapper in glibc, and its header may
 * be older than the kernel: the few constants stand here.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/sys_build.h"
#include "lib/proc/sandbox.h"
#include "lib/proc/table_name.h"

/* linux/landlock.h */
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
	RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	RULE_NET_PORT = 2
};
#define FS_ABI1		((1 << 13) - 1)
#define FS_READ		(FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE                                                               \
	(FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR |        \
	    FS_MAKE_REG | FS_REFER | FS_TRUNCATE)

static bool landlocked;
static struct {
	bool change;
	uid_t uid;
	gid_t gid;
} user;

struct ruleset_attr {
	uint64_t fs, net, scoped;
};
struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

static uint64_t
fs_rights(long abi)
{
	return FS_ABI1 | (abi >= 2 ? FS_REFER : 0) |
	    (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
}

/* The directory itself, or the one that a file stands in: files are replaced
 * by renaming, so a rule for the file would hold for the old one only. */
static int
rule_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash = strrchr(path, '/');
	char *parent;

	if (fd >= 0 || slash == NULL || slash == path)
		return fd;
	parent = xstrndup(path, (size_t)(slash - path));
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(parent);
	return fd;
}

static void
allow_path(int ruleset, const char *path, bool write, uint64_t known)
{
	struct path_rule rule = {
		.allowed = (FS_READ | (write ? FS_WRITE : 0)) & known,
		.fd = rule_directory(path),
	};

	if (rule.fd < 0) {
		/* files to read may be missing, and their directory, too */
		log_line(errno == ENOENT && !write ? LOG_LEVEL_INFO :
		    LOG_LEVEL_WARNING, "sandbox", "path=%s error=\"%s\"", path,
		    strerror(errno));
		return;
	}
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
		0) < 0)
		fatal("cannot allow %s: %s", path, strerror(errno));
	close(rule.fd);
}

/* The list of tables that a setting has; NULL: it is one path. */
static const struct words *
tables_of(const struct settings *s, const char *setting)
{
	return strcmp(setting, "aliases") == 0	 ? &s->aliases :
	    strcmp(setting, "canonical") == 0 ? &s->canonical :
					       NULL;
}

static void
allow_table(int ruleset, const char *name, uint64_t known)
{
	const char *path = table_name_path(name);

	if (path[0] != '\0')
		allow_path(ruleset, path, false, known);
}

static void
allow_setting(int ruleset, const struct program_path *path,
    const struct settings *s, uint64_t known)
{
	const struct words *tables = tables_of(s, path->setting);
	const char *value = settings_path(s, path->setting);
	struct str full = { 0 };

	for (size_t i = 0; tables != NULL && i < tables->n; i++)
		allow_table(ruleset, tables->word[i].p, known);
	if (tables != NULL)
		return;
	must(value != NULL);
	if (table_name_has_kind(view_of(value))) {
		allow_table(ruleset, value, known);
		return;
	}
	if (value[0] == '\0')
		return;
	str_addf(&full, "%s%s", value, path->below);
	allow_path(ruleset, full.p, path->write, known);
	str_free(&full);
}

/* Who connects may say from which address; the port is the kernel's choice. */
static void
allow_any_port(int ruleset)
{
	struct port_rule rule = { .allowed = NET_BIND_TCP, .port = 0 };

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) <
	    0)
		fatal("cannot allow source addresses: %s", strerror(errno));
}

static void
landlock(const struct program *p, const struct settings *s, struct str *layers)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    RULESET_VERSION);
	struct ruleset_attr attr = { .fs = fs_rights(abi) };
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int ruleset;

	if (abi < 1 || BUILD_INSTRUMENTED) {
		str_adds(layers, "no-landlock ");
		return;
	}
	if (abi >= 4)
		attr.net = NET_BIND_TCP |
		    (p->calls & CALLS_CONNECT ? 0 : NET_CONNECT_TCP);
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		fatal("cannot make Landlock rules: %s", strerror(errno));
	for (const struct program_path *path = p->paths;
	    path != NULL && path->setting != NULL; path++)
		allow_setting(ruleset, path, s, attr.fs);
	if (attr.net != 0 && (p->calls & CALLS_CONNECT))
		allow_any_port(ruleset);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		fatal("cannot enter Landlock rules: %s", strerror(errno));
	close(ruleset);
	landlocked = true;
	str_addf(layers, "landlock=%ld ", abi);
}

static bool
has_paths(const struct program *p)
{
	return p->paths != NULL && p->paths->setting != NULL;
}

/* Where there is no Landlock, root can still take the file system away. */
static void
empty_root(const struct settings *s, struct str *layers)
{
	struct str dir = { 0 };

	str_addf(&dir, "%s/empty", s->run_dir);
	if (mkdir(dir.p, 0555) < 0 && errno != EEXIST)
		fatal("cannot make %s: %s", dir.p, strerror(errno));
	if (chroot(dir.p) < 0 || chdir("/") < 0)
		fatal("cannot enter %s: %s", dir.p, strerror(errno));
	str_free(&dir);
	str_adds(layers, "empty-root ");
}

/* The system's files that name users are read before the paths go. */
static void
look_up_user(const struct program *p, const struct settings *s)
{
	const struct passwd *pw;

	if (getuid() != 0 || !s->drop_privileges)
		return;
	pw = getpwnam(p->user);
	if (pw == NULL)
		fatal("there is no system user %s for %s: make it as INSTALL "
		      "says, or set drop_privileges = no",
		    p->user, role_name(p->role));
	user.change = true;
	user.uid = pw->pw_uid;
	user.gid = pw->pw_gid;
	if (initgroups(p->user, pw->pw_gid) < 0)
		fatal("initgroups %s: %s", p->user, strerror(errno));
}

void
sandbox_paths(const struct program *p, const struct settings *s,
    struct str *layers)
{
	look_up_user(p, s);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("cannot give up new privileges: %s", strerror(errno));
	str_adds(layers, "no-new-privileges ");
	landlock(p, s, layers);
}

static void
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &head, none) < 0)
		fatal("cannot give up capabilities: %s", strerror(errno));
}

void
sandbox_user(const struct program *p, const struct settings *s,
    struct str *layers)
{
	if (getuid() == 0 && !has_paths(p) && !landlocked &&
	    !BUILD_INSTRUMENTED)
		empty_root(s, layers);
	if (user.change) {
		if (setresgid(user.gid, user.gid, user.gid) < 0 ||
		    setresuid(user.uid, user.uid, user.uid) < 0)
			fatal("cannot become %s: %s", p->user, strerror(errno));
		str_addf(layers, "user=%s ", p->user);
	} else {
		str_addf(layers, "user-kept=%u ", (unsigned)getuid());
	}
	drop_capabilities();
	/* the change of user has cleared what master asked for: without master
	 * this program must not live on */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!BUILD_INSTRUMENTED)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	str_adds(layers, "no-capabilities ");
}

static const struct {
	unsigned bit;
	const char *name;
} call_groups[] = {
	{ CALLS_ACCEPT, "accept" },
	{ CALLS_FILES_READ, "files-read" },
	{ CALLS_FILES_WRITE, "files-write" },
	{ CALLS_THREADS, "threads" },
	{ CALLS_CONNECT, "connect" },
	{ CALLS_UNIX, "unix" },
};

void
sandbox_print(const struct program *p)
{
	printf("program %s\npurpose %s\nuser %s\n", role_name(p->role),
	    p->purpose, p->user);
	printf("calls basic");
	for (size_t i = 0; i < nitems(call_groups); i++)
		if (p->calls & call_groups[i].bit)
			printf(" %s", call_groups[i].name);
	printf("\npeers");
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (p->peers & 1u << i)
			printf(" %s", role_name(1u << i));
	printf("\n");
	for (const struct program_path *path = p->paths;
	    path != NULL && path->setting != NULL; path++)
		printf("path %s %s%s\n", path->write ? "write" : "read",
		    path->setting, path->below);
	printf("threads %u\n", p->threads);
}
