/* SPDX-License-Identifier: ISC */
/*
 * check_logins - relay_logins as master and smtp see it, and what is beside it
 *
 * A file that the server will not use is an error: mail would wait for it. A
 * line that is passed over is a warning.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "ctl/check_logins.h"
#include "lib/base/file.h"
#include "lib/mail/relay_logins.h"

struct findings {
	const char *path;
	struct str *errors, *warnings;
};

static void
look_at_line(void *arg, unsigned line, const struct relay_login *l UNUSED,
    const char *wrong)
{
	struct findings *f = arg;

	if (wrong != NULL)
		str_addf(f->warnings, "%s:%u: %s\n", f->path, line, wrong);
}

static void
check_file(struct findings *f)
{
	struct str text = { 0 };
	struct stat st;

	if (f->path[0] == '\0' || (stat(f->path, &st) < 0 && errno == ENOENT))
		return;
	if (!file_read(AT_FDCWD, f->path, RELAY_LOGINS_MOST, &text))
		str_addf(f->errors, "%s: cannot read the logins: %s\n",
		    f->path, strerror(errno));
	else if ((st.st_mode & 077) != 0)
		str_addf(f->errors, "%s: is open to others (mode %03o) and "
		    "will not be used: chmod 600\n", f->path,
		    (unsigned)st.st_mode & 0777);
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		str_addf(f->errors, "%s: belongs to somebody else than root "
		    "and will not be used\n", f->path);
	relay_logins_read(str_view(&text), look_at_line, f);
	str_wipe(&text);
	str_free(&text);
}

static void
check_authorities(const struct settings *s, const struct findings *f)
{
	if (s->tls_ca[0] != '\0' && access(s->tls_ca, R_OK) < 0)
		str_addf(f->warnings, "tls_ca: %s: %s; no server can be "
		    "verified by its certificate alone\n", s->tls_ca,
		    strerror(errno));
}

static void
check_fetch(const struct settings *s, const struct findings *f)
{
	struct str path = { 0 };

	str_addf(&path, "%s/fetch", s->program_dir);
	if (s->mta_sts && access(str_c(&path), X_OK) < 0)
		str_addf(f->errors, "%s: %s; mta_sts needs it\n",
		    str_c(&path), strerror(errno));
	if (s->mta_sts && s->drop_privileges && geteuid() == 0 &&
	    getpwnam("posthouse-fetch") == NULL)
		str_adds(f->errors, "mta_sts: there is no system user "
		    "posthouse-fetch: make it as INSTALL says\n");
	str_free(&path);
}

void
check_logins(const struct settings *s, struct str *errors,
    struct str *warnings)
{
	struct findings f = { s->relay_logins, errors, warnings };

	check_file(&f);
	check_authorities(s, &f);
	check_fetch(s, &f);
}
