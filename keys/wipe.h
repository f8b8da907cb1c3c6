/* SPDX-License-Identifier: ISC */
/*
 * wipe - memory that OpenSSL frees is overwritten
 */
#ifndef KEYS_WIPE_H
#define KEYS_WIPE_H

/* Before anything of OpenSSL is used. No core is written either. */
void wipe_begin(void);

#endif
