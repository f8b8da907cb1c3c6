/* SPDX-License-Identifier: ISC */
/*
 * reader - one command from the stream, with its literals
 */
#ifndef IMAPD_READER_H
#define IMAPD_READER_H

#include <sys/types.h>

#include "imapd/imap.h"
#include "lib/proc/stream.h"

#define COMMAND_MAX	  65536u	/* octets of a command after login */
/* and before: a SASL response (RFC 4959), and what stands around it */
#define COMMAND_MAX_LOGIN (SASL_LINE_MAX + 1024u)

enum read_end {
	READ_COMMAND,		/* im->text has it */
	READ_BAD,		/* it was refused: im->wrong says why */
	READ_GONE		/* no more commands: im->ended says why */
};

/* Read up to the end of a command, or to a literal that the command takes
 * itself: im->incoming.pending then. */
enum read_end reader_command(struct imap *im);
/* One line into im->text (emptied before), for AUTHENTICATE and IDLE. */
enum read_end reader_line(struct imap *im);
/* Go on behind a literal that the command took: the rest of its line, or up to
 * the next such literal, is in im->text. */
enum read_end reader_continue(struct imap *im);
/* Pass over what a command left: its literal, the rest of its lines. False
 * when the client is gone. */
bool reader_finish(struct imap *im);
/* Until when to wait for the client. */
int64_t reader_deadline(struct imap *im);
/* Why there is nothing more to read: a word to the client, and to the log. */
void reader_gone(struct imap *im, enum stream_end e);
/* May a literal of this size come without waiting (RFC 7888 5)? */
bool reader_may_come(const struct imap *im, const struct literal *l);
/* Ask for the literal (if the client waits) and take it in pieces. */
bool reader_literal_begin(struct imap *im);
/* The next piece, at most 64 KiB; empty when all was taken. False: gone. */
bool reader_literal_piece(struct imap *im, struct view *piece);
/* The piece was used. */
void reader_literal_done(struct imap *im, size_t n);

#endif
