/* SPDX-License-Identifier: ISC */
/*
 * records - the messages of one mailbox in memory, ascending by UID
 *
 * Two arrays: the packed records exactly as sessions get them, so that the
 * memfd of a mailbox is one write; and beside them how the files are called.
 * Every change writes the rows of the index that it touches.
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "lib/mail/numset.h"
#include "store/index.h"

struct records {
	uint8_t *packed;	/* RECORD_SIZE each */
	uint8_t *naming;	/* 8 octets each, as behind it in a row */
	size_t n, cap;
};

/* Read all rows; false when the index is in trouble. */
bool records_load(struct records *r, uint32_t mailbox);
void records_free(struct records *r);
struct view records_view(const struct records *r);
void records_at(const struct records *r, size_t i, struct entry *e);
/* Replace the i-th (same UID) in memory; records_write() puts it on disk. */
void records_set(struct records *r, size_t i, const struct entry *e);
/* Add one with a greater UID than all; in memory only (see index_append). */
void records_add(struct records *r, const struct entry *e);
/* Write the rows that hold the i-th to the j-th, both included. */
void records_write(const struct records *r, uint32_t mailbox, size_t i,
    size_t j);
/* Index of the record with this UID, or n. */
size_t records_find(const struct records *r, uint32_t uid);
/* Remove all with uids in the ascending array gone, in memory and on disk. */
void records_remove(struct records *r, uint32_t mailbox, const uint32_t *gone,
    size_t n);
/* Call f for each index whose UID is in the set, ascending. */
void records_each(const struct records *r, const struct numset *uids,
    void (*f)(void *arg, size_t i), void *arg);

#endif
