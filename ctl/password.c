/* SPDX-License-Identifier: ISC */
/*
 * password - the terminal without echo, and crypt(3)
 *
 * Every copy of a password is wiped, those in crypt's work space, too.
 */
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/string.h>

#include "ctl/password.h"
#include "ctl/terminal.h"
#include "lib/base/file.h"
#include "lib/mail/scram.h"

#define PASSWORD_MOST	511	/* octets; crypt(3) takes no more */

static bool
ask_twice(struct str *password, struct str *error)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct str again = { .limit = PASSWORD_MOST + 1 };
	bool fine = false;

	if (tty < 0 || !terminal_secret(tty, "New password: ", password) ||
	    !terminal_secret(tty, "The same again: ", &again))
		str_addf(error, "cannot ask for the password: %s; see "
		    "--password-stdin", strerror(errno));
	else if (!view_eq_secret(str_view(password), str_view(&again)))
		str_adds(error,
		    "the two passwords differ; nothing was changed");
	else
		fine = true;
	if (tty >= 0)
		close(tty);
	str_wipe(&again);
	str_free(&again);
	return fine;
}

static bool
acceptable(const struct str *password, struct str *error)
{
	if (password->n == 0)
		str_adds(error, "an empty password is not possible");
	else if (str_full(password) || password->n > PASSWORD_MOST)
		str_addf(error, "a password can have %d octets at most",
		    PASSWORD_MOST);
	else if (memchr(password->p, '\0', password->n) != NULL)
		str_adds(error, "a password cannot contain NUL");
	else
		return true;
	return false;
}

bool
password_get(bool from_stdin, struct str *password, struct str *error)
{
	password->limit = PASSWORD_MOST + 1;
	if (!from_stdin && isatty(STDIN_FILENO)) {
		if (!ask_twice(password, error))
			return false;
	} else if (!terminal_line(STDIN_FILENO, password)) {
		str_addf(error, "cannot read the password: %s",
		    strerror(errno));
		return false;
	}
	return acceptable(password, error);
}

bool
password_hash(const struct str *password, struct str *hash, struct str *error)
{
	static struct crypt_data work;
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *out = NULL;

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) != NULL)
		out = crypt_rn(str_c(password), salt, &work, sizeof(work));
	if (out != NULL)
		str_addf(hash, "{CRYPT}%s", out);
	else
		str_addf(error, "cannot make the hash: %s", strerror(errno));
	explicit_bzero(&work, sizeof(work));
	return out != NULL;
}

bool
password_scram(const struct str *password, struct str *hash,
    struct str *error UNUSED)
{
	struct scram_keys k = { .hash = SCRAM_SHA_256,
		.iterations = SCRAM_ITERATIONS, .salt_n = SCRAM_SALT };

	arc4random_buf(k.salt, SCRAM_SALT);
	scram_derive(&k, str_view(password));
	str_adds(hash, "{SCRAM-SHA-256}");
	scram_write(&k, hash);
	explicit_bzero(&k, sizeof(k));
	return true;
}
