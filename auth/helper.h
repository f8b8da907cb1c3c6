/* SPDX-License-Identifier: ISC */
/*
 * helper - one question to a program that master starts
 */
#ifndef AUTH_HELPER_H
#define AUTH_HELPER_H

#include "auth/claim.h"

enum helper_kind { HELPER_PAM = 1, HELPER_OAUTH };

/* Write the question, end it, and read one line, without its end, within ten
 * seconds. Waits in the fiber of a. False with a->why when there is no answer. */
bool helper_ask(struct claim *a, enum helper_kind kind, struct view question,
    struct str *line);

#endif
