/* SPDX-License-Identifier: ISC */
/*
 * question - what a helper that master started is asked
 *
 * One question for each process, on its standard input: texts, each with its
 * NUL, until the end of the input.
 */
#ifndef BASE_QUESTION_H
#define BASE_QUESTION_H

#include "lib/base/str.h"

/* Read it into text, whose limit bounds it, and point each of n fields to its
 * text. False: it is too long, has other than n texts, or cannot be read. */
bool question_read(struct str *text, const char **const field[], size_t n);

#endif
