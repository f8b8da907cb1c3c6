/* SPDX-License-Identifier: ISC */
/*
 * trial - which of the listeners the probe goes to
 */
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/trial.h"
#include "lib/base/file.h"
#include "lib/proc/network.h"
#include "lib/proc/settings_address.h"

/* "127.0.0.1:25": where this host reaches the listener. False: by no address. */
static bool
put_place(const struct listener_settings *l, struct str *out)
{
	static const struct address16 none = { 0 };
	struct sockaddr_storage at;
	char text[ADDRESS16_TEXT];
	struct address16 a;
	socklen_t n;

	if (settings_address(l->address, &at, &n) != NULL ||
	    !address16_of(&at, &a))
		return false;
	address16_text(&a, text);
	if (settings_address_any(l->address) || strcmp(text, "0.0.0.0") == 0)
		strcpy(text, "127.0.0.1");
	else if (memcmp(&a, &none, sizeof(a)) == 0)
		strcpy(text, "::1");
	str_addf(out, strchr(text, ':') != NULL ? "[%s]:%u" : "%s:%u", text,
	    address16_port(&at));
	return true;
}

/* "imaps://127.0.0.1:993" of the first listener that this host can reach. */
static bool
put_url(const struct settings *s, const char *protocol, struct str *out)
{
	for (size_t i = 0; i < s->listener_count; i++) {
		const struct listener_settings *l = &s->listener[i];
		bool implicit = listener_tls(s, l) == LISTENER_IMPLICIT;
		struct str place = { 0 };
		bool fine = strcmp(l->protocol, protocol) == 0 && !l->proxy &&
		    put_place(l, &place);

		if (fine)
			str_addf(out, "%s%s://%s", protocol,
			    implicit ? "s" : "", str_c(&place));
		str_free(&place);
		if (fine)
			return true;
	}
	return false;
}

/* The probe reads its question, and writes its sentence here. */
static int
run(const char *program, const struct str *question)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ctl_fail(EX_OSERR, "pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (dup2(ends[0], STDIN_FILENO) >= 0)
			execl(program, "probe", (char *)NULL);
		_exit(EX_UNAVAILABLE);
	}
	close(ends[0]);
	file_write_all(ends[1], str_view(question));
	close(ends[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) &&
	    WEXITSTATUS(status) != EX_UNAVAILABLE)
		return WEXITSTATUS(status);
	return ctl_fail(EX_UNAVAILABLE, "cannot run %s", program);
}

int
trial(const struct settings *s, struct view user, struct view password)
{
	struct str in = { 0 }, out = { 0 }, question = { 0 }, program = { 0 };
	int code = 0;

	if (!put_url(s, "smtp", &in) || !put_url(s, "imap", &out)) {
		puts("Not tried: there is no listener for SMTP and IMAP that "
		     "this host can reach");
	} else {
		const struct view parts[] = { str_view(&in), str_view(&out),
			user, password };

		for (size_t i = 0; i < nitems(parts); i++) {
			str_add(&question, parts[i]);
			str_addc(&question, '\0');
		}
		str_addf(&program, "%s/probe", s->program_dir);
		code = run(str_c(&program), &question);
	}
	str_wipe(&question);
	str_free(&question);
	str_free(&program);
	str_free(&in);
	str_free(&out);
	return code;
}
