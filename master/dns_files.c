/* SPDX-License-Identifier: ISC */
/*
 * dns_files - open and hand over; master/watch.c looks after them
 *
 * A file that is not there is none: resolver says what it misses.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "master/dns_files.h"
#include "master/file_state.h"
#include "master/house.h"
#include "master/watch.h"

#define RESOLV_CONF	"/etc/resolv.conf"

static struct {
	struct file_state resolv, anchors;
} files;

static int
open_file(const char *path)
{
	int fd = path[0] != '\0' ? file_state_open(path) : -1;

	if (fd < 0 && path[0] != '\0' && errno != ENOENT)
		log_error("dns", "cannot open %s: %s", path,
		    errno == EINVAL ? "not a file" : strerror(errno));
	return fd;
}

/* Servers that the settings name make the system's of no use. */
static const char *
resolv_path(void)
{
	return house_settings()->dns_servers.n > 0 ? "" : RESOLV_CONF;
}

static void
hand_over(struct child *c)
{
	struct message m = { .type = MSG_dns_files };

	m.dns_files.resolv = open_file(resolv_path());
	m.dns_files.anchors = open_file(house_settings()->dns_anchors);
	channel_send(c->channel, &m);
}

static bool
look_again(void)
{
	struct file_state resolv = file_state_of(resolv_path()),
			  anchors =
			      file_state_of(house_settings()->dns_anchors);
	bool changed = !file_state_same(&resolv, &files.resolv) ||
	    !file_state_same(&anchors, &files.anchors);

	files.resolv = resolv;
	files.anchors = anchors;
	return changed;
}

static struct watch watch = { .role = ROLE_RESOLVER,
	.changed = look_again, .send = hand_over };

void
dns_files_give(struct child *c)
{
	watch_give(&watch, c);
}

void
dns_files_changed(void)
{
	watch_hand_over(&watch);
}

void
dns_files_begin(void)
{
	watch_begin(&watch);
}
