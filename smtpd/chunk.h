/* SPDX-License-Identifier: ISC */
/*
 * chunk - BDAT: content in counted pieces (RFC 3030)
 *
 * The octets of a chunk that was announced are taken in any case, whether BDAT
 * was right or wrong, and only then it is answered: so no client's content is
 * ever read as commands. After a refusal the transaction is gone, and what
 * follows of the same mail is out of turn.
 */
#ifndef SMTPD_CHUNK_H
#define SMTPD_CHUNK_H

#include "smtpd/dialog.h"

/* Take octets of the present chunk; *done at its end. */
size_t chunk_take(struct dialog *d, struct view in, bool *done);
/* After *done: true when the mail is complete and may be queued, else *r is
 * the reply to BDAT. */
bool chunk_end(struct dialog *d, struct response *r);

#endif
