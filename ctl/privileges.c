/* SPDX-License-Identifier: ISC */
/*
 * privileges - what each program may do, and what the running ones can
 *
 * The first half comes from the programs themselves (PROGRAM --privileges
 * prints the table beside its main), the second from the kernel. Where they
 * differ, the second is true.
 */
#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/process.h"
#include "lib/base/file.h"

#define SAID_MOST	65536

static json_t *programs;	/* in the order of roles */

/* ---- what the programs say ---- */

/* The output of PROGRAM --privileges; false when there is no such program. */
static bool
ask_program(const char *path, struct str *said)
{
	int pair[2], status;
	pid_t pid;
	bool fine;

	if (access(path, X_OK) < 0 || pipe(pair) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], STDOUT_FILENO);
		close(pair[0]);
		close(pair[1]);
		execl(path, path, "--privileges", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	fine = pid > 0 && file_read_fd(pair[0], SAID_MOST, said);
	close(pair[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && fine &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static json_t *
words_of(struct view v)
{
	json_t *all = json_array();

	while ((v = view_trim(v)).n > 0)
		json_array_append_new(all, output_text(view_word(&v)));
	return all;
}

static void
take_path(json_t *paths, struct view v)
{
	struct view access = view_word(&v);

	json_array_append_new(paths,
	    json_pack("{s:o,s:o}", "access", output_text(access), "path",
		output_text(view_trim(v))));
}

/* A line "name value" of the program. */
static void
take_line(json_t *p, struct view line)
{
	struct view name = view_word(&line), value = view_trim(line);
	char key[32];
	json_t *j;

	if (name.n == 0 || name.n >= sizeof(key))
		return;
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	if (view_is(name, "path")) {
		take_path(json_object_get(p, "paths"), value);
		return;
	}
	if (view_is(name, "calls") || view_is(name, "peers"))
		j = words_of(value);
	else
		j = output_text(value);
	json_object_set_new(p, key, j);
}

static json_t *
told_by(const struct settings *s, unsigned role)
{
	struct str path = { 0 }, said = { 0 };
	struct view rest;
	json_t *p = NULL;

	str_addf(&path, "%s/%s", s->program_dir, role_name(role));
	if (ask_program(str_c(&path), &said)) {
		p = json_pack("{s:s,s:[],s:[]}", "program", role_name(role),
		    "paths", "processes");
		rest = str_view(&said);
		while (rest.n > 0)
			take_line(p, view_cut(&rest, '\n'));
	}
	str_free(&path);
	str_free(&said);
	return p;
}

/* ---- what runs ---- */

static json_t *
program_named(const char *name)
{
	size_t i;
	json_t *p;

	for (i = 0; (p = json_array_get(programs, i)) != NULL; i++)
		if (strcmp(json_string_value(json_object_get(p, "program")),
			name) == 0)
			return p;
	return NULL;
}

static void
on_program(struct channel *c, uint32_t tag, struct msg_status_program *m)
{
	json_t *p = program_named(role_name(m->role)), *j, *fds;

	(void)c;
	(void)tag;
	if (p == NULL || m->pid == 0 || (j = process_rights(m->pid)) == NULL)
		return;
	json_object_set_new(j, "pid", json_integer(m->pid));
	json_object_set_new(j, "instance", json_integer(m->instance));
	json_object_set_new(j, "layers", output_text(m->layers));
	fds = process_descriptors(m->pid);
	json_object_set_new(j, "descriptors", fds != NULL ? fds : json_null());
	json_array_append_new(json_object_get(p, "processes"), j);
}

static void
on_end(struct channel *c, uint32_t tag, struct msg_status_end *m)
{
	(void)c;
	(void)tag;
	(void)m;
	link_done();
}

static const struct handlers handlers = {
	.status_program = on_program,
	.status_end = on_end,
	.closed = link_closed,
};

/* ---- printing ---- */

static void
print_words(const char *head, const json_t *words)
{
	size_t i;
	json_t *w;

	printf("  %-10s", head);
	for (i = 0; (w = json_array_get(words, i)) != NULL; i++)
		printf(" %s", json_string_value(w));
	putchar('\n');
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text != NULL ? text : "";
}

static void
print_process(const json_t *j)
{
	const json_t *fds = json_object_get(j, "descriptors");

	printf("  %-10s %lld user=%s no-new-privileges=%s seccomp=%lld "
	       "capabilities=%s",
	    "runs as", json_integer_value(json_object_get(j, "pid")),
	    text_of(j, "user"),
	    json_is_true(json_object_get(j, "no_new_privileges")) ? "yes" :
								    "no",
	    json_integer_value(json_object_get(j, "seccomp")),
	    text_of(j, "capabilities"));
	if (json_is_array(fds))
		printf(" descriptors=%zu", json_array_size(fds));
	printf("\n  %-10s %s\n", "", text_of(j, "layers"));
}

static void
print_program(const json_t *p)
{
	const json_t *paths = json_object_get(p, "paths");
	const json_t *processes = json_object_get(p, "processes");
	size_t i;
	json_t *j;

	printf("%s: %s\n", text_of(p, "program"), text_of(p, "purpose"));
	printf("  %-10s %s\n", "user", text_of(p, "user"));
	print_words("calls", json_object_get(p, "calls"));
	print_words("peers", json_object_get(p, "peers"));
	for (i = 0; (j = json_array_get(paths, i)) != NULL; i++)
		printf("  %-10s %s\n", text_of(j, "access"),
		    text_of(j, "path"));
	for (i = 0; (j = json_array_get(processes, i)) != NULL; i++)
		print_process(j);
	putchar('\n');
}

static int
privileges(struct ctl *ctl)
{
	const struct settings *s = ctl_settings(ctl);
	struct message m = { .type = MSG_status };
	size_t i;
	json_t *p;

	programs = json_array();
	for (unsigned n = 0; n < ROLE_COUNT; n++)
		if (1u << n & ROLE_CHILDREN &&
		    (p = told_by(s, 1u << n)) != NULL)
			json_array_append_new(programs, p);
	if (json_array_size(programs) == 0)
		return ctl_fail(EX_UNAVAILABLE, "there are no programs in %s",
		    s->program_dir);
	if (link_try(ctl, &handlers)) {
		channel_send(link_master(), &m);
		link_wait();
	}
	if (ctl_has(ctl, OPTION_JSON)) {
		output_json(programs);
		return 0;
	}
	for (i = 0; (p = json_array_get(programs, i)) != NULL; i++)
		print_program(p);
	json_decref(programs);
	return 0;
}

const struct command privileges_commands[] = {
	{ "privileges", "", OPTION_JSON, 0, 0, privileges,
	    "what each program may do, and what those that run can" },
	{ 0 },
};
