/* SPDX-License-Identifier: ISC */
/*
 * message - what programs say to each other, as structs
 *
 * Everything here is made from lib/proc/messages.def. A struct message holds
 * one message of any kind: type says which member of the union counts.
 * message_encode and message_decode are pure functions over bytes; channels
 * (lib/proc/channel.h) move the bytes and the descriptors.
 */
#ifndef PROC_MESSAGE_H
#define PROC_MESSAGE_H

#include "lib/base/str.h"
#include "lib/proc/role.h"

#define FDS_MAX		32	/* descriptors in one message */
#define APPENDS_MAX	64	/* messages in one append_commit */
#define FRAME_HEAD	12	/* u32 length, u16 type, u16 fds, u32 tag */
#define FRAME_MAX	(256 * 1024)

struct fds {
	uint32_t n;
	int fd[FDS_MAX];
};

/* How each field type stands in a struct. A struct that is set to { 0 } has
 * descriptor 0 in its fd fields: set them, -1 for none. */
typedef uint8_t message_u8;
typedef uint32_t message_u32;
typedef uint64_t message_u64;
typedef int64_t message_i64;
typedef struct view message_text;
typedef struct view message_list;
typedef int message_fd;
typedef struct fds message_fds;

#define FIELD(type, name, words) message_##type name;
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	struct msg_##name {                                                    \
		__VA_ARGS__                                                    \
	};
#include "lib/proc/messages.def"
#undef MESSAGE
#undef FIELD

enum message_type {
#define MESSAGE(name, number, ...) MSG_##name = number,
#include "lib/proc/messages.def"
#undef MESSAGE
	MSG_LIMIT = 512
};

struct message {
	enum message_type type;
	uint32_t tag;	/* 0: not part of a request */
	union {
#define MESSAGE(name, ...) struct msg_##name name;
#include "lib/proc/messages.def"
#undef MESSAGE
	};
};

/* What the table says of a message type; NULL name for unused numbers. */
struct message_info {
	const char *name;
	unsigned from, to;
	const char *sentence;
};
const struct message_info *message_info(unsigned type);

/* Append one frame to out; false when it would be larger than FRAME_MAX (out
 * unchanged). The descriptors to send along are put into fds, still the
 * caller's. */
bool message_encode(const struct message *m, struct str *out, struct fds *fds);

/* Decode one frame (head included, exactly). Views point into the frame. The
 * descriptors in fds are placed into the message; their number must be what
 * the frame says. False for anything that does not fit to the letter. */
bool message_decode(struct view frame, const struct fds *fds,
    struct message *m);

/* Length of the frame that starts here: 0 when more bytes are needed to tell,
 * SIZE_MAX when it is none. *nfds is the number of its descriptors. */
size_t message_frame(struct view v, uint32_t *nfds);

/* Close every descriptor that a message still holds. */
void message_close(struct message *m);

/* Take a descriptor out of a message: the caller owns it then. */
static inline int
fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* FNV-1a over the whole table: both ends must have the same. */
uint64_t message_digest(void);

/* Lists: counted texts in a row. list_next returns false at the end, or at
 * once on a malformed rest (*list is empty then, too: ask list_ok first where
 * it matters). */
void list_put(struct str *list, struct view item);
void list_put_u32(struct str *list, uint32_t n);
void list_put_u64(struct str *list, uint64_t n);
bool list_next(struct view *list, struct view *item);
bool list_has(struct view list, struct view wanted);
bool list_next_u32(struct view *list, uint32_t *n);
bool list_next_u64(struct view *list, uint64_t *n);
bool list_ok(struct view list, size_t *count);

#endif
