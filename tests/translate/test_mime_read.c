/*
 * mime_read and what it is made of: which text is taken, what becomes of the rest, names, charsets, header lines, bounds. Each mail is
 * translated through incoming_translate and read again by the MMFF reader.
 */
#include "translating.h"

#include "translate/sheet.h"

START_TEST(plain)
{
	translate(
		"From: =?utf-8?q?J=C3=B6rg?= <a@b.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
		"Received: x\r\nDKIM-Signature: y\r\nX-Other: kept\r\n folded\r\n"
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nX-Priority: 1 (Highest)\r\n"
		"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdf"
		"e\r\n");
	ck_assert_str_eq(n.from.text, "a@b.test");
	ck_assert_str_eq(n.to.items[0].text, "A/B/c");
	ck_assert_str_eq(n.subject, "Gr\x81\xe1"
				    "e");
	ck_assert_int_eq(n.year, 2026);
	ck_assert_str_eq(n.priority, "5");
	ck_assert_str_eq(string(&n.text), "From: J\x94rg <a@b.test>\rSubject: Gr\x81\xe1"
					  "e\rX-Other: kept folded\r"
					  "Date: Mon, 23 Nov 2026 10:00:00 +0000\r"
					  "X-Priority: 1 (Highest)\r\rGr\x81\xe1"
					  "e\r");
	ck_assert_str_eq(neutral_field(&n, "HEADLEN"), "6");
	ck_assert_str_eq(neutral_field(&n, "SMTPHEAD"), "6");
	ck_assert(!told.changed && !told.lost && !told.whole);
}
END_TEST

#define MIXED(type) "Content-Type: multipart/" type "; boundary=b\r\n\r\n"

/* SMTPIN.TBL stands behind the charset, over subject and text; names of files are not translated. */
START_TEST(tabled)
{
	struct table t;
	struct sink to;
	struct buf b;
	static const char mail[] = "Subject: =?utf-8?q?=C3=A4?=\r\n" MIXED(
		"mixed") "--b\r\nContent-Type: "
			 "text/plain; charset=utf-8\r\n\r\n\xc3\xa4\r\n--b\r\nContent-Type: "
			 "x/y; name*=utf-8''%C3%A4\r\n\r\n\x84\r\n--b--\r\n";
	for (unsigned i = 0; i < 256; i++)
		t.to[i] = (unsigned char)(i == 0x84 ? '{' : i);
	struct sheet s = {.charset = "CP437", .table = &t};
	buf_init(&b, 0);
	sink_buffer(&to, &b);
	ck_assert_int_eq(sheet_write(&s, &to), OK);
	ck_assert_int_eq(buf_puts(&b, "to CSI a\n"), OK);
	translate_n(mail, sizeof mail - 1, buf_string(&b));
	ck_assert_str_eq(n.subject, "{");
	ck_assert_str_eq(body(), "{");
	is_part(0, "\x84", "\x84");
	buf_free(&b);
}
END_TEST

START_TEST(senders)
{
	const char *always = "charset CP437\nreceived keep\nalways CSI A/B/Postmaster\nto CSI a\n";
	translate("Subject: x\r\n\r\nt\r\n");
	ck_assert_str_eq(n.from.text, "env@x.test");
	translate("From: group:;\r\n\r\nt\r\n");
	ck_assert_str_eq(n.from.text, "env@x.test");
	const char *mail = "From: a@b.test\r\nReceived: by z\r\n\r\nt\r\n";
	translate_n(mail, strlen(mail), always);
	ck_assert_str_eq(n.from.type, "CSI");
	ck_assert_str_eq(n.from.text, "A/B/Postmaster");
	ck_assert_str_eq(string(&n.text), "From: a@b.test\rReceived: by z\r\rt\r");
}
END_TEST

#define HTML "--b\r\nContent-Type: text/html\r\n\r\n<p>h&auml;</p>\r\n"
#define PLAIN "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
#define BLANK "--b\r\nContent-Type: text/plain\r\n\r\n \r\n\r\n"
#define ICS "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN\r\n"
#define EVENT                                                                            \
	"--b\r\nContent-Type: text/calendar; charset=iso-8859-1\r\n\r\nBEGIN:VEVENT\r\n" \
	"SUMMARY:\xfc\r\n"
