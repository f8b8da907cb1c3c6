/* SPDX-License-Identifier: ISC */
/*
 * process - /proc/PID, read as JSON values
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/output.h"
#include "ctl/process.h"
#include "lib/base/file.h"

#define STATUS_MOST	65536

/* The value of "Name:\tvalue", blanks around it removed. */
static struct view
field(struct view status, const char *name)
{
	while (status.n > 0) {
		struct view line = view_cut(&status, '\n');

		if (view_is(view_cut(&line, ':'), name))
			return view_trim(line);
	}
	return VIEW_NONE;
}

static json_int_t
number(struct view v)
{
	struct view word = view_word(&v);
	uint64_t n = 0;

	view_u64(word, INT64_MAX, &n);
	return (json_int_t)n;
}

static json_t *
numbers(struct view v)
{
	json_t *all = json_array();

	while ((v = view_trim(v)).n > 0) {
		json_array_append_new(all, json_integer(number(v)));
		view_word(&v);
	}
	return all;
}

json_t *
process_rights(uint32_t pid)
{
	char path[64];
	struct str text = { 0 };
	struct view status;
	struct passwd *pw;
	json_t *j;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (!file_read(AT_FDCWD, path, STATUS_MOST, &text))
		return NULL;
	status = str_view(&text);
	pw = getpwuid((uid_t)number(field(status, "Uid")));
	j = json_pack("{s:s,s:I,s:I,s:o,s:b,s:I,s:o}", "user",
	    pw != NULL ? pw->pw_name : "?", "uid", number(field(status, "Uid")),
	    "gid", number(field(status, "Gid")), "groups",
	    numbers(field(status, "Groups")), "no_new_privileges",
	    (int)number(field(status, "NoNewPrivs")), "seccomp",
	    number(field(status, "Seccomp")), "capabilities",
	    output_text(field(status, "CapEff")));
	str_free(&text);
	return j;
}

static int
by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int
is_number(const struct dirent *e)
{
	return e->d_name[0] >= '0' && e->d_name[0] <= '9';
}

json_t *
process_descriptors(uint32_t pid)
{
	char path[300], what[PATH_MAX];
	struct dirent **entry;
	json_t *all;
	int n;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	n = scandir(path, &entry, is_number, by_number);
	if (n < 0)
		return NULL;
	all = json_array();
	for (int i = 0; i < n; i++) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%u/fd/%s", pid,
		    entry[i]->d_name);
		length = readlink(path, what, sizeof(what));
		if (length > 0)
			json_array_append_new(all,
			    json_pack("{s:i,s:o}", "fd",
				atoi(entry[i]->d_name), "what",
				output_text(view_bytes(what,
				    (size_t)length))));
		free(entry[i]);
	}
	free(entry);
	return all;
}
