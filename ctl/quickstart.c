/* SPDX-License-Identifier: ISC */
/*
 * quickstart - from nothing to a site that works
 *
 * Four questions at most, then files, a start, a message that goes in and is
 * read, and the records for the DNS. What stands in files already stays: a site
 * that has domains is not touched. The settings are written last, so that a
 * quickstart that was broken off can be done again.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/certificate.h"
#include "ctl/link.h"
#include "ctl/password.h"
#include "ctl/quickstart.h"
#include "ctl/records.h"
#include "ctl/site.h"
#include "ctl/terminal.h"
#include "ctl/trial.h"
#include "ctl/edit.h"
#include "ctl/users.h"
#include "lib/base/file.h"
#include "lib/mail/address.h"
#include "lib/mail/aliases.h"
#include "lib/mail/idn.h"
#include "lib/mail/users_file.h"
#include "lib/proc/table_name.h"

#define FILE_MOST	((size_t)1 << 30)
#define ANSWER_MOST	1024
#define PASSWORD_LETTERS 20	/* of 32: 100 bits */
#define LETSENCRYPT	"/etc/letsencrypt/live"

struct site {
	struct ctl *ctl;
	struct str user, domain;	/* user: whole and canonical */
	struct str host, cert, key;
	struct str relay, login, relay_password;	/* relay: HOST:PORT */
	struct str password;
	struct str dir;			/* of the settings, with its slash */
	struct str text;		/* of the settings */
	bool made_password;
};

/* ---- questions ---- */

static bool
is_asked(const struct site *q)
{
	return !ctl_has(q->ctl, OPTION_YES);
}

/* A line, or what *answer is already. */
static void
ask(const struct site *q, const char *question, struct str *answer)
{
	struct str line = { .limit = ANSWER_MOST };
	struct view given;

	if (!is_asked(q))
		return;
	printf("%s [%s]: ", question, str_c(answer));
	fflush(stdout);
	terminal_line(STDIN_FILENO, &line);
	if (!isatty(STDIN_FILENO))
		putchar('\n');
	given = view_trim(str_view(&line));
	if (given.n > 0) {
		str_reset(answer);
		str_add(answer, given);
	}
	str_free(&line);
}

/* A name of this host with a dot, in the domain if there is one; else mail. */
static void
guess_host(struct site *q)
{
	char name[256] = "";
	struct view v;

	gethostname(name, sizeof(name) - 1);
	v = view_of(name);
	if (view_find(v, '.') < v.n && !view_starts(v, VIEW_LIT("localhost")))
		str_add(&q->host, v);
	else
		str_addf(&q->host, "mail.%s", str_c(&q->domain));
}

static int
ask_host(struct site *q)
{
	struct str ascii = { 0 };
	bool fine;

	guess_host(q);
	ask(q, "Name of this host in the DNS", &q->host);
	fine = idn_ascii(&ascii, str_view(&q->host)) &&
	    view_find(str_view(&ascii), '.') < ascii.n;
	str_free(&ascii);
	return fine ? 0 : ctl_fail(EX_DATAERR, "%s is no whole host name, like "
	    "mail.%s", str_c(&q->host), str_c(&q->domain));
}

static int
ask_relay(struct site *q)
{
	const char *given = ctl_value(q->ctl, OPTION_RELAY);
	struct view v;

	if (ctl_has(q->ctl, OPTION_LOCAL) && given == NULL)
		return 0;
	str_adds(&q->relay, given != NULL ? given : "none");
	if (given == NULL)
		ask(q, "Server of a provider that takes mail for other hosts, "
		    "where this one may not send it itself", &q->relay);
	if (view_isi(str_view(&q->relay), "none"))
		str_reset(&q->relay);
	if (q->relay.n == 0)
		return 0;
	v = str_view(&q->relay);
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && strchr("-.:", v.p[i]) == NULL)
			return ctl_fail(EX_DATAERR, "%s is no host name with or "
			    "without a port", str_c(&q->relay));
	if (view_find(v, ':') == v.n)
		str_adds(&q->relay, ":587");
	return 0;
}

