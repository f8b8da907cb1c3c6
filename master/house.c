/* SPDX-License-Identifier: ISC */
/*
 * house - start, reload and stop of the whole server
 *
 * A start that does not succeed at once because of something that only the
 * administrator can put right (a program refuses its settings, or cannot be
 * executed) is given up; after the start, master never gives up.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "master/control.h"
#include "master/dns_files.h"
#include "master/drain.h"
#include "master/handover.h"
#include "master/helper.h"
#include "master/house.h"
#include "master/key_files.h"
#include "master/lock.h"
#include "master/login_file.h"
#include "master/notify.h"
#include "master/places.h"
#include "master/roster.h"
#include "master/sockets.h"
#include "master/spawn.h"
#include "master/system_users.h"

#define GRACE_MS	10000	/* for each stage of a stop */
#define START_TRIES	5

static struct {
	struct house_start start;
	struct settings *settings;
	int64_t since;
	int log;		/* descriptor, -1: the journal */
	bool ready, stopping;
	enum stage stage;	/* of the stop */
	int result;
} house = { .log = -1 };

const struct settings *
house_settings(void)
{
	return house.settings;
}

const char *
house_file(void)
{
	return house.start.file;
}

int64_t
house_since(void)
{
	return house.since;
}

int
house_log(void)
{
	return house.log < 0 ? -1 : fcntl(house.log, F_DUPFD_CLOEXEC, 0);
}

bool
house_is_stopping(void)
{
	return house.stopping;
}

int
house_result(void)
{
	return house.result;
}

/* ---- stop ---- */

/* The next stage that has somebody in it, or the end. */
static void
stop_on(void *unused)
{
	(void)unused;
	while (house.stage < STAGES && roster_stage_count(house.stage) == 0) {
		house.stage++;
		if (house.stage < STAGES)
			roster_stop_stage(house.stage, GRACE_MS);
	}
	if (house.stage == STAGES)
		loop_stop();
}

void
house_stop(void)
{
	if (house.stopping)
		return;
	house.stopping = true;
	log_info("master", "stopping");
	notify_say("STOPPING=1\nSTATUS=Stopping");
	sockets_close();
	control_close();
	drain_end();
	house.stage = STAGE_SESSIONS;
	roster_stop_stage(house.stage, GRACE_MS);
	loop_defer(stop_on, NULL);
}

/* ---- start ---- */

static void
say_ready(void)
{
	notify_say("READY=1\nSTATUS=Running with settings of %s\nMAINPID=%d",
	    house.start.file, (int)getpid());
}

static void
now_ready(void)
{
	house.ready = true;
	house.start.ready();
	log_info("master", "ready pid=%d settings=%s digest=%s", (int)getpid(),
	    house.start.file, house.settings->digest);
	say_ready();
	drain_begin();
	roster_begin();
	key_files_begin();
	login_file_begin();
	dns_files_begin();
	system_users_begin();
}

void
house_changed(void)
{
	if (house.stopping)
		loop_defer(stop_on, NULL);
	else if (!house.ready && roster_is_ready())
		now_ready();
}

void
house_died(const struct child *c)
{
	int status = WIFEXITED(c->status) ? WEXITSTATUS(c->status) : 0;

	if (house.ready || house.stopping)
		return;
	if (status != EX_CONFIG && status != EX_USAGE &&
	    status != SPAWN_FAILED && c->failures < START_TRIES)
		return;
	log_error("master", "the start is given up: %s %s",
	    child_name(c),
	    status == SPAWN_FAILED ? "cannot be executed" :
	    status == EX_CONFIG	   ? "cannot work so, see above or in the log" :
				     "ends again and again");
	house.result = status == EX_CONFIG ? EX_CONFIG : EX_UNAVAILABLE;
	house_stop();
}

static bool
check_programs(const struct settings *s, struct str *error)
{
	struct str path = { 0 };
	size_t before = error->n;

	for (size_t i = 0; i < program_rows_n; i++) {
		if (program_rows[i].need == NEED_LATER)
			continue;
		str_reset(&path);
		str_addf(&path, "%s/%s", s->program_dir,
		    role_name(program_rows[i].role));
		if (access(str_c(&path), X_OK) < 0)
			str_addf(error, "%s: %s; program_dir names the "
			    "directory of the server programs\n", str_c(&path),
			    strerror(errno));
	}
	str_free(&path);
	return helper_check(s, error) && error->n == before;
}

