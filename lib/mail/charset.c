/* SPDX-License-Identifier: ISC */
/*
 * charset - a table of iconv descriptors
 */
#include <errno.h>
#include <iconv.h>

#include "lib/mail/charset.h"
#include "lib/mail/utf8.h"

#define NOT_OPEN ((iconv_t)-1)

/* name is iconv's; other names of the same set follow it in one string. Sets
 * that senders label too narrowly are read as their superset. */
static struct charset {
	const char *name;
	const char *others;
	iconv_t to_utf8;
} charsets[] = {
	{ "WINDOWS-1252", "iso-8859-1 latin1 l1 cp1252 iso_8859-1 cp819 "
	    "iso8859-1", NOT_OPEN },
	{ "ISO-8859-2", "latin2 iso8859-2 iso_8859-2", NOT_OPEN },
	{ "ISO-8859-3", "latin3", NOT_OPEN },
	{ "ISO-8859-4", "latin4", NOT_OPEN },
	{ "ISO-8859-5", "cyrillic iso8859-5", NOT_OPEN },
	{ "ISO-8859-6", "arabic iso-8859-6-i iso-8859-6-e", NOT_OPEN },
	{ "ISO-8859-7", "greek iso8859-7", NOT_OPEN },
	{ "ISO-8859-8", "hebrew iso-8859-8-i iso-8859-8-e", NOT_OPEN },
	{ "WINDOWS-1254", "iso-8859-9 latin5 cp1254", NOT_OPEN },
	{ "ISO-8859-10", "latin6", NOT_OPEN },
	{ "WINDOWS-874", "tis-620 iso-8859-11 cp874", NOT_OPEN },
	{ "ISO-8859-13", "latin7", NOT_OPEN },
	{ "ISO-8859-14", "latin8", NOT_OPEN },
	{ "ISO-8859-15", "latin9 latin-9 iso8859-15", NOT_OPEN },
	{ "ISO-8859-16", "latin10", NOT_OPEN },
	{ "WINDOWS-1250", "cp1250", NOT_OPEN },
	{ "WINDOWS-1251", "cp1251", NOT_OPEN },
	{ "WINDOWS-1253", "cp1253", NOT_OPEN },
	{ "WINDOWS-1255", "cp1255", NOT_OPEN },
	{ "WINDOWS-1256", "cp1256", NOT_OPEN },
	{ "WINDOWS-1257", "cp1257", NOT_OPEN },
	{ "WINDOWS-1258", "cp1258", NOT_OPEN },
	{ "KOI8-R", "koi8", NOT_OPEN },
	{ "KOI8-U", "", NOT_OPEN },
	{ "MACINTOSH", "mac x-mac-roman", NOT_OPEN },
	{ "CP437", "ibm437", NOT_OPEN },
	{ "CP850", "ibm850", NOT_OPEN },
	{ "CP852", "ibm852", NOT_OPEN },
	{ "CP866", "ibm866", NOT_OPEN },
	{ "ISO-2022-JP-2", "iso-2022-jp iso-2022-jp-1", NOT_OPEN },
	{ "CP932", "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji",
	    NOT_OPEN },
	{ "EUC-JP", "x-euc-jp", NOT_OPEN },
	{ "ISO-2022-KR", "", NOT_OPEN },
	{ "CP949", "euc-kr ks_c_5601-1987 ksc5601 uhc ks_c_5601-1989",
	    NOT_OPEN },
	{ "ISO-2022-CN", "", NOT_OPEN },
	{ "GB18030", "gb2312 gbk cp936 euc-cn x-gbk", NOT_OPEN },
	{ "BIG5-HKSCS", "big5 cp950 x-big5", NOT_OPEN },
	{ "UTF-7", "unicode-1-1-utf-7 x-unicode-2-0-utf-7", NOT_OPEN },
	{ "UTF-16", "", NOT_OPEN },
	{ "UTF-16LE", "", NOT_OPEN },
	{ "UTF-16BE", "", NOT_OPEN },
	{ "UTF-32", "", NOT_OPEN },
};
static bool sealed;

