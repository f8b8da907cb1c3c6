/* SPDX-License-Identifier: ISC */
/*
 * probe - does a message that goes in come out again?
 *
 * Started by `posthouse quickstart`. Reads four texts, each ended by a NUL, from
 * standard input: smtp://HOST:PORT, imap(s)://HOST:PORT, a user and the password.
 * Sends a message to the user as any client would, looks for it by IMAP in TLS
 * until it is there, removes it, and says so. The certificate is not looked at:
 * this is the host itself, and the first certificate is its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "lib/base/clock.h"
#include "lib/base/question.h"

#define QUESTION_MOST	8192
#define ANSWER_MOST	65536
#define WAIT_MS		30000
#define PAUSE_US	50000

struct probe {
	struct str text;	/* the question */
	const char *in, *out, *user, *password;	/* in text */
	char mark[33];		/* Message-ID and subject: nobody else's */
	struct str mail, heard;
	size_t sent;		/* octets of mail */
	char error[CURL_ERROR_SIZE];
};

static size_t
give(char *p, size_t size, size_t n, void *arg)
{
	struct probe *t = arg;
	size_t most = size * n, left = t->mail.n - t->sent;

	if (left > most)
		left = most;
	memcpy(p, t->mail.p + t->sent, left);
	t->sent += left;
	return left;
}

static size_t
hear(char *p, size_t size, size_t n, void *arg)
{
	struct probe *t = arg;

	str_addn(&t->heard, p, size * n);
	return str_full(&t->heard) ? 0 : size * n;
}

static CURL *
client(struct probe *t, const char *url)
{
	CURL *c = curl_easy_init();

	if (c == NULL)
		exit(EX_SOFTWARE);
	t->error[0] = '\0';
	str_reset(&t->heard);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)WAIT_MS);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	return c;
}

static void
write_mail(struct probe *t)
{
	time_t now = time(NULL);
	char date[64];

	for (size_t i = 0; i < sizeof(t->mark) - 1; i++)
		t->mark[i] = "0123456789abcdef"[arc4random_uniform(16)];
	strftime(date, sizeof(date), "%a, %d %b %Y %T +0000", gmtime(&now));
	str_addf(&t->mail, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\n"
	    "Message-ID: <%s@quickstart>\r\nSubject: quickstart %s\r\n\r\n"
	    "This message shows that mail comes in and can be read.\r\n", date,
	    t->user, t->user, t->mark, t->mark);
}

static CURLcode
send_mail(struct probe *t)
{
	CURL *c = client(t, t->in);
	struct curl_slist *to = curl_slist_append(NULL, t->user);
	CURLcode code;

	/* as reports come: any other sender may have to log in */
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, "<>");
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_READDATA, t);
	code = curl_easy_perform(c);
	curl_slist_free_all(to);
	curl_easy_cleanup(c);
	return code;
}

static CURLcode
say(struct probe *t, CURL *c, const char *command)
{
	str_reset(&t->heard);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, command);
	return curl_easy_perform(c);
}

/* The UID in "* SEARCH 7"; NULL: it is not there. */
static const char *
found(struct probe *t)
{
	char *p = strstr(str_c(&t->heard), "* SEARCH ");

	if (p == NULL)
		return NULL;
	p += strlen("* SEARCH ");
	p[strcspn(p, " \r\n")] = '\0';
	return p[0] != '\0' ? p : NULL;
}

/* Not yet there is no error: CURLE_OK with *there false. */
static CURLcode
look(struct probe *t, CURL *c, const char *search, bool *there)
{
	CURLcode code = say(t, c, search);
	const char *uid = code == CURLE_OK ? found(t) : NULL;
	struct str store = { 0 };

	*there = uid != NULL;
	if (uid != NULL) {
		str_addf(&store, "UID STORE %s +FLAGS.SILENT (\\Deleted)", uid);
		code = say(t, c, str_c(&store));
		if (code == CURLE_OK)
			code = say(t, c, "EXPUNGE");
	}
	str_free(&store);
	return code;
}

static CURLcode
read_mail(struct probe *t, bool *there)
{
	struct str url = { 0 }, search = { 0 };
	int64_t end = clock_ms() + WAIT_MS;
	CURLcode code;
	CURL *c;

	str_addf(&url, "%s/INBOX", t->out);
	str_addf(&search, "UID SEARCH HEADER Message-ID %s", t->mark);
	c = client(t, str_c(&url));
	curl_easy_setopt(c, CURLOPT_USERNAME, t->user);
	curl_easy_setopt(c, CURLOPT_PASSWORD, t->password);
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	do {
		code = look(t, c, str_c(&search), there);
		if (code == CURLE_OK && !*there)
			usleep(PAUSE_US);
	} while (code == CURLE_OK && !*there && clock_ms() < end);
	curl_easy_cleanup(c);
	str_free(&url);
	str_free(&search);
	return code;
}

static int
trouble(const struct probe *t, const char *what, CURLcode code)
{
	printf("%s does not work: %s\n", what,
	    t->error[0] != '\0' ? t->error : curl_easy_strerror(code));
	return EX_PROTOCOL;
}

static int
run(struct probe *t)
{
	int64_t begin = clock_ms();
	bool there = false;
	CURLcode code;

	write_mail(t);
	code = send_mail(t);
	if (code != CURLE_OK)
		return trouble(t, t->in, code);
	code = read_mail(t, &there);
	if (code != CURLE_OK)
		return trouble(t, t->out, code);
	if (!there) {
		printf("A message went in by %s, and was not there by %s after "
		    "%d seconds; see posthouse trace %s\n", t->in, t->out,
		    WAIT_MS / 1000, t->mark);
		return EX_TEMPFAIL;
	}
	printf("Tried: a message went in by %s and was read by %s, %lld ms "
	    "later\n", t->in, t->out, (long long)(clock_ms() - begin));
	return 0;
}

int
main(int argc, char **argv UNUSED)
{
	struct probe t = { .text = { .limit = QUESTION_MOST },
		.heard = { .limit = ANSWER_MOST } };
	const char **const fields[] = { &t.in, &t.out, &t.user, &t.password };
	int status;

	if (argc > 1 || isatty(STDIN_FILENO) ||
	    !question_read(&t.text, fields, nitems(fields))) {
		fputs("probe is started by posthouse quickstart\n", stderr);
		return EX_USAGE;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return EX_SOFTWARE;
	status = run(&t);
	str_wipe(&t.text);
	str_free(&t.text);
	str_free(&t.mail);
	str_free(&t.heard);
	curl_global_cleanup();
	return status;
}
