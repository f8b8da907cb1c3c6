/* SPDX-License-Identifier: ISC */
/*
 * files - how many lie in mailboxes, a Maildir full of them, a log
 */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/load/load.h"

static long files_in(const char *path)
{
	DIR *d = opendir(path);
	long n = 0;

	if (d == NULL)
		return 0;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.' && e->d_type != DT_DIR;
	closedir(d);
	return n;
}

static long files_of(const char *pattern)
{
	glob_t g;
	long n = 0;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
		return 0;
	for (size_t i = 0; i < g.gl_pathc; i++)
		n += files_in(g.gl_pathv[i]);
	globfree(&g);
	return n;
}

/* Waits until directories that fit the pattern have as many files as jobs; looks
 * for a tenth of the time at most. */
void load_count(void)
{
	double end = now() + o.seconds;

	for (;;) {
		double start = now();
		long n = files_of(o.words[0]);
		double looked = now();
		if (n >= o.jobs || looked > end) {
			printf("files=%ld at=%.4f\n", n, looked);
			return;
		}
		double rest = (looked - start) * 10;
		usleep((useconds_t)((rest < 0.02 ? 0.02 : rest) * 1e6));
	}
}

static char *without_cr(const char *text, size_t len, char *to)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r')
			*to++ = text[i];
	return to;
}

/* As many files as jobs in cur/ of a Maildir. */
void load_maildir(void)
{
	static const char *const parts[] = { "", "/cur", "/new", "/tmp" };
	char path[512], *text = malloc(body_len + 512);

	if (text == NULL)
		die("malloc");
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", o.words[0], parts[i]);
		mkdir(path, 0700);
	}
	for (long job = 0; job < o.jobs; job++) {
		char *end = text + sprintf(text, "From: Load %ld <load%ld@sender.test>\n"
		    "To: <u@bench.test>\nSubject: benchmark message %ld\n"
		    "Date: Mon, 01 Jan 2024 00:00:00 +0000\nMessage-ID: <%ld@sender.test>\n\n",
		    job % 977, job % 977, job, job);
		end = without_cr(body, body_len, end);
		if (job % 1000 == 500)
			end += sprintf(end, "needle in the haystack\n");
		snprintf(path, sizeof(path), "%s/cur/%ld.M%06ldP1.bench,S=%td:2,", o.words[0],
		    1700000000 + job / 1000, job, end - text);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd == -1 || write(fd, text, (size_t)(end - text)) != end - text)
			die(path);
		close(fd);
	}
	free(text);
	printf("made=%ld\n", o.jobs);
}

/* A log socket, and the file that its lines go to. */
void load_syslog(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char b[8192];
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int file = open(o.words[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", o.words[0]);
	unlink(a.sun_path);
	if (file == -1 || bind(s, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    chmod(a.sun_path, 0666) == -1)
		die(o.words[0]);
	for (ssize_t n; (n = recv(s, b, sizeof(b) - 1, 0)) >= 0;) {
		b[n++] = '\n';
		if (write(file, b, (size_t)n) != n)
			die(o.words[1]);
	}
}
