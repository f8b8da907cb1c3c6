/* SPDX-License-Identifier: ISC */
/*
 * server - start, stop, reload, status, version
 *
 * Starting is master's own work: it goes into the background, says on this
 * terminal what is wrong, and ends with a code when everything runs or nothing
 * does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/link.h"
#include "ctl/output.h"
#include "ctl/quickstart.h"
#include "lib/base/clock.h"
#include "lib/base/version.h"
#include "lib/proc/fiber.h"

#define STOP_MS	90000

static const struct handlers no_handlers = { .closed = link_closed };

static int
start(struct ctl *ctl)
{
	struct str path = { 0 };

	str_addf(&path, "%s/master", ctl_settings(ctl)->program_dir);
	execl(str_c(&path), "master", "-c", ctl->file, (char *)NULL);
	return ctl_fail(EX_UNAVAILABLE, "cannot run %s: %s", str_c(&path),
	    strerror(errno));
}

static void
too_long(void *unused)
{
	(void)unused;
	ctl_fail(0, "the server has not stopped within %d seconds; look into "
	    "its log", STOP_MS / 1000);
	exit(EX_TEMPFAIL);
}

static int
stop(struct ctl *ctl)
{
	struct message m = { .type = MSG_stop };
	struct why w;
	int code = link_open(ctl, &no_handlers);

	if (code != 0)
		return code;
	loop_timer_new(STOP_MS, too_long, NULL);
	if (!link_ask(link_master(), &m, &w))
		return ctl_fail(EX_TEMPFAIL, "the server does not stop: %s",
		    w.text);
	while (link_master() != NULL)
		link_wait();	/* master is the last to go */
	return 0;
}

static int
reload(struct ctl *ctl)
{
	struct message m = { .type = MSG_reload };
	struct reply r;
	struct why w;
	int code = link_open(ctl, &no_handlers);

	if (code != 0)
		return code;
	if (!link_call(link_master(), &m, &r, &w)) {
		code = ctl_fail(EX_TEMPFAIL, "%s", w.text);
	} else if (!reply_is(&r, MSG_answer, &w)) {
		fprintf(stderr, "%.*s\n", VIEW(view_trim(r.m.answer.sentence)));
		code = ctl_fail(EX_CONFIG,
		    "nothing has changed: the old settings stay in force");
	}
	reply_free(&r);
	return code;
}

/* ---- status ---- */

static struct {
	struct table table;
	json_t *programs, *server;
} seen;

static void
table_program(const struct msg_status_program *m)
{
	table_add(&seen.table, "%s", role_name(m->role));
	table_add(&seen.table, "%u", m->instance);
	if (m->pid != 0)
		table_add(&seen.table, "%u", m->pid);
	else
		table_add(&seen.table, "-");
	table_add(&seen.table, "%.*s", VIEW(m->state));
	table_add(&seen.table, "%u", m->sessions);
	table_add(&seen.table, "%u", m->restarts);
	table_add(&seen.table, "%s", output_time(m->since));
}

static void
on_program(struct channel *c, uint32_t tag, struct msg_status_program *m)
{
	json_t *j = json_object();

	(void)c;
	(void)tag;
	table_program(m);
	json_object_set_new(j, "program", json_string(role_name(m->role)));
	json_object_set_new(j, "instance", json_integer(m->instance));
	json_object_set_new(j, "process", json_integer(m->process));
	json_object_set_new(j, "pid", json_integer(m->pid));
	json_object_set_new(j, "state", output_text(m->state));
	json_object_set_new(j, "sessions", json_integer(m->sessions));
	json_object_set_new(j, "restarts", json_integer(m->restarts));
	json_object_set_new(j, "since", json_integer(m->since));
	json_object_set_new(j, "layers", output_text(m->layers));
	json_array_append_new(seen.programs, j);
}

static void
on_end(struct channel *c, uint32_t tag, struct msg_status_end *m)
{
	(void)c;
	(void)tag;
	json_object_set_new(seen.server, "running", json_true());
	json_object_set_new(seen.server, "pid", json_integer(m->pid));
	json_object_set_new(seen.server, "since", json_integer(m->since));
	json_object_set_new(seen.server, "version", output_text(m->version));
	link_done();
}

static const struct handlers status_handlers = {
	.status_program = on_program,
	.status_end = on_end,
	.closed = link_closed,
};

static int
not_running(struct ctl *ctl)
{
	if (!ctl_has(ctl, OPTION_JSON))
		return link_open(ctl, &status_handlers);
	json_object_set_new(seen.server, "running", json_false());
	output_json(seen.server);
	return EX_UNAVAILABLE;
}

static void
print_status(struct ctl *ctl)
{
	json_t *s = seen.server;

	if (ctl_has(ctl, OPTION_JSON)) {
		json_object_set(s, "programs", seen.programs);
		output_json(s);
		return;
	}
	printf("posthouse %s, pid %lld, up since %s, settings %s\n\n",
	    json_string_value(json_object_get(s, "version")),
	    (long long)json_integer_value(json_object_get(s, "pid")),
	    output_time(json_integer_value(json_object_get(s, "since"))),
	    ctl->file);
	table_print(&seen.table);
	json_decref(s);
}

static int
status(struct ctl *ctl)
{
	static const char *const heads[] = { "PROGRAM", "NO", "PID", "STATE",
		"SESSIONS", "RESTARTS", "SINCE" };
	struct message m = { .type = MSG_status };

	seen.server = json_object();
	seen.programs = json_array();
	seen.table.columns = nitems(heads);
	for (size_t i = 0; i < nitems(heads); i++)
		table_add(&seen.table, "%s", heads[i]);
	if (!link_try(ctl, &status_handlers))
		return not_running(ctl);
	channel_send(link_master(), &m);
	if (!link_wait())
		return ctl_fail(EX_TEMPFAIL, "the server has just gone");
	print_status(ctl);
	json_decref(seen.programs);
	return 0;
}

static int
version(struct ctl *ctl)
{
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_pack("{s:s}", "version", POSTHOUSE_VERSION));
	else
		puts("posthouse " POSTHOUSE_VERSION);
	return 0;
}

const struct command server_commands[] = {
	{ "quickstart", "YOU@DOMAIN", OPTION_YES | OPTION_LOCAL | OPTION_RELAY,
	    1, 1, quickstart, "write a site that works, start it and try it" },
	{ "start", "", 0, 0, 0, start, "start the server" },
	{ "stop", "", 0, 0, 0, stop, "stop it; what is under way is finished" },
	{ "reload", "", 0, 0, 0, reload,
	    "read settings and tables again; sessions go on" },
	{ "status", "", OPTION_JSON, 0, 0, status,
	    "is it running, and each of its programs" },
	{ "version", "", OPTION_JSON, 0, 0, version,
	    "version of the software" },
	{ 0 },
};
