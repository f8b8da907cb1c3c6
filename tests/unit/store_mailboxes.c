/* SPDX-License-Identifier: ISC */
/*
 * store_mailboxes - deliver, look, change, remove, and the same after a kill,
 * after the loss of the index, and beside other programs in the Maildir
 */
#include <sys/stat.h>

#include "tests/unit/store_house.h"

static void
deliver_three(void)
{
	for (uint64_t i = 1; i <= 3; i++) {
		spool(i, "Subject: x\n");
		check(deliver_one(i, false) == VERDICT_DONE);
	}
	check(files_in("", "cur") == 3);
	check(has_file("", "0000000000000002.R3.test.host,S=11,U=2:2,"));
}

static void
three_are_there(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	check(b.count == 3);
	check(b.first.uid == 1 && b.last.uid == 3 && b.uidnext == 4);
	check(b.first.size == 11 && b.first.date == 1000000000);
}

static void
delivered_survives_kill(void **state UNUSED)
{
	life(deliver_three);
	life(three_are_there);
}

static void
deliver_again(void)
{
	check(deliver_one(2, true) == VERDICT_DONE);
	check(files_in("", "cur") == 3);
}

static void
settle(void)
{
	struct str list = { 0 };
	struct message m = { .type = MSG_settled };
	struct channel *queue = peer(ROLE_QUEUE, 9);

	list_put_u64(&list, 2);
	m.settled.mails = str_view(&list);
	channel_send(queue, &m);
	fiber_sleep(20);
	check(deliver_one(2, true) == VERDICT_DONE);
	check(files_in("", "cur") == 4);
	str_free(&list);
}

static void
delivered_once(void **state UNUSED)
{
	life(deliver_three);
	life(deliver_again);
	life(settle);
}

static void
flag_and_expunge(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	check(b.first.flags == FLAG_RECENT);
	check(b.recent == b.count && b.unseen == 1);
	check(set_flags(b.handle, "1:2", FLAG_SEEN | FLAG_FLAGGED, "$Work") ==
	      MSG_mailbox_flagged);
	check(told.flags == 2 && told.keywords == 1);
	check(expunge(b.handle, "2") == VERDICT_DONE);
	check(told.expunged == 1 && told.last.uid == 2);
	for (int i = 0; i < 200 && (files_in("", "cur") != 2 ||
				       !has_file("", "U=1:2,FSa")); i++)
		fiber_sleep(50); /* both is done behind */
	check(files_in("", "cur") == 2);
	check(has_file("", "U=1:2,FSa"));
}

static void
flags_are_there(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 0);
	check(b.count == 2 && b.uidnext == 4);
	check(b.recent == 0 && b.unseen == 2);
	check(b.first.flags == (FLAG_SEEN | FLAG_FLAGGED));
	check(b.first.keywords == 1);
	check(b.last.uid == 3 && b.last.flags == 0);
	check(b.uidvalidity != 0);
}

static void
lose_index(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s/index", house);
	assert_int_equal(system(command), 0);
}

static void
same_uidvalidity(void)
{
	char path[300];
	struct str text = { 0 };
	struct open_box b;
	unsigned v;

	box_path("", MAILDIR_UIDVALIDITY, path, sizeof(path));
	check(file_read(AT_FDCWD, path, 1000, &text));
	check(sscanf(text.p, "uidvalidity %u", &v) == 1);
	login();
	b = open_box("INBOX", 0);
	check(b.uidvalidity == v);
	str_free(&text);
}

static void
lost_index_is_made_again(void **state UNUSED)
{
	life(deliver_three);
	life(flag_and_expunge);
	life(flags_are_there);
	lose_index();
	life(flags_are_there);
	lose_index();
	life(same_uidvalidity);
}

static void
damage_index(void)
{
	int fd = open(house_path("index/tables.db"), O_WRONLY);

	assert_true(fd >= 0);
	for (off_t at = 0; at < 400000; at += 100)
		assert_int_equal(pwrite(fd, "\xa5\x5a", 2, at), 2);
	close(fd);
}

