/* SPDX-License-Identifier: ISC */
/*
 * bounce - tells senders what became of their mail
 *
 * Runs as posthouse-bounce. queue says about whom; bounce asks router where the
 * sender is, writes the report (bounce/compose.c) and gives it to queue as a
 * new mail with an empty sender (bounce/report.c). It opens no file: queue
 * sends descriptors.
 */
#include "bounce/report.h"
#include "lib/mail/date.h"
#include "lib/proc/service.h"

/* The zone files are read now or never. */
static void
prepare(void)
{
	date_local(0);
}

static const struct handlers handlers = {
	.report = report_request,
};

static const struct program_path paths[] = { { 0 } };

static const struct program program = {
	.role = ROLE_BOUNCE,
	.user = "posthouse-bounce",
	.purpose = "writes reports to senders",
	.paths = paths,
	.peers = ROLE_QUEUE | ROLE_ROUTER,
	.handlers = &handlers,
	.prepare = prepare,
	.stopping = report_stopping,
};

int
main(int argc, char **argv)
{
	return service_main(&program, argc, argv);
}