static int
ask_login(struct site *q)
{
	bool tty = isatty(STDIN_FILENO);

	if (q->relay.n == 0 || !is_asked(q))
		return 0;
	str_adds(&q->login, "none");
	ask(q, "Name to log in with there", &q->login);
	if (view_isi(str_view(&q->login), "none"))
		str_reset(&q->login);
	if (q->login.n == 0)
		return 0;
	q->relay_password.limit = ANSWER_MOST;
	if (tty ? !terminal_secret(STDIN_FILENO, "and the password: ",
			&q->relay_password) :
		    !terminal_line(STDIN_FILENO, &q->relay_password))
		return ctl_fail(EX_IOERR, "cannot read the password: %s",
		    strerror(errno));
	return 0;
}

static void
make_password(struct str *password)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

	for (int i = 0; i < PASSWORD_LETTERS; i++)
		str_addc(password,
		    letters[arc4random_uniform(sizeof(letters) - 1)]);
}

static int
ask_password(struct site *q)
{
	struct str error = { 0 };
	int code = 0;

	if (!is_asked(q)) {
		make_password(&q->password);
		q->made_password = true;
		return 0;
	}
	printf("Password of %s\n", str_c(&q->user));
	if (!password_get(false, &q->password, &error))
		code = ctl_fail(EX_DATAERR, "%s", str_c(&error));
	str_free(&error);
	return code;
}

/* ---- what is there already ---- */

static int
take_address(struct site *q)
{
	struct arena arena = { 0 };
	struct address a;
	int code = 0;

	if (address_parse(view_of(q->ctl->argv[0]), ADDRESS_UTF8, &arena, &a) !=
		ADDRESS_FINE || a.domain.n == 0 || a.literal) {
		code = ctl_fail(EX_DATAERR, "%s is not of the form you@domain",
		    q->ctl->argv[0]);
	} else {
		address_canonical_user(&q->user, &a);
		str_add(&q->domain, a.domain);
	}
	arena_reset(&arena);
	return code;
}

static int
read_settings(struct site *q)
{
	const char *file = q->ctl->file;
	struct view v = view_of(file);

	v.n = view_rfind(v, '/') < v.n ? view_rfind(v, '/') + 1 : 0;
	str_add(&q->dir, v.n > 0 ? v : VIEW_LIT("./"));
	if (!file_mkdirs(str_c(&q->dir), 0755))
		return ctl_fail(EX_CANTCREAT, "cannot make %s: %s",
		    str_c(&q->dir), strerror(errno));
	if (!file_read(AT_FDCWD, file, FILE_MOST, &q->text)) {
		if (errno != ENOENT)
			return ctl_fail(EX_NOINPUT, "cannot read %s: %s", file,
			    strerror(errno));
		str_adds(&q->text, "# See posthouse.conf(5). What is not set "
		    "has its default: posthouse config show.\n");
		return 0;
	}
	if (ctl_settings(q->ctl)->domains.n > 0)
		return ctl_fail(EX_CANTCREAT, "%s has a site already, with the "
		    "domain %.*s: nothing was changed. To begin anew, move the "
		    "file away first", file,
		    VIEW(q->ctl->settings->domains.word[0]));
	return 0;
}

/* ---- files ---- */

static int
make_certificate(struct site *q)
{
	const char *name = str_c(&q->host);
	struct ctl child = *q->ctl;

	if (q->ctl->settings != NULL && q->ctl->settings->tls_cert.n > 0)
		return 0;
	str_addf(&q->cert, "%s/%s/fullchain.pem", LETSENCRYPT, name);
	str_addf(&q->key, "%s/%s/privkey.pem", LETSENCRYPT, name);
	if (access(str_c(&q->cert), R_OK) == 0 &&
	    access(str_c(&q->key), R_OK) == 0)
		return 0;
	str_reset(&q->cert);
	str_reset(&q->key);
	str_addf(&q->cert, "%s%s.crt", str_c(&q->dir), name);
	str_addf(&q->key, "%s%s.key", str_c(&q->dir), name);
	if (access(str_c(&q->cert), R_OK) == 0 &&
	    access(str_c(&q->key), R_OK) == 0)
		return 0;
	child.argc = 1;
	child.argv = &name;
	return certificate_self_signed(&child);
}

