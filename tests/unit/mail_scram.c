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
#include "lib/mail/scram.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
