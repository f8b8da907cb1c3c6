/* SPDX-License-Identifier: ISC */
/*
 * domain - the domains whose mail is delivered here
 *
 * They stand in one line of the settings. A change is taken only when the file
 * as a whole is right with it.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/edit.h"
#include "ctl/output.h"
#include "ctl/user.h"
#include "lib/mail/address.h"

/* ---- the line ---- */

/* "domains = ..." before the first section, with its line end; p NULL: there is
 * none, and *at is where it could stand. */
static struct view
find_line(struct view text, size_t *at)
{
	const char *begin = text.p;

	*at = 0;
	while (text.n > 0) {
		struct view rest = text, line = view_cut(&rest, '\n');
		struct view whole = view_bytes(text.p, text.n - rest.n);
		struct view name = line;

		name = view_trim(view_cut(&name, '='));
		if (view_is(name, "domains"))
			return whole;
		if (view_trim(line).n > 0 && view_trim(line).p[0] == '[')
			break;
		*at = (size_t)(rest.p - begin);
		text = rest;
	}
	return (struct view){ NULL, 0 };
}

/* The words of the line but one, and one more; both may be empty. */
static void
put_line(struct view line, struct view without, struct view with,
    struct str *out)
{
	struct view name = view_cut(&line, '='), word;

	str_addf(out, "%.*s=", VIEW(name));
	while ((word = view_word(&line)).n > 0)
		while (word.n > 0) {
			struct view one = view_cut(&word, ',');

			if (one.n > 0 && !view_eqi(one, without))
				str_addf(out, " %.*s", VIEW(one));
		}
	if (with.n > 0)
		str_addf(out, " %.*s", VIEW(with));
	str_addc(out, '\n');
}

static void
put_text(struct view text, struct view without, struct view with,
    struct str *out)
{
	size_t at;
	struct view line = find_line(text, &at);

	if (line.p != NULL)
		at = (size_t)(line.p - text.p);
	str_add(out, view_bytes(text.p, at));
	if (at > 0 && text.p[at - 1] != '\n')
		str_addc(out, '\n');
	if (line.p != NULL)
		put_line(line, without, with, out);
	else
		str_addf(out, "domains = %.*s\n", VIEW(with));
	str_add(out, view_skip(text, at + line.n));
}

/* ---- the file ---- */

/* What the server would say of it. */
static int
check(const struct edit *e)
{
	struct str path = { 0 }, errors = { 0 };
	struct settings *s;
	int code = 0;

	str_addf(&path, "%s.new", e->path);
	s = settings_load(path.p, &errors);
	if (s == NULL) {
		fputs(str_c(&errors), stderr);
		code = ctl_fail(EX_CONFIG, "%s stays as it is", e->path);
	}
	settings_free(&s);
	str_free(&errors);
	str_free(&path);
	return code;
}

/* An included file may have the line: it is not changed. */
static bool
is_elsewhere(const struct settings *s, const struct edit *e)
{
	size_t at;

	return s->domains.n > 0 && find_line(str_view(&e->text), &at).p == NULL;
}

static int
change(struct ctl *ctl, struct view without, struct view with)
{
	struct str to = { 0 }, error = { 0 };
	struct edit e;
	int code = 0;

	if (!edit_begin(&e, ctl->file, NULL, &error)) {
		code = ctl_fail(EX_CANTCREAT, "%s", str_c(&error));
		str_free(&error);
		return code;
	}
	put_text(str_view(&e.text), without, with, &to);
	if (is_elsewhere(ctl->settings, &e))
		code = ctl_fail(EX_CONFIG, "domains is set in a file that %s "
		    "includes; change it there", ctl->file);
	else if (!edit_write(&e, &to, &error))
		code = EX_CANTCREAT;
	else
		code = check(&e);
	if (code == 0 && !edit_put(&e, &error))
		code = EX_CANTCREAT;
	if (error.n > 0)
		ctl_fail(code, "%s", str_c(&error));
	if (code != 0)
		edit_abort(&e);
	str_free(&to);
	str_free(&error);
	return code != 0 ? code : user_tell_server(ctl, ctl->file);
}

static int
add(struct ctl *ctl)
{
	struct view domain = view_of(ctl->argv[0]);
	int code;

	if (!address_is_domain(domain, true))
		return ctl_fail(EX_DATAERR, "%s is no domain",
		    output_clean(domain));
	if (settings_has_domain(ctl_settings(ctl), domain))
		return ctl_fail(EX_CANTCREAT, "%s is there already",
		    output_clean(domain));
	code = change(ctl, VIEW_NONE, domain);
	if (code == 0)
		printf("%s: add users with \"posthouse user add\"; \"posthouse "
		       "dns show %s\" tells what belongs into the DNS\n",
		    output_clean(domain), output_clean(domain));
	return code;
}

static int
delete(struct ctl *ctl)
{
	struct view domain = view_of(ctl->argv[0]);
	int code;

	if (!settings_has_domain(ctl_settings(ctl), domain))
		return ctl_fail(EX_NOUSER, "%s is not among the domains",
		    output_clean(domain));
	code = change(ctl, domain, VIEW_NONE);
	if (code == 0)
		printf("%s: no mail is taken for it any more; users, aliases "
		       "and mail stay\n", output_clean(domain));
	return code;
}

static int
list(struct ctl *ctl)
{
	const struct words *domains = &ctl_settings(ctl)->domains;
	json_t *all = json_array();

	for (size_t i = 0; i < domains->n; i++)
		if (ctl_has(ctl, OPTION_JSON))
			json_array_append_new(all,
			    output_text(domains->word[i]));
		else
			puts(output_clean(domains->word[i]));
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_incref(all));
	json_decref(all);
	return 0;
}

const struct command domain_commands[] = {
	{ "domain add", "DOMAIN", 0, 1, 1, add, "take mail for a domain" },
	{ "domain del", "DOMAIN", 0, 1, 1, delete,
	    "take no more mail for it" },
	{ "domain list", "", OPTION_JSON, 0, 0, list, "all of them" },
	{ 0 },
};
