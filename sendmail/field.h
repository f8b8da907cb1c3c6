/* SPDX-License-Identifier: ISC */
/*
 * field - which header fields matter here, and for what
 */
#ifndef SENDMAIL_FIELD_H
#define SENDMAIL_FIELD_H

#include "lib/base/view.h"

enum {
	FIELD_ADDRESSES = 1,	/* bare names get a domain */
	FIELD_RECIPIENTS = 2,	/* -t reads them */
	FIELD_RESENT = 4,	/* -t reads only these, if there are any */
	FIELD_HIDDEN = 8,	/* -t drops it */
	FIELD_FROM = 16,
	FIELD_DATE = 32,
	FIELD_ID = 64,
	FIELD_MIME = 128
};

/* FIELD_ bits; 0 for a field that is nothing special. */
unsigned field_kind(struct view name);

#endif