/* The file that a setting names; beside the settings when there is none. */
static const char *
path_of(struct site *q, const char *setting, struct str *path)
{
	const char *set = q->ctl->settings != NULL ?
	    settings_path(q->ctl->settings, setting) : NULL;

	if (set != NULL && set[0] != '\0')
		str_adds(path, set);
	else
		str_addf(path, "%s%s", str_c(&q->dir), setting);
	return str_c(path);
}

static int
cannot_write(const char *path)
{
	return ctl_fail(EX_CANTCREAT, "cannot write %s: %s", path,
	    strerror(errno));
}

static int
make_user(struct site *q)
{
	struct str path = { 0 }, hash = { 0 }, error = { 0 }, to = { 0 };
	struct edit file;
	int code = 0;

	if (!password_hash(&q->password, &hash, &error) ||
	    !edit_begin(&file, path_of(q, "users", &path), USERS_GROUP,
		&error)) {
		code = ctl_fail(EX_CANTCREAT, "%s", str_c(&error));
	} else if (users_find(str_view(&file.text), str_view(&q->user),
		       str_view(&q->domain)).p != NULL) {
		edit_abort(&file);
		code = ctl_fail(EX_CANTCREAT, "%s stands in %s already: \"%s "
		    "user delete %s\" removes it", str_c(&q->user),
		    str_c(&path), q->ctl->self, str_c(&q->user));
	} else {
		str_add(&to, str_view(&file.text));
		if (to.n > 0 && to.p[to.n - 1] != '\n')
			str_addc(&to, '\n');
		str_addf(&to, "%s:%s\n", str_c(&q->user), str_c(&hash));
		if (!edit_commit(&file, &to, &error))
			code = ctl_fail(EX_CANTCREAT, "%s", str_c(&error));
	}
	str_wipe(&to);
	str_free(&to);
	str_free(&hash);
	str_free(&error);
	str_free(&path);
	return code;
}

static void
quote_word(struct str *out, struct view word)
{
	str_addc(out, '"');
	for (size_t i = 0; i < word.n; i++) {
		if (strchr("\"\\", word.p[i]) != NULL)
			str_addc(out, '\\');
		str_addc(out, word.p[i]);
	}
	str_addc(out, '"');
}

static int
make_login(struct site *q)
{
	struct str path = { 0 }, line = { 0 };
	int code = 0;

	str_adds(&line, "provider ");
	quote_word(&line, str_view(&q->login));
	str_addc(&line, ' ');
	quote_word(&line, str_view(&q->relay_password));
	if (!site_add_line(path_of(q, "relay_logins", &path), 0600,
		str_view(&line)))
		code = cannot_write(str_c(&path));
	else
		chmod(str_c(&path), 0600);
	str_wipe(&line);
	str_free(&line);
	str_free(&path);
	return code;
}

static int
make_route(struct site *q)
{
	struct str path = { 0 }, line = { 0 };
	struct view host = str_view(&q->relay);
	size_t colon = view_find(host, ':');
	int code = 0;

	if (q->relay.n == 0)
		return 0;
	str_addf(&line, "* [%.*s]%s tls=verify%s", (int)colon, host.p,
	    host.p + colon, q->login.n > 0 ? " login=provider" : "");
	if (!site_add_line(path_of(q, "routes", &path), 0644,
		str_view(&line)))
		code = cannot_write(str_c(&path));
	else if (q->login.n > 0)
		code = make_login(q);
	str_free(&line);
	str_free(&path);
	return code;
}

struct wanted {
	bool has[2];
};

static const char *const names[] = { "postmaster", "root" };

static bool
seen_alias(void *arg, size_t line UNUSED, struct view key,
    struct view items UNUSED)
{
	struct wanted *w = arg;

	for (size_t i = 0; i < nitems(names); i++)
		w->has[i] |= view_is(key, names[i]);
	return true;
}