static bool
open_set(struct charset *c)
{
	if (c->to_utf8 == NOT_OPEN && !sealed)
		c->to_utf8 = iconv_open("UTF-8", c->name);
	return c->to_utf8 != NOT_OPEN;
}

void
charset_open_all(void)
{
	char in[4] = "a", out[16], *from, *to;
	size_t n, room;

	for (size_t i = 0; i < nitems(charsets); i++) {
		if (!open_set(&charsets[i]))
			continue;
		/* glibc loads some of its tables at the first use */
		from = in;
		to = out;
		n = 1;
		room = sizeof(out);
		iconv(charsets[i].to_utf8, &from, &n, &to, &room);
	}
	sealed = true;
}

void
charset_close_all(void)
{
	for (size_t i = 0; i < nitems(charsets); i++)
		if (charsets[i].to_utf8 != NOT_OPEN) {
			iconv_close(charsets[i].to_utf8);
			charsets[i].to_utf8 = NOT_OPEN;
		}
	sealed = false;
}

static bool
is_utf8(struct view name)
{
	return view_isi(name, "utf-8") || view_isi(name, "utf8");
}

static bool
is_ascii(struct view name)
{
	return name.n == 0 || view_isi(name, "us-ascii") ||
	    view_isi(name, "ascii") || view_isi(name, "ansi_x3.4-1968") ||
	    view_isi(name, "x-unknown") || view_isi(name, "unknown-8bit");
}

static bool
is_name_of(const struct charset *c, struct view name)
{
	struct view others = view_of(c->others), word;

	if (view_isi(name, c->name))
		return true;
	while ((word = view_word(&others)).n > 0)
		if (view_eqi(word, name))
			return true;
	return false;
}

static struct charset *
find_set(struct view name)
{
	for (size_t i = 0; i < nitems(charsets); i++)
		if (is_name_of(&charsets[i], name))
			return open_set(&charsets[i]) ? &charsets[i] : NULL;
	return NULL;
}

bool
charset_known(struct view name)
{
	return is_utf8(name) || is_ascii(name) || find_set(name) != NULL;
}

/* Copy UTF-8; what is not valid becomes U+FFFD. */
static void
add_utf8(struct str *out, struct view in)
{
	uint32_t c;

	while (in.n > 0) {
		const char *from = in.p;

		while (in.n > 0 && utf8_get(&in, &c))
			if (in.n == 0) {
				str_addn(out, from, (size_t)(in.p - from));
				return;
			}
		/* the last octet taken is the one that is wrong */
		str_addn(out, from, (size_t)(in.p - from) - 1);
		utf8_put(out, UTF8_REPLACEMENT);
	}
}

static void
add_ascii(struct str *out, struct view in)
{
	for (size_t i = 0; i < in.n; i++)
		if ((unsigned char)in.p[i] < 0x80)
			str_addc(out, in.p[i]);
		else
			utf8_put(out, UTF8_REPLACEMENT);
}

static void
convert(struct str *out, iconv_t cd, struct view in)
{
	char *from = (char *)in.p, *to;
	size_t left = in.n, room, given;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (left > 0) {
		given = left < 16384 ? left * 3 + 32 : 49152;
		to = str_room(out, given);
		if (to == NULL)
			return;
		room = given;
		errno = 0;
		iconv(cd, &from, &left, &to, &room);
		out->n += given - room;
		if (left == 0 || errno == E2BIG)
			continue;
		utf8_put(out, UTF8_REPLACEMENT);
		if (errno == EINVAL)	/* cut off in a character */
			break;
		from++;
		left--;
	}
	if (out->p != NULL)
		out->p[out->n] = '\0';
}

bool
charset_convert(struct str *out, struct view name, struct view in)
{
	struct charset *set;

	if (is_utf8(name) || is_ascii(name)) {
		add_utf8(out, in);
		return true;
	}
	set = find_set(name);
	if (set == NULL) {
		add_ascii(out, in);
		return false;
	}
	convert(out, set->to_utf8, in);
	return true;
}
