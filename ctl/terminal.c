/* SPDX-License-Identifier: ISC */
/*
 * terminal - lines, and lines that nobody else shall see
 */
#include <termios.h>
#include <unistd.h>

#include "ctl/terminal.h"
#include "lib/base/file.h"

bool
terminal_line(int fd, struct str *line)
{
	char c;
	ssize_t n;

	while ((n = read(fd, &c, 1)) == 1 && c != '\n')
		str_addc(line, c);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->p[--line->n] = '\0';
	return n >= 0;
}

bool
terminal_secret(int tty, const char *prompt, struct str *line)
{
	struct termios old, quiet;
	bool fine;

	if (!file_write_all(tty, view_of(prompt)) || tcgetattr(tty, &old) < 0)
		return false;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0)
		return false;
	fine = terminal_line(tty, line);
	tcsetattr(tty, TCSAFLUSH, &old);
	return file_write_all(tty, VIEW_LIT("\n")) && fine;
}
