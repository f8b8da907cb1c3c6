/* SPDX-License-Identifier: ISC */
/*
 * fetch - get the MTA-STS policy of one domain (RFC 8461 3.3)
 *
 * Started by master, as posthouse-fetch, when smtp asks for it: once for each
 * question. It reads the name of a host, a port, the addresses of the host with
 * commas between, and the path of the authorities, each ended by a NUL, from its
 * standard input; gets https://HOST/.well-known/mta-sts.txt from there; writes
 * "ok", the octets of the policy and behind the line the policy, or a result type
 * of RFC 8460 4.3.2.2 and a sentence; and exits. It and probe alone are linked with libcurl.
 *
 * Names are not looked up here: smtp has asked resolver, so that the settings of
 * the DNS hold. Redirections are not followed, and a certificate must be right
 * (RFC 8461 3.3). Before the first octet is sent it can open no file any more.
 */
#include <sys/resource.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <curl/curl.h>

#include "lib/base/file.h"
#include "lib/base/question.h"
#include "lib/base/sys_build.h"
#include "lib/proc/sandbox.h"

#define QUESTION_MOST	8192
#define POLICY_MOST	65536		/* octets */
#define TIME_S		55		/* smtp waits for a minute */
#define CONNECT_S	20
#define MEMORY_MOST	(512u << 20)
#define CA_MOST		(8u << 20)
#define PATH		"/.well-known/mta-sts.txt"

#define FETCH_ERROR	"sts-policy-fetch-error"
#define WEBPKI_INVALID	"sts-webpki-invalid"

struct question {
	struct str text;
	const char *host, *port, *addresses, *authorities;	/* in text */
};

struct fetch {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *resolve, *connect_to;
	struct str policy;
	char error[CURL_ERROR_SIZE];
};

/* ---- the question ---- */

/* What goes into a URL and into libcurl's own lists. */
static bool
is_plain(const char *s, const char *more)
{
	for (const char *p = s; *p != '\0'; p++)
		if (!is_alnum(*p) && strchr(more, *p) == NULL)
			return false;
	return *s != '\0';
}

static bool
read_question(struct question *q)
{
	const char **const fields[] = { &q->host, &q->port, &q->addresses,
		&q->authorities };
	uint64_t port;

	q->text.limit = QUESTION_MOST;
	return question_read(&q->text, fields, nitems(fields)) &&
	    is_plain(q->host, ".-_") && is_plain(q->addresses, ".:,") &&
	    view_u64(view_of(q->port), 65535, &port) && port > 0;
}

/* ---- the transfer ---- */

static size_t
take_octets(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	str_addn(&f->policy, p, size * n);
	return str_full(&f->policy) ? 0 : size * n;
}

static void
set_text(struct fetch *f, CURLoption o, const char *text)
{
	must(curl_easy_setopt(f->easy, o, text) == CURLE_OK);
}

static void
set_number(struct fetch *f, CURLoption o, long number)
{
	must(curl_easy_setopt(f->easy, o, number) == CURLE_OK);
}

/* The addresses under the name, so that the certificate is checked for it. */
static void
set_place(struct fetch *f, const struct question *q)
{
	struct str text = { 0 };

	str_addf(&text, "https://%s" PATH, q->host);
	set_text(f, CURLOPT_URL, str_c(&text));
	str_reset(&text);
	str_addf(&text, "%s:%s:%s", q->host, q->port, q->addresses);
	f->resolve = curl_slist_append(NULL, str_c(&text));
	str_reset(&text);
	str_addf(&text, "::%s:%s", q->host, q->port);
	f->connect_to = curl_slist_append(NULL, str_c(&text));
	must(f->resolve != NULL && f->connect_to != NULL);
	curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->resolve);
	curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect_to);
	str_free(&text);
}

