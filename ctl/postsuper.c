/* SPDX-License-Identifier: ISC */
/*
 * postsuper - delete, hold, release and requeue, in the words of Postfix
 *
 * As there, an id that is not in the queue is no error and is not counted, one
 * that is none is a warning, ALL means every mail, and - takes ids from the
 * standard input.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/postfix.h"
#include "ctl/queue.h"
#include "lib/mail/spool.h"

#define USAGE	"usage: postsuper [-d id] [-h id] [-H id] [-r id]; an id may be " \
	"ALL, or - for a list on the standard input"

/* In the order in which they are done. */
static struct verb {
	char flag;
	enum queue_action action;
	const char *done, *sum;
	/* what was asked */
	const char **ids;
	int count;
	bool all, asked;
} verbs[] = {
	{ 'r', QUEUE_REQUEUE, "requeued", "Requeued", NULL, 0, false,
	    false },
	{ 'h', QUEUE_HOLD, "placed on hold", "Placed on hold", NULL, 0, false,
	    false },
	{ 'H', QUEUE_RELEASE, "released from hold", "Released from hold", NULL,
	    0, false, false },
	{ 'd', QUEUE_DELETE, "removed", "Deleted", NULL, 0, false,
	    false },
};

static struct verb *doing;
static uint64_t mails;

static void
add_id(struct verb *v, const char *id)
{
	uint64_t number;

	if (strcmp(id, "ALL") == 0) {
		v->all = true;
	} else if (!spool_id_parse(view_of(id), &number)) {
		fprintf(stderr, "postsuper: warning: invalid mail queue id: "
		    "%s\n", id);
	} else {
		v->ids = xrealloc(v->ids,
		    (size_t)(v->count + 1) * sizeof(*v->ids));
		v->ids[v->count++] = xstrdup(id);
	}
}

static void
add_ids(struct verb *v)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] != '\0')
			add_id(v, line);
	}
}

static bool
take(int flag, const char *value)
{
	for (size_t i = 0; i < nitems(verbs); i++)
		if (verbs[i].flag == flag) {
			verbs[i].asked = true;
			if (strcmp(value, "-") == 0)
				add_ids(&verbs[i]);
			else
				add_id(&verbs[i], value);
			return true;
		}
	return false;
}

static int
act_each(struct queue_request *r)
{
	struct msg_queue_acted acted;
	struct why w;

	if (!queue_tell(r, &acted, &w))
		return postfix_fatal(1, "%s", w.text);
	if (r->id != NULL && acted.mails > 0)
		fprintf(stderr, "postsuper: %s: %s\n", r->id, doing->done);
	mails += acted.mails;
	return 0;
}

static int
act(struct ctl *ctl, struct verb *v)
{
	int code;

	if (!v->asked)
		return 0;
	doing = v;
	mails = 0;
	ctl->argv = v->ids;
	ctl->argc = v->all ? 0 : v->count;
	code = v->all || v->count > 0 ?
	    queue_each(ctl, v->action, act_each) : 0;
	if (code == 0)
		fprintf(stderr, "postsuper: %s: %llu message%s\n", v->sum,
		    (unsigned long long)mails, mails == 1 ? "" : "s");
	return code;
}

int
postsuper_run(struct ctl *ctl, int argc, char **argv)
{
	int flag, code = 0;
	bool any = false;

	while ((flag = getopt(argc, argv, "c:d:h:H:r:v")) != -1)
		if (flag == 'c')
			ctl->file = optarg;
		else if (flag != 'v') {
			if (!take(flag, optarg))
				return postfix_fatal(1, USAGE);
			any = true;
		}
	if (!any || optind < argc)
		return postfix_fatal(1, USAGE);
	ctl->file = settings_file(ctl->file);
	for (size_t i = 0; code == 0 && i < nitems(verbs); i++)
		code = act(ctl, &verbs[i]);
	return code;
}
