/* SPDX-License-Identifier: ISC */
/*
 * sources - lines of files and words of settings
 *
 * A name server of resolv.conf with a zone index (fe80::1%eth0) is passed over:
 * to find the interface takes rights that this program does not have.
 */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/why.h"
#include "lib/proc/dns.h"
#include "resolver/sources.h"

#define FILE_MOST	(1 << 20)
#define DNS_PORT	53

static struct {
	struct str resolv, anchors;
} files;

static void
read_file(int fd, const char *what, struct str *out)
{
	struct why w;

	str_reset(out);
	if (fd < 0 || file_read_fd(fd, FILE_MOST, out))
		return;
	why_errno(&w, what);
	log_error("dns", "cannot read %s", w.text);
	str_reset(out);
}

void
sources_take(int resolv, int anchors)
{
	read_file(resolv, "/etc/resolv.conf", &files.resolv);
	read_file(anchors, "dns_anchors", &files.anchors);
}

static void
add_server(const struct server *server, struct sources *out)
{
	if (out->servers == SERVERS_MOST)
		return;
	out->local = (out->servers == 0 || out->local) &&
	    address16_is_loopback(&server->address);
	out->server[out->servers++] = *server;
}

void
sources_resolv(struct view text, struct sources *out)
{
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n');
		struct server server = { .port = DNS_PORT };

		if (view_is(view_word(&line), "nameserver") &&
		    address16_parse(view_word(&line), &server.address))
			add_server(&server, out);
	}
}

/* The owner, if the line is a record that can be an anchor: OWNER [TTL] [IN]
 * DS|DNSKEY ... */
static bool
anchor_owner(struct view line, struct arena *a, struct view *owner)
{
	struct view name = view_word(&line), word = VIEW_NONE;
	char *lower;

	for (int i = 0; i < 3; i++) {
		word = view_word(&line);
		if (view_isi(word, "DS") || view_isi(word, "DNSKEY"))
			break;
	}
	if ((!view_isi(word, "DS") && !view_isi(word, "DNSKEY")) ||
	    !view_ends(name, VIEW_LIT(".")))
		return false;
	lower = arena_copy(a, view_bytes(name.p, name.n - 1));
	for (char *p = lower; *p != '\0'; p++)
		*p = to_lower(*p);
	*owner = view_of(lower);
	return dns_name_ok(*owner);
}

void
sources_anchors(struct view text, struct sources *out)
{
	out->anchor = arena_alloc(&out->arena,
	    (view_count(text, '\n') + 1) * sizeof(*out->anchor));
	while (text.n > 0) {
		struct view line = view_cut(&text, '\n'), owner;

		line = view_trim(view_cut(&line, ';'));
		if (!anchor_owner(line, &out->arena, &owner))
			continue;
		if (out->anchors == 0)
			out->apex = owner;
		out->anchor[out->anchors++] = arena_view(&out->arena, line);
	}
}

void
sources_make(const struct settings *s, struct sources *out)
{
	*out = (struct sources){ .apex = VIEW_NONE };
	arena_init(&out->arena);
	for (size_t i = 0; i < s->dns_servers.n; i++) {
		struct server server = { .port = DNS_PORT };

		must(address16_parse_port(s->dns_servers.word[i],
		    &server.address, &server.port));
		add_server(&server, out);
	}
	if (s->dns_servers.n == 0)
		sources_resolv(str_view(&files.resolv), out);
	sources_anchors(str_view(&files.anchors), out);
}

void
sources_free(struct sources *s)
{
	arena_reset(&s->arena);
}
