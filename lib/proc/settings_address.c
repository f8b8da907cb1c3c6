/* SPDX-License-Identifier: ISC */
/*
 * settings_address - numeric addresses to sockaddr, by hand and strictly
 *
 * An IPv6 address stands in brackets, so the last colon always divides address
 * and port. [::] is IPv6 only; "*" is one socket for both families.
 */
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <bsd/string.h>

#include "lib/base/view.h"
#include "lib/proc/settings_address.h"

static const char shape[] =
    "must look like 127.0.0.1:25, [::1]:25, *:25 or unix:/path";

static const char *
unix_address(const char *path, struct sockaddr_storage *to, socklen_t *length)
{
	struct sockaddr_un *un = (struct sockaddr_un *)to;

	*length = sizeof(*un);
	un->sun_family = AF_UNIX;
	if (path[0] != '/')
		return "must have an absolute path behind unix:";
	if (strlcpy(un->sun_path, path, sizeof(un->sun_path)) >=
	    sizeof(un->sun_path))
		return "has a path of more than 107 octets, which no socket "
		       "can have";
	return NULL;
}

static bool
inet_address(const char *host, uint16_t port, struct sockaddr_storage *to,
    socklen_t *length)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	*length = sizeof(*in);
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static bool
inet6_address(const char *host, uint16_t port, struct sockaddr_storage *to,
    socklen_t *length)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)to;

	*length = sizeof(*in);
	in->sin6_family = AF_INET6;
	in->sin6_port = htons(port);
	return inet_pton(AF_INET6, host, &in->sin6_addr) == 1;
}

const char *
settings_address(const char *text, struct sockaddr_storage *to,
    socklen_t *length)
{
	struct view v = view_of(text), host, port;
	char name[INET6_ADDRSTRLEN];
	uint64_t number;
	bool fine;

	*to = (struct sockaddr_storage){ 0 };
	if (view_starts(v, VIEW_LIT("unix:")))
		return unix_address(text + 5, to, length);
	host = view_bytes(v.p, view_rfind(v, ':'));
	if (host.n == v.n || host.n >= sizeof(name))
		return shape;
	port = view_skip(v, host.n + 1);
	if (!view_u64(port, 65535, &number) || number == 0)
		return "must end with a colon and a port from 1 to 65535";
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	if (host.n > 2 && name[0] == '[' && name[host.n - 1] == ']') {
		name[host.n - 1] = '\0';
		fine = inet6_address(name + 1, (uint16_t)number, to, length);
	} else if (strcmp(name, "*") == 0) {
		fine = inet6_address("::", (uint16_t)number, to, length);
	} else {
		fine = inet_address(name, (uint16_t)number, to, length);
	}
	return fine ? NULL : shape;
}