static void
pass_complaint(void *arg UNUSED, size_t line UNUSED,
    const char *sentence UNUSED)
{
}

/* Mail for the host's own people comes to whoever asked for all this. */
static int
make_aliases(struct site *q)
{
	const struct settings *s = q->ctl->settings;
	const char *path = s != NULL && s->aliases.n > 0 &&
	    !table_name_has_kind(s->aliases.word[0]) ?
	    s->aliases.word[0].p : "/etc/aliases";
	struct wanted w = { { false } };
	const struct aliases_sink sink = { seen_alias, pass_complaint, &w };
	struct str text = { 0 };
	int code = 0;

	file_read(AT_FDCWD, path, FILE_MOST, &text);
	aliases_read(str_view(&text), &sink);
	for (size_t i = 0; code == 0 && i < nitems(names); i++) {
		struct str line = { 0 };

		if (w.has[i])
			continue;
		str_addf(&line, "%s: %s", names[i], str_c(&q->user));
		if (!site_add_line(path, 0644, str_view(&line)))
			code = cannot_write(path);
		str_free(&line);
	}
	str_free(&text);
	return code;
}

/* Only the system's own server has a say in this. */
static int
make_mailname(struct site *q)
{
	struct str line = { 0 };
	int code = 0;

	if (strcmp(q->ctl->file, SYSCONFDIR "/posthouse.conf") != 0 ||
	    geteuid() != 0 || access("/etc/mailname", F_OK) == 0)
		return 0;
	str_addf(&line, "%s\n", str_c(&q->domain));
	if (!file_replace(AT_FDCWD, "/etc/mailname", str_view(&line), 0644))
		code = cannot_write("/etc/mailname");
	str_free(&line);
	return code;
}

static void
set_path(struct site *q, const char *name)
{
	struct view text = str_view(&q->text);

	/* beside the settings, as path_of() has it */
	if (q->ctl->settings == NULL ||
	    settings_path(q->ctl->settings, name)[0] == '\0' ||
	    view_search(text, view_of(name)) == text.n)
		site_set(&q->text, name, name);
}

static int
write_settings(struct site *q)
{
	static const char local[] =
	    "\n[listener smtp]\naddress = 127.0.0.1:25\n"
	    "\n[listener imap]\naddress = 127.0.0.1:143\nprotocol = imap\n"
	    "\n[listener pop3]\naddress = 127.0.0.1:110\nprotocol = pop3\n";

	if (q->relay.n > 0)
		set_path(q, "routes");
	if (q->login.n > 0)
		set_path(q, "relay_logins");
	if (q->ctl->settings == NULL)
		site_set(&q->text, "users", "users");
	if (q->cert.n > 0) {
		site_set(&q->text, "tls_key", str_c(&q->key));
		site_set(&q->text, "tls_cert", str_c(&q->cert));
	}
	site_set(&q->text, "domains", str_c(&q->domain));
	site_set(&q->text, "hostname", str_c(&q->host));
	if (ctl_has(q->ctl, OPTION_LOCAL) &&
	    !site_has_listener(str_view(&q->text)))
		str_adds(&q->text, local);
	if (!file_replace(AT_FDCWD, q->ctl->file, str_view(&q->text), 0644))
		return cannot_write(q->ctl->file);
	settings_free(&q->ctl->settings);
	ctl_settings(q->ctl);
	return 0;
}

/* ---- the server ---- */

/* Run a command of this program, or of another one, to its end. */
static int
run(const char *program, const char *const *argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(program, (char *const *)(uintptr_t)argv);
		_exit(EX_UNAVAILABLE);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid < 0 ? EX_OSERR : WIFEXITED(status) ? WEXITSTATUS(status) :
							EX_SOFTWARE;
}

/* Does systemd look after the system's own server? */
static bool
is_service(const struct ctl *ctl)
{
	return strcmp(ctl->file, SYSCONFDIR "/posthouse.conf") == 0 &&
	    access("/run/systemd/system", F_OK) == 0 &&
	    (access("/etc/systemd/system/posthouse.service", F_OK) == 0 ||
		access("/usr/lib/systemd/system/posthouse.service", F_OK) ==
		    0 ||
		access("/lib/systemd/system/posthouse.service", F_OK) == 0);
}

