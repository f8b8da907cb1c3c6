/* SPDX-License-Identifier: ISC */
/*
 * doctor - ask all sides, then say what was found
 *
 * The exit code is that of monitoring plugins: 0 all is well, 1 warnings, 2
 * something is broken.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/check.h"
#include "ctl/doctor.h"
#include "ctl/link.h"
#include "ctl/output.h"

static const char *const words[] = { "fine", "warning", "critical" };

void
doctor_find(struct doctor *d, enum severity severity, const char *code,
    const char *fix, const char *fmt, ...)
{
	struct str evidence = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&evidence, fmt, ap);
	va_end(ap);
	json_array_append_new(d->findings, json_pack("{s:s,s:s,s:o,s:s?}",
	    "code", code, "severity", words[severity], "evidence",
	    output_text(str_view(&evidence)), "fix", fix));
	d->count[severity]++;
	str_free(&evidence);
}

/* ---- what check says ---- */

static void
find_lines(struct doctor *d, enum severity severity, const char *code,
    const struct str *lines)
{
	struct view rest = str_view(lines);

	while (rest.n > 0)
		doctor_find(d, severity, code, "mend it there; \"posthouse "
		    "check\" tells when it is right", "%.*s",
		    VIEW(view_cut(&rest, '\n')));
}

static void
doctor_settings(struct doctor *d)
{
	struct str errors = { 0 }, warnings = { 0 };

	check_all(d->s, &errors, &warnings);
	find_lines(d, SEVERITY_CRITICAL, "settings.wrong", &errors);
	find_lines(d, SEVERITY_WARNING, "settings.doubtful", &warnings);
	if (errors.n + warnings.n == 0)
		doctor_find(d, SEVERITY_FINE, "settings.wrong", NULL,
		    "%s is in order", d->ctl->file);
	str_free(&errors);
	str_free(&warnings);
}

/* ---- output ---- */

static void
print_one(const json_t *f)
{
	const char *fix = json_string_value(json_object_get(f, "fix"));
	const char *evidence =
	    json_string_value(json_object_get(f, "evidence"));

	printf("%-9s %s: %s\n",
	    json_string_value(json_object_get(f, "severity")),
	    json_string_value(json_object_get(f, "code")),
	    output_clean(view_of(evidence)));
	if (fix != NULL)
		printf("          %s\n", fix);
}

/* The worst first; what is fine when asked for. */
static void
print_all(const struct doctor *d)
{
	int least = ctl_has(d->ctl, OPTION_ALL) ? SEVERITY_FINE :
						  SEVERITY_WARNING;
	const json_t *f;
	size_t i;

	for (int severity = SEVERITY_CRITICAL; severity >= least; severity--)
		json_array_foreach(d->findings, i, f)
			if (strcmp(words[severity], json_string_value(
				json_object_get(f, "severity"))) == 0)
				print_one(f);
	printf("%u critical, %u warnings, %u fine\n",
	    d->count[SEVERITY_CRITICAL], d->count[SEVERITY_WARNING],
	    d->count[SEVERITY_FINE]);
}

typedef void doctor_fn(struct doctor *d);

static doctor_fn *const sides[] = {
	doctor_settings,
	doctor_machine,
	doctor_listeners,
	doctor_server,
	doctor_dns,
};

static int
doctor(struct ctl *ctl)
{
	struct doctor d = { .ctl = ctl, .findings = json_array() };

	d.s = ctl_settings(ctl);
	d.running = link_try(ctl, &doctor_from_master);
	for (size_t i = 0; i < nitems(sides); i++)
		sides[i](&d);
	if (ctl_has(ctl, OPTION_JSON))
		output_json(json_incref(d.findings));
	else
		print_all(&d);
	json_decref(d.findings);
	return d.count[SEVERITY_CRITICAL] > 0 ? 2 :
	    d.count[SEVERITY_WARNING] > 0 ? 1 : 0;
}

const struct command doctor_commands[] = {
	{ "doctor", "", OPTION_JSON | OPTION_ALL, 0, 0, doctor,
	    "what is wrong with this site, and what mends it" },
	{ 0 },
};
