/* SPDX-License-Identifier: ISC */
/*
 * service - from exec to the loop, in one visible order
 *
 * service_main() reads as the list of steps: inherit the control channel,
 * greet master, receive settings, listeners and links, open what must be open,
 * give up rights, work. Everything that master says later comes through the
 * same handlers.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/proc/links.h"
#include "lib/proc/loop.h"
#include "lib/proc/pool.h"
#include "lib/proc/sandbox.h"
#include "lib/proc/session_tls.h"
#include "lib/proc/sessions.h"

#define CONTROL_FD	3
#define LOAD_EVERY_MS	500

/* A set of settings and how many sessions were begun with it. */
struct generation {
	LIST_ENTRY(generation) entry;
	struct settings *settings;
	size_t users;
};

static struct {
	const struct program *program;
	struct channel *master;
	LIST_HEAD(, generation) generations;
	struct generation *current;
	uint32_t process, instance;
	bool begun, stopping;
	void (*on_stop)(void);
	struct loop_timer *grace, *load;
} service;

/* ---- settings in force ---- */

const struct settings *
service_settings(void)
{
	return service.current->settings;
}

uint32_t
service_instance(void)
{
	return service.instance;
}

uint32_t
service_process(void)
{
	return service.process;
}

bool
service_stopping(void)
{
	return service.stopping;
}

void
service_on_stop(void (*fn)(void))
{
	service.on_stop = fn;
}

void
service_quit(void)
{
	loop_stop();
}

bool
service_call_master(const struct message *request, struct reply *reply,
    int64_t deadline, struct why *w)
{
	return channel_call(service.master, request, reply, deadline, w);
}

static struct generation *
generation_of(const struct settings *s)
{
	struct generation *g;

	LIST_FOREACH(g, &service.generations, entry)
		if (g->settings == s)
			break;
	must(g != NULL);
	return g;
}

static void
generation_free_if_unused(struct generation *g)
{
	if (g == NULL || g->users > 0 || g == service.current)
		return;
	LIST_REMOVE(g, entry);
	settings_free(&g->settings);
	free(g);
}

void
settings_use(const struct settings *s)
{
	generation_of(s)->users++;
}

void
settings_unuse(const struct settings *s)
{
	struct generation *g = generation_of(s);

	g->users--;
	generation_free_if_unused(g);
}

static void
settings_take(int fd)
{
	struct str text = { 0 }, errors = { 0 };
	struct generation *g = xcalloc(1, sizeof(*g)), *old = service.current;

	if (!file_read_fd(fd, 64u << 20, &text))
		fatal("cannot read the settings that master sent");
	g->settings = settings_parse(str_view(&text), &errors);
	if (g->settings == NULL)
		fatal("settings from master: %s", str_c(&errors));
	str_free(&text);
	str_free(&errors);
	LIST_INSERT_HEAD(&service.generations, g, entry);
	service.current = g;
	generation_free_if_unused(old);
}

