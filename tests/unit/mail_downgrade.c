/* SPDX-License-Identifier: ISC */
/*
 * mail_downgrade - messages for servers that take less (lib/mail/downgrade.h)
 *
 * With the argument "7bit" or "8bit" it converts messages for other tests: each
 * comes in with its length (four octets, the first the highest), and goes out so
 * behind one octet, '+' or '-' (then the text is why it is not possible).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/base/str.h"
#include "lib/mail/downgrade.h"

#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"
#define CTE "Content-Transfer-Encoding: "
#define MIXED "MIME-Version: 1.0\r\n" \
	"Content-Type: multipart/mixed; boundary=b\r\n"
#define DADA "\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0" "\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0"
#define NO "5.6.3"

static bool
collect(void *arg, struct view piece)
{
	str_add(arg, piece);
	return true;
}

static bool
convert(struct view in, enum downgrade_level level, struct str *out,
    struct why *w)
{
	struct arena a;
	struct downgrade_sink sink = { collect, out };
	bool done;

	arena_init(&a);
	done = downgrade(in, level, &a, &sink, w);
	arena_reset(&a);
	return done;
}

struct conversion {
	struct view in;
	const char *out;	/* NULL: as it is; NO: not possible */
	enum downgrade_level level;
};

static const struct conversion conversions[] = {
	/* what fits stays */
	{ VIEW_LIT("Subject: x\r\n\r\ntext\r\n"), NULL, LEVEL_7BIT },
	{ VIEW_LIT(""), NULL, LEVEL_7BIT },
	{ VIEW_LIT(TEXT "\r\n\xc3\xa4\r\n"), NULL, LEVEL_8BIT },
	{ VIEW_LIT("\r\na\0\n"), NULL, LEVEL_BINARY },
	/* text */
	{ VIEW_LIT("MIME-Version: 1.0\r\n" TEXT CTE "8bit\r\nX: y\r\n\r\n"
	    "sch\xc3\xb6n \r\n-- \r\nich\r\n"), "MIME-Version: 1.0\r\n" TEXT
	    CTE "quoted-printable\r\nX: y\r\n\r\nsch=C3=B6n=20\r\n=2D-=20\r\n"
	    "ich\r\n", LEVEL_7BIT },
	{ VIEW_LIT("MIME-Version: 1.0\r\n" TEXT "\r\nsch\xc3\xb6n"),
	    "MIME-Version: 1.0\r\n" TEXT CTE "quoted-printable\r\n\r\n"
	    "sch=C3=B6n=\r\n", LEVEL_7BIT },
	{ VIEW_LIT("mime-version: 1.0\r\n" TEXT
	    "content-transfer-encoding : (x)\r\n 8bit (y)\r\n\r\n"
	    DADA DADA DADA DADA "\r\n"), "mime-version: 1.0\r\n" TEXT
	    "content-transfer-encoding: base64\r\n\r\n"
	    "0LTQsNC00LDQtNCw0LTQsNC00LDQtNCw0LTQsNC00LDQtNCw0LTQsNC00LDQtNCw"
	    "0LTQsNC00LDQ\r\ntNCw0LTQsA0K\r\n", LEVEL_7BIT },
	/* no MIME at all (RFC 1428) */
	{ VIEW_LIT("Subject: x\r\n\r\nsch\xf6n\r\n"), "Subject: x\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\nsch=F6n\r\n", LEVEL_7BIT },
	{ VIEW_LIT("Subject: x\r\n\r\na line\nanother\rline\0end\r\n"),
	    "Subject: x\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    CTE "quoted-printable\r\n\r\na line=0Aanother=0Dline=00end\r\n",
	    LEVEL_8BIT },
	/* other than text is base64, line ends and all */
	{ VIEW_LIT(MIXED CTE "binary\r\n\r\n--b\r\nContent-Type: a/b\r\n"
	    CTE "BINARY\r\n\r\na\r\n\0\n\r\n--b\r\n\r\nhi\r\n--b--\r\n"),
	    MIXED CTE "8bit\r\n\r\n--b\r\nContent-Type: a/b\r\n"
	    CTE "base64\r\n\r\nYQ0KAAo=\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n",
	    LEVEL_8BIT },
	{ VIEW_LIT(MIXED CTE "binary\r\n\r\n--b\r\nContent-Type: a/b\r\n"
	    CTE "BINARY\r\n\r\na\r\n\0\n\r\n--b\r\n" CTE "8bit\r\n\r\nhi\r\n"
	    "--b--\r\n"),
	    MIXED CTE "7bit\r\n\r\n--b\r\nContent-Type: a/b\r\n"
	    CTE "base64\r\n\r\nYQ0KAAo=\r\n\r\n--b\r\n" CTE "7bit\r\n\r\nhi"
	    "\r\n--b--\r\n", LEVEL_7BIT },
	/* a part without a type gets one, but no version */
	{ VIEW_LIT(MIXED "\r\n--b\r\n\r\n\xff\r\n--b--"), MIXED "\r\n--b\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\n=FF\r\n--b--", LEVEL_7BIT },
	/* enclosed messages */
	{ VIEW_LIT("Content-Type: message/rfc822\r\n" CTE "8bit\r\n\r\n"
	    "Subject: in\r\n\r\n\xff\r\n"), "Content-Type: message/rfc822\r\n"
	    CTE "7bit\r\n\r\nSubject: in\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\n=FF\r\n", LEVEL_7BIT },
	{ VIEW_LIT("MIME-Version: 1.0\r\nContent-Type: message/global\r\n"
	    CTE "8bit\r\n\r\nSubject: \xc3\xa4\r\n\r\nx\r\n"),
	    "MIME-Version: 1.0\r\nContent-Type: message/global\r\n"
	    CTE "quoted-printable\r\n\r\nSubject: =C3=A4\r\n\r\nx\r\n",
	    LEVEL_7BIT },
	{ VIEW_LIT("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
	    "\r\nSubject: in\r\n\r\n\xff\r\n--b--\r\n"),
	    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
	    "\r\nSubject: in\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\n=FF\r\n--b--\r\n", LEVEL_7BIT },
	/* around parts */
	{ VIEW_LIT(MIXED "\r\n-\xff\r\n--bj\xfc\n\r\nx\r\n--b--\xfc\r\n--b\xfc"),
	    MIXED "\r\n??\r\n--b\r\n\r\nx\r\n--b--\r\n--b", LEVEL_7BIT },
	/* lies: called base64, called quoted-printable */
	{ VIEW_LIT("MIME-Version: 1.0\r\n" TEXT CTE "base64\r\n\r\n"
	    "YW\xa0Jj\r\n"), "MIME-Version: 1.0\r\n" TEXT CTE "base64\r\n\r\n"
	    "YWJj\r\n", LEVEL_7BIT },
	{ VIEW_LIT("MIME-Version: 1.0\r\n" TEXT CTE "quoted-printable\r\n\r\n"
	    "\xc3\xa4=C3=A4=\r\n!\r\n"), "MIME-Version: 1.0\r\n" TEXT
	    CTE "quoted-printable\r\n\r\n=C3=A4=C3=A4!\r\n", LEVEL_7BIT },
	/* the header: names in it stay, line ends are made */
	{ VIEW_LIT("Subject: \xc3\xa4\r\nMIME-Version: 1.0\nX: a\rb\0\r\n\r\n"),
	    "Subject: \xc3\xa4\r\nMIME-Version: 1.0\r\nX: a b?\r\n\r\n",
	    LEVEL_7BIT },
	/* what is signed, encrypted, a fragment, unknown */
	{ VIEW_LIT("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
	    "\r\n\xff\r\n--b\r\n\r\nsignature\r\n--b--\r\n"), NO, LEVEL_7BIT },
	{ VIEW_LIT(MIXED "\r\n--b\r\n"
	    "Content-Type: multipart/signed; boundary=c\r\n" CTE "8bit\r\n\r\n"
	    "--c\r\n" CTE "8bit\r\n\r\nx\r\n--c--\r\n--b\r\n\r\n\xff\r\n"
	    "--b--\r\n"), MIXED "\r\n--b\r\n"
	    "Content-Type: multipart/signed; boundary=c\r\n" CTE "7bit\r\n\r\n"
	    "--c\r\n" CTE "8bit\r\n\r\nx\r\n--c--\r\n--b\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\n=FF\r\n--b--\r\n", LEVEL_7BIT },
	{ VIEW_LIT("Content-Type: multipart/encrypted; boundary=b\r\n\r\n"
	    "--b\r\n\r\n\xff\r\n--b--\r\n"), NO, LEVEL_7BIT },
	{ VIEW_LIT("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime"
	    "\r\n" CTE "binary\r\n\r\n\x30\0"), "MIME-Version: 1.0\r\n"
	    "Content-Type: application/pkcs7-mime\r\n" CTE "base64\r\n\r\nMAA="
	    "\r\n", LEVEL_8BIT },
	{ VIEW_LIT("Content-Type: message/partial\r\n\r\n\xff\r\n"), NO,
	    LEVEL_7BIT },
	{ VIEW_LIT("Content-Type: message/external-body\r\n\r\n\xff\r\n"), NO,
	    LEVEL_7BIT },
	{ VIEW_LIT("Content-Type: multipart/mixed\r\n\r\n\xff\r\n"), NO,
	    LEVEL_7BIT },
	{ VIEW_LIT("Content-Type: multipart/mixed; boundary=\xff\r\n\r\n\xff"),
	    NO, LEVEL_7BIT },
	{ VIEW_LIT(CTE "x-uue\r\n\r\n\xff\r\n"), NO, LEVEL_7BIT },
	{ VIEW_LIT(CTE "x-uue\r\n\r\n\xff\r\n"), NULL, LEVEL_8BIT },
};

