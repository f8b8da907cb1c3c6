/* SPDX-License-Identifier: ISC */
/*
 * mail_scram - the examples of RFC 5802 5 and RFC 7677 3, and stored keys
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/encode.h"
#include "lib/mail/scram_client.h"

static const struct {
	enum scram_hash hash;
	const char *salt, *message, *proof, *signature;
} examples[] = {
	{ SCRAM_SHA_1, "QSXCR+Q6sek8bf92",
	    "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "s=QSXCR+Q6sek8bf92,i=4096,"
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
	    "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ SCRAM_SHA_256, "W22ZaJ0SNY7soEsUEjb6gQ==",
	    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	    "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

static void
derive(size_t i, const char *password, struct scram_keys *k)
{
	struct str salt = { 0 };

	assert_true(decode_base64(&salt, view_of(examples[i].salt)));
	*k = (struct scram_keys){ .hash = examples[i].hash,
		.iterations = 4096, .salt_n = salt.n };
	memcpy(k->salt, salt.p, salt.n);
	scram_derive(k, view_of(password));
	str_free(&salt);
}

static void
test_examples(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(examples); i++) {
		unsigned char signature[SCRAM_SIZE_MAX];
		struct str proof = { 0 }, out = { 0 };
		struct view message = view_of(examples[i].message);
		struct scram_keys k;

		derive(i, "pencil", &k);
		assert_true(decode_base64(&proof, view_of(examples[i].proof)));
		assert_true(scram_verify(&k, message, str_view(&proof)));
		assert_false(scram_verify(&k, view_skip(message, 1),
		    str_view(&proof)));
		assert_false(scram_verify(&k, message,
		    view_skip(str_view(&proof), 1)));
		scram_sign(&k, message, signature);
		encode_base64(&out,
		    view_bytes(signature, scram_size(k.hash)));
		assert_string_equal(str_c(&out), examples[i].signature);
		proof.p[3] ^= 1;
		assert_false(scram_verify(&k, message, str_view(&proof)));
		derive(i, "pencils", &k);
		proof.p[3] ^= 1;
		assert_false(scram_verify(&k, message, str_view(&proof)));
		str_free(&proof);
		str_free(&out);
	}
}

static void
test_stored(void **state UNUSED)
{
	/* of SCRAM-SHA-256, as another server wrote it */
	static const char text[] = "4096,LfNGSFcWOzpkVeJSZtbHqA==,"
	    "6Yb5pGVtoGCcMGGp8Vv4OsF1qZtqZG7ucV4HDbjBdKg=,"
	    "bGtmOYoQZ0EBi+PQ4WvqY5aYq1YJnpxpAtT2H1L4xgI=";
	static const char *const wrong[] = { "", "4096", "4096,,,",
		"0,LfNGSFcWOzpkVeJSZtbHqA==,YQ==,YQ==",
		"x,LfNGSFcWOzpkVeJSZtbHqA==,YQ==,YQ==",
		"99999999999,LfNGSFcWOzpkVeJSZtbHqA==,YQ==,YQ==",
		"4096,LfNGSFcWOzpkVeJSZtbHqA==,YQ==,YQ==" };
	struct str out = { 0 }, long_one = { 0 };
	struct scram_keys k, again;

	assert_true(scram_parse(&k, SCRAM_SHA_256, view_of(text)));
	assert_int_equal(k.iterations, 4096);
	assert_int_equal(k.salt_n, 16);
	scram_write(&k, &out);
	assert_string_equal(str_c(&out), text);
	assert_false(scram_parse(&k, SCRAM_SHA_1, view_of(text)));
	for (size_t i = 0; i < nitems(wrong); i++)
		assert_false(scram_parse(&k, SCRAM_SHA_256,
		    view_of(wrong[i])));
	str_adds(&long_one, text);
	str_adds(&long_one, ",x");
	assert_false(scram_parse(&k, SCRAM_SHA_256, str_view(&long_one)));
	derive(0, "pencil", &k);
	str_reset(&out);
	scram_write(&k, &out);
	assert_true(scram_parse(&again, SCRAM_SHA_1, str_view(&out)));
	assert_memory_equal(k.stored, again.stored, 20);
	assert_memory_equal(k.server, again.server, 20);
	str_free(&out);
	str_free(&long_one);
}

