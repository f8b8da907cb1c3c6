/* SPDX-License-Identifier: ISC */
/*
 * sockets - open, keep and close listening sockets
 *
 * Sockets are non-blocking, as several processes accept from one. An IPv6
 * socket takes no IPv4, so that 0.0.0.0 and [::] stand beside each other; only
 * that of "*" takes both, or IPv4 where the host has nothing else. UNIX sockets
 * are open to every user of the host, as TCP on loopback is; who connects is
 * known by SO_PEERCRED.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>

#include "lib/proc/settings_address.h"
#include "master/sockets.h"

#define BACKLOG	4096

struct house_socket {
	LIST_ENTRY(house_socket) entry;
	char *address;
	int fd;
	bool fresh;	/* of the sockets_open() that is under way */
};

LIST_HEAD(house_sockets, house_socket);
static struct house_sockets sockets = LIST_HEAD_INITIALIZER(sockets);

static struct house_socket *
socket_find(const char *address)
{
	struct house_socket *k;

	LIST_FOREACH(k, &sockets, entry)
		if (strcmp(k->address, address) == 0)
			return k;
	return NULL;
}

int
socket_of(const char *address)
{
	struct house_socket *k = socket_find(address);

	return k != NULL ? k->fd : -1;
}

static void
socket_free(struct house_socket *k)
{
	if (strncmp(k->address, "unix:", 5) == 0)
		unlink(k->address + 5);
	LIST_REMOVE(k, entry);
	close(k->fd);
	free(k->address);
	free(k);
}

/* Remove a socket that nobody listens on; anything else stays in the way. */
static void
remove_left_over(const struct sockaddr_un *un)
{
	struct stat st;
	int fd;

	if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(un->sun_path);
	close(fd);
}

static int
listen_at(const struct sockaddr_storage *at, socklen_t n, bool v6_only)
{
	int fd, on = 1, only = v6_only;

	fd = socket(at->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return -1;
	if (at->ss_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, (const struct sockaddr *)at, n) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int
socket_unix(const char *path, unsigned mode, struct str *error)
{
	struct sockaddr_storage at = { 0 };
	struct sockaddr_un *un = (struct sockaddr_un *)&at;
	int fd;

	un->sun_family = AF_UNIX;
	if (strlcpy(un->sun_path, path, sizeof(un->sun_path)) >=
	    sizeof(un->sun_path)) {
		str_addf(error, "%s is longer than a socket's path can be (107 "
		    "octets); choose a shorter run_dir", path);
		return -1;
	}
	remove_left_over(un);
	fd = listen_at(&at, sizeof(*un), false);
	if (fd >= 0 && chmod(path, mode) == 0)
		return fd;
	str_addf(error, "cannot listen on %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Every address of the host. */
static int
listen_any(const struct sockaddr_storage *at, socklen_t n)
{
	struct sockaddr_storage four = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&four;
	int fd = listen_at(at, n, false);

	if (fd >= 0 || errno != EAFNOSUPPORT)
		return fd;
	in->sin_family = AF_INET;
	in->sin_port = ((const struct sockaddr_in6 *)at)->sin6_port;
	return listen_at(&four, sizeof(*in), false);
}

static bool
is_ours(const char *port)
{
	struct house_socket *k;

	LIST_FOREACH(k, &sockets, entry)
		if (strcmp(strrchr(k->address, ':'), port) == 0)
			return true;
	return false;
}

static const char *
hint(int error, const char *address)
{
	if (error == EACCES)
		return "; ports below 1024 need root";
	if (error != EADDRINUSE)
		return "";
	return is_ours(strrchr(address, ':')) ?
		     "; this server itself uses the port until it is "
		     "restarted" :
		     "; another program uses this port";
}

static int
socket_at(const char *address, struct str *error)
{
	struct sockaddr_storage at;
	socklen_t n;
	int fd;

	if (strncmp(address, "unix:", 5) == 0)
		return socket_unix(address + 5, 0666, error);
	must(settings_address(address, &at, &n) == NULL);
	fd = settings_address_any(address) ? listen_any(&at, n) :
					     listen_at(&at, n, true);
	if (fd < 0)
		str_addf(error, "cannot listen on %s: %s%s", address,
		    strerror(errno), hint(errno, address));
	return fd;
}

static bool
socket_add(const char *address, struct str *error)
{
	struct house_socket *k;
	int fd = socket_at(address, error);

	if (fd < 0)
		return false;
	k = xcalloc(1, sizeof(*k));
	k->address = xstrdup(address);
	k->fd = fd;
	k->fresh = true;
	LIST_INSERT_HEAD(&sockets, k, entry);
	return true;
}

static void
settle_fresh(bool keep)
{
	struct house_socket *k = NULL, *next = NULL;

	LIST_FOREACH_SAFE(k, &sockets, entry, next) {
		if (k->fresh && !keep)
			socket_free(k);
		else
			k->fresh = false;
	}
}

bool
sockets_open(const struct settings *s, struct str *error)
{
	bool fine = true;

	for (size_t i = 0; fine && i < s->listener_count; i++)
		if (socket_find(s->listener[i].address) == NULL)
			fine = socket_add(s->listener[i].address, error);
	settle_fresh(fine);
	return fine;
}

static bool
is_wanted(const struct settings *s, const char *address)
{
	for (size_t i = 0; i < s->listener_count; i++)
		if (strcmp(s->listener[i].address, address) == 0)
			return true;
	return false;
}

void
sockets_prune(const struct settings *s)
{
	struct house_socket *k, *next;

	LIST_FOREACH_SAFE(k, &sockets, entry, next)
		if (!is_wanted(s, k->address))
			socket_free(k);
}

void
sockets_close(void)
{
	struct house_socket *k;

	while ((k = LIST_FIRST(&sockets)) != NULL)
		socket_free(k);
}
