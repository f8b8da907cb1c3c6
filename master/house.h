/* SPDX-License-Identifier: ISC */
/*
 * house - the server as a whole: start, reload, stop
 */
#ifndef MASTER_HOUSE_H
#define MASTER_HOUSE_H

#include "lib/proc/settings.h"
#include "master/child.h"

struct house_start {
	const char *file;	/* of the settings */
	bool foreground;
	/* Everything runs; called once. */
	void (*ready)(void);
};

/* Read, open, start. False with sentences for the administrator. */
bool house_begin(const struct house_start *start, struct str *error);
/* The settings in force, and the file they came from. */
const struct settings *house_settings(void);
const char *house_file(void);
int64_t house_since(void);
/* A descriptor of the log for a child to take, -1: the journal. */
int house_log(void);
bool house_is_stopping(void);

/* All or nothing: false with sentences, and nothing has changed. */
bool house_reload(struct str *error);
void house_stop(void);
/* What main returns when the loop has ended. */
int house_result(void);

/* A child came up, or is gone for good. */
void house_changed(void);
/* A child died and waits for its next start. */
void house_died(const struct child *c);

#endif
