/* SPDX-License-Identifier: ISC */
/*
 * service - the skeleton of every program but master and the commands
 *
 * main.c declares a struct program and calls service_main(). The order of a
 * start stands in service.c: inherit, greet master, receive settings, open what
 * must be open, confine, loop. Session programs get a fiber per connection.
 */
#ifndef PROC_SERVICE_H
#define PROC_SERVICE_H

#include <sys/socket.h>

#include "lib/proc/channel.h"
#include "lib/proc/crowd.h"
#include "lib/proc/settings.h"
#include "lib/proc/stream.h"

/* Groups of system calls, lib/proc/sandbox.c has the lists. Every program has
 * the basic ones: descriptors it already has, memory, clocks, the end. */
enum {
	CALLS_ACCEPT = 1,	/* accept4 on inherited sockets */
	CALLS_FILES_READ = 2,	/* open and stat for reading */
	CALLS_FILES_WRITE = 4,	/* create, link, rename, unlink, sync */
	CALLS_THREADS = 8,	/* needed by a pool */
	CALLS_CONNECT = 16,	/* new sockets, connect; limited by Landlock */
	CALLS_UNIX = 32		/* with CALLS_CONNECT: to UNIX sockets, too */
};

/* A path that a program keeps when it is confined. from_setting names a path
 * setting, below is appended to it. */
struct program_path {
	const char *setting;	/* e.g. "spool_dir" */
	const char *below;	/* e.g. "/content", or "" */
	bool write;
};

struct listener {
	const struct listener_settings *settings;
	int fd;
	struct waiter_fd *watch;
};

/* One accepted connection, as the session function gets it. */
struct session {
	uint64_t number;	/* unique in this process */
	const struct listener *listener;
	struct stream stream;
	struct sockaddr_storage address;
	char client[64];	/* IP address as text, "local" for UNIX */
	uint16_t port;		/* of the client; 0 for UNIX */
	uint32_t uid;		/* of a UNIX client, else UINT32_MAX */
	bool unnamed;		/* a proxy did not say whose it is */
	struct fiber *fiber;
	char id[24];		/* subject of log lines: process.number */
	struct crowd_spot spot;	/* where it is counted */
	/* Has done what sessions are for (a login, a mail): does not have to
	 * make place for others. Set by the program. */
	bool settled;
	bool evicted;		/* cancelled to make place */
};

struct program_tls;
struct program {
	unsigned role;
	const char *user;	/* system user when master is root */
	const char *purpose;	/* one sentence */
	unsigned calls;		/* CALLS_ */
	const struct program_path *paths;	/* ends with setting NULL */
	unsigned peers;		/* roles linked to, both ways */
	unsigned threads;	/* of the pool, 0 for none */
	const struct handlers *handlers;
	/* Before confinement; may open files. May be NULL. */
	void (*prepare)(void);
	/* After confinement, before the first event; must not wait. */
	void (*begin)(void);
	/* Settings or tables have changed; may be NULL. */
	void (*changed)(void);
	/* A link to a peer has come up; may be NULL. */
	void (*linked)(struct channel *);
	/* Session programs: runs in a fiber; the stream is closed after it. */
	void (*session)(struct session *);
	/* Session programs: text written to a client that is one too many, or
	 * comes while stopping. */
	const char *busy;
	/* Session programs with TLS: &tls_for_program (lib/proc/tls.h); keys is
	 * among the peers then. */
	const struct program_tls *tls;
	/* Stop was asked for; call service_quit() when done. NULL: when the last
	 * session ended. */
	void (*stopping)(void);
};

int service_main(const struct program *p, int argc, char **argv);

/* May the client say who it speaks for: is it in proxy_clients? */
bool session_is_believed(const struct session *s);
/* Another number: what the others knew it by is not it any more. */
void session_renumber(struct session *s);
/* From now on the session is named and counted by this address. False: that
 * client has too many sessions. */
bool session_speaks_for(struct session *s, const struct address16 *client,
    uint16_t port);

/* The settings in force; replaced as a whole by a reload. */
const struct settings *service_settings(void);
uint32_t service_instance(void);
uint32_t service_process(void);
bool service_stopping(void);
/* Call this when stop is asked for, before sessions are told; one for all. */
void service_on_stop(void (*fn)(void));
void service_quit(void);

/* The link to a peer, NULL while it is down. instance 0 for most. */
struct channel *service_peer(unsigned role, uint32_t instance);
/* All links to a role: the n-th, NULL behind the last. */
struct channel *service_peer_nth(unsigned role, size_t n);
/* The same, after a wait of up to 3 s for a link that is down. */
struct channel *service_peer_wait(unsigned role, uint32_t instance,
    int64_t deadline);
/* channel_call() to master. */
bool service_call_master(const struct message *request, struct reply *reply,
    int64_t deadline, struct why *w);
/* channel_call() to a peer; waits up to 3 s for a link that is down. */
bool service_call(unsigned role, uint32_t instance,
    const struct message *request, struct reply *reply, struct why *w);

#endif
