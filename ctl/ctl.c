/* SPDX-License-Identifier: ISC */
/*
 * ctl - what all commands share: complaints and the settings
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/ctl.h"

int
ctl_fail(int code, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("posthouse: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

const struct settings *
ctl_settings(struct ctl *ctl)
{
	struct str errors = { 0 };

	if (ctl->settings != NULL)
		return ctl->settings;
	ctl->settings = settings_load(ctl->file, &errors);
	if (ctl->settings == NULL) {
		fputs(str_c(&errors), stderr);
		exit(EX_CONFIG);
	}
	return ctl->settings;
}
