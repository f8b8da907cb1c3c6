/* SPDX-License-Identifier: ISC */
/*
 * mail_relay_logins - any text as that file: words within their limits
 */
#include "lib/mail/relay_logins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written in quotes, a login is read again as it was. */
static void
read_again(const struct relay_login *l)
{
	const struct str *words[] = { &l->name, &l->user, &l->password };
	struct relay_login again = { .name = { 0 } };
	struct str line = { 0 };
	const char *wrong;

	for (size_t i = 0; i < nitems(words); i++) {
		str_adds(&line, " \"");
		for (size_t k = 0; k < words[i]->n; k++) {
			char c = words[i]->p[k];

			if (c == '"' || c == '\\')
				str_addc(&line, '\\');
			str_addc(&line, c);
		}
		str_addc(&line, '"');
	}
	if (line.n <= RELAY_LOGINS_LINE) {
		must(relay_login_read(str_view(&line), &again, &wrong));
		must(view_eq(str_view(&again.name), str_view(&l->name)));
		must(view_eq(str_view(&again.user), str_view(&l->user)));
		must(view_eq(str_view(&again.password),
		    str_view(&l->password)));
	}
	relay_login_free(&again);
	str_free(&line);
}

static void
look(void *arg, unsigned line, const struct relay_login *l, const char *wrong)
{
	unsigned *last = arg;

	must(line > *last);
	*last = line;
	must((l == NULL) == (wrong != NULL));
	if (l == NULL)
		return;
	must(l->name.n > 0 && l->user.n > 0);
	must(l->user.n <= RELAY_LOGIN_TEXT);
	must(l->password.n <= RELAY_LOGIN_TEXT);
	must(memchr(str_c(&l->password), '\n', l->password.n) == NULL);
	read_again(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned last = 0;

	relay_logins_read(view_bytes(data, size), look, &last);
	return 0;
}
