/* SPDX-License-Identifier: ISC */
/*
 * load - mail clients by the hundred, and what they talk to
 *
 *   load KIND [options] [words]
 *
 * The kinds are in the table below; see bench/README.md for what uses them. All
 * but syslog and maildir print one line of key=value pairs.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/load.h"

#define STACK	(256 * 1024)
#define FILES	65536

struct options o = {
	.host = "127.0.0.1", .domain = "bench.test", .user = "u", .password = "pw",
	.protocol = "smtp", .connections = 1, .per_connection = 1, .users = 1, .repeat = 1,
	.copies = 1, .jobs = 1, .size = 4096, .seconds = 10,
};
atomic_long next_job, succeeded, failed, retried, messages, octets;
double *job_seconds;
char *body;
size_t body_len;
SSL_CTX *tls;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EX_OSERR);
}

static void thread_start(pthread_t *t, void *(*fn)(void *), void *arg)
{
	pthread_attr_t a;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, STACK);
	if ((errno = pthread_create(t, &a, fn, arg)) != 0)
		die("pthread_create");
	pthread_attr_destroy(&a);
}

void threads_begin(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	thread_start(&t, fn, arg);
	pthread_detach(t);
}

double threads_run(void *(*fn)(void *), long count)
{
	pthread_t *t = calloc((size_t)count, sizeof(*t));
	double start = now();

	if (t == NULL)
		die("calloc");
	for (long i = 0; i < count; i++)
		thread_start(&t[i], fn, NULL);
	for (long i = 0; i < count; i++)
		pthread_join(t[i], NULL);
	free(t);
	return now() - start;
}

static struct {
	struct conn *(*opened)(void);
	bool (*session)(struct conn *, long job);
} kind_of_session;

struct conn *connected(void)
{
	return conn_open(o.port);
}

static void *sessions(void *unused)
{
	long job;

	(void)unused;
	while ((job = next_job++) < o.jobs) {
		double start = now();
		struct conn *c = kind_of_session.opened();
		if (c != NULL && kind_of_session.session(c, job))
			succeeded++;
		else
			job_failed(job, c);
		conn_close(c);
		job_seconds[job] = now() - start;
	}
	return NULL;
}

double sessions_run(struct conn *(*opened)(void), bool (*session)(struct conn *, long job))
{
	kind_of_session.opened = opened;
	kind_of_session.session = session;
	return threads_run(sessions, o.connections);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, long count)
{
	qsort(values, (size_t)count, sizeof(*values), by_size);
	return count > 0 ? values[count / 2] : 0;
}

void job_failed(long job, const struct conn *c)
{
	if (failed++ < 3)
		fprintf(stderr, "load: job %ld: %.200s\n", job, c == NULL ? "no connection" : c->line);
}

void jobs_report(double seconds)
{
	double middle = median(job_seconds, o.jobs);

	printf("ok=%ld failed=%ld retried=%ld secs=%.3f rate=%.1f p50_ms=%.3f p99_ms=%.3f max_ms=%.3f\n",
	    succeeded, failed, retried, seconds, (double)succeeded / seconds, middle * 1e3,
	    job_seconds[o.jobs * 99 / 100] * 1e3, job_seconds[o.jobs - 1] * 1e3);
	fflush(stdout);
}

/* Lines of 76 characters that differ, CR LF, none with a dot in front. */
static void body_make(size_t size)
{
	static const char words[] =
	    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor";

	body = malloc(size + 256);
	if (body == NULL)
		die("malloc");
	while (body_len + 78 < size)
		body_len += (size_t)sprintf(body + body_len, "%.70s%06zu\r\n", words,
		    body_len % 1000000);
	while (body_len + 3 < size)
		body[body_len++] = 'x';
	body[body_len++] = '\r';
	body[body_len++] = '\n';
}

static const struct {
	const char *name;
	void (*run)(void);
	int words;		/* at least so many */
} kinds[] = {
	{ "smtp", load_smtp, 0 },
	{ "list", load_list, 0 },
	{ "sessions", load_sessions, 0 },
	{ "tls", load_tls, 0 },
	{ "sink", load_sink, 0 },
	{ "pop3", load_pop, 0 },
	{ "imap", load_imap, 0 },
	{ "latency", load_latency, 0 },
	{ "idle", load_idle, 0 },
	{ "count", load_count, 1 },
	{ "maildir", load_maildir, 1 },
	{ "syslog", load_syslog, 2 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: load");
	for (size_t i = 0; i < KINDS; i++)
		fprintf(stderr, "%c%s", i == 0 ? ' ' : '|', kinds[i].name);
	fprintf(stderr, " [-LPX] [-a address] [-c connections] [-C copies] [-d domain] [-D domains]\n"
	    "\t[-f first_user] [-k per_connection] [-m protocol] [-n jobs] [-p port] [-q port_in]\n"
	    "\t[-r repeat] [-s size] [-t seconds] [-u users] [-U user] [-w delay_ms] [word ...]\n");
	exit(EX_USAGE);
}

static void options_read(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+a:c:C:d:D:f:k:Lm:n:p:Pq:r:s:t:u:U:w:X")) != -1)
		switch (c) {
		case 'a': o.host = optarg; break;
		case 'c': o.connections = atol(optarg); break;
		case 'C': o.copies = atol(optarg); break;
		case 'd': o.domain = optarg; break;
		case 'D': o.domains = atol(optarg); break;
		case 'f': o.first_user = atol(optarg); break;
		case 'k': o.per_connection = atol(optarg); break;
		case 'L': o.lmtp = true; break;
		case 'm': o.protocol = optarg; break;
		case 'n': o.jobs = atol(optarg); break;
		case 'p': o.port = atoi(optarg); break;
		case 'P': o.pipelining = true; break;
		case 'q': o.port_in = atoi(optarg); break;
		case 'r': o.repeat = atol(optarg); break;
		case 's': o.size = (size_t)atol(optarg); break;
		case 't': o.seconds = atoi(optarg); break;
		case 'u': o.users = atol(optarg); break;
		case 'U': o.user = optarg; break;
		case 'w': o.delay = atoi(optarg); break;
		case 'X': o.refuse = true; break;
		default: usage();
		}
	o.words = argv + optind;
	o.word_count = argc - optind;
}

int main(int argc, char **argv)
{
	size_t kind = 0;

	if (argc < 2)
		usage();
	while (strcmp(kinds[kind].name, argv[1]) != 0)
		if (++kind == KINDS)
			usage();
	options_read(argc - 1, argv + 1);
	if (o.word_count < kinds[kind].words)
		usage();
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ FILES, FILES });
	job_seconds = calloc((size_t)o.jobs + 1, sizeof(*job_seconds));
	if (job_seconds == NULL)
		die("calloc");
	body_make(o.size);
	kinds[kind].run();
	return 0;
}
