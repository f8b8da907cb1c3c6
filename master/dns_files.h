/* SPDX-License-Identifier: ISC */
/*
 * dns_files - resolv.conf and the trust anchors, for resolver
 *
 * resolver opens no file. master opens these two and hands the descriptors over,
 * at the start of resolver, at a reload, and when a look every few seconds finds
 * other files than before: a laptop in another network has other name servers.
 * It never reads what is in them.
 */
#ifndef MASTER_DNS_FILES_H
#define MASTER_DNS_FILES_H

#include "master/child.h"

/* Hand them to a process of resolver. */
void dns_files_give(struct child *c);
/* To resolver when it runs: the settings have changed. */
void dns_files_changed(void);
/* Look after them from now on. */
void dns_files_begin(void);

#endif