static void
test_conversions(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(conversions); i++) {
		const struct conversion *c = &conversions[i];
		struct str out = { 0 };
		struct why w;

		if (c->out != NULL && strcmp(c->out, NO) == 0) {
			assert_false(convert(c->in, c->level, &out, &w));
			assert_int_equal(w.verdict, VERDICT_NEVER);
			assert_string_equal(w.status, "6.3");
			assert_int_equal(out.n, 0);
			continue;
		}
		assert_true(convert(c->in, c->level, &out, &w));
		if (c->out == NULL)
			assert_true(view_eq(str_view(&out), c->in));
		else
			assert_string_equal(str_c(&out), c->out);
		str_free(&out);
	}
}

static const struct {
	struct view in;
	enum downgrade_level level;
	bool utf8_header;
} looks[] = {
	{ VIEW_LIT(""), LEVEL_7BIT, false },
	{ VIEW_LIT("Subject: x\r\n\r\nx"), LEVEL_7BIT, false },
	{ VIEW_LIT("Subject: x\r\n\r\n\xff\r\n"), LEVEL_8BIT, false },
	{ VIEW_LIT("Subject: \xc3\xa4\r\n\r\nx\r\n"), LEVEL_8BIT, true },
	{ VIEW_LIT("Subject: x\r\n\r\n\0\r\n"), LEVEL_BINARY, false },
	{ VIEW_LIT("Subject: x\r\n\r\nx\n"), LEVEL_BINARY, false },
	{ VIEW_LIT("Subject: x\r\n\r\nx\r\r\n"), LEVEL_BINARY, false },
	{ VIEW_LIT("Subject: x\r\n\r\nx\r"), LEVEL_BINARY, false },
};

