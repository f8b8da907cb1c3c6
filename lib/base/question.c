/* SPDX-License-Identifier: ISC */
/*
 * question - read to the end, and taken apart
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/question.h"

#define STEP	256

static bool
take_apart(const struct str *text, const char **const field[], size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const char *end = memchr(text->p + at, '\0', text->n - at);

		if (end == NULL)
			return false;
		*field[i] = text->p + at;
		at = (size_t)(end - text->p) + 1;
	}
	return at == text->n;
}

bool
question_read(struct str *text, const char **const field[], size_t n)
{
	ssize_t got;

	do {
		char *room = str_room(text, STEP);

		if (room == NULL)
			return false;
		got = read(STDIN_FILENO, room, STEP);
		if (got > 0)
			text->n += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got == 0 && text->n > 0 && take_apart(text, field, n);
}
