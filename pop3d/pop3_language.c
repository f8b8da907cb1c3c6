/* SPDX-License-Identifier: ISC */
/*
 * pop3_language - the table of languages and the table of sentences
 *
 * All of it is ASCII, as a client may choose a language without UTF8.
 */
#include "lib/proc/service.h"
#include "pop3d/pop3.h"

enum { ENGLISH, GERMAN };

struct language {
	const char *tag, *name, *chosen;
	int column;
};

static const struct language languages[] = {
	{ "i-default", "English", "English it is", ENGLISH },
	{ "en", "English", "English it is", ENGLISH },
	{ "de", "Deutsch", "Ab jetzt Deutsch", GERMAN },
};

#define SAY(english, german) { english, german }
static const struct {
	const char *english, *german;
} sentences[] = {
	SAY("Begin TLS now", "TLS kann beginnen"),
	SAY("Cancelled", "Abgebrochen"),
	SAY("Capabilities follow", "Es folgt, was es hier gibt"),
	SAY("Good bye", "Auf Wiedersehen"),
	SAY("Logged in, %u messages", "Angemeldet, %u Nachrichten"),
	SAY("Logged in already", "Schon angemeldet"),
	SAY("Log in first", "Erst anmelden"),
	SAY("Message %u deleted", "Nachricht %u entfernt"),
	SAY("Message %u is deleted", "Nachricht %u ist schon entfernt"),
	SAY("Not base64, or too long", "Kein base64, oder zu lang"),
	SAY("Password, please", "Das Passwort, bitte"),
	SAY("Passwords are accepted in TLS only",
	    "Passworte werden nur in TLS angenommen"),
	SAY("Still here", "Noch da"),
	SAY("STLS comes before UTF8", "STLS kommt vor UTF8"),
	SAY("TLS is on already", "TLS besteht schon"),
	SAY("That is no message number", "Das ist keine Nummer"),
	SAY("That is no number of lines", "Das ist keine Anzahl von Zeilen"),
	SAY("The deleted messages were not removed: %s",
	    "Die entfernten Nachrichten sind noch da: %s"),
	SAY("The deleted messages may or may not have been removed: %s",
	    "Ob die entfernten Nachrichten noch da sind, ist ungewiss: %s"),
	SAY("The line is too long", "Die Zeile ist zu lang"),
	SAY("There are only %u messages", "Es gibt nur %u Nachrichten"),
	SAY("There is no APOP here", "APOP gibt es hier nicht"),
	SAY("There is no TLS here", "TLS gibt es hier nicht"),
	SAY("There is no such language", "Diese Sprache gibt es hier nicht"),
	SAY("Top of message %u follows", "Es folgt der Anfang von Nachricht %u"),
	SAY("Unique identifiers follow", "Es folgen die Kennungen"),
	SAY("Unknown command", "Unbekannter Befehl"),
	SAY("USER first", "Erst USER"),
	SAY("UTF-8 from now on", "Ab jetzt UTF-8"),
	SAY("Ways to log in follow", "Es folgen die Wege, sich anzumelden"),
	SAY("Languages follow", "Es folgen die Sprachen"),
	SAY("Wrong number of arguments", "Falsche Anzahl von Argumenten"),
	SAY("%u messages (%llu octets)", "%u Nachrichten (%llu Oktette)"),
	SAY("%llu octets", "%llu Oktette"),
};

const struct language *
language_default(void)
{
	return &languages[0];
}

const char *
language_say(const struct language *l, const char *sentence)
{
	if (l->column == ENGLISH)
		return sentence;
	for (size_t i = 0; i < nitems(sentences); i++)
		if (strcmp(sentence, sentences[i].english) == 0)
			return sentences[i].german;
	return sentence;
}

void
pop3_utf8(struct pop3 *p, struct view args UNUSED)
{
	p->utf8 = true;
	pop3_ok(p, "UTF-8 from now on");
}

static bool
send_languages(struct pop3 *p UNUSED, struct stream *s)
{
	for (size_t i = 0; i < nitems(languages); i++)
		stream_printf(s, "%s %s\r\n", languages[i].tag,
		    languages[i].name);
	return stream_puts(s, ".\r\n");
}

/* "de", or "de-CH" for it; "*": what we would choose (RFC 6856 3). */
static const struct language *
find(struct view tag)
{
	if (view_is(tag, "*"))
		return language_default();
	for (size_t i = 0; i < nitems(languages); i++) {
		struct view name = view_of(languages[i].tag);

		if (view_startsi(tag, name) &&
		    (tag.n == name.n || tag.p[name.n] == '-'))
			return &languages[i];
	}
	return NULL;
}

void
pop3_lang(struct pop3 *p, struct view args)
{
	struct view tag = view_word(&args);
	const struct language *l = find(tag);

	if (tag.n == 0) {
		pop3_ok(p, "Languages follow");
		p->reply.body = send_languages;
	} else if (l == NULL) {
		pop3_error(p, NULL, "There is no such language");
	} else {
		p->language = l;
		pop3_ok(p, "%s %s", l->tag, l->chosen);
	}
}