static void
damaged_index_is_made_again(void **state UNUSED)
{
	life(deliver_three);
	life(flag_and_expunge);
	damage_index();
	life(flags_are_there);
}

/* A name that was made but never recorded, as a kill leaves it. */
static void
orphan(void)
{
	char from[300], to[400];

	deliver_three();
	box_path("", "cur", from, sizeof(from));
	snprintf(to, sizeof(to), "%s/0000000000000009.R0.test.host,S=11,U=4:2,",
	    from);
	check(link(house_path("spool/content/00/0000000000000001"), to) == 0);
}

static void
orphan_is_gone(void)
{
	three_are_there();
	check(files_in("", "cur") == 3);
	check(deliver_one(9, true) == VERDICT_LATER); /* no spool file */
	spool(9, "Subject: y\n");
	check(deliver_one(9, true) == VERDICT_DONE);
	check(files_in("", "cur") == 4);
}

static void
unanswered_name_goes(void **state UNUSED)
{
	life(orphan);
	life(orphan_is_gone);
}

/* An expunge whose files were not removed: noted, and then done. */
static void
expunge_and_die(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	check(expunge(b.handle, "1,3") == VERDICT_DONE);
	/* killed before the sweep, or in it */
}

static void
expunged_stay_away(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	check(b.count == 1 && b.first.uid == 2 && b.uidnext == 4);
	fiber_sleep(300);
	check(files_in("", "cur") == 1);
}

static void
expunge_survives_kill(void **state UNUSED)
{
	life(deliver_three);
	life(expunge_and_die);
	life(expunged_stay_away);
	lose_index();
	life(expunged_stay_away);
}

static void
foreign(void)
{
	char path[300], old[400], new[400];
	FILE *f;

	deliver_three();
	box_path("", "new/1234.M5.elsewhere", path, sizeof(path));
	f = fopen(path, "w");
	fputs("Subject: from elsewhere\n\nbare\r\nlines\n", f);
	fclose(f);
	box_path("", "cur", path, sizeof(path));
	snprintf(old, sizeof(old),
	    "%s/0000000000000002.R3.test.host,S=11,U=2:2,", path);
	snprintf(new, sizeof(new),
	    "%s/0000000000000002.R3.test.host,S=11,U=2:2,S", path);
	check(rename(old, new) == 0);
	snprintf(old, sizeof(old),
	    "%s/0000000000000003.R3.test.host,S=11,U=3:2,", path);
	check(unlink(old) == 0);
}

static void
foreign_taken_in(void)
{
	struct message m = { .type = MSG_mailbox_rebuild,
		.mailbox_rebuild = { .session = SESSION } };
	struct channel *ctl = peer(ROLE_CTL, 5);
	struct open_box b;

	foreign();
	login();
	b = open_box("INBOX", 1);
	check(b.count == 3);
	check(verdict(ctl, &m) == VERDICT_DONE);
	check(told.added == 1 && told.expunged == 1 && told.flags == 1);
	close_box(b.handle);
	b = open_box("INBOX", 0);
	check(b.count == 3 && b.first.uid == 1 && b.last.uid == 4);
	check(b.last.size == 40); /* with CR LF */
	check(files_in("", "new") == 0 && has_file("", "S=40,U=4:2,"));
}

static void
rebuild_takes_in(void **state UNUSED)
{
	life(foreign_taken_in);
}

static void
copy_and_move(void)
{
	struct message create = { .type = MSG_mailbox_create,
		.mailbox_create = { .session = SESSION,
		    .mailbox = view_of("Work/\xc3\xa9t\xc3\xa9.x") } };
	struct message copy = { .type = MSG_copy,
		.copy = { .uids = view_of("1,3"),
		    .mailbox = create.mailbox_create.mailbox } };
	struct open_box b, work;
	struct reply r;

	deliver_three();
	login();
	check(verdict(reader, &create) == VERDICT_DONE);
	check(verdict(reader, &create) == VERDICT_NEVER);
	b = open_box("INBOX", 1);
	check(set_flags(b.handle, "3", FLAG_SEEN, "later") ==
	      MSG_mailbox_flagged);
	copy.copy.handle = b.handle;
	r = ask(reader, &copy);
	check(r.m.type == MSG_copied && view_is(r.m.copied.source, "1,3") &&
	      view_is(r.m.copied.target, "1:2"));
	reply_free(&r);
	copy.copy.move = 1;
	copy.copy.uids = view_of("2");
	r = ask(reader, &copy);
	check(r.m.type == MSG_copied && view_is(r.m.copied.target, "3"));
	reply_free(&r);
	check(told.expunged == 1);
	work = open_box("Work/\xc3\xa9t\xc3\xa9.x", 1);
	check(work.count == 3 && work.last.uid == 3);
	check(work.last.content == 2);
	check(files_in(".Work.&AOk-t&AOk-&AC4-x", "cur") == 3);
	check(has_file(".Work.&AOk-t&AOk-&AC4-x", "U=2:2,Sa"));
}

