/* SPDX-License-Identifier: ISC */
/*
 * sts_fetch - addresses, a socket from master, a question, an answer
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/dns.h"
#include "lib/proc/service.h"
#include "smtp/sts_fetch.h"
#include "smtp/sts_policy.h"

#define AT_ONCE		4	/* half of what master starts */
#define TIME_MS		60000	/* RFC 8461 3.3 */
#define START_MS	10000
#define LINE_MOST	512	/* octets in front of a policy */
#define STEP		4096
#define ADDRESSES_MOST	16

static unsigned running;
static struct fiber_queue waiting;

static bool
fail(struct sts_fetched *f, const char *result, const char *sentence)
{
	snprintf(f->result, sizeof(f->result), "%s", result);
	snprintf(f->sentence, sizeof(f->sentence), "%s", sentence);
	return false;
}

static bool
shelve(struct sts_fetched *f, const char *sentence)
{
	f->shelved = true;
	return fail(f, "sts-policy-fetch-error", sentence);
}

/* ---- the question ---- */

static unsigned
add_addresses(struct str *list, struct view host, enum dns_type type)
{
	int64_t deadline = deadline_in(service_settings()->dns_timeout * 1000);
	struct arena a = { 0 };
	struct dns_answer answer;
	struct view r;
	unsigned n = 0;

	dns_ask(host, type, deadline, &a, &answer);
	while (answer.result == DNS_FOUND && n < ADDRESSES_MOST &&
	    list_next(&answer.records, &r)) {
		struct address16 address;
		char text[ADDRESS16_TEXT];

		if (!dns_address(type, r, &address))
			continue;
		address16_text(&address, text);
		str_addf(list, "%s%s", list->n > 0 ? "," : "", text);
		n++;
	}
	arena_reset(&a);
	return n;
}

/* As fetch reads it: four texts, each with its NUL. */
static bool
make_question(struct view domain, struct str *question)
{
	const struct settings *s = service_settings();
	struct str host = { 0 }, addresses = { 0 };
	unsigned n;

	str_addf(&host, "mta-sts.%.*s", VIEW(domain));
	n = add_addresses(&addresses, str_view(&host), DNS_A);
	n += add_addresses(&addresses, str_view(&host), DNS_AAAA);
	str_addf(question, "%s%c%u%c%s%c%s%c", str_c(&host), 0,
	    (unsigned)s->sts_port, 0, str_c(&addresses), 0, s->tls_ca, 0);
	str_free(&host);
	str_free(&addresses);
	return n > 0;
}

/* ---- the answer ---- */

static bool
read_all(int fd, struct str *answer, int64_t deadline)
{
	struct waiter_fd *watch = fd_watch(fd);
	ssize_t n = -1;

	/* room for a whole step is wanted before each, the last one, too */
	answer->limit = STS_TEXT_MOST + LINE_MOST + STEP;
	for (;;) {
		char *room = str_room(answer, STEP);

		if (room == NULL)
			break;
		n = read(fd, room, STEP);
		if (n > 0)
			answer->n += (size_t)n;
		else if (n == 0 || errno != EAGAIN ||
		    fd_wait_read(watch, deadline) != WAIT_READY)
			break;
	}
	fd_unwatch(&watch);
	return n == 0;
}

static bool
talk(int fd, struct view question, struct str *answer, int64_t deadline)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* less than a socket takes at once */
	return file_write_all(fd, question) && shutdown(fd, SHUT_WR) == 0 &&
	    read_all(fd, answer, deadline);
}

/* "ok", a size and the policy, or a result and a sentence. A part of a policy is
 * none: fetch may have been killed while it wrote. */
static bool
read_answer(struct view answer, struct sts_fetched *f)
{
	struct view line = view_trim(view_cut(&answer, '\n'));
	struct view word = view_word(&line);
	uint64_t n;

	if (view_is(word, "ok")) {
		if (!view_u64(view_trim(line), STS_TEXT_MOST, &n) ||
		    n != answer.n)
			return shelve(f, "the answer of the program fetch is "
			    "not complete");
		str_add(&f->text, answer);
		return true;
	}
	if (word.n == 0)
		return shelve(f, "the program fetch gave no answer");
	snprintf(f->result, sizeof(f->result), "%.*s", VIEW(word));
	snprintf(f->sentence, sizeof(f->sentence), "%.*s",
	    VIEW(view_trim(line)));
	return false;
}

static bool
ask(struct view question, struct sts_fetched *f)
{
	struct message m = { .type = MSG_helper_start, .helper_start = { 3 } };
	int64_t deadline = deadline_in(TIME_MS);
	struct str answer = { 0 };
	struct reply r;
	struct why w;
	int fd = -1;
	bool ok;

	if (!service_call_master(&m, &r, deadline_in(START_MS), &w))
		return shelve(f, w.text);
	if (reply_is(&r, MSG_helper_started, &w))
		fd = fd_take(&r.m.helper_started.socket);
	reply_free(&r);
	if (fd < 0)
		return shelve(f, w.text);
	ok = talk(fd, question, &answer, deadline) ?
	    read_answer(str_view(&answer), f) :
	    fail(f, "sts-policy-fetch-error", "timed out");
	close(fd);
	str_free(&answer);
	return ok;
}

void
sts_fetch(struct view domain, struct sts_fetched *f)
{
	struct str question = { 0 };

	while (running >= AT_ONCE && !fiber_cancelled())
		fiber_queue_wait(&waiting, DEADLINE_NEVER);
	running++;
	f->ok = make_question(domain, &question) ?
	    ask(str_view(&question), f) :
	    fail(f, "sts-policy-fetch-error", "mta-sts has no address");
	running--;
	fiber_queue_wake(&waiting);
	str_free(&question);
}