static bool
open_log(const struct settings *s, struct str *error)
{
	if (s->log_file[0] != '\0') {
		house.log = open(s->log_file,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
		if (house.log < 0)
			str_addf(error, "cannot open log_file %s: %s",
			    s->log_file, strerror(errno));
		return house.log >= 0;
	}
	/* somebody watches: show it */
	if (house.start.foreground && isatty(STDERR_FILENO))
		house.log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	return true;
}

bool
house_begin(const struct house_start *start, struct str *error)
{
	struct settings *s;

	house.start = *start;
	house.since = clock_wall();
	s = house.settings = settings_load(start->file, error);
	if (s == NULL || !check_programs(s, error) ||
	    !key_files_check(s, error) || !places_make(s, error) ||
	    !lock_take(s->run_dir, error) || !open_log(s, error) ||
	    !control_open(s->run_dir, error) || !sockets_open(s, error))
		return false;
	if (!start->foreground)
		spawn_stderr(house.log);
	roster_fill();
	return true;
}

/* ---- reload ---- */

/* Programs are confined to these at their start, or hold what they name. */
static const char *const fixed[] = { "users", "aliases", "canonical",
	"spool_dir", "mail_dir", "state_dir", "run_dir", "log_file", "log_ident",
	"drop_privileges", "store_instances", "index_cache", "tls_ca" };

struct lookup {
	const char *name;
	struct str value;
};

static void
look_up(void *arg, const char *section, const char *name, const char *value,
    bool is_default, const char *sentence)
{
	struct lookup *l = arg;

	(void)is_default;
	(void)sentence;
	if (section == NULL && strcmp(name, l->name) == 0)
		str_adds(&l->value, value);
}

static bool
is_same(const struct settings *a, const struct settings *b, const char *name)
{
	struct lookup la = { name, { 0 } }, lb = { name, { 0 } };
	bool same;

	settings_each(a, look_up, &la);
	settings_each(b, look_up, &lb);
	same = view_eq(str_view(&la.value), str_view(&lb.value));
	str_free(&la.value);
	str_free(&lb.value);
	return same;
}

static bool
may_change(const struct settings *to, struct str *error)
{
	bool fine = true;

	for (size_t i = 0; i < nitems(fixed); i++)
		if (!is_same(house.settings, to, fixed[i])) {
			str_addf(error, "%s cannot change while the server "
			    "runs; stop it and start it again\n", fixed[i]);
			fine = false;
		}
	return fine;
}

static bool
take_settings(struct str *error)
{
	struct settings *s = settings_load(house.start.file, error);
	struct settings *was = house.settings;

	if (s == NULL || !may_change(s, error) || !check_programs(s, error) ||
	    !key_files_check(s, error) || !sockets_open(s, error)) {
		settings_free(&s);
		return false;
	}
	house.settings = s;
	if (strcmp(s->digest, was->digest) != 0)
		handover_settings(was);
	sockets_prune(s);
	roster_fill();
	handover_drain();
	key_files_changed();
	login_file_changed();
	dns_files_changed();
	system_users_changed();
	settings_free(&was);
	return true;
}

static void
log_refusal(struct view errors)
{
	log_error("master", "settings not taken over, the old ones stay");
	while (errors.n > 0) {
		struct view line = view_cut(&errors, '\n');

		log_error("master", "%.*s", VIEW(line));
	}
}

bool
house_reload(struct str *error)
{
	bool fine;

	if (house.stopping || !house.ready) {
		str_addf(error, "the server is just %s",
		    house.stopping ? "stopping" : "starting");
		return false;
	}
	notify_reloading();
	fine = take_settings(error);
	if (fine)
		log_info("master", "settings read again digest=%s",
		    house.settings->digest);
	else
		log_refusal(str_view(error));
	say_ready();
	return fine;
}
