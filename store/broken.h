/* SPDX-License-Identifier: ISC */
/*
 * broken - when the index can't be written or believed
 *
 * A flush failed, or a page is damaged. Everybody who waited has been told
 * LATER; every mailbox in memory is given up, its sessions are told that it is
 * gone, and the environment is closed and opened again until that succeeds.
 */
#ifndef STORE_BROKEN_H
#define STORE_BROKEN_H

/* Tell durable.c what to do then. */
void broken_begin(void);

#endif
