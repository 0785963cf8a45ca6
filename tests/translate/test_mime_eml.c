/* Files that leave as mails, and files called so that cannot (RFC 2046 5.2.1). */
#include "translate/mime_write.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct region *region;
static struct buf out;

static void setup(void)
{
	region = region_new(0);
	buf_init(&out, 0);
}

static void teardown(void)
{
	buf_free(&out);
	region_destroy(&region);
}

static enum result address(void *ctx, const struct neutral_address *a, struct region *r,
			   const char **text)
{
	(void)ctx;
	(void)a;
	(void)r;
	*text = "ann@po.example";
	return OK;
}

/* A message with this attachment, as mail. */
static const char *written(const char *name, const char *bytes, size_t size, enum ending ending)
{
	struct mime_form form = {.ending = ending,
				 .charset = "CP437",
				 .hostname = "gw.example",
				 .unique = 0x1234,
				 .address = address};
	struct neutral_part part = {.name = name, .content = content_memory(bytes, size)};
	struct neutral n;
	struct sink to;
	neutral_init(&n, region);
	ck_assert_int_eq(neutral_add_part(&n, &part), OK);
	buf_clear(&out);
	sink_buffer(&to, &out);
	ck_assert_int_eq(mime_write(&n, &form, &to, NULL), OK);
	return buf_string(&out);
}

#define MAIL "Subject: x\r\nX: y\r\n\r\nbody\r\n\r\n"

START_TEST(as_a_mail)
{
	ck_assert_ptr_nonnull(strstr(
		written("MESSAGE.EML", MAIL, strlen(MAIL), ENDING_CRLF),
		"\r\nContent-Type: message/rfc822;\r\n\tname=\"MESSAGE.EML\"\r\nX-MMFF-File: 1\r\n"
		"Content-Transfer-Encoding: 7bit\r\n"
		"Content-Disposition: attachment;\r\n\tfilename=\"MESSAGE.EML\"\r\n\r\n" MAIL
		"\r\n--=_mmff_0000000000001234--\r\n"));
	const char *text = written("x.eml", MAIL, strlen(MAIL), ENDING_LF);
	ck_assert_ptr_nonnull(strstr(text, "\n\nSubject: x\nX: y\n\nbody\n\n\n--=_mmff_"));
	ck_assert_ptr_null(strchr(text, '\r'));
}
END_TEST

#define ROW(text, is)                      \
	{                                  \
		text, sizeof(text) - 1, is \
	}
static const struct {
	const char *bytes;
	size_t size;
	bool is;
} rows[] = {
	ROW("Subject: x\r\n\r\nbody\r\n", true),
	ROW("Subject: x\r\n\r\nbody", true),
	ROW("X:\r\n", true),
	ROW("Subject: x\r\n\r\n\x1b$B\x7f\r\n", true),
	ROW("Subject: x\r\n\r\n--=_mmff_0000000000001235\r\n", true),
	ROW("Subject: x\r\n\r\n --=_mmff_0000000000001234\r\n", true),
	ROW("", false),
	ROW("\r\n", false),
	ROW("no field\r\n", false),
	ROW("nothing", false),
	ROW(": x\r\n", false),
	ROW(" X: y\r\n", false),
	ROW("Sub ject: x\r\n", false),
	ROW("\r\nSubject: x\r\n", false),
	ROW("Subject: x\n\nbody\n", false),
	ROW("Subject: x\r\n\r\na\rb\r\n", false),
	ROW("Subject: x\r\n\r\na\nb\r\n", false),
	ROW("Subject: x\r\n\r\nbody\r", false),
	ROW("Subject: x\r\n\r\n\xe4\r\n", false),
	ROW("Subject: \0\r\n\r\nbody\r\n", false),
	ROW("Subject: x\r\n\r\n--=_mmff_0000000000001234\r\n", false),
	ROW("Subject: x\r\n\r\n--=_mmff_0000000000001234--", false),
};

START_TEST(what_can)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = written("A.EML", rows[i].bytes, rows[i].size, ENDING_CRLF);
		ck_assert_msg(!strstr(text, "message/rfc822") == !rows[i].is, "row %zu:\n%s", i,
			      text);
		ck_assert_msg(!strstr(text, "base64") == rows[i].is, "row %zu:\n%s", i, text);
		text = written("A.DOC", rows[i].bytes, rows[i].size, ENDING_CRLF);
		ck_assert_ptr_null(strstr(text, "rfc822"));
	}
}
END_TEST

START_TEST(long_lines)
{
	char mail[1100] = "X: ";
	for (size_t n = 990; n < 1005; n++) {
		memset(mail + 3, 'a', n - 3);
		strcpy(mail + n, "\r\n");
		const char *text = written("A.EML", mail, n + 2, ENDING_CRLF);
		ck_assert_int_eq(!strstr(text, "message/rfc822"), n > 998);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mime_eml");
	TCase *t = tcase_create("files");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, as_a_mail);
	tcase_add_test(t, what_can);
	tcase_add_test(t, long_lines);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
