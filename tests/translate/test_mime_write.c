/* mime_write: a whole message byte for byte, what MMFF has beyond mail, HEADLEN, charsets, full sinks. Python reads the
 * same kind of output in tests/tools/test_ffapi.py. */
#include "translate/mime_write.h"

#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct neutral n;
static struct buf out;
static struct mime_counts counts;

static enum result address(void *ctx, const struct neutral_address *a, struct region *r,
			   const char **text)
{
	(void)ctx;
	if (a && strcmp(a->type, "FAX") == 0)
		return E_NOTFOUND;
	if (a && strcmp(a->type, "SHORT") == 0)
		return E_NOMEM;
	*text = a ? region_printf(r, "%s@po.example", a->text) : "Postmaster@here.example";
	return OK;
}

static struct mime_form form = {.ending = ENDING_LF,
				.charset = "CP437",
				.hostname = "gw.example",
				.unique = 0x1234,
				.now = 1700000000000,
				.offset = 60,
				.address = address};

static void setup(void)
{
	region = region_new(0);
	neutral_init(&n, region);
	buf_init(&out, 0);
	n.from = (struct neutral_address){.type = "CSI", .text = "ann"};
	neutral_add_address(&n, &n.to, "CSI", "bob");
	n.text = content_memory("hi\r", 3);
}

static void teardown(void)
{
	buf_free(&out);
	region_destroy(&region);
}

static const char *written(void)
{
	struct sink to;
	buf_clear(&out);
	sink_buffer(&to, &out);
	ck_assert_int_eq(mime_write(&n, &form, &to, &counts), OK);
	return buf_string(&out);
}

static const char *body(void)
{
	const char *all = written(), *at = strstr(all, "\n\n");
	ck_assert_ptr_nonnull(at);
	return at + 2;
}

START_TEST(whole)
{
	struct neutral_part part = {.name = "\x81.pdf", .content = content_memory("\0\1\2", 3)};
	neutral_add_address(&n, &n.to, "FAX", "123");
	neutral_add_address(&n, &n.to, "CSI", "joe");
	neutral_add_address(&n, &n.cc, "CSI", "sue");
	neutral_add_part(&n, &part);
	n.subject = "Gr\x81\xe1"
		    "e";
	n.year = 1993;
	n.month = 7;
	n.day = 13;
	n.hour = 13;
	n.minute = 20;
	ck_assert_str_eq(written(),
			 "From: ann@po.example\n"
			 "To: bob@po.example,\n\tjoe@po.example\n"
			 "Cc: sue@po.example\n"
			 "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\n"
			 "Date: Tue, 13 Jul 1993 13:20:00 +0100\n"
			 "Message-ID: <0000000000001234.mmff@gw.example>\n"
			 "MIME-Version: 1.0\n"
			 "Content-Type: multipart/mixed; boundary=\"=_mmff_0000000000001234\"\n"
			 "\n"
			 "--=_mmff_0000000000001234\n"
			 "Content-Type: text/plain; charset=us-ascii\n"
			 "Content-Transfer-Encoding: 7bit\n"
			 "\n"
			 "hi\n\n"
			 "--=_mmff_0000000000001234\n"
			 "Content-Type: application/pdf;\n\tname*0*=UTF-8''%C3%BC.pdf\n"
			 "Content-Transfer-Encoding: base64\n"
			 "Content-Disposition: attachment;\n\tfilename*0*=UTF-8''%C3%BC.pdf\n"
			 "\n"
			 "AAEC\n"
			 "--=_mmff_0000000000001234--\n");
}
END_TEST

/* SMTPOUT.TBL stands before the charset, over subject and text. */
START_TEST(tabled)
{
	struct table t;
	for (unsigned i = 0; i < 256; i++)
		t.to[i] = (unsigned char)(i == 0x84 ? '{' : i);
	form.table = &t;
	n.subject = "\x84";
	n.text = content_memory("\x84\r", 2);
	const char *text = written();
	ck_assert_ptr_nonnull(strstr(text, "\nSubject: {\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n\n{\n"));
	form.table = NULL;
	ck_assert_ptr_null(strstr(written(), "{"));
}
END_TEST

