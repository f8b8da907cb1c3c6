/* SPDX-License-Identifier: ISC */
/*
 * postfix - names by which scripts call the tools of Postfix
 *
 * posthouse is postqueue, postsuper, postmap or postconf when it is called so, and
 * understands what scripts use of them: flags, output and exit codes are theirs.
 */
#ifndef CTL_POSTFIX_H
#define CTL_POSTFIX_H

#include "ctl/ctl.h"

typedef int postfix_fn(struct ctl *ctl, int argc, char **argv);

/* What argv[0] stands for; NULL: posthouse itself. */
postfix_fn *postfix_named(const char *path);

/* One sentence with the tool's name in front of it; returns code. */
int postfix_fatal(int code, const char *fmt, ...) PRINTF(2, 3);

/* The tools of files of their own. */
postfix_fn postmap_run, postsuper_run;

#endif
