/* html_text: pages as text, each fed at every split point; entities; a sink that fails. */
#include "translate/html_text.h"

#include "support/suite.h"

#include <string.h>

static const struct {
	const char *page, *text;
} rows[] = {
	{"", ""},
	{"   \n ", ""},
	{"one  two\n\tthree", "one two three\n"},
	{"<p>a</p><p>b</p>", "a\n\nb\n"},
	{"<div>a</div><div>b</div>c", "a\nb\nc\n"},
	{"a<br>b<br/>c<BR >d", "a\nb\nc\nd\n"},
	{"a<br><br><br><br><br>b", "a\n\n\nb\n"},
	{"<ul><li>one<li>two</ul>end", "- one\n- two\n\nend\n"},
	{"<table><tr><td>1</td><td>2</td></tr><tr><td>3</table>", "1 2\n3\n"},
	{"a<hr>b", "a\n--------\nb\n"},
	{"<b>bo</b>ld <i> x </i>y", "bold x y\n"},
	{"&lt;&auml;&#8364;&#x20AC;&amp;amp;", "<\xc3\xa4\xe2\x82\xac\xe2\x82\xac&amp;\n"},
	{"a&bogus;b &c &&lt;", "a&bogus;b &c &<\n"},
	{"a &lt", "a &lt\n"}, /* an entity that the page's end cuts is text */
	{"&#0;&#xd800;&#1114112;", "&#0;&#xd800;&#1114112;\n"},
	{"1 < 2 <3 a<b", "1 < 2 <3 a\n"}, /* <b at the end never ends */
	{"<script>if (a<b) x('</p>')</script>y", "y\n"},
	{"<style>p > a {}</style><title>t</title>y", "y\n"},
	{"<SCRIPT x=1>a</scr</script >y", "y\n"},
	{"<!-- a > b -- > c -->d<!DOCTYPE x><?php y?>e<!---->f", "def\n"},
	{"<a href=\"http://x.test/?a&amp;b\">go</a>.", "go <http://x.test/?a&b>.\n"},
	{"<a href='mailto:a@b.c'>go</a>", "go\n"},
	{"<a title=x href = https://x.test>go</a>", "go <https://x.test>\n"},
	{"<img alt=\"the > logo\" src=x>", "[the > logo]\n"},
	{"<img alt='' src=x><img src=y>z", "z\n"},
	{"<p title='a<b>c'>d", "d\n"},
	{"x<blockquote>q<br>r<blockquote>s</blockquote></blockquote>t",
	 "x\n\n> q\n> r\n\n> > s\n\nt\n"},
	{"<pre> a\n  b\n</pre>c", " a\n  b\n\nc\n"},
	{"</blockquote></pre></p>x", "x\n"},
	{"<o:p>&nbsp;</o:p>", "\xc2\xa0\n"},
	{"<averyveryveryverylongname>x</averyveryveryverylongname>", "x\n"},
};
#define ROWS (sizeof rows / sizeof *rows)

static struct buf out;
static struct sink to;

static const char *text_of(const char *page, size_t split)
{
	struct html_text h;
	size_t n = strlen(page);
	buf_clear(&out);
	sink_buffer(&to, &out);
	html_text_begin(&h, &to);
	ck_assert_int_eq(sink_write(&h.in, page, split), OK);
	ck_assert_int_eq(sink_write(&h.in, page + split, n - split), OK);
	ck_assert_int_eq(html_text_end(&h), OK);
	return buf_string(&out);
}

START_TEST(pages)
{
	buf_init(&out, 0);
	for (size_t split = 0; split <= strlen(rows[_i].page); split++)
		ck_assert_str_eq(text_of(rows[_i].page, split), rows[_i].text);
	buf_free(&out);
}
END_TEST

/* What is longer than we keep is left out, not cut. */
START_TEST(bounds)
{
	char page[3 * HTML_VALUE_MAX];
	buf_init(&out, 0);
	strcpy(page, "<a href='http://");
	memset(page + strlen(page), 'x', HTML_VALUE_MAX);
	strcpy(page + 16 + HTML_VALUE_MAX, "'>go</a>");
	ck_assert_str_eq(text_of(page, 0), "go\n");
	memset(page, 'x', sizeof page - 1);
	page[sizeof page - 1] = '\0';
	ck_assert_uint_eq(strlen(text_of(page, 5)), sizeof page);
	buf_free(&out);
}
END_TEST

START_TEST(full)
{
	struct html_text h;
	buf_init(&out, 4);
	sink_buffer(&to, &out);
	html_text_begin(&h, &to);
	ck_assert_int_eq(sink_write(&h.in, "longer", 6), OK);
	ck_assert_int_eq(html_text_end(&h), E_LIMIT);
	buf_free(&out);
}
END_TEST

START_TEST(entities)
{
	ck_assert_uint_eq(html_entity("nbsp"), 0xa0);
	ck_assert_uint_eq(html_entity("yuml"), 0xff);
	ck_assert_uint_eq(html_entity("szlig"), 0xdf);
	ck_assert_uint_eq(html_entity("Auml"), 0xc4);
	ck_assert_uint_eq(html_entity("auml"), 0xe4);
	ck_assert_uint_eq(html_entity("mdash"), 0x2014);
	ck_assert_uint_eq(html_entity("#65"), 'A');
	ck_assert_uint_eq(html_entity("#x41"), 'A');
	ck_assert_uint_eq(html_entity("#"), 0);
	ck_assert_uint_eq(html_entity("#x"), 0);
	ck_assert_uint_eq(html_entity("#-1"), 0);
	ck_assert_uint_eq(html_entity("#6a"), 0);
	ck_assert_uint_eq(html_entity("AUML"), 0);
	ck_assert_uint_eq(html_entity(""), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/html_text");
	TCase *tc = tcase_create("pages");
	tcase_add_loop_test(tc, pages, 0, (int)ROWS);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "html_text", bounds, full, entities);
	return s;
}
SUITE_MAIN(suite)
