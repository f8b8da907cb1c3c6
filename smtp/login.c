/* SPDX-License-Identifier: ISC */
/*
 * login - one row of a table for each mechanism, strongest first
 *
 * What the server refuses as a mechanism (504, 534) is tried with the next one.
 * A wrong password is not: it would be wrong again, and count as a guess. Binding
 * to the connection is given up only with a server that is verified, where
 * nobody can stand in between.
 */
#include "lib/base/log.h"
#include "lib/mail/encode.h"
#include "lib/proc/tls.h"
#include "smtp/login.h"
#include "smtp/logins.h"

#define LINE_MOST 500		/* of a command; RFC 5321 4.5.3.1.4 has 512 */

enum end { LOGGED_IN, REFUSED, NEXT };

struct mechanism;
struct attempt {
	struct client *c;
	struct login *login;
	const struct mechanism *mechanism;
	struct outcome *o;
	bool bound_failed;	/* a try with channel binding was refused */
};

typedef enum end run_fn(struct attempt *a);
struct mechanism {
	const char *name;
	run_fn *run;
	enum scram_hash hash;
	bool bound;
};

/* ---- lines ---- */

static bool
has(const struct client *c, const char *name)
{
	struct view list = c->features.auth, word;

	while ((word = view_word(&list)).n > 0)
		if (view_isi(word, name))
			return true;
	return false;
}

static bool
send_line(struct attempt *a, const char *line)
{
	bool ok;

	a->c->stream.secret = true;
	ok = client_command(a->c, PHASE_AUTH, a->o, "%s", line);
	a->c->stream.secret = false;
	return ok;
}

/* One message of the mechanism; the reply is in c->response. */
static bool
say(struct attempt *a, struct view octets)
{
	struct str line = { 0 };
	bool ok;

	(void)str_room(&line, octets.n * 2 + 8);
	encode_base64(&line, octets);
	ok = send_line(a, str_c(&line));
	str_wipe(&line);
	str_free(&line);
	return ok;
}

/* The first one, in the command where it fits in there. NULL: the server speaks
 * first. */
static bool
begin(struct attempt *a, const struct view *octets)
{
	struct str line = { 0 };
	bool ok, fits;

	str_addf(&line, "AUTH %s", a->mechanism->name);
	fits = octets != NULL && line.n + octets->n * 4 / 3 + 8 < LINE_MOST;
	if (fits) {
		(void)str_room(&line, octets->n * 2 + 8);
		str_addc(&line, ' ');
		encode_base64(&line, *octets);
	}
	ok = send_line(a, str_c(&line));
	str_wipe(&line);
	str_free(&line);
	if (!ok || fits || octets == NULL || a->c->response.code != 334)
		return ok;
	return say(a, *octets);
}

/* What the server says within 334, in the arena; false when it is no base64. */
static bool
challenge(const struct attempt *a, struct view *out)
{
	struct str octets = { 0 };
	struct view line;
	size_t at = 0;
	bool ok = a->c->response.code == 334 &&
	    response_line(&a->c->response, &at, &line) &&
	    decode_base64(&octets, view_trim(line));

	*out = ok ? arena_view(a->o->arena, str_view(&octets)) : VIEW_NONE;
	str_free(&octets);
	return ok;
}

/* ---- ends ---- */

static enum end
lost(struct attempt *a)
{
	(void)a;		/* client_command() has said it */
	return REFUSED;
}

/* The server broke the rules of the mechanism, or is not who it should be. */
static enum end
distrust(struct attempt *a, const char *what)
{
	a->c->broken = true;
	outcome_later(a->o, "7.8", "cannot log in at host %s as %s with %s: %s",
	    a->c->host, str_c(&a->login->words.name), a->mechanism->name, what);
	log_error("smtp", "%.*s", VIEW(a->o->sentence));
	return REFUSED;
}

static bool
is_about_mechanism(unsigned code)
{
	return code == 504 || code == 534;
}

/* Once for each login: whoever reads the log finds it, and is not drowned. */
static void
complain(struct attempt *a)
{
	if (!a->login->refused)
		log_error("relay_logins", "login %s is refused: %.*s",
		    str_c(&a->login->words.name), VIEW(a->o->sentence));
	a->login->refused = true;
}

static enum end
refused(struct attempt *a)
{
	const struct response *r = &a->c->response;

	client_refused(a->c, PHASE_AUTH, a->o);
	a->o->verdict = VERDICT_LATER;
	if (a->c->broken)
		return REFUSED;
	if (is_about_mechanism(r->code))
		return NEXT;
	if (response_class(r) == 5)
		complain(a);
	return REFUSED;
}

static enum end
verdict(struct attempt *a)
{
	return a->c->response.code == 235 ? LOGGED_IN : refused(a);
}

/* ---- passwords as they are ---- */

static enum end
run_plain(struct attempt *a)
{
	const struct relay_login *l = &a->login->words;
	struct str text = { 0 };
	struct view octets;
	bool ok;

	(void)str_room(&text, l->user.n + l->password.n + 2);
	str_addc(&text, '\0');
	str_add(&text, str_view(&l->user));
	str_addc(&text, '\0');
	str_add(&text, str_view(&l->password));
	octets = str_view(&text);
	ok = begin(a, &octets);
	str_wipe(&text);
	str_free(&text);
	return ok ? verdict(a) : lost(a);
}

static enum end
run_login(struct attempt *a)
{
	const struct relay_login *l = &a->login->words;

	if (!begin(a, NULL))
		return lost(a);
	if (a->c->response.code != 334)
		return refused(a);
	if (!say(a, str_view(&l->user)))
		return lost(a);
	if (a->c->response.code != 334)
		return refused(a);
	return say(a, str_view(&l->password)) ? verdict(a) : lost(a);
}

