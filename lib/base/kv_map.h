/* SPDX-License-Identifier: ISC */
/*
 * kv_map - write a database file for other programs, as Postfix's postmap does
 *
 * No environment, no log: a file that is made new, filled, and then takes the
 * place of the old one at once, so that whoever reads sees the old or the new,
 * also after a crash. Each key and each value gets a NUL at its end.
 */
#ifndef BASE_KV_MAP_H
#define BASE_KV_MAP_H

#include <sys/types.h>

#include "lib/base/kv.h"

struct kv_map;

enum kv_map_kind { KV_MAP_HASH, KV_MAP_BTREE };

/* Begin a file that will stand at path. NULL with the reason in w. */
struct kv_map *kv_map_new(const char *path, enum kv_map_kind kind, mode_t mode,
    struct why *w);
/* KV_NONE: it was put in. KV_FOUND: the key has a value, which stays.
 * KV_TROUBLE: w has the reason. */
enum kv_result kv_map_put(struct kv_map *m, struct view key, struct view value,
    struct why *w);
/* On disk and in place. False with the reason in w: the old one stays. */
bool kv_map_commit(struct kv_map **m, struct why *w);
void kv_map_abort(struct kv_map **m);

#endif