START_TEST(dates)
{
	ck_assert_ptr_nonnull(strstr(written(), "\nDate: Tue, 14 Nov 2023 23:13:20 +0100\n"));
	n.hour = 1;
	n.minute = 2;
	ck_assert_ptr_nonnull(strstr(written(), "\nDate: Tue, 14 Nov 2023 01:02:00 +0100\n"));
	n.year = 2000;
	n.month = 2;
	n.day = 29;
	n.hour = -1;
	ck_assert_ptr_nonnull(strstr(written(), "\nDate: Tue, 29 Feb 2000 23:13:20 +0100\n"));
}
END_TEST

START_TEST(beyond_mail)
{
	n.from.text = NULL;
	n.priority = "R";
	neutral_add_unknown(&n, "X-OTHER:\x84");
	const char *text = written();
	ck_assert_ptr_nonnull(strstr(text, "From: Postmaster@here.example\n"));
	ck_assert_ptr_null(strstr(text, "-To: "));
	ck_assert_ptr_nonnull(strstr(text, "\nX-MMFF-Priority: R\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nX-MMFF-Line: =?UTF-8?B?WC1PVEhFUjrDpA==?=\n"));
	n.priority = "5";
	text = written();
	ck_assert_ptr_nonnull(strstr(text, "\nX-Priority: 1\nImportance: high\n"));
	ck_assert_ptr_null(strstr(text, "Disposition"));
	n.priority = "1";
	ck_assert_ptr_nonnull(strstr(written(), "\nX-Priority: 5\nImportance: low\n"));
	n.priority = "R";
	n.from = (struct neutral_address){.type = "CSI", .text = "ann"};
	text = written();
	ck_assert_ptr_nonnull(strstr(text, "\nDisposition-Notification-To: ann@po.example\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nReturn-Receipt-To: ann@po.example\n"));
	form.no_receipts = true;
	ck_assert_ptr_null(strstr(written(), "-To: ann@po"));
	form.no_receipts = false;
	n.from.text = "A/B/postmaster";
	ck_assert_ptr_null(strstr(written(), "Receipt-To: "));
}
END_TEST

/* Lines that repeat the header go, with any line end, and never more than there are. */
START_TEST(headlen)
{
	static const struct {
		const char *text, *lines, *want;
	} rows[] = {
		{"a\rb\rtext\r", "2", "text\n"},
		{"a\r\nb\r\ntext", "2", "text"},
		{"a\nb\n\ntext", "2", "\ntext"},
		{"a\rb", "3", "a\nb"},
		{"a\rb", "0", "a\nb"},
		{"a\rb", "x", "a\nb"},
		{"a\rb\rc", "99999999999999", "a\nb\nc"},
		{"a\r\n", "1", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct neutral_field f = {
			.type = "I", .length = "3", .name = "HEADLEN", .value = rows[i].lines};
		n.fields = (struct neutral_fields){0};
		neutral_add_field(&n, &f);
		n.text = content_memory(rows[i].text, strlen(rows[i].text));
		ck_assert_str_eq(body(), rows[i].want);
	}
}
END_TEST

START_TEST(texts_and_counts)
{
	n.text = content_memory("\x84=\r", 3);
	ck_assert_str_eq(body(), "=C3=A4=3D\n");
	ck_assert_uint_eq(counts.lost, 0);
	form.charset = "UTF-8";
	n.text = content_memory("a\xff", 2);
	ck_assert_str_eq(body(), "a=EF=BF=BD");
	ck_assert_uint_eq(counts.lost, 1);
	n.subject = "\xff";
	written();
	ck_assert_uint_eq(counts.lost, 2);
	struct sink to;
	form.charset = "no-such-charset";
	sink_counting(&to);
	ck_assert_int_ne(mime_write(&n, &form, &to, NULL), OK);
	form.charset = "CP437";
}
END_TEST

START_TEST(full_sinks)
{
	struct neutral_part part = {.name = "a", .content = content_memory("xyz", 3)};
	neutral_add_part(&n, &part);
	n.text = content_memory("\x84", 1);
	size_t size = strlen(written());
	for (size_t most = 1; most < size; most++) {
		struct buf small;
		struct sink to;
		buf_init(&small, most);
		sink_buffer(&to, &small);
		ck_assert_int_eq(mime_write(&n, &form, &to, NULL), E_LIMIT);
		buf_free(&small);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mime_write");
	TCase *t = tcase_create("write");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole);
	tcase_add_test(t, dates);
	tcase_add_test(t, tabled);
	tcase_add_test(t, beyond_mail);
	tcase_add_test(t, headlen);
	tcase_add_test(t, texts_and_counts);
	tcase_add_test(t, full_sinks);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