static void
copies_are_there(void)
{
	struct open_box b;

	login();
	b = open_box("Work/\xc3\xa9t\xc3\xa9.x", 0);
	check(b.count == 3);
	b = open_box("INBOX", 0);
	check(b.count == 2);
	fiber_sleep(300);
	check(files_in("", "cur") == 2);
}

static void
copies_survive(void **state UNUSED)
{
	life(copy_and_move);
	life(copies_are_there);
	lose_index();
	life(copies_are_there);
}

static uint64_t
append_file(const char *text)
{
	struct message m = { .type = MSG_append_open,
		.append_open = {
		    .session = SESSION, .mailbox = view_of("INBOX") } };
	struct reply r = ask(reader, &m);
	uint64_t number;

	check(r.m.type == MSG_append_opened);
	number = r.m.append_opened.append;
	check(file_write_all(r.m.append_opened.content, view_of(text)));
	reply_free(&r);
	return number;
}

static void
append_two(void)
{
	struct str appends = { 0 }, sizes = { 0 }, flags = { 0 }, words = { 0 },
		   dates = { 0 };
	struct message m = { .type = MSG_append_commit };
	struct message abort_one = { .type = MSG_append_abort };
	struct open_box b;
	struct reply r;

	login();
	for (uint64_t i = 0; i < 2; i++) {
		list_put_u64(&appends, append_file("0123456789"));
		list_put_u64(&sizes, 10);
		list_put_u32(&flags, FLAG_SEEN);
		list_put(&words, view_of("a b"));
		list_put_u64(&dates, 1111111111 + i);
	}
	abort_one.append_abort.append = append_file("never");
	channel_send(reader, &abort_one);
	m.append_commit = (struct msg_append_commit){ .session = SESSION,
		.appends = str_view(&appends),
		.sizes = str_view(&sizes),
		.flags = str_view(&flags),
		.keywords = str_view(&words),
		.dates = str_view(&dates) };
	r = ask(reader, &m);
	check(r.m.type == MSG_appended && view_is(r.m.appended.uids, "1:2"));
	reply_free(&r);
	b = open_box("INBOX", 0);
	check(b.count == 2 && b.last.date == 1111111112);
	check(b.last.keywords == 3 && b.last.size == 10);
	check(files_in("", "tmp") == 0 && has_file("", "U=2:2,Sab"));
}

static void
read_content(void)
{
	struct message m = { .type = MSG_content_open,
		.content_open = { .uids = view_of("1:5") } };
	struct str text = { 0 };
	struct open_box b;
	struct reply r;

	login();
	b = open_box("INBOX", 0);
	m.content_open.handle = b.handle;
	r = ask(reader, &m);
	check(r.m.type == MSG_contents && r.m.contents.files.n == 2);
	check(file_read_fd(r.m.contents.files.fd[1], 100, &text));
	check(strcmp(str_c(&text), "0123456789") == 0);
	check(write(r.m.contents.files.fd[1], "x", 1) < 0);
	reply_free(&r);
	m.content_open.handle = 99;
	check(verdict(reader, &m) == VERDICT_NEVER);
	str_free(&text);
}

static void
appended_is_read(void **state UNUSED)
{
	life(append_two);
	life(read_content);
	lose_index();
	life(read_content);
}