/* ---- SCRAM ---- */

/* tls-exporter where the protocol has it (RFC 9266), else the certificate. */
static size_t
bind_to(const struct client *c, const char **name, unsigned char *out)
{
	enum tls_binding kind = TLS_SERVER_END_POINT;

	*name = "tls-server-end-point";
	if (c->info != NULL && strcmp(c->info->version, "TLSv1.3") == 0) {
		kind = TLS_EXPORTER;
		*name = "tls-exporter";
	}
	return tls_binding(&c->stream, kind, out);
}

/* A server that has no -PLUS is told that we would have had it: one whose list
 * was cut short on the way notices. */
static char
flag_of(const struct attempt *a, size_t binding_n)
{
	if (a->mechanism->bound)
		return 'p';
	return binding_n == 0 || a->bound_failed ||
		has(a->c, "SCRAM-SHA-256-PLUS") ||
		has(a->c, "SCRAM-SHA-1-PLUS") ? 'n' : 'y';
}

/* With a server that is verified, it may go without binding. */
static enum end
refused_bound(struct attempt *a)
{
	const struct client *c = a->c;

	if (!a->mechanism->bound || c->broken || c->info == NULL ||
	    !c->info->verified || response_class(&c->response) != 5)
		return refused(a);
	refused(a);
	a->bound_failed = true;
	return NEXT;
}

static bool
is_about_binding(const struct response *r)
{
	return view_search(str_view(&r->text), VIEW_LIT("channel-binding")) <
	    r->text.n;
}

static enum end
finish_scram(struct attempt *a, struct scram_client *s)
{
	struct view final;

	if (a->c->response.code == 235)
		return distrust(a, "the server did not prove that it knows "
				   "the password");
	if (a->c->response.code != 334)
		return is_about_binding(&a->c->response) ? refused_bound(a) :
							   refused(a);
	if (!challenge(a, &final) || !scram_client_verify(s, final))
		return distrust(a, "the server does not know the password");
	return say(a, VIEW_NONE) ? verdict(a) : lost(a);
}

static enum end
answer_scram(struct attempt *a, struct scram_client *s)
{
	struct view octets;
	struct str out = { 0 };
	const char *wrong = "the challenge is malformed";
	bool ok;

	if (!challenge(a, &octets) || !scram_client_final(s, octets,
		str_view(&a->login->words.password), &a->login->keys[s->hash],
		&out, &wrong)) {
		str_free(&out);
		return distrust(a, wrong);
	}
	ok = say(a, str_view(&out));
	str_free(&out);
	return ok ? finish_scram(a, s) : lost(a);
}

static enum end
run_scram(struct attempt *a)
{
	unsigned char binding[TLS_BINDING_MAX];
	struct scram_client s = { .hash = a->mechanism->hash };
	struct scram_binding b;
	struct str first = { 0 };
	struct view octets;
	enum end end;
	size_t n = bind_to(a->c, &b.name, binding);

	if (a->mechanism->bound && n == 0)
		return NEXT;
	b.flag = flag_of(a, n);
	b.data = view_bytes(binding, n);
	scram_client_first(&s, str_view(&a->login->words.user), &b, NULL,
	    &first);
	octets = str_view(&first);
	if (!begin(a, &octets))
		end = lost(a);
	else if (a->c->response.code != 334)
		end = refused_bound(a);
	else
		end = answer_scram(a, &s);
	str_free(&first);
	scram_client_end(&s);
	return end;
}

/* ---- for callers ---- */

static const struct mechanism mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", run_scram, SCRAM_SHA_256, true },
	{ "SCRAM-SHA-256", run_scram, SCRAM_SHA_256, false },
	{ "SCRAM-SHA-1-PLUS", run_scram, SCRAM_SHA_1, true },
	{ "SCRAM-SHA-1", run_scram, SCRAM_SHA_1, false },
	{ "PLAIN", run_plain, SCRAM_SHA_1, false },
	{ "LOGIN", run_login, SCRAM_SHA_1, false },
};

static bool
try_all(struct attempt *a)
{
	enum end end = NEXT;

	outcome_later(a->o, "7.8", "host %s has no way to log in that we have, "
	    "but %.*s", a->c->host, VIEW(a->c->features.auth));
	for (size_t i = 0; i < nitems(mechanisms) && end == NEXT; i++) {
		a->mechanism = &mechanisms[i];
		if (has(a->c, mechanisms[i].name) &&
		    !(mechanisms[i].bound && a->bound_failed))
			end = mechanisms[i].run(a);
	}
	return end == LOGGED_IN;
}

bool
login_do(struct client *c, const struct hop *hop, struct outcome *o)
{
	struct attempt a = { .c = c, .o = o };

	if (c->info == NULL && hop->tls != HOP_TLS_NONE &&
	    hop->kind != HOP_UNIX)
		return outcome_later(o, "7.11", "host %s has no TLS to log in "
		    "under (tls=none in the route would do without)", c->host);
	if (!(c->features.bits & FEATURE_AUTH))
		return outcome_later(o, "7.8", "host %s does not offer to log "
		    "in (AUTH), and the route wants it", c->host);
	a.login = logins_take(hop->login);
	if (a.login == NULL)
		return outcome_later(o, "7.8", "relay_logins has no login named "
		    "%.*s for host %s", VIEW(hop->login), c->host);
	c->authenticated = try_all(&a);
	if (c->authenticated)
		a.login->refused = false;
	logins_give(&a.login);
	return c->authenticated;
}

void
login_file(struct channel *master, uint32_t tag, struct msg_relay_logins *m)
{
	(void)master;
	(void)tag;
	logins_read(m->file);
}
