/* SPDX-License-Identifier: ISC */
/*
 * look - what sessions ask without changing anything
 */
#ifndef STORE_LOOK_H
#define STORE_LOOK_H

#include "store/link.h"

bool look_open(struct request *r, struct why *w);
void look_close(struct channel *c, uint32_t tag, struct msg_mailbox_close *m);
void look_content(struct channel *c, uint32_t tag, struct msg_content_open *m);

#endif
