/* SPDX-License-Identifier: ISC */
/*
 * check_routes - reads the files as router and smtp do
 *
 * Beyond what the readers say: two lines of one pattern, domains that are
 * delivered here, logins that relay_logins does not have, addresses to send from
 * that this host does not have. The passwords are for root; without them only
 * the names cannot be checked.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/check_routes.h"
#include "ctl/doubles.h"
#include "lib/base/file.h"
#include "lib/mail/hop.h"
#include "lib/mail/relay_logins.h"
#include "lib/mail/routes.h"
#include "lib/proc/table_name.h"

#define FILE_MOST	((size_t)1 << 30)

struct check {
	const struct settings *s;
	const char *file;	/* the one that is being read */
	struct str *errors, *warnings, *complaints;
	struct doubles patterns;
	bool names_known;	/* logins has all of them */
	struct str logins;	/* names, an LF behind each and before the first */
	struct arena arena;
};

static void
complain(void *arg, size_t line, size_t column, const char *sentence)
{
	struct check *c = arg;

	str_addf(c->complaints, "%s:%zu:%zu: %s\n", c->file, line, column,
	    sentence);
}

static void
warn_source(struct check *c, const char *where, struct view text)
{
	struct sockaddr_storage to;
	struct address16 a;
	int fd;

	if (!address16_parse(text, &a))
		return;
	address16_sockaddr(&a, 0, &to);
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (bind(fd, (struct sockaddr *)&to, to.ss_family == AF_INET ?
		sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) < 0)
		str_addf(c->warnings, "%s: %.*s is no address of this host\n",
		    where, VIEW(text));
	close(fd);
}

/* ---- logins ---- */

static void
take_login(void *arg, unsigned line UNUSED, const struct relay_login *l,
    const char *wrong UNUSED)
{
	struct check *c = arg;

	if (l == NULL)
		return;
	str_add(&c->logins, str_view(&l->name));
	str_addc(&c->logins, '\n');
}

/* What is wrong with the file itself is told elsewhere. */
static void
read_logins(struct check *c)
{
	const char *path = c->s->relay_logins;
	struct str text = { 0 };

	str_addc(&c->logins, '\n');
	c->names_known = path[0] == '\0' ||
	    file_read(AT_FDCWD, path, RELAY_LOGINS_MOST, &text) ||
	    errno == ENOENT;
	relay_logins_read(str_view(&text), take_login, c);
	str_wipe(&text);
	str_free(&text);
}

static bool
has_login(struct check *c, struct view name)
{
	struct str line = { 0 };
	bool has;

	str_addf(&line, "\n%.*s\n", VIEW(name));
	has = view_search(str_view(&c->logins), str_view(&line)) <
	    c->logins.n;
	str_free(&line);
	return has;
}

/* ---- routes ---- */

static void
check_hop(struct check *c, const struct route *r)
{
	char where[320];
	struct hop h;
	struct why w;

	if (!hop_parse(r->text, &c->arena, &h, &w))
		return;
	snprintf(where, sizeof(where), "%.300s:%u", c->file, r->line);
	if (h.login.n > 0 && c->names_known && !has_login(c, h.login))
		str_addf(c->errors, "%s: there is no login %.*s in %s\n",
		    where, VIEW(h.login), c->s->relay_logins[0] != '\0' ?
		    c->s->relay_logins : "relay_logins, which is not set");
	if (h.source.n > 0)
		warn_source(c, where, h.source);
}

/* A domain that is delivered here does not go anywhere else. */
static void
check_domain(struct check *c, struct view key, const struct route *r)
{
	struct str ours = { 0 };

	for (size_t i = 0; i < c->s->domains.n; i++)
		if (routes_key_domain(&ours, ROUTES_DOMAIN,
			c->s->domains.word[i]) &&
		    view_eq(str_view(&ours), key))
			str_addf(c->warnings, "%s:%u: mail for %.*s is "
			    "delivered here, as domains says: only lines for "
			    "single addresses count\n", c->file, r->line,
			    VIEW(view_skip(key, 1)));
	str_free(&ours);
}

static bool
take_route(void *arg, struct view key, const struct route *r)
{
	struct check *c = arg;

	doubles_add(&c->patterns, key, r->line);
	if (key.p[0] == ROUTES_DOMAIN)
		check_domain(c, key, r);
	if (r->kind == ROUTE_HOP || r->kind == ROUTE_OWN)
		check_hop(c, r);
	arena_reset(&c->arena);
	return true;
}

static void
complain_double(void *arg, struct view key, uint32_t number, uint32_t before)
{
	struct check *c = arg;
	struct str pattern = { 0 };

	routes_pattern(key, &pattern);
	str_addf(c->errors, "%s:%u:1: %s stands in line %u, too\n", c->file,
	    number, str_c(&pattern), before);
	str_free(&pattern);
}

static void
check_file(struct check *c)
{
	const struct routes_sink sink = { take_route, complain, c };
	struct str text = { 0 };

	c->file = c->s->routes;
	c->complaints = c->errors;
	if (c->file[0] == '\0')
		return;
	if (!file_read(AT_FDCWD, c->file, FILE_MOST, &text) && errno != ENOENT)
		str_addf(c->errors, "%s: cannot read the routes: %s\n",
		    c->file, strerror(errno));
	routes_read(str_view(&text), &sink);
	doubles_each(&c->patterns, complain_double, c);
	str_free(&text);
}

/* ---- the rest ---- */

static bool
pass(void *arg, struct view key, const struct route *r)
{
	(void)arg;
	(void)key;
	(void)r;
	return true;
}

static void
check_recipients(struct check *c)
{
	const struct routes_sink sink = { pass, complain, c };
	struct str text = { 0 };

	c->file = c->s->relay_recipients;
	c->complaints = c->warnings;
	if (c->file[0] == '\0' || table_name_has_kind(view_of(c->file)))
		return;
	if (!file_read(AT_FDCWD, c->file, FILE_MOST, &text))
		str_addf(c->errors, "%s: cannot read the recipients: %s\n",
		    c->file, strerror(errno));
	routes_read_recipients(str_view(&text), &sink);
	str_free(&text);
}

void
check_routes(const struct settings *s, struct str *errors,
    struct str *warnings)
{
	struct check c = { .s = s, .errors = errors, .warnings = warnings };

	read_logins(&c);
	check_file(&c);
	check_recipients(&c);
	for (size_t i = 0; i < s->source_addresses.n; i++)
		warn_source(&c, "source_addresses",
		    s->source_addresses.word[i]);
	doubles_free(&c.patterns);
	str_wipe(&c.logins);
	str_free(&c.logins);
}
