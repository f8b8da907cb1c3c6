/* SPDX-License-Identifier: ISC */
/*
 * rcpts - where a letter takes its recipients from
 */
#ifndef SENDMAIL_RCPTS_H
#define SENDMAIL_RCPTS_H

#include "sendmail/letter.h"

/* Both add to the letter; false with verdict 1.3 or 5.3. */
bool rcpts_of_arguments(struct letter *l, struct why *w);
bool rcpts_of_header(struct letter *l, struct view header, struct why *w);

#endif
