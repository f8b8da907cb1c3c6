/* SPDX-License-Identifier: ISC */
/*
 * sign - from the request to the answer
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>
#include <openssl/evp.h>

#include "keys/scheme.h"
#include "keys/sign.h"
#include "keys/store.h"
#include "lib/base/log.h"
#include "lib/proc/pool.h"

struct job {
	LIST_ENTRY(job) entry;
	struct channel *channel;	/* NULL: gone */
	uint32_t tag;
	const struct scheme *scheme;
	EVP_PKEY *key;
	struct str content, signature;
	bool fine;
};

static LIST_HEAD(, job) jobs = LIST_HEAD_INITIALIZER(jobs);

static void
answer(const struct job *j)
{
	struct message m = { .type = MSG_signature, .tag = j->tag,
		.signature = { str_view(&j->signature) } };
	struct why w;

	if (j->channel == NULL)
		return;
	if (j->fine) {
		channel_send(j->channel, &m);
		return;
	}
	why_later(&w, "3.0", "the signature failed");
	channel_answer(j->channel, j->tag, &w);
}

static void
job_run(void *arg)
{
	struct job *j = arg;

	j->fine = scheme_sign(j->scheme, j->key, str_view(&j->content),
	    &j->signature);
}

static void
job_done(void *arg)
{
	struct job *j = arg;

	answer(j);
	LIST_REMOVE(j, entry);
	EVP_PKEY_free(j->key);
	str_free(&j->content);
	str_free(&j->signature);
	free(j);
}

static void
refuse(struct channel *c, uint32_t tag, const char *sentence)
{
	struct why w;

	log_warning("sign", "refused to %s process=%u: %s",
	    role_name(channel_peer(c)->role), channel_peer(c)->process,
	    sentence);
	why_never(&w, "7.0", "%s", sentence);
	channel_answer(c, tag, &w);
}

void
sign_handle(struct channel *c, uint32_t tag, struct msg_sign *m)
{
	const struct scheme *s = scheme_find(m->scheme);
	EVP_PKEY *key = store_key(m->key);
	struct job *j;

	if (key == NULL) {
		refuse(c, tag, "there is no such key");
		return;
	}
	if (s == NULL || !scheme_allows(s, key, m->content)) {
		refuse(c, tag, "that is no signature of TLS");
		return;
	}
	j = xcalloc(1, sizeof(*j));
	j->channel = c;
	j->tag = tag;
	j->scheme = s;
	j->key = key;
	must(EVP_PKEY_up_ref(key) == 1);
	str_add(&j->content, m->content);
	LIST_INSERT_HEAD(&jobs, j, entry);
	if (scheme_is_slow(s)) {
		pool_submit(job_run, job_done, j);
	} else {
		job_run(j);
		job_done(j);
	}
}

void
sign_closed(struct channel *c)
{
	struct job *j;

	LIST_FOREACH(j, &jobs, entry)
		if (j->channel == c)
			j->channel = NULL;
}
