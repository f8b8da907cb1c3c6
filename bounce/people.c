/* SPDX-License-Identifier: ISC */
/*
 * people - sentences, and advice by status
 *
 * The first of the advices whose status begins that of a recipient is given, so
 * that who reads it in the night need not know RFC 3463. What stands twice in a
 * row is said once.
 */
#include "bounce/clean.h"
#include "bounce/people.h"
#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/spool.h"
#include "lib/mail/word.h"

#define SUBJECT_MOST 300	/* octets of a subject that are shown */

static const struct {
	const char *first, *last;
} kinds[NOTICE_KINDS] = {
	[NOTICE_FAILED] = {
	    "Your message could not be delivered to:",
	    "It will not be tried again. The other recipients of the message, if\r\n"
	    "there are any, are not concerned.\r\n" },
	[NOTICE_DELAYED] = {
	    "Your message has not yet been delivered to:",
	    "You need not send it again. This server keeps trying, and tells\r\n"
	    "you if it has to give up.\r\n" },
	[NOTICE_DELIVERED] = {
	    "You asked to be told: your message has been delivered to:", "" },
	[NOTICE_LATE] = {
	    "Your message has not been delivered by the time that you set, to:",
	    "You need not send it again. This server keeps trying, and tells\r\n"
	    "you if it has to give up.\r\n" },
	[NOTICE_EXPANDED] = {
	    "You asked to be told: your message goes on to all who stand behind:",
	    "You will not be told about each of them.\r\n" },
	[NOTICE_RELAYED] = {
	    "You asked to be told: your message has been passed on, for:",
	    "The next server has taken it, but does not tell about deliveries:\r\n"
	    "no news from now on is good news.\r\n" },
};

static const struct {
	const char *status, *advice;
} advices[] = {
	{ "1.10", "The domain says that it takes no mail. Check the part behind "
	    "the @, or ask for another address." },
	{ "1.2", "Check the part of the address behind the @: there is no such "
	    "place for mail." },
	{ "1.8", "The other server does not accept your own address. Check what "
	    "your mail program gives as the sender." },
	{ "1.7", "The other server does not accept your own address. Check what "
	    "your mail program gives as the sender." },
	{ "1.", "Check the address for a mistake, or ask the recipient for the "
	    "present one." },
	{ "2.1", "The mailbox is closed at present. Reach the recipient in "
	    "another way." },
	{ "2.2", "The mailbox is full. Tell the recipient in another way, and "
	    "send the message again when there is room." },
	{ "2.3", "The message is too large for this recipient. Make it smaller, "
	    "or send a link in its place." },
	{ "3.4", "The message is too large for the other server. Make it "
	    "smaller, or send a link in its place." },
	{ "4.4", "Mail for this domain cannot be routed. Check the part of the "
	    "address behind the @." },
	{ "4.6", "The mail went round in circles: an administrator must mend "
	    "the way to this address." },
	{ "4.", "The other server could not be reached, or did not take the "
	    "message for too long. Send it again later, or reach the recipient "
	    "in another way." },
	{ "6.7", "The address has letters that the next server cannot handle. "
	    "Ask the recipient for an address in plain letters." },
	{ "6.", "The next server cannot take a message of this kind. Send it "
	    "in a simpler form." },
	{ "7.", "The other server refuses the message by its rules; its words "
	    "say why. Its administrator can tell more." },
	{ "", "Ask the recipient in another way, or the administrator of the "
	    "other server." },
};

static const char *
advice_for(struct view status)
{
	size_t i = 0;

	while (!view_starts(status, view_of(advices[i].status)))
		i++;
	return advices[i].advice;
}

/* Lines of a reply as one. */
static void
join(struct str *out, struct view reply)
{
	size_t begin = out->n;
	struct view word;

	while ((word = view_word(&reply)).n > 0) {
		if (out->n > begin)
			str_addc(out, ' ');
		str_add(out, word);
	}
}

/* Good news need no sentence, but the words of who took it: its administrator
 * finds the message by them. */
static void
good_news(struct str *out, const struct notice_rcpt *r)
{
	struct str s = { 0 };

	if (r->reply.n > 0) {
		str_addf(&s, "%.*s said: ", VIEW(r->relay));
		join(&s, r->reply);
		clean_wrap(out, "      ", str_view(&s));
	}
	str_free(&s);
}

