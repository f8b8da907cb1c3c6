/* SPDX-License-Identifier: ISC */
/*
 * logins - an array that is replaced as a whole
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "smtp/logins.h"

struct logins {
	unsigned users;		/* and 1 while they are the present ones */
	size_t n, cap;
	struct login *login;	/* does not move once all are read */
};

static struct logins *present;

static void
release(struct logins *l)
{
	if (--l->users > 0)
		return;
	for (size_t i = 0; i < l->n; i++)
		relay_login_free(&l->login[i].words);
	if (l->n > 0)
		explicit_bzero(l->login, l->n * sizeof(*l->login));
	free(l->login);
	free(l);
}

static void
copy(struct str *to, const struct str *from)
{
	(void)str_room(to, from->n);
	str_add(to, str_view(from));
}

static void
add(void *arg, unsigned line, const struct relay_login *words,
    const char *wrong)
{
	struct logins *l = arg;
	struct login *one;

	if (wrong != NULL) {
		log_warning("relay_logins", "line %u: %s", line, wrong);
		return;
	}
	l->login = xgrow(l->login, l->n, &l->cap, sizeof(*l->login));
	one = &l->login[l->n++];
	*one = (struct login){ .all = l };
	copy(&one->words.name, &words->name);
	copy(&one->words.user, &words->user);
	copy(&one->words.password, &words->password);
}

/* With pread(): the descriptor may be shared with whoever got it before. */
static bool
read_file(int fd, struct str *text)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size > RELAY_LOGINS_MOST)
		return false;
	(void)str_room(text, (size_t)st.st_size);
	while (text->n < (size_t)st.st_size) {
		n = pread(fd, text->p + text->n, (size_t)st.st_size - text->n,
		    (off_t)text->n);
		if (n <= 0)
			break;
		text->n += (size_t)n;
	}
	return true;
}

void
logins_read(int fd)
{
	struct logins *l = xcalloc(1, sizeof(*l));
	struct str text = { 0 };

	l->users = 1;
	if (fd >= 0 && !read_file(fd, &text))
		log_error("relay_logins", "the file cannot be read, or is too "
		    "large");
	relay_logins_read(str_view(&text), add, l);
	str_wipe(&text);
	str_free(&text);
	if (present != NULL)
		release(present);
	present = l;
}

struct login *
logins_take(struct view name)
{
	struct logins *l = present;

	for (size_t i = 0; l != NULL && i < l->n; i++)
		if (view_eq(str_view(&l->login[i].words.name), name)) {
			l->users++;
			return &l->login[i];
		}
	return NULL;
}

void
logins_give(struct login **l)
{
	release((*l)->all);
	*l = NULL;
}
