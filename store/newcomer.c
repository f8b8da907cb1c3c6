/* SPDX-License-Identifier: ISC */
/*
 * newcomer - looking, making, subscribing
 */
#include <errno.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/mail/uses.h"
#include "lib/proc/message.h"
#include "lib/proc/settings.h"
#include "store/account.h"
#include "store/folder.h"
#include "store/listing.h"
#include "store/maildir.h"
#include "store/newcomer.h"

static uint32_t wanted;

void
newcomer_begin(const struct words *uses)
{
	struct str word = { 0 };

	wanted = 0;
	for (size_t i = 0; i < uses->n; i++) {
		str_reset(&word);
		str_addc(&word, '\\');
		str_add(&word, uses->word[i]);
		wanted |= use_parse(str_view(&word));
	}
	str_free(&word);
}

static bool
is_new(struct view user)
{
	struct str path = { 0 };
	bool yes = false;
	int dir;

	if (maildir_path(&path, user, VIEW_NONE, "cur")) {
		dir = maildir_open(path.p);
		yes = dir < 0 && maildir_missing(errno);
		if (dir >= 0)
			close(dir);
	}
	str_free(&path);
	return yes;
}

/* "\Sent" is called Sent. */
static bool
make_one(struct view user, uint32_t use, struct str *names, struct why *w)
{
	struct str word = { 0 };
	struct view name;
	bool ok = true;

	uses_put(&word, use);
	name = view_skip(str_view(&word), 1);
	if (!account_exists(user, name))
		ok = folder_make(user, name, use, w);
	if (ok)
		list_put(names, name);
	str_free(&word);
	return ok;
}

static bool
make_all(struct view user, struct why *w)
{
	struct str names = { 0 };
	bool ok = true;

	for (uint32_t use = 1; ok && use <= USE_TRASH; use <<= 1)
		if (wanted & use)
			ok = make_one(user, use, &names, w);
	ok = ok && listing_subscribe_to(user, str_view(&names), w);
	str_free(&names);
	return ok;
}

void
newcomer_welcome(struct view user)
{
	struct account_lock *l;
	struct why w;

	if (wanted == 0 || !is_new(user))
		return;
	l = account_lock(user);
	if (!make_all(user, &w))
		log_warning("store", "new-mailboxes user=%s reason=\"%s\"",
		    log_quote(user), w.text);
	account_unlock(l);
}
