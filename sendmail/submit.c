/* SPDX-License-Identifier: ISC */
/*
 * submit - SMTP as a client, a command at a time
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/mail/reply.h"
#include "lib/mail/text.h"
#include "sendmail/submit.h"

#define WAIT_MOST	300	/* seconds for a reply */
#define END_WAIT	600	/* after the dot, RFC 5321 4.5.3.2.6 */
#define REPLY_MOST	65536
#define CHUNK		65536

static bool
set_wait(struct submit *s, time_t seconds)
{
	struct timeval t = { .tv_sec = seconds };

	return setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0 &&
	    setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0;
}

static bool
lost(struct submit *s, struct why *w)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	return why_later(w, "4.2", "the connection to the server was lost");
}

static bool
send_text(struct submit *s, struct view v, struct why *w)
{
	return file_write_all(s->fd, v) || lost(s, w);
}

/* A line of input without its end, taken out of s->in into line. */
static bool
take_line(struct submit *s, struct str *line)
{
	for (;;) {
		size_t n = view_find(str_view(&s->in), '\n');
		ssize_t got;

		if (n < s->in.n) {
			str_reset(line);
			str_addn(line, s->in.p, n);
			str_drop(&s->in, n + 1);
			return true;
		}
		if (s->in.n > REPLY_MOST)
			return false;
		got = read(s->fd, str_room(&s->in, 4096), 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		s->in.n += (size_t)got;
	}
}

static void
judge(const struct submit *s, const struct reply_line *r, struct why *w)
{
	struct view status = r->status;

	if (status.n > 2)
		status = view_skip(status, 2);	/* the class */
	why_set(w, r->code >= 500 ? VERDICT_NEVER : r->code >= 400 ?
	    VERDICT_LATER : VERDICT_DONE, status.n > 0 ? status :
	    VIEW_LIT("0.0"), str_view(&s->last));
}

/* Note what a line of the EHLO reply offers. */
static void
note_extension(struct submit *s, struct view text)
{
	struct view keyword = view_word(&text);

	s->dsn |= view_isi(keyword, "DSN");
	s->eight |= view_isi(keyword, "8BITMIME");
}

/* Read a whole reply; true for 2xx and 3xx. */
static bool
take_reply(struct submit *s, struct why *w)
{
	struct str line = { 0 };
	struct reply_line r = { .code = 0 };
	bool ok = true;

	str_reset(&s->last);
	do {
		ok = take_line(s, &line) &&
		    reply_parse(view_trim(str_view(&line)), &r) &&
		    s->last.n < REPLY_MOST;
		if (!ok)
			break;
		if (s->verbose)
			fprintf(stderr, "<<< %s\n", str_c(&line));
		note_extension(s, r.text);
		if (s->last.n > 0)
			str_addc(&s->last, ' ');
		str_add(&s->last, r.text);
	} while (!r.last);
	if (ok)
		judge(s, &r, w);
	str_free(&line);
	if (!ok)
		return lost(s, w);
	return r.code < 400;
}

static bool
command(struct submit *s, struct str *line, struct why *w)
{
	bool ok;

	if (s->verbose)
		fprintf(stderr, ">>> %s\n", str_c(line));
	str_adds(line, "\r\n");
	ok = send_text(s, str_view(line), w) && take_reply(s, w);
	str_free(line);
	return ok;
}

int
submit_connect(const char *run_dir)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/submit",
	    run_dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && n > 0 && (size_t)n < sizeof(to.sun_path) &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool
submit_open(struct submit *s, const char *run_dir, const char *hostname,
    struct why *w)
{
	struct str line = { 0 };

	s->dsn = s->eight = false;
	s->fd = submit_connect(run_dir);
	if (s->fd < 0)
		return why_later(w, "4.1", "the server is not running");
	if (!set_wait(s, WAIT_MOST) || !take_reply(s, w))
		return false;
	str_addf(&line, "EHLO %s", hostname);
	return command(s, &line, w);
}

bool
submit_sender(struct submit *s, const struct letter *l, struct why *w)
{
	const struct options *o = l->options;
	struct str line = { 0 };

	str_addf(&line, "MAIL FROM:<%.*s>", VIEW(l->sender));
	if (l->content.n > 0)
		str_addf(&line, " SIZE=%zu", l->content.n);
	if (s->eight && (l->eight || (o != NULL && o->body_8bit)))
		str_adds(&line, " BODY=8BITMIME");
	if (s->dsn && o != NULL && o->ret != NULL)
		str_addf(&line, " RET=%s", o->ret);
	if (s->dsn && o != NULL && o->envid != NULL)
		str_addf(&line, " ENVID=%s", o->envid);
	return command(s, &line, w);
}

bool
submit_rcpt(struct submit *s, const struct letter *l, struct view rcpt,
    struct why *w)
{
	const struct options *o = l->options;
	struct str line = { 0 };

	str_addf(&line, "RCPT TO:<%.*s>", VIEW(rcpt));
	if (s->dsn && o != NULL && o->notify != NULL)
		str_addf(&line, " NOTIFY=%s", o->notify);
	return command(s, &line, w);
}

bool
submit_content(struct submit *s, struct view content, struct why *w)
{
	struct text_stuff stuff = { .clean = true };
	struct str out = { 0 };
	bool ok;

	str_adds(&out, "DATA");
	if (!command(s, &out, w))
		return false;
	do {
		struct view part = content;

		if (part.n > CHUNK)
			part.n = CHUNK;
		text_stuff(&stuff, part, &out);
		content = view_skip(content, part.n);
		if (content.n == 0)
			text_stuff_end(&stuff, &out);
		ok = send_text(s, str_view(&out), w);
		str_reset(&out);
	} while (ok && content.n > 0);
	str_free(&out);
	return ok && set_wait(s, END_WAIT) && take_reply(s, w);
}

/* Name every recipient; false when one has to wait or the line broke. */
static bool
name_all(struct submit *s, struct letter *l, struct why *w)
{
	for (size_t i = 0; i < l->rcpts; i++) {
		if (l->refused[i] || submit_rcpt(s, l, l->rcpt[i], w))
			continue;
		if (w->verdict != VERDICT_NEVER)
			return false;
		l->refused[i] = true;
		s->told(s->told_arg, l->rcpt[i], w);
	}
	return true;
}

static bool
all_refused(const struct letter *l)
{
	for (size_t i = 0; i < l->rcpts; i++)
		if (!l->refused[i])
			return false;
	return true;
}

bool
submit_letter(struct submit *s, struct letter *l, struct why *w)
{
	if (!submit_sender(s, l, w) || !name_all(s, l, w))
		return false;
	if (all_refused(l))
		return false;
	return submit_content(s, str_view(&l->content), w);
}

void
submit_close(struct submit *s)
{
	struct str line = { 0 };
	struct why w;

	if (s->fd >= 0) {
		str_adds(&line, "QUIT");
		command(s, &line, &w);
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	str_free(&s->in);
	str_free(&s->last);
}