static void
folders(void)
{
	struct message create = { .type = MSG_mailbox_create,
		.mailbox_create = { .session = SESSION } };
	struct message rename = { .type = MSG_mailbox_rename,
		.mailbox_rename = { .session = SESSION,
		    .from = view_of("a"),
		    .to = view_of("z") } };
	struct message delete = { .type = MSG_mailbox_delete,
		.mailbox_delete = {
		    .session = SESSION, .mailbox = view_of("z/b") } };
	struct message subscribe = { .type = MSG_mailbox_subscribe,
		.mailbox_subscribe = {
		    .session = SESSION, .mailbox = view_of("z"), .on = 1 } };

	login();
	create.mailbox_create.mailbox = view_of("a");
	check(verdict(reader, &create) == VERDICT_DONE);
	create.mailbox_create.mailbox = view_of("a/b");
	check(verdict(reader, &create) == VERDICT_DONE);
	create.mailbox_create.mailbox = view_of("a//b");
	check(verdict(reader, &create) == VERDICT_NEVER);
	create.mailbox_create.mailbox = view_of("../x");
	check(verdict(reader, &create) == VERDICT_DONE);
	check(verdict(reader, &rename) == VERDICT_DONE);
	check(verdict(reader, &rename) == VERDICT_NEVER);
	check(verdict(reader, &delete) == VERDICT_DONE);
	check(verdict(reader, &delete) == VERDICT_NEVER);
	check(verdict(reader, &subscribe) == VERDICT_DONE);
	rename.mailbox_rename.from = view_of("INBOX");
	rename.mailbox_rename.to = view_of("old");
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	check(verdict(reader, &rename) == VERDICT_DONE);
	check(open_box("old", 0).count == 1);
	check(open_box("INBOX", 0).count == 0);
	fiber_sleep(100);
}

static void
folders_are_there(void)
{
	struct message m = { .type = MSG_mailbox_list,
		.mailbox_list = { .session = SESSION } };
	struct str all = { 0 };
	struct view list, item;
	struct reply r;

	login();
	r = ask(reader, &m);
	check(r.m.type == MSG_mailboxes);
	list = r.m.mailboxes.names;
	while (list_next(&list, &item))
		str_addf(&all, "%.*s,", VIEW(item));
	check(strcmp(str_c(&all), "../x,e,INBOX,e,old,e,z,es,") == 0);
	check(open_box("old", 0).count == 1);
	str_free(&all);
}

static void
folders_survive(void **state UNUSED)
{
	life(folders);
	life(folders_are_there);
	lose_index();
	life(folders_are_there);
}

static void
only_granted(void)
{
	struct message m = { .type = MSG_mailbox_open,
		.mailbox_open = { .session = 8, .mailbox = view_of("INBOX") } };
	struct message end = { .type = MSG_session_end,
		.session_end = { .session = SESSION } };
	struct channel *other = peer(ROLE_IMAPD, 50);
	struct open_box b;

	login();
	check(verdict(reader, &m) == VERDICT_NEVER);
	m.mailbox_open.session = SESSION;
	check(verdict(other, &m) == VERDICT_NEVER);
	b = open_box("INBOX", 2);
	check(b.handle != 0);
	m.mailbox_open.mode = 2;
	check(verdict(reader, &m) == VERDICT_LATER);
	check(open_box("INBOX", 1).handle != 0);
	check(channel_send(reader, &end));
	check(verdict(reader, &m) == VERDICT_NEVER);
	login();
	check(open_box("INBOX", 2).handle != 0);
}

static void
rights_are_granted(void **state UNUSED)
{
	life(only_granted);
}

static uint32_t drops;		/* as the last known_of() was told */

