/* SPDX-License-Identifier: ISC */
/*
 * key_files - opening and handing over; master/watch.c looks after them
 *
 * Whoever renews a certificate writes several files. So a change is handed over
 * when nothing has changed since the last look; if keys finds them half done
 * all the same, it keeps what it has until the next change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "master/file_state.h"
#include "master/house.h"
#include "master/key_files.h"
#include "master/watch.h"

static struct {
	struct file_state *seen;
	size_t n;
	bool first;		/* nothing has been handed over yet */
} files = { .first = true };

/* ---- the list ---- */

static size_t
path_count(const struct settings *s)
{
	return s->tls_cert.n + s->tls_key.n + (s->tls_client_ca[0] != '\0');
}

static const char *
path_at(const struct settings *s, size_t i)
{
	if (i < s->tls_cert.n)
		return s->tls_cert.word[i].p;
	i -= s->tls_cert.n;
	return i < s->tls_key.n ? s->tls_key.word[i].p : s->tls_client_ca;
}

static const char *
setting_at(const struct settings *s, size_t i)
{
	return i < s->tls_cert.n			? "tls_cert" :
	    i < s->tls_cert.n + s->tls_key.n ? "tls_key" :
						     "tls_client_ca";
}

bool
key_files_check(const struct settings *s, struct str *error)
{
	size_t before = error->n;

	for (size_t i = 0; i < path_count(s); i++) {
		int fd = file_state_open(path_at(s, i));

		if (fd >= 0)
			close(fd);
		else
			str_addf(error, "%s: %s: %s\n", setting_at(s, i),
			    path_at(s, i), errno == EINVAL ? "not a file" :
							     strerror(errno));
	}
	return error->n == before;
}

/* ---- handing over ---- */

static int
open_logged(const char *path)
{
	int fd = file_state_open(path);

	if (fd < 0)
		log_error("keys", "cannot open %s: %s", path, strerror(errno));
	return fd;
}

static void
hand_over(struct child *c)
{
	const struct settings *s = house_settings();
	struct message end = { .type = MSG_key_files,
		.key_files = { files.first, view_of(s->tls_client_ca), -1 } };

	for (size_t i = 0; i < s->tls_cert.n && i < s->tls_key.n; i++) {
		struct message m = { .type = MSG_key_pair,
			.key_pair = { s->tls_cert.word[i], s->tls_key.word[i],
			    open_logged(s->tls_cert.word[i].p),
			    open_logged(s->tls_key.word[i].p) } };

		channel_send(c->channel, &m);
	}
	if (s->tls_client_ca[0] != '\0')
		end.key_files.client_ca = open_logged(s->tls_client_ca);
	channel_send(c->channel, &end);
}

/* ---- looking after ---- */

/* True when something is not as it was. */
static bool
look_again(void)
{
	const struct settings *s = house_settings();
	size_t n = path_count(s);
	bool changed = n != files.n;

	if (changed)
		files.seen = xrealloc(files.seen, n * sizeof(*files.seen));
	for (size_t i = 0; i < n; i++) {
		struct file_state now = file_state_of(path_at(s, i));

		if (i >= files.n || !file_state_same(&now, &files.seen[i])) {
			files.seen[i] = now;
			changed = true;
		}
	}
	files.n = n;
	return changed;
}

static struct watch watch = { .role = ROLE_KEYS,
	.changed = look_again, .send = hand_over };

void
key_files_give(struct child *c)
{
	watch_give(&watch, c);
}

void
key_files_changed(void)
{
	watch_hand_over(&watch);
}

void
key_files_begin(void)
{
	files.first = false;
	watch_begin(&watch);
}
