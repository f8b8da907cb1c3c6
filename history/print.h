/* SPDX-License-Identifier: ISC */
/*
 * print - what a block can be found by, in 32 bits
 *
 * A print is a hash of a kind and a text without case. Two things may share
 * one: whoever finds a block looks whether it really has what he wants.
 */
#ifndef HISTORY_PRINT_H
#define HISTORY_PRINT_H

#include "lib/mail/event.h"

enum print_kind {
	PRINT_MAIL = 'i', PRINT_ADDRESS = 'a', PRINT_MESSAGE_ID = 'm',
	PRINT_IP = 'c', PRINT_DAY = 'd', PRINT_DOMAIN = 'D'
};

struct prints {
	uint32_t *p;
	size_t n, cap;
};

uint32_t print_of(enum print_kind kind, struct view text);
uint32_t print_of_number(enum print_kind kind, uint64_t n);
void prints_add(struct prints *p, uint32_t print);
/* All of an event. */
void prints_of(struct prints *p, const struct event *e);
/* A Message-ID without blanks and brackets around it. */
struct view print_message_id(struct view v);

#endif
