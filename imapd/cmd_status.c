/* SPDX-License-Identifier: ISC */
/*
 * cmd_status - STATUS (RFC 3501 6.3.10, RFC 8438, RFC 7162 3.1.7, RFC 8474)
 */
#include "imapd/commands.h"
#include "imapd/status.h"

enum answer
cmd_status(struct imap *im, struct parse *p)
{
	struct why w = { 0 };
	struct view name;
	unsigned wanted;

	parse_space(p);
	name = parse_mailbox_named(p);
	parse_space(p);
	wanted = status_parse(p);
	if (!parse_end(p))
		return answer_syntax(im, p);
	status_enable(im, wanted);
	if (!status_tell(im, name, wanted, &w))
		return answer_why(im, &w);
	return ANSWER_OK;
}
