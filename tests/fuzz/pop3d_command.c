/* SPDX-License-Identifier: ISC */
/*
 * pop3d_command - lines of commands to both protocols
 *
 * The first octet chooses the protocol, and whether POP3 is before the login:
 * there AUTH and its responses are what is looked at. The mailbox is empty memory with five
 * messages whose files cannot be had; counts must stay right whatever comes.
 */
#include <stdlib.h>

#include "lib/proc/service.h"
#include "pop3d/pop2.h"
#include "pop3d/pop3.h"
#include "tests/unit/gate_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGES 5

static uint8_t records[MESSAGES * RECORD_SIZE];

static void
fill(struct mailbox *m)
{
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct record r = { .uid = i + 1, .size = 10 };

		record_put(records + i * RECORD_SIZE, &r);
	}
	m->count = MESSAGES;
	m->octets = 10 * MESSAGES;
	m->records = view_bytes(records, sizeof(records));
}

static void
check(const struct mailbox *m)
{
	uint32_t marked = 0;

	for (uint32_t i = 1; i <= m->count; i++)
		marked += mailbox_is_marked(m, i);
	must(m->marked == marked && m->marked_octets == 10 * marked);
}

static void
drop(struct mailbox *m)
{
	mailbox_unmark_all(m);
	free(m->fetched);
	*m = (struct mailbox){ 0 };
}

static void
pop3(struct view text, bool outside)
{
	struct session s = { 0 };
	struct pop3 p;

	fake_gate.tls_offered = true;
	pop3_begin(&p, &s, 180);
	p.gate.house = &fake_gate_house;
	if (!outside)
		p.state = POP3_TRANSACTION;
	fill(&p.mailbox);
	while (text.n > 0 && p.state != POP3_END) {
		struct view line = view_cut(&text, '\n');
		unsigned errors = p.errors;

		/* nobody is there to be asked about a password */
		if (view_startsi(line, VIEW_LIT("PASS")))
			continue;
		pop3_command(&p, line);
		must(p.errors == errors + !p.reply.ok);
		must(!p.reply.more || (outside && p.responds));
		must(memchr(str_c(&p.reply.text), '\n', p.reply.text.n) ==
		    NULL);
		check(&p.mailbox);
	}
	drop(&p.mailbox);
	pop3_free(&p);
}

static void
pop2(struct view text)
{
	struct session s = { 0 };
	struct pop2 p;

	pop2_begin(&p, &s, 180);
	p.state = POP2_MBOX;
	p.number = 1;
	fill(&p.mailbox);
	while (text.n > 0 && p.state != POP2_END) {
		pop2_command(&p, view_cut(&text, '\n'));
		must(p.send || p.reply.n > 0);
		must(p.state != POP2_NEXT || p.content >= 0);
		check(&p.mailbox);
	}
	drop(&p.mailbox);
	pop2_free(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);

	if (size == 0)
		return 0;
	if (data[0] & 1)
		pop2(view_skip(text, 1));
	else
		pop3(view_skip(text, 1), (data[0] & 2) != 0);
	return 0;
}
