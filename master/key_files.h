/* SPDX-License-Identifier: ISC */
/*
 * key_files - the files of tls_cert, tls_key and tls_client_ca, for keys
 *
 * keys cannot open them: they are root's, and are replaced while the server
 * runs. master opens them and hands the descriptors over, at the start of keys,
 * at a reload, and when a look every few seconds finds other files than before.
 * It never reads what is in them.
 */
#ifndef MASTER_KEY_FILES_H
#define MASTER_KEY_FILES_H

#include "lib/proc/settings.h"
#include "master/child.h"

/* Can all of them be opened? Sentences in error when not. */
bool key_files_check(const struct settings *s, struct str *error);
/* Hand them to a process of keys. */
void key_files_give(struct child *c);
/* To keys when it runs: the settings have changed. */
void key_files_changed(void);
/* Look after them from now on. */
void key_files_begin(void);

#endif
