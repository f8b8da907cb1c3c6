/* SPDX-License-Identifier: ISC */
/*
 * summary - choosing fields
 */
#include "lib/mail/header.h"
#include "lib/mail/summary.h"

/* What the lists of mail clients ask for, and SORT, THREAD and ENVELOPE. */
static const char *const names[] = { "Date", "Subject", "From", "Sender",
	"Reply-To", "To", "Cc", "Bcc", "In-Reply-To", "Message-ID",
	"References", "Content-Type", "Content-Description",
	"Content-Transfer-Encoding", "MIME-Version", "Lines", "List-Post",
	"List-Id", "Priority", "X-Priority", "Importance", "Newsgroups",
	"X-Label" };

bool
summary_has(struct view name)
{
	for (size_t i = 0; i < nitems(names); i++)
		if (view_isi(name, names[i]))
			return true;
	return false;
}

void
summary_make(struct str *out, struct view header)
{
	struct header h;

	while (header_next(&header, &h)) {
		if (h.name.n == 0 || !summary_has(h.name))
			continue;
		str_add(out, h.whole);
		if (h.whole.p[h.whole.n - 1] != '\n')
			str_adds(out, "\r\n");
	}
}
