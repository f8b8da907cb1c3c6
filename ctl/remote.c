/* SPDX-License-Identifier: ISC */
/*
 * remote - a fiber connects and asks, the loop runs until it has ended
 */
#include <errno.h>
#include <string.h>

#include "ctl/remote.h"
#include "lib/mail/table_client.h"

#define WAIT_MS 5000

struct errand {
	const struct table_socket *socket;
	const struct view *key;		/* NULL: just connect */
	struct str *text;
	enum table_said said;
};

static void
run(void *arg)
{
	struct errand *e = arg;
	int64_t deadline = deadline_in(WAIT_MS);
	int fd = table_client_connect(e->socket);
	struct stream s;

	e->said = TABLE_SAID_WRONG;
	if (fd < 0) {
		const char *wrong = table_client_check(e->socket);

		str_adds(e->text, wrong != NULL ? wrong : strerror(errno));
		loop_stop();
		return;
	}
	stream_open(&s, fd);
	if (table_client_ready(&s, e->text, deadline))
		e->said = e->key == NULL ? TABLE_SAID_NONE :
		    table_client_ask(&s, e->socket, *e->key, e->text,
			deadline);
	stream_close(&s);
	loop_stop();
}

static enum table_said
wait_for(struct errand *e)
{
	size_t before = fiber_count();

	fiber_start(run, e);
	do
		loop_run();
	while (fiber_count() > before);
	return e->said;
}

bool
remote_reach(const struct table_socket *t, struct str *reason)
{
	struct errand e = { .socket = t, .text = reason };

	return wait_for(&e) == TABLE_SAID_NONE;
}

enum table_answer
remote_query(const struct table_socket *t, struct view key, struct str *value)
{
	struct errand e = { .socket = t, .key = &key, .text = value };
	enum table_said said = wait_for(&e);

	return said == TABLE_SAID_VALUE ? TABLE_FOUND :
	    said == TABLE_SAID_NONE	    ? TABLE_NONE :
					      TABLE_LATER;
}
