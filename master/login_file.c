/* SPDX-License-Identifier: ISC */
/*
 * login_file - open, judge by owner and mode, hand over
 *
 * master/watch.c looks after it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "master/file_state.h"
#include "master/house.h"
#include "master/login_file.h"
#include "master/watch.h"

static struct {
	struct file_state seen;
	bool begun;		/* the log is where it belongs, say what is wrong */
} file;

/* Ours or root's, and nobody else may read or write it. */
static bool
is_private(int fd, const char *path)
{
	struct stat st;
	bool fine = fstat(fd, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    (st.st_mode & 077) == 0;

	if (fine || !file.begun)
		return fine;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		log_error("relay_logins", "%s belongs to somebody else than "
		    "root; it is not used", path);
	else
		log_error("relay_logins", "%s is open to others (mode %03o); "
		    "it is not used before chmod 600", path,
		    (unsigned)st.st_mode & 0777);
	return false;
}

/* -1: there is none that could be used. */
static int
open_private(const char *path)
{
	int fd = path[0] != '\0' ? file_state_open(path) : -1;

	if (fd < 0) {
		if (path[0] != '\0' && errno != ENOENT && file.begun)
			log_error("relay_logins", "cannot open %s: %s", path,
			    errno == EINVAL ? "not a file" : strerror(errno));
		return -1;
	}
	if (is_private(fd, path))
		return fd;
	close(fd);
	return -1;
}

static void
hand_over(struct child *c)
{
	struct message m = { .type = MSG_relay_logins };

	m.relay_logins.file = open_private(house_settings()->relay_logins);
	channel_send(c->channel, &m);
}

static bool
look_again(void)
{
	struct file_state now = file_state_of(house_settings()->relay_logins);
	bool changed = !file_state_same(&now, &file.seen);

	file.seen = now;
	return changed;
}

static struct watch watch = { .role = ROLE_SMTP,
	.changed = look_again, .send = hand_over };

void
login_file_give(struct child *c)
{
	watch_give(&watch, c);
}

void
login_file_changed(void)
{
	watch_hand_over(&watch);
}

void
login_file_begin(void)
{
	int fd;

	file.begun = true;
	watch_begin(&watch);
	/* smtp has it already: this is for the log */
	fd = open_private(house_settings()->relay_logins);
	if (fd >= 0)
		close(fd);
}