#define PDF                                                                     \
	"--b\r\nContent-Type: application/pdf; name=\"C:\\\\x\\\\a b.pdf\"\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\nAQID\r\n"

START_TEST(best_text)
{
	static const struct {
		const char *mail, *text;
		size_t parts;
	} rows[] = {
		{MIXED("alternative") PLAIN HTML "--b--\r\n", "plain", 0},
		{MIXED("alternative") HTML PLAIN "--b--\r\n", "plain", 0},
		{MIXED("alternative") HTML "--b--\r\n", "h\x84\r", 0},
		{MIXED("alternative") BLANK HTML "--b--\r\n", "h\x84\r", 0},
		{MIXED("alternative") PLAIN ICS "--b--\r\n", "plain", 1},
		{MIXED("alternative") PLAIN EVENT "--b--\r\n",
		 "plain\r---- calendar ----\rWhat: \x81\r", 1},
		{"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n",
		 "---- calendar ----\rWhat: x\r", 1},
		{MIXED("mixed") PLAIN HTML PDF "--b--\r\n", "plain\rh\x84\r", 1},
		{MIXED("mixed") PDF PLAIN "--b--\r\n", "plain", 1},
		{MIXED("related") HTML PDF "--b--\r\n", "h\x84\r", 1},
		{MIXED("mixed") "before\r\n", "before\r", 1},
		{MIXED("mixed") PLAIN "--b--\r\nbehind\r\n", "plain", 1},
		{"Content-Type: text/html\r\n\r\n<b>x", "x\r", 0},
		{"Content-Type: text/enriched\r\n\r\nx", "x", 0},
		{"Content-Type: application/pdf\r\n\r\nx", "", 1},
		{"Content-Type: nonsense\r\n\r\nx", "", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		translate(rows[i].mail);
		ck_assert_str_eq(body(), rows[i].text);
		ck_assert_msg(n.parts.count == rows[i].parts, "%zu: %zu", i, n.parts.count);
	}
}
END_TEST

START_TEST(attachments)
{
	translate(MIXED("mixed") PDF
		  "--b\r\nContent-Type: image/png\r\nContent-Disposition: inline;\r\n"
		  " filename*=utf-8''B%C3%BCro%20%E2%82%AC.png\r\n\r\ni\r\n"
		  "--b\r\nContent-Type: image/png\r\nContent-ID: <x>\r\n\r\nj\r\n"
		  "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nk\r\n"
		  "--b\r\nContent-Type: text/plain; name=\"../../etc/l\"\r\n\r\nl\r\n--b--\r\n");
	ck_assert_uint_eq(n.parts.count, 5);
	is_part(0, "a b.pdf", "\1\2\3");
	is_part(1, "B\x81ro EUR.png", "i");
	is_part(2, "ATT1.PNG", "j");
	is_part(3, "ATT2.TXT", "k");
	is_part(4, "l", "l");
	ck_assert_str_eq(body(), "");
	ck_assert_uint_eq(told.changed, 1);
}
END_TEST

START_TEST(within)
{
	translate(
		"From: x@y.z\r\n" MIXED("mixed") PLAIN
		"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: in@side.test\r\nSubject: deep\r\n"
		"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ninner\r\n--c\r\n"
		"Content-Type: image/gif; name=g.gif\r\n\r\ng\r\n--c--\r\n\r\n--b--\r\n");
	ck_assert_str_eq(body(), "plain\r---- a mail within this one ----\rFrom: in@side.test\r"
				 "Subject: deep\r\rinner");
	ck_assert_uint_eq(n.parts.count, 2);
	is_part(0, "g.gif", "g");
	ck_assert_str_eq(n.parts.items[1].name, "ATT1.EML");
	ck_assert_ptr_nonnull(
		strstr(string(&n.parts.items[1].content), "\r\n\r\ninner\r\n--c\r\n"));
}
END_TEST

START_TEST(charsets)
{
	static const struct {
		const char *mail, *text;
		unsigned changed, lost;
	} rows[] = {
		{"Content-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa4\xe2\x82\xac\xe6\xbc\xa2",
		 "\x84"
		 "EUR?",
		 1, 1},
		{"X: y\r\n\r\n\xc3\xa4", "\x84", 0, 0},
		{"X: y\r\n\r\n\xe4", "\x84", 0, 0},
		{"Content-Type: text/plain; charset=none-such\r\n\r\n\xe4", "\x84", 0, 0},
		{"Content-Type: text/plain; charset=koi8-r\r\n\r\nx\xc1", "x?", 0, 1},
		{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
		 "quoted-printable\r\n\r\na=C3=A4=\r\nb",
		 "a\x84"
		 "b",
		 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		translate(rows[i].mail);
		ck_assert_str_eq(body(), rows[i].text);
		ck_assert_uint_eq(told.changed, rows[i].changed);
		ck_assert_uint_eq(told.lost, rows[i].lost);
		bool noted = strstr(string(&n.text), "X-Charset-Note: ") != NULL;
		ck_assert_int_eq(noted, rows[i].changed || rows[i].lost);
	}
}
END_TEST

/* A mail that is not to be taken apart is attached byte for byte. */
START_TEST(whole)
{
	struct buf b;
	buf_init(&b, 0);
	for (int i = 0; i < 60; i++)
		buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i,
			   i);
	translate(buf_string(&b));
	ck_assert_str_eq(told.whole, "its parts are nested too deep");
	is_part(0, "MESSAGE.EML", buf_string(&b));
	buf_clear(&b);
	buf_puts(&b, MIXED("mixed"));
	for (int i = 0; i < NEUTRAL_PARTS_MAX + 2; i++)
		buf_puts(&b, "--b\r\nContent-Type: x/y\r\n\r\nz\r\n");
	translate(buf_string(&b));
	ck_assert_str_eq(told.whole, "it has too many parts");
	is_part(0, "MESSAGE.EML", buf_string(&b));
	for (unsigned i = 0; i < MIME_BOUNDARIES_MAX; i++)
		buf_puts(&b, "--b\r\n");
	translate(buf_string(&b));
	is_part(0, "MESSAGE.EML", buf_string(&b));
	buf_clear(&b);
	while (b.len <= MIME_HEAD_MAX)
		buf_puts(&b, "X-Y: z\r\n");
	translate(buf_string(&b));
	ck_assert_str_eq(told.whole, "its header is too large");
	translate("no header at all");
	is_part(0, "MESSAGE.EML", "no header at all");
	ck_assert_ptr_nonnull(strstr(body(), "could not be taken apart: it has no header"));
	translate("");
	is_part(0, "MESSAGE.EML", "");
	buf_free(&b);
}
END_TEST

/* A mail cut anywhere is still translated. */
START_TEST(cut)
{
	const char *mail = "From: a@b\r\n" MIXED("mixed") PLAIN PDF HTML "--b--\r\nend\r\n";
	for (size_t len = 0; len <= strlen(mail); len++)
		translate_n(mail, len, "charset CP437\nto CSI a\n");
	ck_assert_ptr_null(told.whole);
}
END_TEST

START_TEST(faulty)
{
	struct err err;
	struct incoming i = {
		.mail = file_of("A: b\n\nc", 7), .out = file_of("", 0), .scratch = file_of("", 0)};
	i.sheet = file_of("nonsense", 8);
	ck_assert_int_eq(incoming_translate(&i, &told, &err), E_SYNTAX);
	ck_assert_str_eq(err.text, "the sheet is not readable: the text is malformed");
	i.sheet = file_of("charset NONE\n", 13);
	ck_assert_int_eq(incoming_translate(&i, &told, &err), E_NOTFOUND);
	i.sheet = file_of("charset CP437\n", 14);
	i.scratch = -1;
	ck_assert_int_eq(incoming_translate(&i, &told, &err), E_IO);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {plain,  tabled,   senders, best_text, attachments,
				    within, charsets, whole,   cut,       faulty};
	return translating_suite("translate/mime_read", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