static void
test_look(void **state UNUSED)
{
	struct downgrade_look l;
	struct str s = { 0 };

	for (size_t i = 0; i < nitems(looks); i++) {
		downgrade_look(looks[i].in, &l);
		assert_int_equal(l.level, looks[i].level);
		assert_int_equal(l.utf8_header, looks[i].utf8_header);
	}
	for (size_t i = 0; i < 998; i++)
		str_addc(&s, 'x');
	str_adds(&s, "\r\n");
	downgrade_look(str_view(&s), &l);
	assert_int_equal(l.level, LEVEL_7BIT);
	s.p[998] = 'x';
	str_adds(&s, "\r\n");
	downgrade_look(str_view(&s), &l);
	assert_int_equal(l.level, LEVEL_BINARY);
	str_free(&s);
}

/* A long field is folded at its last blank; one without stays. */
static void
test_long_fields(void **state UNUSED)
{
	struct str in = { 0 }, out = { 0 };
	struct why w;

	str_adds(&in, "X: ");
	for (size_t i = 0; i < 300; i++)
		str_adds(&in, "word\t");
	str_adds(&in, "\r\nY:");
	for (size_t i = 0; i < 2000; i++)
		str_addc(&in, i < 1000 ? 'y' : ' ');
	str_adds(&in, "\r\n\r\nbody\r\n");
	assert_true(convert(str_view(&in), LEVEL_8BIT, &out, &w));
	assert_int_equal(out.n, in.n + 2);
	assert_memory_equal(out.p + 997, "\r\n\tword", 7);
	assert_memory_equal(out.p, in.p, 997);
	assert_memory_equal(out.p + 999, in.p + 997, in.n - 997);
	str_free(&in);
	str_free(&out);
}

