/* SPDX-License-Identifier: ISC */
/*
 * log - one line per event
 *
 * "subject: event key=value ..." to syslog (the journal) or to stderr. The
 * subject is a mail id, a session or a part of the program. Foreign bytes must
 * go through log_quote(), which escapes what is not printable. No passwords
 * and no content, at any level.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "lib/base/view.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR };

/* ident "posthouse", program "smtpd". Lines go to fd if it is >= 0, to
 * /dev/log otherwise. Without a call: stderr, level info. */
void log_open(const char *ident, const char *program, int fd,
    enum log_level least);
void log_set_level(enum log_level least);
/* subject may be NULL. */
void log_line(enum log_level level, const char *subject, const char *fmt, ...)
    PRINTF(3, 4);
#define log_debug(subject, ...)	log_line(LOG_LEVEL_DEBUG, subject, __VA_ARGS__)
#define log_info(subject, ...)	log_line(LOG_LEVEL_INFO, subject, __VA_ARGS__)
#define log_warning(subject, ...)                                              \
	log_line(LOG_LEVEL_WARNING, subject, __VA_ARGS__)
#define log_error(subject, ...)	log_line(LOG_LEVEL_ERROR, subject, __VA_ARGS__)

/* While held, lines are kept and written together by log_flush(). */
void log_hold(bool on);
void log_flush(void);

/* An escaped copy in one of eight rotating static buffers, at most 255 bytes;
 * control bytes, spaces, quotes and 8-bit bytes become \xNN where needed. */
const char *log_quote(struct view v);

#endif
