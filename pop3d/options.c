/* SPDX-License-Identifier: ISC */
/*
 * options - from settings to a session
 */
#include <bsd/string.h>

#include "lib/proc/settings.h"
#include "pop3d/options.h"

void
options_take(struct options *o, const struct settings *s)
{
	*o = (struct options){ .expire_days = -1 };
	strlcpy(o->uidl_text, s ? s->pop3_uidl : "posthouse",
	    sizeof(o->uidl_text));
	/* settings_check has seen to it that they can be read */
	must(uidl_form(&o->uidl, o->uidl_text));
	if (s == NULL)
		return;
	must(pop3_expire_days(s->pop3_expire, &o->expire_days));
	o->mark_read = s->pop3_mark_read;
	o->login_delay = s->pop3_login_delay;
}
