/*
 * Files that leave as message/rfc822 come in again as the files that they were, whatever is in them; and nobody else's mail within a mail is
 * taken for one.
 */
#include "translating.h"

#include "translate/mime_write.h"

static struct buf mail;

static enum result address(void *ctx, const struct neutral_address *a, struct region *r,
			   const char **text)
{
	(void)ctx;
	(void)a;
	(void)r;
	*text = "ann@po.example";
	return OK;
}

/* The message that came of the last mail, out again as mail, and in. */
static void again(bool uuencode)
{
	static uint64_t unique = 0x1234;
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = "CP437",
				 .uuencode = uuencode,
				 .hostname = "h.example",
				 .unique = unique++,
				 .address = address};
	struct sink to;
	buf_clear(&mail);
	sink_buffer(&to, &mail);
	ck_assert_int_eq(mime_write(&n, &form, &to, NULL), OK);
	translate_n(buf_head(&mail), mail.len, TRANSLATING_SHEET);
}

static bool as_a_mail(void)
{
	return strstr(buf_string(&mail), "Content-Type: message/rfc822;\r\n\tname=");
}

#define B "Content-Type: multipart/mixed; boundary=b\r\n"
#define BASE64_CUT                                                      \
	B "\r\n--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: " \
	  "base64\r\n\r\nTUFSSzIh\r\nTU"
#define HEADLESS B "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nno header\r\n--b--\r\n"

/* What could not be read, or not all of it, is the mail as it came, each time anew. */
START_TEST(unreadable)
{
	static const char *const mails[] = {
		BASE64_CUT,
		HEADLESS,
		"X: y\r\n" HEADLESS "\r\n",
		"Content-Type: message/rfc822\r\n\r\n",
		"no header\r\n",
		"Subject: LF\nContent-Type: message/rfc822\n\n",
	};
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
		translate(mails[i]);
		size_t count = n.parts.count;
		ck_assert_msg(count > 0, "mail %zu", i);
		is_part(count - 1, MIME_WHOLE_NAME, mails[i]);
		for (unsigned way = 0; way < 3; way++) {
			again(way == 1);
			ck_assert_uint_eq(n.parts.count, count);
			is_part(count - 1, MIME_WHOLE_NAME, mails[i]);
			ck_assert(!told.whole);
			if (way != 1)
				ck_assert_int_eq(as_a_mail(), i < 4);
		}
	}
}
END_TEST

static void many_boundaries(struct buf *b, unsigned count)
{
	buf_puts(b, "Subject: x\r\n" B "\r\n");
	for (unsigned i = 0; i < count; i++)
		buf_puts(b, "--b\r\n\r\nt\r\n");
	buf_puts(b, "--b--\r\n");
}

static void deep(struct buf *b, unsigned depth)
{
	buf_puts(b, "Subject: x\r\n");
	for (unsigned i = 0; i < depth; i++)
		buf_printf(b, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
	buf_puts(b, "\r\ntext\r\n");
}

/* Bounds are those of the mail, not of what it carries: else it would be in a mail in a mail, each time deeper. */
START_TEST(beyond_bounds)
{
	struct buf b;
	for (int k = 0; k < 2; k++) {
		buf_init(&b, 0);
		if (k)
			deep(&b, 100);
		else
			many_boundaries(&b, MIME_BOUNDARIES_MAX + 1);
		translate_n(buf_head(&b), b.len, TRANSLATING_SHEET);
		ck_assert_ptr_nonnull(told.whole);
		for (unsigned way = 0; way < 2; way++) {
			again(false);
			ck_assert(as_a_mail());
			ck_assert_ptr_null(told.whole);
			ck_assert_uint_eq(n.parts.count, 1);
			is_part(0, MIME_WHOLE_NAME, buf_string(&b));
		}
		buf_free(&b);
	}
}
END_TEST

#define INNER "From: a@b.test\r\nSubject: inner\r\n\r\nwords within\r\n"
#define HEAD                                                                   \
	"From: a@b.test\r\nSubject: outer\r\nDate: Tue, 13 Jul 1993 13:20:00 " \
	"+0000\r\nMessage-ID: <1@b.test>\r\n"
#define IS_UNFOLDED()                                                    \
	do {                                                             \
		ck_assert_ptr_nonnull(strstr(body(), "words within\r")); \
		ck_assert_ptr_nonnull(strstr(body(), "Subject: inner")); \
	} while (0)

/* As Outlook and Thunderbird attach one, and as anybody may name it: a mail within a mail is unfolded. When it leaves and comes in
 * again it is a file, and not unfolded a second time. */
START_TEST(forwarded)
{
	static const char *const fields[] = {
		"Content-Disposition: attachment; filename=\"MESSAGE.EML\"\r\n",
		"Content-Disposition: attachment; filename=\"inner.eml\"; size=99\r\n", "",
		"X-MMFF-File: 1\r\n"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		translate(region_printf(
			region,
			HEAD B
			"\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: message/rfc822\r\n%s\r\n" INNER
			"\r\n--b--\r\n",
			fields[i]));
		IS_UNFOLDED();
		const char *was = string(&n.text), *name = n.parts.items[0].name;
		ck_assert_uint_eq(n.parts.count, 1);
		is_part(0, name, INNER);
		again(false);
		ck_assert(as_a_mail());
		ck_assert_str_eq(string(&n.text), was);
		ck_assert_uint_eq(n.parts.count, 1);
		is_part(0, name, INNER);
	}
}
END_TEST

/* A mail of ours that somebody forwards, or whose source stands in a text, comes in as it is: no byte of it is another. */
START_TEST(within_others)
{
	translate(BASE64_CUT);
	again(false);
	ck_assert(as_a_mail());
	const char *ours = region_strdup(region, buf_string(&mail));
	const char *outer =
		region_printf(region,
			      "Subject: outer\r\n" B
			      "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--b--\r\n",
			      ours);
	translate(outer);
	bool found = false;
	for (size_t i = 0; i < n.parts.count; i++)
		found = found || strstr(string(&n.parts.items[i].content),
					"Content-Type: message/rfc822;\r\n\tname=\"MESSAGE.EML\"");
	ck_assert(found);
	translate(region_printf(region, "Subject: source\r\n\r\n%s", ours));
	ck_assert_ptr_nonnull(strstr(body(), "Content-Type: message/rfc822;\r\tname="));
	translate(region_printf(
		region, "%s--%.23s\r\nContent-Type: message/rfc822\r\nX-MMFF-File: 1\r\n\r\n", ours,
		strstr(ours, MIME_BOUNDARY)));
	found = false; /* behind its last boundary */
	for (size_t i = 0; i < n.parts.count; i++) {
		const char *bytes = string(&n.parts.items[i].content);
		found = found || (strstr(bytes, "\nContent-Type: message/rfc822") &&
				  strstr(bytes, "\nX-MMFF-File: 1"));
	}
	ck_assert(found);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {unreadable, beyond_bounds, forwarded, within_others};
	return translating_suite("translate/mime_kept", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
