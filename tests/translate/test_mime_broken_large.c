/* Broken mails that are too large to be written down: see broken.h. What is above a bound is attached whole, what is not is taken apart. */
#include "broken.h"

static struct buf big;

static void repeat(const char *text, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_puts(&big, text);
}

static void long_line(void)
{
	buf_puts(&big, "Subject: x\r\n\r\nMARK1");
	repeat("0123456789abcdef", 1 << 16);
	buf_puts(&big, "MARK2");
	repeat("0123456789abcdef", 1 << 16);
	buf_puts(&big, "MARK3\r\n");
}

static void long_base64(void)
{
	buf_puts(&big, MX T1 "--b\r\n" B64);
	repeat("TUFSSzIh", 1 << 17);
	buf_puts(&big, "\r\n" END);
}

static void long_quoted(void)
{
	buf_puts(&big, "Content-Transfer-Encoding: quoted-printable\r\nX: y\r\n\r\n=4DARK1");
	repeat("=3D=C3=A4", 1 << 17);
	buf_puts(&big, "=4DARK2\r\n");
}

static void long_field(void)
{
	buf_puts(&big, "X-Long: MARK1");
	repeat(" 0123456789abcde", 1 << 16);
	buf_puts(&big, " MARK2\r\nSubject: x\r\n\r\nMARK3\r\n");
}

static void many_fields(void)
{
	buf_puts(&big, "X-First: MARK1\r\n");
	repeat("X-Field: value\r\n", 50000);
	buf_puts(&big, "X-Last: MARK2\r\n\r\nMARK3\r\n");
}

static void huge_header(void)
{
	buf_puts(&big, "X-First: MARK1\r\n");
	repeat("X-Field: 0123456789abcdef\r\n", 90000);
	buf_puts(&big, "X-Last: MARK2\r\n\r\nMARK3\r\n");
}

static void long_name(void)
{
	buf_puts(&big, MX "--b\r\nContent-Type: a/b; name=\"");
	repeat("0123456789abcdef", 4096);
	buf_puts(&big, "\"\r\n\r\nMARK1\r\n" END);
}

static void many_pieces_of_a_name(void)
{
	buf_puts(&big, MX "--b\r\nContent-Type: a/b");
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&big, ";\r\n name*%u*=%%C3%%A4", i);
	buf_puts(&big, "\r\n\r\nMARK1\r\n" END);
}

static void many_parts(void)
{
	buf_puts(&big, MX T1);
	repeat("--b\r\nContent-Type: a/b\r\n\r\nx\r\n", NEUTRAL_PARTS_MAX + 1);
	buf_puts(&big, T2 END);
}

static void many_texts(void)
{
	buf_puts(&big, MX T1);
	repeat("--b\r\n\r\nx\r\n", 6000);
	buf_puts(&big, T2 END);
}

static void many_boundaries(void)
{
	buf_puts(&big, MX T1);
	repeat("--b\r\n\r\n\r\n", MIME_BOUNDARIES_MAX);
	buf_puts(&big, T2 END);
}

static void deep(unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_printf(&big, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i,
			   i);
	buf_puts(&big, "\r\nMARK1\r\n");
	for (unsigned i = depth; i--;)
		buf_printf(&big, "--b%u\r\n\r\nMARK2\r\n--b%u--\r\n", i, i);
}

static void deep_100(void)
{
	deep(100);
}

static void deep_10000(void)
{
	deep(10000);
}

static void deep_40(void)
{
	deep(40);
}

static void deep_mails(void)
{
	buf_puts(&big, "Subject: MARK1\r\n");
	repeat(IN "Subject: x\r\n", 100);
	buf_puts(&big, "\r\nMARK2\r\n");
}

static void same_boundaries(void)
{
	buf_puts(&big, MX T1);
	repeat("--b\r\n" M "\r\n", 60);
	buf_puts(&big, T2 END);
}

static void long_uuencode(void)
{
	buf_puts(&big, "X: y\r\n\r\nMARK1\r\nbegin 644 f\r\n");
	repeat("#0V%T\r\n", 1 << 17);
	buf_puts(&big, "#MARK2\r\n");
}

static void many_begins(void)
{
	buf_puts(&big, "X: y\r\n\r\nMARK1\r\n");
	repeat("begin 644 f\r\n#0V%T\r\n", 1 << 15);
	buf_puts(&big, "MARK2\r\n");
}

static void open_html(void)
{
	buf_puts(&big, "Content-Type: text/html\r\n\r\nMARK1");
	repeat("<div><table><ul><li>", 1 << 15);
	buf_puts(&big, "MARK2");
}

static void nuls(void)
{
	buf_puts(&big, MX T1 "--b\r\n\r\nMARK2");
	for (unsigned i = 0; i < 1 << 16; i++)
		buf_append(&big, "\0", 1);
	buf_puts(&big, "MARK3\r\n" END);
}

/* whole: a bound is reached, so that it is attached as it came and no more. */
static const struct {
	const char *what;
	void (*make)(void);
	int marks, raw;
	bool whole;
} large[] = {
	{"a line of 2 MiB", long_line, 3, 0, false},
	{"base64 in a line of 1 MiB", long_base64, 2, 0, false},
	{"quoted-printable in a line of 1 MiB", long_quoted, 2, 0, false},
	{"a field of 1 MiB", long_field, 3, 0, false},
	{"50,000 fields", many_fields, 3, 0, false},
	{"a header above its bound", huge_header, 3, 3, true},
	{"a name of 64 KiB", long_name, 1, 0, false},
	{"a name in 2,000 pieces", many_pieces_of_a_name, 1, 0, false},
	{"too many parts", many_parts, 2, 2, true},
	{"too many texts", many_texts, 2, 2, true},
	{"too many boundaries", many_boundaries, 2, 2, true},
	{"nested 40 deep", deep_40, 2, 0, false},
	{"nested 100 deep", deep_100, 2, 2, true},
	{"nested 10,000 deep", deep_10000, 2, 2, true},
	{"mails nested 100 deep", deep_mails, 2, 2, true},
	{"the same boundary 60 deep", same_boundaries, 2, 2, true},
	{"1 MiB of uuencode that does not end", long_uuencode, 2, 0, false},
	{"32,768 files of uuencode that do not end", many_begins, 2, 0, false},
	{"131,072 elements that do not end", open_html, 2, 0, false},
	{"64 KiB of NULs", nuls, 3, 0, false},
};

START_TEST(large_ones)
{
	const size_t i = (size_t)_i;
	buf_init(&big, 0);
	large[i].make();
	translate_n(buf_head(&big), big.len, TRANSLATING_SHEET);
	is_kept(large[i].what, buf_head(&big), big.len, large[i].marks, large[i].raw);
	ck_assert_msg(!told.whole == !large[i].whole, "%s: %s", large[i].what,
		      told.whole ? told.whole : "taken apart");
	for (size_t cut = 1; cut < 4; cut++) {
		const size_t len = big.len * cut / 4;
		translate_n(buf_head(&big), len, TRANSLATING_SHEET);
		for (size_t k = 0; k < MARKS; k++)
			if (memmem(buf_head(&big), len, all_marks[k][0], 5))
				ck_assert(kept_raw(all_marks[k]));
	}
	buf_free(&big);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mime_broken_large");
	TCase *tc = tcase_create("large");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, large_ones, 0, sizeof large / sizeof *large);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
