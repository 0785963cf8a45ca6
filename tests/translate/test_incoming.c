/*
 * A mail for a postoffice with memory short at any place: it fails as that, or all of it is there. No name becomes another, and no part
 * a text, because something could not be had.
 */
#include "translating.h"

#include "support/scarce.h"

#define M "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define DATE "Date: Tue, 13 Jul 1993 13:20:00 +0000\r\n"
#define UU "begin 644 f.txt\r\n5:&5L;&\\@=74@9FEL90IS96-O;F0*\r\n`\r\nend\r\n"

#define TEN(x) x x x x x x x x x x
#define LONG TEN(TEN("0123456 "))

/* Long names and many parts need memory of their own. */
static const char *const mails[] = {
	DATE "Encoding: 1 TEXT" TEN(TEN(", 0 TEXT")) ", 4 UUENCODE\r\nX-MS-Attachment: " LONG
						     "x.doc 21 07-13-1993 13:20\r\n\r\nt\r\n" TEN(
							     TEN("\r\n")) "\r\n" UU,
	DATE "Subject: counted\r\nEncoding: 1 TEXT, 2 TEXT, 4 UUENCODE\r\n"
	     "X-MS-Attachment: c.sys 6 07-13-1993 13:20\r\nX-MS-Attachment: Given Name.doc 21 "
	     "07-13-1993 13:20\r\n\r\nt\r\n\r\n1\r\n2\r\n\r\n" UU,
	DATE "Subject: in a text\r\n\r\none\r\n" UU "two\r\n" UU,
	DATE "From: a@b.test\r\nX-Priority: 1\r\nDisposition-Notification-To: a@b.test\r\n" M
	     "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Gr\xc3\xbc\xc3\x9f"
	     "e</p>\r\n--b\r\nContent-Type: a/b; name*=utf-8''%C3%BC.x\r\n\r\nbytes\r\n"
	     "--b\r\nContent-Type: message/rfc822\r\n\r\n" DATE
	     "Subject: within\r\n\r\nwords\r\n--b--\r\n",
	"no header\r\n",
};

/* Into a new file; its bytes are in the region when it is OK. */
static enum result try(const char *mail, unsigned fail_at, const char **bytes)
{
	struct err ignored;
	struct mime_told what;
	int to = file_of("", 0);
	struct incoming i = {.mail = file_of(mail, strlen(mail)),
			     .out = to,
			     .sheet = file_of(TRANSLATING_SHEET, strlen(TRANSLATING_SHEET)),
			     .scratch = file_of("", 0)};
	scarce_fail_at(fail_at);
	enum result r = incoming_translate(&i, &what, &ignored);
	scarce_end();
	struct content c = content_file(to, 0, (uint64_t)lseek(to, 0, SEEK_END));
	*bytes = r == OK ? string(&c) : NULL;
	close(i.mail);
	close(i.sheet);
	close(i.scratch);
	close(to);
	return r;
}

static void until_it_is_enough(size_t k)
{
	const char *bytes;
	unsigned failed = 0, fine = 0;
	ck_assert_int_eq(try(mails[k], 0, &bytes), OK);
	char *want = strdup(bytes);
	for (unsigned i = 1; fine < 20; i++) { /* so many after each other: no more fail */
		enum result r = try(mails[k], i, &bytes);
		ck_assert_msg(r == OK || r == E_NOMEM, "mail %zu, allocation %u: %d", k, i, (int)r);
		if (r == OK)
			ck_assert_msg(strcmp(want, bytes) == 0, "mail %zu, allocation %u:\n%s\n%s",
				      k, i, want, bytes);
		failed += r == E_NOMEM;
		fine = r == OK ? fine + 1 : 0;
		region_destroy(&region);
		region = region_new(0);
	}
	ck_assert_uint_gt(failed, 2);
	free(want);
}

START_TEST(memory_short)
{
	for (size_t k = 0; k < sizeof mails / sizeof *mails; k++)
		until_it_is_enough(k);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {memory_short};
	return translating_suite("translate/incoming", all, 1);
}
SUITE_MAIN(suite)