/* "uid=text ..." of what is kept in the first blocks, as a reader finds it. */
static const char *
known_of(uint32_t handle, enum cache_kind kind)
{
	static char text[1024];
	struct message m = { .type = MSG_cache_open,
		.cache_open.handle = handle };
	struct reply r = ask(reader, &m);
	struct cache_name name = { r.m.cache_files.id, 0, kind };
	struct view slots = VIEW_NONE, blocks = VIEW_NONE, rest, what;
	struct cache_slot s;
	uint32_t uid;

	check(r.m.type == MSG_cache_files);
	text[0] = '\0';
	drops = r.m.cache_files.drops;
	if (r.m.cache_files.slots >= 0) {
		slots = file_map(r.m.cache_files.slots);
		blocks = file_map(r.m.cache_files.blocks);
		check(cache_head_get(slots, &name.id) &&
		    name.id == r.m.cache_files.id);
	}
	reply_free(&r);
	if (slots.n < cache_slot_at(0) + (kind + 1u) * CACHE_SLOT)
		return text;
	s = cache_slot_get(slots.p + cache_slot_at(0) + kind * CACHE_SLOT);
	if (s.n == 0)
		return text;
	check(s.at + s.n <= blocks.n && cache_block_open((struct view){
	    blocks.p + s.at, s.n }, name, &rest));
	while (cache_record_take(&rest, &uid, &what))
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%u=%.*s ", uid, VIEW(what));
	file_unmap(slots);
	file_unmap(blocks);
	return text;
}

static bool
knows(uint32_t handle, const char *text)
{
	return strcmp(known_of(handle, CACHE_HEADER), text) == 0;
}

static void
keep_known(uint32_t handle, enum cache_kind kind, const char *text)
{
	struct message m = { .type = MSG_cache_keep,
		.cache_keep = { .handle = handle, .kind = (uint8_t)kind,
		    .drops = drops } };
	struct view rest = view_of(text);
	struct str records = { 0 };

	while (rest.n > 0) {
		struct view one = view_cut(&rest, ' '), uid = view_cut(&one, '=');
		uint64_t n = 0;

		check(view_u64(uid, UINT32_MAX, &n));
		cache_record_put(&records, (uint32_t)n, one);
	}
	m.cache_keep.records = str_view(&records);
	check(channel_send(reader, &m));
	str_free(&records);
}

/* Octets on disk, not those of holes. */
static uint64_t
room_of_blocks(uint32_t handle)
{
	struct message m = { .type = MSG_cache_open,
		.cache_open.handle = handle };
	struct reply r = ask(reader, &m);
	struct stat st;

	check(r.m.type == MSG_cache_files &&
	    fstat(r.m.cache_files.blocks, &st) == 0);
	reply_free(&r);
	return (uint64_t)st.st_blocks * 512;
}

static void
known(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	check(knows(b.handle, ""));
	keep_known(b.handle, CACHE_HEADER, "2=b");
	check(knows(b.handle, "2=b "));
	keep_known(b.handle, CACHE_HEADER, "1=a 2=B 3=c 4=nobody");
	check(knows(b.handle, "1=a 2=B 3=c "));
	/* small blocks that are replaced take no room */
	for (int i = 0; i < 3000; i++)
		keep_known(b.handle, CACHE_PREVIEW, i % 2 ? "1=a 2=b" : "1=c");
	check(room_of_blocks(b.handle) <= 32 * 1024);
	/* made before all was dropped */
	drops--;
	keep_known(b.handle, CACHE_HEADER, "1=old");
	check(knows(b.handle, "1=a 2=B 3=c "));
	/* kinds are apart */
	keep_known(b.handle, CACHE_GRAMS, "3=g");
	check(strcmp(known_of(b.handle, CACHE_GRAMS), "3=g ") == 0);
	check(strcmp(known_of(b.handle, CACHE_STRUCTURE), "") == 0);
	/* not in order, no kind, and of another session's handle */
	keep_known(b.handle, CACHE_HEADER, "3=x 1=y");
	keep_known(b.handle, CACHE_KINDS, "3=x");
	keep_known(b.handle + 1, CACHE_HEADER, "1=z");
	check(knows(b.handle, "1=a 2=B 3=c "));
	check(knows(b.handle + 1, ""));
}

/* After a restart or a kill it may be there or not, and never something else.
 * What is expunged is not in the file any more. */
