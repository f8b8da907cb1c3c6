/* SPDX-License-Identifier: ISC */
/*
 * pam - is this the password of a user of the system
 *
 * Started by master, as root, when auth asks for it: once for each question. It
 * reads a name, a password and the client's address, each ended by a NUL, from
 * its standard input, asks PAM (service posthouse), writes "yes", "no" or
 * "later", and exits. It is the only program that is linked with PAM, whose
 * modules can do anything; a fault of theirs costs one login.
 *
 * root gets no mail by network and is always refused. A directory as argument is
 * read instead of /etc/pam.d, for tests.
 */
#include <sys/resource.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "lib/base/question.h"
#include "lib/base/sys_build.h"

#define SERVICE		"posthouse"
#define QUESTION_MOST	2048
#define TIME_S		10
#define MEMORY_MOST	(512u << 20)

struct question {
	struct str text;
	const char *user, *password, *client;	/* within text */
};

/* ---- the question ---- */

static bool
read_question(struct question *q)
{
	const char **const fields[] = { &q->user, &q->password, &q->client };

	q->text.limit = QUESTION_MOST;
	return question_read(&q->text, fields, nitems(fields)) &&
	    q->user[0] != '\0';
}

/* ---- PAM ---- */

/* Whatever is asked without echo is the password; PAM frees the answers. */
static int
converse(int n, const struct pam_message **messages,
    struct pam_response **responses, void *arg)
{
	const struct question *q = arg;
	struct pam_response *r;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	r = xcalloc((size_t)n, sizeof(*r));
	for (int i = 0; i < n; i++) {
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			r[i].resp = xstrdup(q->password);
		else if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			r[i].resp = xstrdup(q->user);
	}
	*responses = r;
	return PAM_SUCCESS;
}

/* auth has the wrong ones wait, each for its time. */
static void
no_delay(int code UNUSED, unsigned microseconds UNUSED, void *arg UNUSED)
{
}

static void
set_items(pam_handle_t *pam, const struct question *q)
{
	union {
		void (*function)(int, unsigned, void *);
		const void *item;
	} delay = { .function = no_delay };

	pam_set_item(pam, PAM_FAIL_DELAY, delay.item);
	pam_set_item(pam, PAM_RHOST, q->client);
	pam_set_item(pam, PAM_TTY, SERVICE);
}

/* A module may have made another user of him. */
static bool
is_still(pam_handle_t *pam, const char *user)
{
	const void *now = NULL;

	return pam_get_item(pam, PAM_USER, &now) == PAM_SUCCESS &&
	    now != NULL && strcmp(now, user) == 0;
}

static bool
is_root(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	return pw != NULL && pw->pw_uid == 0;
}

/* What the code of PAM means to a mail client. */
static const char *
word_for(int code)
{
	static const int trouble[] = { PAM_SYSTEM_ERR, PAM_BUF_ERR,
		PAM_OPEN_ERR, PAM_SYMBOL_ERR, PAM_SERVICE_ERR,
		PAM_AUTHINFO_UNAVAIL, PAM_CONV_ERR, PAM_ABORT,
		PAM_MODULE_UNKNOWN };

	for (size_t i = 0; i < nitems(trouble); i++)
		if (code == trouble[i])
			return "later";
	return code == PAM_SUCCESS ? "yes" : "no";
}

static const char *
ask(struct question *q, const char *directory)
{
	const struct pam_conv conv = { converse, q };
	pam_handle_t *pam = NULL;
	int code;

	code = directory != NULL ?
	    pam_start_confdir(SERVICE, q->user, &conv, directory, &pam) :
	    pam_start(SERVICE, q->user, &conv, &pam);
	if (code != PAM_SUCCESS)
		return "later";
	set_items(pam, q);
	code = pam_authenticate(pam,
	    PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(pam, PAM_SILENT);
	if (code == PAM_SUCCESS && (!is_still(pam, q->user) ||
		is_root(q->user)))
		code = PAM_PERM_DENIED;
	pam_end(pam, code);
	return word_for(code);
}

static void
bound(void)
{
	const struct rlimit memory = { MEMORY_MOST, MEMORY_MOST };
	const struct rlimit nothing = { 0, 0 };

	if (!BUILD_INSTRUMENTED)
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &nothing);
	alarm(TIME_S);
}

int
main(int argc, char **argv)
{
	struct question q = { .text = { .n = 0 } };
	const char *word;

	if (argc > 2 || isatty(STDIN_FILENO)) {
		fputs("pam is started by master when auth asks for it\n",
		    stderr);
		return EX_USAGE;
	}
	bound();
	word = read_question(&q) ? ask(&q, argc == 2 ? argv[1] : NULL) :
				   "later";
	str_wipe(&q.text);
	str_free(&q.text);
	printf("%s\n", word);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}
