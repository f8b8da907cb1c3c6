/* SPDX-License-Identifier: ISC */
/*
 * load - what the kinds of load share: options, jobs, connections
 *
 * Every kind is one blocking thread a connection, as little work as possible
 * for each octet: what is measured is the server. Only 127.0.0.0/8 is dialled.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

struct options {
	const char *host, *domain, *user, *password, *protocol;
	int port, port_in;		/* port_in: where mail comes in */
	long connections, per_connection, users, first_user, domains;
	long jobs, repeat, copies;	/* copies: recipients of one message */
	int delay;			/* milliseconds */
	int seconds;			/* at most, or to stay idle */
	size_t size;			/* of a message, octets */
	bool lmtp, pipelining, refuse;
	char **words;			/* what follows the options */
	int word_count;
};
extern struct options o;

/* What happened; jobs take their numbers from next_job. */
extern atomic_long next_job, succeeded, failed, retried, messages, octets;
extern double *job_seconds;		/* of each job */
extern char *body;			/* of o.size octets, lines with CR LF, no dot in front */
extern size_t body_len;
extern SSL_CTX *tls;			/* STARTTLS in sessions, when there */

struct conn {
	int fd;
	SSL *ssl;
	size_t pos, len;
	char buf[65536], line[8192];
};

double now(void);		/* seconds, monotonic */
void die(const char *what) __attribute__((noreturn));

/* NULL when nobody answers. To be closed by conn_close. */
struct conn *conn_open(int port);
void conn_close(struct conn *);
/* One line without its end into line[]; its length, -1 at the end. */
int conn_line(struct conn *);
bool conn_put(struct conn *, const void *, size_t);
__attribute__((format(printf, 2, 3))) bool conn_say(struct conn *, const char *, ...);
/* Does something come within so many milliseconds? */
bool conn_waits(const struct conn *, int ms);

/* Runs fn in so many threads; seconds until the last has ended. */
double threads_run(void *(*fn)(void *), long count);
/* Each job is a session on a connection that opened makes (or NULL); seconds until
 * the last has ended. */
double sessions_run(struct conn *(*opened)(void), bool (*session)(struct conn *, long job));
/* A connection to o.port. */
struct conn *connected(void);
void threads_begin(void *(*fn)(void *), void *arg);
/* The line of a kind whose jobs took so many seconds together. */
void jobs_report(double seconds);
/* Sorts values of a row. */
double median(double *values, long count);
/* Says what a failed job got; the first three only. */
void job_failed(long job, const struct conn *);

/* SMTP, used by idlelat, too. */
bool smtp_hello(struct conn *);
bool smtp_send(struct conn *, const char *to, long job);
int smtp_reply(struct conn *);
void smtp_recipient(long job, char *b, size_t size);
bool pop_login(struct conn *, long user);
bool imap_login(struct conn *, long user);
bool imap_command(struct conn *, const char *);

/* The kinds: each prints one line of key=value pairs. */
void load_smtp(void), load_list(void), load_sessions(void), load_tls(void), load_sink(void),
    load_pop(void), load_imap(void), load_latency(void), load_idle(void), load_count(void),
    load_maildir(void), load_syslog(void);

#endif