static void
set_rules(struct fetch *f)
{
	set_text(f, CURLOPT_PROTOCOLS_STR, "https");
	set_text(f, CURLOPT_PROXY, "");
	set_text(f, CURLOPT_USERAGENT, "posthouse");
	set_number(f, CURLOPT_FOLLOWLOCATION, 0);
	set_number(f, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	set_number(f, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_number(f, CURLOPT_SSL_VERIFYPEER, 1);
	set_number(f, CURLOPT_SSL_VERIFYHOST, 2);
	set_number(f, CURLOPT_TIMEOUT, TIME_S);
	set_number(f, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	set_number(f, CURLOPT_NOSIGNAL, 1);
	set_number(f, CURLOPT_MAXFILESIZE, POLICY_MOST);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, take_octets);
	curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error);
}

static bool
set_authorities(struct fetch *f, const char *path)
{
	struct str pem = { 0 };
	struct curl_blob blob = { .flags = CURL_BLOB_COPY };
	bool ok = file_read(AT_FDCWD, path, CA_MOST, &pem);

	blob.data = pem.p;
	blob.len = pem.n;
	set_text(f, CURLOPT_CAPATH, NULL);
	ok = ok && curl_easy_setopt(f->easy, CURLOPT_CAINFO_BLOB, &blob) ==
	    CURLE_OK;
	str_free(&pem);
	return ok;
}

static CURLcode
transfer(struct fetch *f)
{
	CURLMsg *m = NULL;
	int running = 1, left;

	curl_multi_add_handle(f->multi, f->easy);
	while (running > 0) {
		if (curl_multi_perform(f->multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (running > 0)
			curl_multi_poll(f->multi, NULL, 0, 1000, NULL);
	}
	m = curl_multi_info_read(f->multi, &left);
	return m != NULL ? m->data.result : CURLE_FAILED_INIT;
}

/* ---- the answer ---- */

static bool
is_text(const char *type)
{
	struct view v = view_of(type != NULL ? type : "");

	return view_isi(view_trim(view_cut(&v, ';')), "text/plain");
}

static int
answer(struct fetch *f, CURLcode code)
{
	char *type = NULL;
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type);
	if (str_full(&f->policy) || code == CURLE_FILESIZE_EXCEEDED)
		printf(FETCH_ERROR " the policy is too large\n");
	else if (code != CURLE_OK)
		printf("%s %s\n", code == CURLE_PEER_FAILED_VERIFICATION ?
		    WEBPKI_INVALID : FETCH_ERROR,
		    f->error[0] != '\0' ? f->error : curl_easy_strerror(code));
	else if (status != 200)
		printf(FETCH_ERROR " the server says %ld\n", status);
	else if (!is_text(type))
		printf(FETCH_ERROR " the policy is no text/plain\n");
	else if (printf("ok %zu\n", f->policy.n) > 0)
		fwrite(str_c(&f->policy), 1, f->policy.n, stdout);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

static void
bound(void)
{
	const struct rlimit memory = { MEMORY_MOST, MEMORY_MOST };
	const struct rlimit nothing = { 0, 0 };

	if (!BUILD_INSTRUMENTED)
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &nothing);
	alarm(TIME_S + 5);
}

/* libcurl makes what it needs of the system in the first two calls. */
static bool
confine(struct fetch *f, const struct question *q)
{
	static const struct program rights = { .calls = CALLS_CONNECT };
	const struct settings none = { .drop_privileges = false };
	struct str layers = { 0 };

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	f->multi = curl_multi_init();
	f->easy = curl_easy_init();
	must(f->multi != NULL && f->easy != NULL);
	if (!set_authorities(f, q->authorities))
		return false;
	sandbox_paths(&rights, &none, &layers);
	sandbox_calls(&rights, &layers);
	str_free(&layers);
	return true;
}

static int
run(struct fetch *f, struct question *q)
{
	if (!read_question(q)) {
		puts(FETCH_ERROR " the question is malformed");
		return 0;
	}
	if (!confine(f, q)) {
		puts(FETCH_ERROR " cannot read the authorities");
		return 0;
	}
	set_place(f, q);
	set_rules(f);
	return answer(f, transfer(f));
}

static void
give_back(struct fetch *f, struct question *q)
{
	if (f->easy != NULL) {
		curl_multi_remove_handle(f->multi, f->easy);
		curl_easy_cleanup(f->easy);
		curl_multi_cleanup(f->multi);
		curl_global_cleanup();
	}
	curl_slist_free_all(f->resolve);
	curl_slist_free_all(f->connect_to);
	str_free(&f->policy);
	str_free(&q->text);
}

int
main(int argc, char **argv UNUSED)
{
	struct question q = { .text = { .n = 0 } };
	struct fetch f = { .policy = { .limit = POLICY_MOST } };
	int status;

	if (argc > 1 || isatty(STDIN_FILENO)) {
		fputs("fetch is started by master when smtp asks for it\n",
		    stderr);
		return EX_USAGE;
	}
	bound();
	status = run(&f, &q);
	give_back(&f, &q);
	return status;
}
