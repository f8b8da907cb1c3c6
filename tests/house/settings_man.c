/* SPDX-License-Identifier: ISC */
/*
 * settings_man - fill the settings into posthouse.conf(5)
 *
 * Copies the manual page that is its argument to the standard output and puts
 * the entries of lib/proc/settings.def in place of the lines .\" @SETTINGS@,
 * .\" @LISTENER@ and .\" @DOMAIN@.
 */
#include <stdio.h>
#include <string.h>

struct setting {
	const char *type, *name, *preset, *sentence;
	double least, most;
};

#define ROW(type, name, preset, least, most, sentence)                         \
	{ #type, #name, preset, sentence, (double)(least), (double)(most) },

static const struct setting settings[] = {
#define SETTING ROW
#include "lib/proc/settings.def"
	{ NULL, NULL, NULL, NULL, 0, 0 }
};

static const struct setting listener_settings[] = {
#define LISTENER_SETTING ROW
#include "lib/proc/settings.def"
	{ NULL, NULL, NULL, NULL, 0, 0 }
};

static const struct setting domain_settings[] = {
#define DOMAIN_SETTING ROW
#include "lib/proc/settings.def"
	{ NULL, NULL, NULL, NULL, 0, 0 }
};

static const struct place {
	const char *line;
	const struct setting *table;
} places[] = {
	{ ".\\\" @SETTINGS@\n", settings },
	{ ".\\\" @LISTENER@\n", listener_settings },
	{ ".\\\" @DOMAIN@\n", domain_settings },
	{ NULL, NULL },
};

static void
print_setting(const struct setting *s)
{
	printf(".It Ic %s Pq %s", s->name, s->type);
	if (*s->preset != '\0')
		printf(" = Li %s", s->preset);
	printf("\n%s.\n", s->sentence);
	if (strcmp(s->type, "count") == 0 || strcmp(s->type, "size") == 0)
		printf("From %.0f to %.0f.\n", s->least, s->most);
}

static void
copy_line(const char *line)
{
	for (const struct place *p = places; p->line != NULL; p++)
		if (strcmp(p->line, line) == 0) {
			for (const struct setting *s = p->table; s->type; s++)
				print_setting(s);
			return;
		}
	fputs(line, stdout);
}

int
main(int argc, char **argv)
{
	char line[512];
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (in == NULL) {
		fprintf(stderr, "usage: settings_man FILE\n");
		return 1;
	}
	while (fgets(line, sizeof(line), in) != NULL)
		copy_line(line);
	fclose(in);
	return ferror(stdout) || fflush(stdout) != 0;
}
