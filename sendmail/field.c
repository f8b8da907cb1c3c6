/* SPDX-License-Identifier: ISC */
/*
 * field - the table
 */
#include "sendmail/field.h"

static const struct {
	const char *name;
	unsigned kind;
} fields[] = {
	{ "From", FIELD_ADDRESSES | FIELD_FROM },
	{ "Sender", FIELD_ADDRESSES },
	{ "Reply-To", FIELD_ADDRESSES },
	{ "To", FIELD_ADDRESSES | FIELD_RECIPIENTS },
	{ "Cc", FIELD_ADDRESSES | FIELD_RECIPIENTS },
	{ "Bcc", FIELD_RECIPIENTS | FIELD_HIDDEN },
	{ "Resent-From", FIELD_ADDRESSES },
	{ "Resent-Sender", FIELD_ADDRESSES },
	{ "Resent-To", FIELD_ADDRESSES | FIELD_RECIPIENTS | FIELD_RESENT },
	{ "Resent-Cc", FIELD_ADDRESSES | FIELD_RECIPIENTS | FIELD_RESENT },
	{ "Resent-Bcc", FIELD_RECIPIENTS | FIELD_RESENT | FIELD_HIDDEN },
	{ "Date", FIELD_DATE },
	{ "Message-ID", FIELD_ID },
	{ "MIME-Version", FIELD_MIME },
	{ "Content-Type", FIELD_MIME },
	{ "Content-Transfer-Encoding", FIELD_MIME },
};

unsigned
field_kind(struct view name)
{
	for (size_t i = 0; i < nitems(fields); i++)
		if (view_isi(name, fields[i].name))
			return fields[i].kind;
	return 0;
}
