/*
 * mime_classic: a mail as the original wrote it, byte for byte; which attachments are text; what cannot go as it is; failures. That it
 * comes back the same is test_round_trip's.
 */
#include "translate/mime_write.h"

#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct neutral n;
static struct buf out;

static enum result address(void *ctx, const struct neutral_address *a, struct region *r,
			   const char **text)
{
	(void)ctx;
	(void)r;
	*text = a ? a->text : "postmaster@here.example";
	return OK;
}

static struct mime_form form = {.ending = ENDING_CRLF,
				.charset = "CP437",
				.uuencode = true,
				.hostname = "gw.example",
				.unique = 0x1234,
				.address = address};

static void setup(void)
{
	region = region_new(0);
	buf_init(&out, 0);
	neutral_init(&n, region);
	n.from = (struct neutral_address){"SMTP", "ann@po.example"};
	n.year = 1993, n.month = 7, n.day = 13, n.hour = 13, n.minute = 20;
}

static void teardown(void)
{
	region_destroy(&region);
	buf_free(&out);
}

static void text(const char *bytes)
{
	n.text = content_memory(bytes, strlen(bytes));
}

static void add(const char *name, const char *bytes, size_t size)
{
	struct neutral_part p = {.name = name, .content = content_memory(bytes, size)};
	ck_assert_int_eq(neutral_add_part(&n, &p), OK);
}

/* What is written from the field Encoding, or else Content-Type, on. */
static const char *written(void)
{
	struct sink to;
	buf_clear(&out);
	sink_buffer(&to, &out);
	ck_assert_int_eq(mime_write(&n, &form, &to, NULL), OK);
	const char *all = buf_string(&out), *from = strstr(all, "Encoding: ");
	return strstr(all, "\r\nEncoding: ") ? from : strstr(all, "Content-Type: ");
}

START_TEST(golden)
{
	text("one\rtwo\r");
	add("smtptest.doc", "\1\2\3", 3);
	add("config.sys", "DEVICE=X\r\nFILES=30\r\n", 20);
	ck_assert_str_eq(written(), "Encoding: 2 TEXT, 4 UUENCODE, 2 TEXT\r\n"
				    "X-MS-Attachment: smtptest.doc 3 07-13-1993 13:20\r\n"
				    "X-MS-Attachment: config.sys 20 07-13-1993 13:20\r\n"
				    "Content-Type: text/plain; charset=us-ascii\r\n"
				    "Content-Transfer-Encoding: 7bit\r\n\r\n"
				    "one\r\ntwo\r\n\r\n"
				    "begin 644 smtptest.doc\r\n#`0(#\r\n`\r\nend\r\n\r\n"
				    "DEVICE=X\r\nFILES=30\r\n");
}
END_TEST

START_TEST(alone)
{
	text("one\rno end");
	ck_assert_str_eq(written(), "Content-Type: text/plain; charset=us-ascii\r\n"
				    "Content-Transfer-Encoding: 7bit\r\n\r\none\r\nno end\r\n");
}
END_TEST

/* Only what a reader makes the same of again goes as text. */
START_TEST(not_text)
{
	static const char *const files[] = {"",         "x",       "x\n",      "x\r",     "a\r\nb",
					    "a\nb\r\n", "a\r\r\n", "\x1b\r\n", "\xe4\r\n"};
	static char wide[1002];
	memset(wide, 'x', 1000);
	strcpy(wide + 999, "\r\n");
	text("");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		add("x", files[i], strlen(files[i]));
	add("x", wide, strlen(wide));
	const char *field = written();
	size_t found = 0;
	for (const char *p = field; (p = strstr(p, " UUENCODE")); p++)
		found++;
	ck_assert_uint_eq(found, sizeof files / sizeof *files + 1);
	ck_assert_int_eq(strncmp(field, "Encoding: 0 TEXT, 3 UUENCODE, 4 UUENCODE", 40), 0);
	for (const char *line = field; line < strstr(field, "\r\n\r\n");
	     line = strstr(line, "\r\n") + 2)
		ck_assert_uint_le((size_t)(strstr(line, "\r\n") - line), 100);
}
END_TEST

START_TEST(eight_bits)
{
	text("Gr\x81\xe1"
	     "e\r");
	n.year = 0;
	add("B\x81ro.doc", "\0", 1);
	ck_assert_str_eq(written(),
			 "Encoding: 1 TEXT, 4 UUENCODE\r\n"
			 "X-MS-Attachment: =?UTF-8?B?QsO8cm8uZG9jIDEgMDAtMDAtMTk4MCAwMDowMA==?=\r\n"
			 "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: 8bit\r\n\r\n"
			 "Gr\xc3\xbc\xc3\x9f"
			 "e\r\n\r\nbegin 644 B\xc3\xbcro.doc\r\n!````\r\n`\r\nend\r\n");
}
END_TEST

START_TEST(quoted)
{
	text("a\x1b=\r");
	add("x", "==\r\n", 4);
	ck_assert_str_eq(strstr(written(), "Content-Transfer"),
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			 "a=1B=3D\r\n\r\n=3D=3D\r\n");
}
END_TEST

START_TEST(failures)
{
	struct sink to;
	struct buf small;
	text("text\r");
	add("x", "\1\2\3", 3);
	written();
	size_t all = out.len;
	for (size_t room = 1; room < all; room += 7) {
		buf_init(&small, room);
		sink_buffer(&to, &small);
		ck_assert_int_eq(mime_write(&n, &form, &to, NULL), E_LIMIT);
		buf_free(&small);
	}
	n.parts.items[0].content = content_file(-1, 0, 10);
	sink_counting(&to);
	ck_assert_int_eq(mime_write(&n, &form, &to, NULL), E_IO);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {golden, alone, not_text, eight_bits, quoted, failures};
	Suite *s = suite_create("translate/mime_classic");
	TCase *tc = tcase_create("classic");
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(tc, all[i]);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