static void
known_goes(void)
{
	char command[200];
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	check(knows(b.handle, "1=a 2=B 3=c ") || knows(b.handle, ""));
	keep_known(b.handle, CACHE_HEADER, "1=a 2=Octets-of-two 3=c");
	check(expunge(b.handle, "2") == VERDICT_DONE);
	check(knows(b.handle, "1=a 3=c "));
	snprintf(command, sizeof(command),
	    "grep -rq Octets-of-two %s/index", house);
	check(system(command) != 0);
	keep_known(b.handle, CACHE_HEADER, "1=a 2=B 3=c");
	check(knows(b.handle, "1=a 3=c "));
	check(expunge(b.handle, "1,3") == VERDICT_DONE);
	check(knows(b.handle, ""));
}

/* Whatever the files are: not believed, and made again. */
static void
damage(const char *how)
{
	char command[300];

	snprintf(command, sizeof(command),
	    "cd $(dirname $(find %s/index -name '*.slots')) && %s", house, how);
	check(system(command) == 0);
}

static void
known_is_damaged(void)
{
	static const char *const how[] = { "truncate -s 0 *.slots",
		"truncate -s 70 *.slots", "rm *.blocks", "rm *.slots",
		("dd if=/dev/zero of=$(echo *.slots) bs=1 seek=8 count=8 "
		 "conv=notrunc status=none") };
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	for (size_t i = 0; i < nitems(how); i++) {
		keep_known(b.handle, CACHE_HEADER, "1=a 2=b");
		check(knows(b.handle, "1=a 2=b "));
		damage(how[i]);
		check(knows(b.handle, ""));
	}
	/* a block that is none takes none of the others along */
	keep_known(b.handle, CACHE_HEADER, "1=a 2=b");
	check(knows(b.handle, "1=a 2=b "));
	damage("truncate -s 0 *.blocks");
	keep_known(b.handle, CACHE_HEADER, "2=b");
	check(knows(b.handle, "2=b "));
	/* the files of another mailbox, or of before the index was lost */
	damage("cp $(echo *.slots) ../old.slots && "
	    "cp $(echo *.blocks) ../old.blocks");
	damage("rm *.slots *.blocks; true");
}

static void
known_is_old(void)
{
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	keep_known(b.handle, CACHE_HEADER, "1=new");
	check(knows(b.handle, "1=new "));
	damage("mv ../old.slots $(echo *.slots) && "
	    "mv ../old.blocks $(echo *.blocks)");
	check(knows(b.handle, ""));
}

static void
known_is_kept(void **state UNUSED)
{
	life(deliver_three);
	life(known);
	life(known_goes);
}

static void
known_may_go(void **state UNUSED)
{
	life(deliver_three);
	life(known_is_damaged);
	life(known_is_old);
}

/* A set in several messages is one set, and nothing happens before the last. */
static void
expunge_in_parts(void)
{
	struct message m = { .type = MSG_mailbox_expunge };
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	m.mailbox_expunge.handle = b.handle;
	m.mailbox_expunge.any = 1;
	m.mailbox_expunge.more = 1;
	m.mailbox_expunge.uids = VIEW_LIT("1");
	check(channel_send(reader, &m));
	m.mailbox_expunge.more = 0;
	m.mailbox_expunge.uids = VIEW_LIT(",x");
	check(verdict(reader, &m) == VERDICT_NEVER);
	check(told.expunged == 0);
	m.mailbox_expunge.more = 1;
	m.mailbox_expunge.uids = VIEW_LIT("1");
	check(channel_send(reader, &m));
	m.mailbox_expunge.uids = VIEW_LIT(":2,");
	check(channel_send(reader, &m));
	fiber_sleep(20);
	check(told.expunged == 0);
	m.mailbox_expunge.more = 0;
	m.mailbox_expunge.uids = VIEW_LIT("3");
	check(verdict(reader, &m) == VERDICT_DONE);
	check(told.expunged == 3 && told.last.uid == 3);
}

static void
expunge_takes_parts(void **state UNUSED)
{
	life(deliver_three);
	life(expunge_in_parts);
}