/* Messages in messages without end; the innermost has no room for a tree. */
static void
test_depth(void **state UNUSED)
{
	for (size_t n = 1; n < 300; n += 97) {
		struct str in = { 0 }, out = { 0 };
		struct why w;
		bool done;

		for (size_t i = 0; i < n; i++)
			str_adds(&in, "Content-Type: message/rfc822\r\n\r\n");
		str_adds(&in, "\r\n\xff\r\n");
		done = convert(str_view(&in), LEVEL_7BIT, &out, &w);
		assert_int_equal(done, n < 100);
		if (done)
			assert_true(view_search(str_view(&out),
			    VIEW_LIT("\r\n=FF\r\n")) < out.n);
		str_free(&in);
		str_free(&out);
	}
}

static bool
stop_third(void *arg, struct view piece UNUSED)
{
	return ++*(int *)arg < 3;
}

static void
test_stopped(void **state UNUSED)
{
	int pieces = 0;
	struct downgrade_sink sink = { stop_third, &pieces };
	struct arena a;
	struct why w;

	arena_init(&a);
	assert_false(downgrade(VIEW_LIT(MIXED "\r\n--b\r\n\r\n\xff\r\n--b--"),
	    LEVEL_7BIT, &a, &sink, &w));
	assert_int_equal(w.verdict, VERDICT_LATER);
	assert_int_equal(pieces, 3);
	arena_reset(&a);
}

/* ---- for other tests ---- */

static bool
read_message(struct str *in)
{
	unsigned char n[4];
	size_t size;

	if (fread(n, 1, 4, stdin) != 4)
		return false;
	size = (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 |
	    n[3];
	str_reset(in);
	in->n = fread(str_room(in, size), 1, size, stdin);
	return in->n == size;
}

static void
write_result(char sign, struct view v)
{
	unsigned char head[5] = { (unsigned char)sign,
		(unsigned char)(v.n >> 24), (unsigned char)(v.n >> 16),
		(unsigned char)(v.n >> 8), (unsigned char)v.n };

	fwrite(head, 1, sizeof(head), stdout);
	fwrite(v.p, 1, v.n, stdout);
	fflush(stdout);
}

static int
serve(enum downgrade_level level)
{
	struct str in = { 0 }, out = { 0 };
	struct why w;

	while (read_message(&in)) {
		str_reset(&out);
		if (convert(str_view(&in), level, &out, &w))
			write_result('+', str_view(&out));
		else
			write_result('-', view_of(w.text));
	}
	str_free(&in);
	str_free(&out);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_long_fields),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_stopped),
	};

	if (argc > 1)
		return serve(strcmp(argv[1], "7bit") == 0 ? LEVEL_7BIT :
		    LEVEL_8BIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
