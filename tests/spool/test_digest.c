/* digest: the hash of known texts (FIPS 180-4), in pieces of every size, and anew. */
#include "spool/digest.h"
#include "support/suite.h"

#include <string.h>

static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
static const char hash[] = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

START_TEST(in_pieces)
{
	char got[DIGEST_HEX];
	struct digest *d = digest_new();
	ck_assert_ptr_nonnull(d);
	for (size_t piece = 1; piece <= sizeof text; piece++) {
		digest_restart(d);
		for (size_t at = 0; at < sizeof text - 1; at += piece)
			digest_add(d, text + at,
				   at + piece < sizeof text ? piece : sizeof text - 1 - at);
		digest_end(d, got);
		ck_assert_str_eq(got, hash);
	}
	digest_free(&d);
	ck_assert_ptr_null(d);
	digest_free(&d);
}
END_TEST

START_TEST(of_nothing_and_after_its_end)
{
	char got[DIGEST_HEX];
	struct digest *d = digest_new();
	digest_end(d, got);
	ck_assert_int_eq(strncmp(got, "e3b0c44298fc1c14", 16), 0);
	digest_add(d, "x", 1); /* a hash that has ended takes nothing more, and says so */
	digest_end(d, got);
	ck_assert_str_eq(got, "");
	digest_free(&d);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/digest");
	TCase *t = tcase_create("sha256");
	tcase_add_test(t, in_pieces);
	tcase_add_test(t, of_nothing_and_after_its_end);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