/* The sentence, and the reply when that says more. */
static void
bad_news(struct str *out, const struct notice *n, const struct notice_rcpt *r)
{
	struct str s = { 0 };
	struct view reply = r->reply;

	if (r->sentence.n > 0) {
		str_add(&s, r->sentence);
		str_addf(&s, " (%c.%.*s)", compose_class(n->kind),
		    VIEW(r->status));
		clean_wrap(out, "      ", str_view(&s));
	}
	str_reset(&s);
	join(&s, reply);
	if (view_search(r->sentence, str_view(&s)) == r->sentence.n &&
	    s.n > 0) {
		str_adds(out, "      The other server's words in full:\r\n");
		while (reply.n > 0)
			clean_wrap(out, "        ",
			    view_trim(view_cut(&reply, '\n')));
	}
	str_free(&s);
}

static void
recipient(struct str *out, const struct notice *n, const struct notice_rcpt *r)
{
	struct str s = { 0 };

	str_addf(&s, "<%.*s>", VIEW(r->address));
	if (!view_eq(r->original, r->address))
		str_addf(&s, " (expanded from <%.*s>)", VIEW(r->original));
	clean_wrap(out, "  ", str_view(&s));
	if (compose_class(n->kind) == '2')
		good_news(out, r);
	else
		bad_news(out, n, r);
	str_free(&s);
}

/* Behind the last of those in a row who need the same. */
static void
advice(struct str *out, const struct notice *n, size_t i)
{
	const char *this = advice_for(n->rcpt[i].status);

	if (n->kind != NOTICE_FAILED || (i + 1 < n->n &&
	    advice_for(n->rcpt[i + 1].status) == this))
		return;
	str_adds(out, "\r\n");
	clean_wrap(out, "    ", view_of(this));
	if (i + 1 < n->n)
		str_adds(out, "\r\n");
}

static void
line_date(struct str *out, const char *name, int64_t seconds)
{
	str_addf(out, "  %s", name);
	date_write(out, date_local(seconds));
	str_adds(out, "\r\n");
}

static void
subject(struct str *out, const struct notice *n)
{
	struct str text = { 0 }, line = { 0 };
	struct view raw, v;

	if (!header_find(n->original, "Subject", &raw))
		return;
	word_decode(&text, raw);
	v = view_trim(str_view(&text));
	if (v.n > SUBJECT_MOST) {
		v.n = SUBJECT_MOST;
		while (v.n > 0 && (v.p[v.n] & 0xC0) == 0x80)
			v.n--;
	}
	str_adds(&line, "Subject: ");
	str_add(&line, v);
	if (v.n > 0)
		clean_wrap(out, "  ", str_view(&line));
	str_free(&line);
	str_free(&text);
}

static void
about(struct str *out, const struct notice *n)
{
	char id[SPOOL_ID_SIZE];

	str_adds(out, "\r\nAbout the message:\r\n");
	subject(out, n);
	if (n->astray && n->sender.n > 0) {
		struct str s = { 0 };

		str_addf(&s, "Sender: <%.*s>", VIEW(n->sender));
		clean_wrap(out, "  ", str_view(&s));
		str_free(&s);
	}
	line_date(out, "Arrived: ", n->arrival);
	if (compose_class(n->kind) == '4')
		line_date(out, "Tried until: ", n->until);
	str_addf(out, "  Number in this server's log: %s\r\n",
	    spool_id(n->id, id));
}

/* To whom it may concern, as the sender cannot be told. */
static void
astray(struct str *out, const struct notice *n)
{
	struct str s = { 0 };

	if (n->sender.n == 0) {
		clean_wrap(out, "", VIEW_LIT("A message without a sender, a "
		    "report most likely, could not be delivered. There is "
		    "nobody else to be told. It was for:"));
	} else {
		str_addf(&s, "A message could not be delivered, and its sender "
		    "<%.*s> cannot be told: %.*s. It was for:",
		    VIEW(n->sender), VIEW(n->unheard));
		clean_wrap(out, "", str_view(&s));
		str_free(&s);
	}
}

void
people_write(struct str *out, const struct notice *n)
{
	str_addf(out, "This is the mail server %.*s.\r\n\r\n", VIEW(n->host));
	if (n->astray)
		astray(out, n);
	else
		str_addf(out, "%s\r\n", kinds[n->kind].first);
	str_adds(out, "\r\n");
	for (size_t i = 0; i < n->n; i++) {
		recipient(out, n, &n->rcpt[i]);
		advice(out, n, i);
	}
	if (!n->astray && kinds[n->kind].last[0] != '\0')
		str_addf(out, "\r\n%s", kinds[n->kind].last);
	about(out, n);
	str_addf(out, "\r\n%s below.\r\n", n->original.n == 0 ? "Details are" :
	    n->whole ? "Details and the message itself are" :
	    "Details and the header of the message are");
	if (!n->astray && compose_class(n->kind) != '2')
		str_addf(out, "For help write to <postmaster@%.*s>, with this "
		    "report.\r\n", VIEW(n->host));
}