static enum log_level
log_level(void)
{
	static const char *const levels[] = { "debug", "info", "warning",
		"error" };

	for (size_t i = 0; i < nitems(levels); i++)
		if (strcmp(service_settings()->log_level, levels[i]) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

/* ---- what master says ---- */

static void
on_welcome(struct channel *c, uint32_t tag, struct msg_welcome *m)
{
	(void)c;
	(void)tag;
	if (m->digest != message_digest())
		fatal("%s and master were built from different message tables: "
		      "install all programs of one version",
		    role_name(service.program->role));
	service.process = m->process;
	service.instance = m->instance;
	settings_take(m->settings);
	log_open(service_settings()->log_ident,
	    role_name(service.program->role), fd_take(&m->log), log_level());
}

static void
on_listener(struct channel *c, uint32_t tag, struct msg_listener *m)
{
	(void)c;
	(void)tag;
	sessions_listen(service.program, m->name, fd_take(&m->socket));
}

static void
on_peer(struct channel *c, uint32_t tag, struct msg_peer *m)
{
	(void)c;
	(void)tag;
	must(m->link >= 0 && (m->role & service.program->peers));
	links_add(service.program, m);
}

static void
on_start(struct channel *c, uint32_t tag, struct msg_start *m)
{
	(void)c;
	(void)tag;
	(void)m;
	loop_stop();
}

static void
changed(void)
{
	if (service.program->changed != NULL)
		service.program->changed();
}

static void
on_settings(struct channel *c, uint32_t tag, struct msg_settings *m)
{
	(void)c;
	(void)tag;
	settings_take(m->settings);
	log_set_level(log_level());
	sessions_prune();
	changed();
}

static void
on_drain(struct channel *c, uint32_t tag, struct msg_drain *m)
{
	(void)c;
	(void)tag;
	(void)m;
	changed();
}

static void
quit_when_empty(void)
{
	if (service.stopping && service.program->stopping == NULL &&
	    sessions_count() == 0)
		service_quit();
}

static void
grace_over(void *unused)
{
	(void)unused;
	log_warning("stop", "grace over, sessions=%zu", sessions_count());
	service_quit();
}

static void
on_stop(struct channel *c, uint32_t tag, struct msg_stop *m)
{
	(void)c;
	(void)tag;
	if (service.stopping)
		return;
	service.stopping = true;
	if (!service.begun) {
		service_quit();
		return;
	}
	if (service.on_stop != NULL)
		service.on_stop();
	sessions_stop();
	sessions_cancel();
	service.grace = loop_timer_new(m->grace, grace_over, NULL);
	if (service.program->stopping != NULL)
		service.program->stopping();
	quit_when_empty();
}

/* Without master nobody watches over this program, and its sockets must not
 * stay open beside those of the next master. */
static void
master_gone(struct channel *c)
{
	(void)c;
	log_flush();
	_exit(EX_TEMPFAIL);
}

/* What master says to every program; the program's own handlers hear what it
 * says to that one alone. */
static const struct handlers *
master_handlers(void)
{
	static struct handlers h;

	if (service.program->handlers != NULL)
		h = *service.program->handlers;
	h.welcome = on_welcome;
	h.listener = on_listener;
	h.peer = on_peer;
	h.start = on_start;
	h.settings = on_settings;
	h.drain = on_drain;
	h.stop = on_stop;
	h.closed = master_gone;
	return &h;
}

/* ---- what master is told ---- */

static void
tell_load(void *unused)
{
	struct message m = { .type = MSG_load,
		.load = { (uint32_t)sessions_count(), sessions_full() } };

	(void)unused;
	loop_timer_free(&service.load);
	channel_send(service.master, &m);
}

/* Fullness is told at once, numbers now and then. */
static void
sessions_changed(void)
{
	static bool was_full;
	bool full = sessions_full();

	quit_when_empty();
	if (full != was_full) {
		was_full = full;
		tell_load(NULL);
	} else if (service.load == NULL) {
		service.load = loop_timer_new(LOAD_EVERY_MS, tell_load, NULL);
	}
}

static void
greet(void)
{
	struct message m = { .type = MSG_hello,
		.hello = { message_digest(), (uint32_t)getpid(),
		    view_of(role_name(service.program->role)) } };

	channel_send(service.master, &m);
}

static void
tell_ready(const struct str *layers)
{
	struct message m = { .type = MSG_ready,
		.ready = { view_trim(str_view(layers)) } };

	channel_send(service.master, &m);
	log_debug("start", "ready layers=\"%s\"", str_c(layers));
}

/* ---- the order of a start ---- */

static void
inherit(void)
{
	struct rlimit files;
	struct peer_id id = { .role = ROLE_MASTER };

	if (fcntl(CONTROL_FD, F_GETFD) < 0) {
		fprintf(stderr, "%s is started by master; run: posthouse "
		    "start\n", role_name(service.program->role));
		exit(EX_USAGE);
	}
	fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* the terminal's goes to master */
	umask(007);
	tzset();
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
		sessions_descriptors(files.rlim_max);
	}
	service.master = channel_open(CONTROL_FD, service.program->role, id,
	    master_handlers());
	links_open(service.master);
}

int
service_main(const struct program *p, int argc, char **argv)
{
	struct str layers = { 0 };

	if (argc == 2 && strcmp(argv[1], "--privileges") == 0) {
		sandbox_print(p);
		return 0;
	}
	service.program = p;
	inherit();
	greet();
	loop_run();		/* until on_start */
	if (service.stopping)
		return 0;
	if (p->prepare != NULL)
		p->prepare();
	session_tls_use(p->tls);
	if (p->tls != NULL)
		p->tls->prepare();
	sandbox_paths(p, service_settings(), &layers);
	sandbox_user(p, service_settings(), &layers);
	pool_start(p->threads);
	sandbox_calls(p, &layers);
	sessions_notify(sessions_changed);
	if (p->begin != NULL)
		p->begin();
	links_begin(p);
	service.begun = true;
	sessions_begin();
	tell_ready(&layers);
	str_free(&layers);
	log_hold(true);
	loop_run();
	log_hold(false);
	return 0;
}
