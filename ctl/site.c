/* SPDX-License-Identifier: ISC */
/*
 * site - comments and order stay as an administrator knows them
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "ctl/site.h"
#include "lib/base/file.h"

#define FILE_MOST	((size_t)1 << 30)

static bool
is_section(struct view line)
{
	return view_starts(view_trim(line), VIEW_LIT("["));
}

/* Does this line set the name, or show it in a comment? */
static bool
is_about(struct view line, const char *name, bool *shown)
{
	struct view v = view_trim(line), word;

	*shown = view_starts(v, VIEW_LIT("#"));
	if (*shown)
		v = view_skip(v, 1);
	if (view_find(v, '=') == v.n)
		return false;
	word = view_cut(&v, '=');
	/* "# users = ..." may be a sentence; "#users" is a setting */
	return view_is(*shown ? (struct view){ word.p,
	    view_trim(word).n + (size_t)(view_trim(word).p - word.p) } :
	    view_trim(word), name);
}

/* Where the line stands that is to be replaced; text.n when there is none. One
 * that sets the name comes before one that shows it. */
static struct view
find_line(struct view text, const char *name)
{
	struct view rest = text, found = view_skip(text, text.n);
	bool shown, found_shown = true;

	while (rest.n > 0) {
		struct view line = view_cut(&rest, '\n');

		if (is_section(line))
			break;
		if (!is_about(line, name, &shown) ||
		    (found.p < text.p + text.n && (shown || !found_shown)))
			continue;
		found = line;
		found_shown = shown;
	}
	return found;
}

void
site_set(struct str *text, const char *name, const char *value)
{
	struct view all = str_view(text), line = find_line(all, name);
	struct str out = { 0 };
	size_t at = (size_t)(line.p - all.p);

	if (at == all.n) {
		str_addf(&out, "%s = %s\n", name, value);
		str_add(&out, all);
	} else {
		str_add(&out, view_bytes(all.p, at));
		str_addf(&out, "%s = %s", name, value);
		str_add(&out, view_skip(all, at + line.n));
	}
	str_free(text);
	*text = out;
}

bool
site_has_listener(struct view text)
{
	while (text.n > 0)
		if (view_starts(view_trim(view_cut(&text, '\n')),
			VIEW_LIT("[listener")))
			return true;
	return false;
}

bool
site_add_line(const char *path, mode_t mode, struct view line)
{
	struct str text = { 0 };
	struct stat st;
	bool fine = file_read(AT_FDCWD, path, FILE_MOST, &text);

	if (fine && stat(path, &st) == 0)
		mode = st.st_mode & 07777;
	if (fine || errno == ENOENT) {
		if (text.n > 0 && text.p[text.n - 1] != '\n')
			str_addc(&text, '\n');
		str_add(&text, line);
		str_addc(&text, '\n');
		fine = file_replace(AT_FDCWD, path, str_view(&text), mode);
	}
	str_wipe(&text);
	str_free(&text);
	return fine;
}
