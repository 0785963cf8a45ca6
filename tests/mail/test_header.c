/* header: every message whole and at every split point; kept fields, bounds, loops. */
#include "mail/header.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	size_t header_size;
	enum mail_header_end end;
	unsigned fields, received;
	const char *subject;
	bool eight_bit, bare;
} table[] = {
	{"Subject: hello\r\n\r\nbody\r\n", 18, MAIL_HEADER_BLANK, 1, 0, "hello", false, false},
	{"Received: a\r\n\tb\r\nRECEIVED : c\r\nsubject:\r\n  x\r\n\ty  \r\n\r\nb: c\r\n", 54,
	 MAIL_HEADER_BLANK, 3, 2, "x y", false, false},
	{"Subject: one\r\nSubject: two\r\n\r\n", 30, MAIL_HEADER_BLANK, 2, 0, "one", false, false},
	{"Subject:\r\n\r\n", 12, MAIL_HEADER_BLANK, 1, 0, "", false, false},
	{"Subject: only a header\r\n", 24, MAIL_HEADER_EOF, 1, 0, "only a header", false, false},
	{"Subject: no end", 15, MAIL_HEADER_EOF, 1, 0, "no end", false, false},
	{"Subject: cr at end\r", 19, MAIL_HEADER_EOF, 1, 0, "cr at end", false, true},
	{"Subject: x\r\nno field here\r\n", 12, MAIL_HEADER_TEXT, 1, 0, "x", false, false},
	{"Subject: x\r\nno", 12, MAIL_HEADER_TEXT, 1, 0, "x", false, false},
	{"Just a text\r\nSubject: not this\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{"word\r\n\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{":: x\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{"Subject: x\n\r\nbody\r\n", 13, MAIL_HEADER_BLANK, 1, 0, "x", false, true},
	{"Subject: x\r\n\r", 12, MAIL_HEADER_TEXT, 1, 0, "x", false, true},
	{": x\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{" Subject: x\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{"Sub\r\nject: x\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{"\r\nSubject: not this\r\n", 2, MAIL_HEADER_BLANK, 0, 0, NULL, false, false},
	{"", 0, MAIL_HEADER_EOF, 0, 0, NULL, false, false},
	{"Subject: x\nReceived: y\n\nbody\n", 24, MAIL_HEADER_BLANK, 2, 1, "x", false, true},
	{"Subject: a\rb\r\n\r\n", 16, MAIL_HEADER_BLANK, 1, 0, "a b", false, true},
	{"Subject: a\r\r\n\r\n", 15, MAIL_HEADER_BLANK, 1, 0, "a", false, true},
	{"Subject: x\r\n\r\r\n", 12, MAIL_HEADER_TEXT, 1, 0, "x", false, true},
	{"Subject: x\r\n\r\na\rb\r\n", 14, MAIL_HEADER_BLANK, 1, 0, "x", false, true},
	{"Subject: x\r\n\r\na\nb\r\n", 14, MAIL_HEADER_BLANK, 1, 0, "x", false, true},
	{"Subject: x\r\n\r\na\r", 14, MAIL_HEADER_BLANK, 1, 0, "x", false, true},
	{"Subject: m\303\274\r\n\r\n", 16, MAIL_HEADER_BLANK, 1, 0, "m\303\274", true, false},
	{"Subject: x\r\n\r\n\303", 14, MAIL_HEADER_BLANK, 1, 0, "x", true, false},
	{"Sub\303ject: x\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, true, false},
	{"Subjectx: no\r\nSubjec: no\r\nX-Subject: no\r\n\r\n", 43, MAIL_HEADER_BLANK, 3, 0, NULL,
	 false, false},
	{"Subject \t: obs\r\n\r\n", 18, MAIL_HEADER_BLANK, 1, 0, "obs", false, false},
	{"Subject x: y\r\n", 0, MAIL_HEADER_TEXT, 0, 0, NULL, false, false},
	{"Received-SPF: x\r\nXReceived: y\r\n\r\n", 33, MAIL_HEADER_BLANK, 2, 0, NULL, false,
	 false},
};

/* Fed in chunks of a then b bytes, then the rest; then looked at. */
static void check(size_t row, size_t a, size_t b)
{
	struct mail_header h;
	const char *text = table[row].text;
	size_t n = strlen(text), cuts[] = {a, b, n - a - b}, at = 0;
	mail_header_init(&h);
	for (size_t i = 0; i < 3; i++) {
		char *chunk = malloc(cuts[i] + 1); /* a copy, so that reading too far is caught */
		memcpy(chunk, text + at, cuts[i]);
		ck_assert_int_eq(mail_header_feed(&h, chunk, cuts[i]), OK);
		at += cuts[i];
		free(chunk);
	}
	ck_assert_int_eq(mail_header_finish(&h), OK);
	const char *subject = mail_header_get(&h, MAIL_FIELD_SUBJECT),
		   *expected = table[row].subject;
	ck_assert_msg(!subject == !expected && (!subject || !strcmp(subject, expected)),
		      "row %zu: %s", row, subject ? subject : "none");
	ck_assert_uint_eq(h.size, n);
	ck_assert_msg(h.header_size == table[row].header_size, "row %zu: header of %zu", row,
		      (size_t)h.header_size);
	ck_assert_msg(h.end == table[row].end, "row %zu: end %d", row, (int)h.end);
	ck_assert_uint_eq(h.fields, table[row].fields);
	ck_assert_uint_eq(h.received, table[row].received);
	ck_assert_int_eq(h.eight_bit, table[row].eight_bit);
	ck_assert_msg(h.bare == table[row].bare, "row %zu: bare %d", row, h.bare);
	ck_assert(!h.nul && !h.full);
	mail_header_free(&h);
}

START_TEST(every_split)
{
	size_t n = strlen(table[_i].text);
	for (size_t a = 0; a <= n; a++)
		for (size_t b = 0; a + b <= n; b++)
			check((size_t)_i, a, b);
}
END_TEST

static struct mail_header h;

static void feed(const char *text)
{
	ck_assert_int_eq(mail_header_feed(&h, text, strlen(text)), OK);
}

START_TEST(fields_are_kept)
{
	mail_header_init(&h);
	feed("Return-Path: <a@b>\r\nDelivered-To: x@y\r\ndate: today\r\nMESSAGE-ID:\r\n <1@x>\r\n"
	     "From: \"A, B\" <a@b>\r\nAuto-Submitted: auto-replied\r\nDelivered-To: z@y\r\n");
	ck_assert_ptr_null(mail_header_get_nth(&h, MAIL_FIELD_DELIVERED_TO, 1)); /* may go on */
	feed("\r\n");
	ck_assert_str_eq(mail_header_get(&h, MAIL_FIELD_RETURN_PATH), "<a@b>");
	ck_assert_str_eq(mail_header_get(&h, MAIL_FIELD_DATE), "today");
	ck_assert_str_eq(mail_header_get(&h, MAIL_FIELD_MESSAGE_ID), "<1@x>");
	ck_assert_str_eq(mail_header_get(&h, MAIL_FIELD_FROM), "\"A, B\" <a@b>");
	ck_assert_str_eq(mail_header_get(&h, MAIL_FIELD_AUTO_SUBMITTED), "auto-replied");
	ck_assert_str_eq(mail_header_get_nth(&h, MAIL_FIELD_DELIVERED_TO, 0), "x@y");
	ck_assert_str_eq(mail_header_get_nth(&h, MAIL_FIELD_DELIVERED_TO, 1), "z@y");
	ck_assert_ptr_null(mail_header_get_nth(&h, MAIL_FIELD_DELIVERED_TO, 2));
	ck_assert_uint_eq(h.counts[MAIL_FIELD_DELIVERED_TO], 2);
	ck_assert_ptr_null(mail_header_get(&h, MAIL_FIELD_SUBJECT));
	mail_header_free(&h);
}
END_TEST

START_TEST(memory_is_bounded)
{
	mail_header_init(&h);
	feed("Subject: ");
	for (int i = 0; i < 100000; i++)
		feed("word ");
	feed("\r\n");
	for (int i = 0; i < 10000; i++)
		feed("Delivered-To: somebody.with.a.name@example.net\r\n");
	feed("\r\n");
	ck_assert_uint_le(h.kept.cap, 2 * MAIL_HEADER_KEPT);
	ck_assert_uint_le(strlen(mail_header_get(&h, MAIL_FIELD_SUBJECT)), MAIL_HEADER_VALUE);
	ck_assert_uint_ge(strlen(mail_header_get(&h, MAIL_FIELD_SUBJECT)), MAIL_HEADER_VALUE - 4);
	ck_assert(h.full);
	ck_assert_uint_eq(h.counts[MAIL_FIELD_DELIVERED_TO], 10000);
	ck_assert(mail_header_loops(
		&h, "another@example.net")); /* nobody can say that he is not among them */
	ck_assert(!mail_header_loops(&h, NULL));
	mail_header_free(&h);
}
END_TEST

START_TEST(loops_by_hops)
{
	mail_header_init(&h);
	for (int i = 0; i < MAIL_RECEIVED_MAX; i++)
		feed("Received: from a by b; date\r\n");
	ck_assert(!mail_header_loops(&h, NULL));
	feed("Received: once more\r\n\r\nReceived: body\r\n");
	ck_assert(mail_header_loops(&h, NULL));
	ck_assert_uint_eq(h.received, MAIL_RECEIVED_MAX + 1);
	mail_header_free(&h);
}
END_TEST

START_TEST(loops_by_delivery)
{
	mail_header_init(&h);
	feed("Delivered-To: a@x\r\nDelivered-To: <Bob@Example.NET>\r\n\r\n");
	ck_assert(mail_header_loops(&h, "bob@example.net"));
	ck_assert(mail_header_loops(&h, "\"a\"@X"));
	ck_assert(!mail_header_loops(&h, "rob@example.net"));
	ck_assert(!mail_header_loops(&h, NULL));
	mail_header_free(&h);
}
END_TEST

START_TEST(nul_is_seen)
{
	mail_header_init(&h);
	ck_assert_int_eq(mail_header_feed(&h, "Subject: a\0b\r\n\r\n", 16), OK);
	ck_assert(h.nul);
	ck_assert_str_eq(mail_header_get(&h, MAIL_FIELD_SUBJECT), "a b");
	mail_header_free(&h);
	mail_header_init(&h);
	ck_assert_int_eq(mail_header_feed(&h, "Subject: a\r\n\r\n\0", 15), OK);
	ck_assert(h.nul);
	mail_header_free(&h);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("header");
	TCase *tc = tcase_create("table");
	tcase_add_loop_test(tc, every_split, 0, sizeof table / sizeof *table);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "fields", fields_are_kept, memory_is_bounded, nul_is_seen);
	SUITE_CASE(s, "loops", loops_by_hops, loops_by_delivery);
	return s;
}
SUITE_MAIN(suite)