/* "whole UIDs" of what went since that change. */
static const char *
vanished_since(uint32_t handle, uint64_t since)
{
	static char text[4096];
	struct message m = { .type = MSG_mailbox_vanished,
		.mailbox_vanished = { .handle = handle, .since = since } };
	struct reply r = ask(reader, &m);

	check(r.m.type == MSG_vanished);
	snprintf(text, sizeof(text), "%u %.*s", r.m.vanished.whole,
	    VIEW(r.m.vanished.uids));
	reply_free(&r);
	return text;
}

/* Every second UID went, each with a change of its own. */
static void
vanish_many(struct mailbox *mb, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t uid = first + 2 * i;

		mb->h.modseq++;
		vanished_note(mb, &uid, 1);
	}
	mailbox_touch(mb);
}

static void
remember_some(void)
{
	struct open_box b;
	uint64_t modseq;
	struct mailbox *mb;

	login();
	b = open_box("INBOX", 1);
	modseq = b.last.modseq;
	check(expunge(b.handle, "1,3") == VERDICT_DONE);
	check(strcmp(vanished_since(b.handle, modseq), "1 1,3") == 0);
	check(strcmp(vanished_since(b.handle, modseq + 1), "1 ") == 0);
	check(strcmp(vanished_since(b.handle, 1), "0 ") == 0);
	mb = mailbox_peek(view_of(ALICE), view_of("INBOX"));
	check(mb != NULL);
	vanish_many(mb, 100, VANISHED_ROWS_MAX - 2);
	check(mb->h.vanished_rows == VANISHED_ROWS_MAX - 1);
	check(vanished_since(b.handle, modseq)[0] == '1');
	vanish_many(mb, 10000, 1);
	check(mb->h.vanished_rows == VANISHED_ROWS_MAX / 2);
	check(strcmp(vanished_since(b.handle, modseq), "0 ") == 0);
	check(strcmp(vanished_since(b.handle, mb->h.modseq - 2),
	    "1 8286,10000") == 0);
	check(expunge(b.handle, "2") == VERDICT_DONE);
}

static void
still_remembered(void)
{
	struct open_box b;
	struct mailbox *mb;

	login();
	b = open_box("INBOX", 1);
	mb = mailbox_peek(view_of(ALICE), view_of("INBOX"));
	check(mb != NULL && mb->h.vanished_rows == VANISHED_ROWS_MAX / 2 + 1);
	check(strcmp(vanished_since(b.handle, mb->h.modseq - 2),
	    "1 2,10000") == 0);
}

static void
vanished_are_remembered(void **state UNUSED)
{
	life(deliver_three);
	life(remember_some);
	life(still_remembered);
}

static void
told_of_new(void)
{
	struct message detail = delivery(2, "nowhere", false);
	struct open_box b;

	login();
	b = open_box("INBOX", 1);
	spool(1, "Subject: x\n");
	check(deliver_one(1, false) == VERDICT_DONE);
	fiber_sleep(20);
	check(told.added == 1 && told.last.uid == 1);
	check(told.last.flags == FLAG_RECENT);
	close_box(b.handle);
	spool(2, "Subject: x\n");
	check(verdict(local, &detail) == VERDICT_DONE);
	fiber_sleep(20);
	check(told.added == 1);
	b = open_box("INBOX", 1);
	check(b.count == 2 && b.first.flags == 0);
	check(b.last.flags == FLAG_RECENT);
	check(b.recent == 1 && b.unseen == 1);
}

static void
sessions_are_told(void **state UNUSED)
{
	life(told_of_new);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { HOUSE_TEST(delivered_survives_kill),
		HOUSE_TEST(delivered_once),
		HOUSE_TEST(lost_index_is_made_again),
		HOUSE_TEST(damaged_index_is_made_again),
		HOUSE_TEST(unanswered_name_goes),
		HOUSE_TEST(expunge_survives_kill), HOUSE_TEST(rebuild_takes_in),
		HOUSE_TEST(copies_survive), HOUSE_TEST(appended_is_read),
		HOUSE_TEST(folders_survive), HOUSE_TEST(rights_are_granted),
		HOUSE_TEST(vanished_are_remembered),
		HOUSE_TEST(expunge_takes_parts),
		HOUSE_TEST(known_is_kept), HOUSE_TEST(known_may_go),
		HOUSE_TEST(sessions_are_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