/* ---- the client's side, by the same examples ---- */

static const struct {
	const char *nonce, *challenge, *final, *verdict;
} talks[] = {
	{ "fyko+d2lbbFgONRv9qkxdawL",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ "rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

static void
test_client(void **state UNUSED)
{
	const struct scram_binding none = { .flag = 'n' };

	for (size_t i = 0; i < nitems(talks); i++) {
		struct scram_client c = { .hash = examples[i].hash };
		struct scram_client_keys k = { .known = false };
		struct str out = { 0 };
		const char *wrong;

		scram_client_first(&c, VIEW_LIT("user"), &none,
		    talks[i].nonce, &out);
		assert_true(view_starts(str_view(&out),
		    VIEW_LIT("n,,n=user,r=")));
		str_reset(&out);
		assert_true(scram_client_final(&c, view_of(talks[i].challenge),
		    VIEW_LIT("pencil"), &k, &out, &wrong));
		assert_string_equal(str_c(&out), talks[i].final);
		assert_true(k.known);
		assert_true(scram_client_verify(&c,
		    view_of(talks[i].verdict)));
		assert_false(scram_client_verify(&c, VIEW_LIT("v=")));
		assert_false(scram_client_verify(&c,
		    VIEW_LIT("e=invalid-proof")));
		assert_false(scram_client_verify(&c,
		    VIEW_LIT("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")));
		scram_client_end(&c);
		str_free(&out);
	}
}

static void
test_client_challenges(void **state UNUSED)
{
	static const struct {
		const char *challenge, *wrong;
	} cases[] = {
		{ "", "the challenge is malformed" },
		{ "r=abc", "the challenge is malformed" },
		{ "m=x,r=abcd,s=QSXC,i=4096", "the challenge is malformed" },
		{ "r=abcd,s=,i=4096", "the challenge is malformed" },
		{ "r=abcd,s=Q,i=4096", "the challenge is malformed" },
		{ "r=abcd,s=QSXC,i=4096x", "the challenge is malformed" },
		{ "r=abc,s=QSXC,i=4096", "the challenge is not an answer to us" },
		{ "r=xabcd,s=QSXC,i=4096",
		    "the challenge is not an answer to us" },
		{ "r=abcd,s=QSXC,i=4095",
		    "the challenge has too few iterations" },
		{ "r=abcd,s=QSXC,i=4000000",
		    "the challenge has too many iterations" },
		{ "r=abcd,s=QSXC,i=4096,x=more", NULL },
	};
	const struct scram_binding b = { 'p', "tls-exporter",
		VIEW_LIT("octets") };

	for (size_t i = 0; i < nitems(cases); i++) {
		struct scram_client c = { .hash = SCRAM_SHA_256 };
		struct scram_client_keys k = { .known = false };
		struct str out = { 0 };
		const char *wrong;

		scram_client_first(&c, VIEW_LIT("a=b,c"), &b, "abc", &out);
		assert_string_equal(str_c(&out),
		    "p=tls-exporter,,n=a=3Db=2Cc,r=abc");
		str_reset(&out);
		assert_int_equal(scram_client_final(&c,
		    view_of(cases[i].challenge), VIEW_LIT("x"), &k, &out,
		    &wrong), cases[i].wrong == NULL);
		if (cases[i].wrong != NULL)
			assert_string_equal(wrong, cases[i].wrong);
		else
			assert_true(view_starts(str_view(&out), VIEW_LIT(
			    "c=cD10bHMtZXhwb3J0ZXIsLG9jdGV0cw==,r=abcd,p=")));
		scram_client_end(&c);
		str_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_client_challenges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