static int
start(struct site *q)
{
	static const struct handlers none = { .closed = link_closed };
	const char *self = "/proc/self/exe";
	const char *ours[] = { q->ctl->self, "-c", q->ctl->file, "start",
		NULL };
	static const char *const service[] = { "systemctl", "enable", "--now",
		"posthouse", NULL };
	int code;

	if (link_try(q->ctl, &none)) {
		ours[3] = "reload";
		code = run(self, ours);
	} else if (is_service(q->ctl)) {
		code = run(service[0], service);
	} else {
		code = run(self, ours);
	}
	return code == 0 ? 0 : ctl_fail(code, "the settings are written, but "
	    "the server does not take them; see above, mend it, and say "
	    "\"%s start\"", q->ctl->self);
}

/* ---- all of it ---- */

/* "Mail programs: HOST, submission on port 465, IMAP on port 993" */
static void
tell_ports(const struct settings *s)
{
	static const char *const protocols[] = { "submission", "imap", "pop3" };

	printf("\nMail programs: %s", s->hostname);
	for (size_t i = 0; i < nitems(protocols); i++)
		for (size_t k = 0; k < s->listener_count; k++) {
			const struct listener_settings *l = &s->listener[k];
			enum listener_tls tls = listener_tls(s, l);

			if (strcmp(l->protocol, protocols[i]) == 0)
				printf(", %s on %s%s", protocols[i], l->address,
				    tls == LISTENER_IMPLICIT ? " (TLS)" :
				    tls == LISTENER_STARTTLS ? " (STARTTLS)" :
							       "");
		}
	putchar('\n');
}

static void
tell(const struct site *q)
{
	json_t *records = records_of(q->ctl->settings);

	printf("\nUser %s", str_c(&q->user));
	if (q->made_password)
		printf(", password %s (\"%s user passwd %s\" gives another)",
		    str_c(&q->password), q->ctl->self, str_c(&q->user));
	tell_ports(q->ctl->settings);
	if (!view_starts(str_view(&q->cert), VIEW_LIT(LETSENCRYPT)) &&
	    q->cert.n > 0)
		printf("The certificate is self-signed, so mail programs will "
		    "warn. With certbot, say:\n  certbot certonly --standalone "
		    "-d %s\nand put its files into tls_cert and tls_key of "
		    "%s.\n", str_c(&q->host), q->ctl->file);
	if (!ctl_has(q->ctl, OPTION_LOCAL)) {
		printf("\nThe DNS should say (\"%s dns show\"):\n\n",
		    q->ctl->self);
		records_print(records);
	}
	json_decref(records);
}

typedef int step_fn(struct site *q);

static int
try_it(struct site *q)
{
	return trial(q->ctl->settings, str_view(&q->user),
	    str_view(&q->password));
}

/* Questions before anything is written; what can be wrong before what is. */
static step_fn *const steps[] = {
	take_address,
	read_settings,
	ask_host,
	ask_relay,
	ask_login,
	ask_password,
	make_certificate,
	make_user,
	make_route,
	make_aliases,
	make_mailname,
	write_settings,
	start,
	try_it,
};

static void
forget(struct site *q)
{
	struct str *const all[] = { &q->user, &q->domain, &q->host, &q->cert,
		&q->key, &q->relay, &q->login, &q->relay_password,
		&q->password, &q->dir, &q->text };

	str_wipe(&q->password);
	str_wipe(&q->relay_password);
	for (size_t i = 0; i < nitems(all); i++)
		str_free(all[i]);
}

int
quickstart(struct ctl *ctl)
{
	struct site q = { .ctl = ctl };
	int code = 0;

	for (size_t i = 0; code == 0 && i < nitems(steps); i++)
		code = steps[i](&q);
	if (code == 0)
		tell(&q);
	forget(&q);
	return code;
}
