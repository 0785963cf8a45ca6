/* encode: base64, quoted-printable, header words and parameters, at every split point. */
#include "translate/encode.h"

#include "support/suite.h"

#include <string.h>

static struct buf out;
static struct sink to;

static void setup(void)
{
	buf_init(&out, 0);
	sink_buffer(&to, &out);
}

static void teardown(void)
{
	buf_free(&out);
}

static void expect(const char *want)
{
	ck_assert_str_eq(buf_string(&out), want);
	buf_clear(&out);
}

static void base64(const char *in, const char *want)
{
	for (size_t split = 0; split <= strlen(in); split++) {
		struct encode_base64 e;
		encode_base64_begin(&e, &to, ENDING_LF);
		ck_assert_int_eq(sink_write(&e.in, in, split), OK);
		ck_assert_int_eq(sink_write(&e.in, in + split, strlen(in) - split), OK);
		ck_assert_int_eq(encode_base64_end(&e), OK);
		expect(want);
	}
}

START_TEST(base64_texts)
{
	base64("", "");
	base64("f", "Zg==\n");
	base64("fo", "Zm8=\n");
	base64("foo", "Zm9v\n");
	base64("foobar", "Zm9vYmFy\n");
	base64("\xff\xfe\xfd", "//79\n");
	base64("123456789012345678901234567890123456789012345678901234567",
	       "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\n");
	base64("1234567890123456789012345678901234567890123456789012345678",
	       "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\nOA=="
	       "\n");
}
END_TEST

static void quoted(const char *in, const char *want)
{
	for (size_t split = 0; split <= strlen(in); split++) {
		struct encode_quoted e;
		encode_quoted_begin(&e, &to, ENDING_LF);
		ck_assert_int_eq(sink_write(&e.in, in, split), OK);
		ck_assert_int_eq(sink_write(&e.in, in + split, strlen(in) - split), OK);
		ck_assert_int_eq(encode_quoted_end(&e), OK);
		expect(want);
	}
}

START_TEST(quoted_texts)
{
	quoted("", "");
	quoted("a=b", "a=3Db");
	quoted("ä\r\nb\rc\nd", "=C3=A4\nb\nc\nd");
	quoted("a \r\nb\t\nc ", "a=20\nb=09\nc=20");
	quoted("a  b", "a  b");
	quoted("\x01\x7f", "=01=7F");
	quoted("12345678901234567890123456789012345678901234567890123456789012345678901234567",
	       "123456789012345678901234567890123456789012345678901234567890123456789012345=\n67");
	quoted("1234567890123456789012345678901234567890123456789012345678901234567890123=",
	       "1234567890123456789012345678901234567890123456789012345678901234567890123=\n=3D");
}
END_TEST

static bool plain(const char *text, size_t n)
{
	struct encode_look l;
	encode_look_begin(&l);
	ck_assert_int_eq(sink_write(&l.in, text, n), OK);
	return encode_look_plain(&l);
}

START_TEST(a_look)
{
	char line[1100];
	memset(line, 'x', sizeof line);
	ck_assert(plain("a\tb\r\n", 5));
	ck_assert(!plain("\xe4", 1));
	ck_assert(!plain("\0", 1));
	ck_assert(!plain("\x7f", 1));
	ck_assert(plain(line, 998));
	ck_assert(!plain(line, 999));
	line[500] = '\n';
	ck_assert(plain(line, sizeof line));
}
END_TEST

START_TEST(header_values)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"plain", "plain"},
		{"", ""},
		{"Größe", "=?UTF-8?B?R3LDtsOfZQ==?="},
		{"=?x?=", "=?UTF-8?B?PT94Pz0=?="},
		{" blank", "=?UTF-8?B?IGJsYW5r?="},
		{"ääääääääääääääääääääää",
		 "=?UTF-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOk?=\n "
		 "=?UTF-8?B?w6Q=?="},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(encode_header(&to, ENDING_LF, rows[i].in), OK);
		expect(rows[i].want);
	}
	char text[2000];
	memset(text, 'x', sizeof text);
	text[1999] = '\0';
	ck_assert_int_eq(encode_header(&to, ENDING_LF, text), OK);
	const char *all = buf_string(&out);
	for (const char *line = all; *line;
	     line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
		ck_assert_uint_le(strcspn(line, "\n"), 76);
}
END_TEST

START_TEST(parameters)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"a.txt", ";\n\tname=\"a.txt\""},
		{"", ";\n\tname=\"\""},
		{"a \"b\\.txt", ";\n\tname=\"a \\\"b\\\\.txt\""},
		{"Größe.txt", ";\n\tname*0*=UTF-8''Gr%C3%B6%C3%9Fe.txt"},
		{"1234567890123456789012345678901234567890123456789012345678901",
		 ";\n\tname*0*=UTF-8''"
		 "1234567890123456789012345678901234567890123456789012345678\n\tname*1*=901"},
	};
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(encode_parameter(&to, ENDING_LF, "name", rows[i].in), OK);
		expect(rows[i].want);
	}
	ck_assert_int_eq(encode_parameter(&to, ENDING_LF, "name", rows[4].in), OK);
	ck_assert_ptr_nonnull(strstr(buf_string(&out), ";\n\tname*1*="));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/encode");
	TCase *t = tcase_create("encode");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, base64_texts);
	tcase_add_test(t, quoted_texts);
	tcase_add_test(t, a_look);
	tcase_add_test(t, header_values);
	tcase_add_test(t, parameters);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
