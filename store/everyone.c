/* SPDX-License-Identifier: ISC */
/*
 * everyone - <mail_dir>/<domain>/<local>, read back into names
 */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "lib/proc/message.h"
#include "store/everyone.h"
#include "store/maildir.h"

/* Call f for each entry that may be a directory. Errno, 0 when all was read. */
static int
each_in(const char *path, void (*f)(void *arg, const char *name), void *arg)
{
	int fd = maildir_open(path), error = 0;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		error = errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	errno = 0;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.' &&
		    (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			f(arg, e->d_name);
		errno = 0;
	}
	error = errno;
	closedir(d);
	return error;
}

struct domain {
	struct everyone *all;
	const char *name;
};

static void
take_user(void *arg, const char *local)
{
	struct domain *d = arg;
	struct str user = { 0 };

	if (place_user_of(view_of(d->name), view_of(local), &user))
		list_put(&d->all->users, str_view(&user));
	str_free(&user);
}

static void
take_domain(void *arg, const char *name)
{
	struct everyone *all = arg;
	struct domain d = { all, name };
	int error = each_in(name, take_user, &d);

	if (error != 0 && !maildir_missing(error))
		all->error = error;
}

void
everyone_run(void *arg)
{
	struct everyone *all = arg;
	int error = each_in(".", take_domain, all);

	if (error != 0)
		all->error = error;
}
