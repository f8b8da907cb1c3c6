/* SPDX-License-Identifier: ISC */
/*
 * ipc_doc - print doc/IPC.md from lib/proc/messages.def
 *
 * The table is compiled in, so the document says what the programs do. `make
 * doc/IPC.md` writes it; `make check` compares the committed one with it.
 */
#include <stdio.h>

#include "lib/proc/role.h"

struct field {
	const char *type, *name, *words;
};

struct entry {
	const char *name;
	unsigned number, from, to;
	const char *sentence;
	const struct field *fields;
};

#define FIELD(type, name, words) { #type, #name, words },
#define MESSAGE(name, number, from, to, sentence, ...)                         \
	{ #name, number, from, to, sentence,                                   \
	    (const struct field[]){ __VA_ARGS__ { NULL, NULL, NULL } } },
static const struct entry entries[] = {
#include "lib/proc/messages.def"
};
#undef MESSAGE
#undef FIELD

#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static const char *const roles[] = {
#define ROLE(name, NAME) #name,
	ROLES
#undef ROLE
};

static const char *const opening =
    "# Messages between programs\n"
    "\n"
    "This file is made from `lib/proc/messages.def` by `make doc/IPC.md`; do not\n"
    "edit it. `lib/proc/message.h` describes the structs that come from the same\n"
    "table, `lib/proc/channel.h` the links that carry them.\n"
    "\n"
    "A frame is a length (u32), the number of the message (u16), the number of\n"
    "its descriptors (u16), a tag (u32) and the fields in the order given here.\n"
    "Integers are big-endian; `text` and `list` are counted octets, a `list`\n"
    "holding counted texts in turn. A request and its answer carry the same tag.\n"
    "The receiver refuses a message from a program that is not among its senders,\n"
    "and any frame that does not fit to the letter.\n"
    "\n"
    "| no. | message | from | to |\n"
    "|---|---|---|---|\n";

/* A group of roles by its name, or the roles one by one. */
static void
print_roles(unsigned set)
{
	const char *between = "";

	if (set == ROLE_ALL) {
		printf("all");
		return;
	}
	if ((set & ROLE_CHILDREN) == ROLE_CHILDREN) {
		printf("all children");
		set &= ~ROLE_CHILDREN;
		between = ", ";
	}
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (set & (1u << i)) {
			printf("%s%s", between, roles[i]);
			between = ", ";
		}
}

static void
print_row(const struct entry *e)
{
	printf("| %u | [%s](#%s) | ", e->number, e->name, e->name);
	print_roles(e->from);
	printf(" | ");
	print_roles(e->to);
	printf(" |\n");
}

static void
print_entry(const struct entry *e)
{
	printf("\n## %s\n\nNumber %u, from ", e->name, e->number);
	print_roles(e->from);
	printf(" to ");
	print_roles(e->to);
	printf(": %s.\n", e->sentence);
	if (e->fields->type == NULL)
		return;
	printf("\n| field | type | |\n|---|---|---|\n");
	for (const struct field *f = e->fields; f->type != NULL; f++)
		printf("| %s | %s | %s |\n", f->name, f->type, f->words);
}

int
main(void)
{
	fputs(opening, stdout);
	for (size_t i = 0; i < ENTRIES; i++)
		print_row(&entries[i]);
	for (size_t i = 0; i < ENTRIES; i++)
		print_entry(&entries[i]);
	return ferror(stdout) || fflush(stdout) != 0;
}
