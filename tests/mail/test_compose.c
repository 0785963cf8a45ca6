/* compose: what comes on standard input becomes a message. */
#include "mail/compose.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct mail_compose c;
static struct mail_envelope e;
static struct region *region;
static struct buf text, message;
static struct err err;

static void setup(void)
{
	c = (struct mail_compose){.origin = "company.com",
				  .hostname = "gw.company.com",
				  .user = "jdoe@company.com",
				  .max_size = 4096,
				  .now = 1700000000000,
				  .unique = 7};
	region = region_new(0);
	mail_envelope_init(&e, region);
	e.reverse_path = "sender@company.com";
	buf_init(&text, c.max_size);
	buf_init(&message, c.max_size + 1000);
}

static void teardown(void)
{
	buf_free(&text);
	buf_free(&message);
	region_destroy(&region);
}

static enum result read_text(const char *input)
{
	FILE *in = fmemopen((void *)input, strlen(input), "r");
	buf_clear(&text);
	enum result r = *input ? mail_compose_read(&c, in, &text, &err) : OK;
	fclose(in);
	return r;
}

static const char *made(const char *input)
{
	buf_clear(&message);
	ck_assert_int_eq(read_text(input), OK);
	ck_assert_msg(mail_compose_make(&c, &text, &e, &message, &err) == OK, "%s", err.text);
	return buf_string(&message);
}

START_TEST(line_ends)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"a\nb\n", "a\r\nb\r\n"},
		{"a\r\nb", "a\r\nb\r\n"},
		{"a\rb\r\r\nc", "a\r\nb\r\nc\r\n"},
		{"\n\n", "\r\n\r\n"},
		{"a\r", "a\r\n"},
		{"a\n.\nb\n", "a\r\n"},
		{"a\n..\n.b\n", "a\r\n..\r\n.b\r\n"},
		{".\n", ""},
		{"a\n.", "a\r\n"},
		{"From x Mon\nTo: a@b\n", "To: a@b\r\n"},
	};
	setup();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(read_text(rows[i].in), OK);
		ck_assert_msg(strcmp(buf_string(&text), rows[i].out) == 0, "%zu: %s", i,
			      buf_string(&text));
	}
	c.ignore_dot = true;
	ck_assert_int_eq(read_text("a\n.\nb\n"), OK);
	ck_assert_str_eq(buf_string(&text), "a\r\n.\r\nb\r\n");
	teardown();
}
END_TEST

START_TEST(missing_fields_are_added)
{
	setup();
	ck_assert_str_eq(made("Subject: x\n\nbody\n"),
			 "Subject: x\r\n"
			 "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
			 "From: <sender@company.com>\r\n"
			 "Message-ID: <18bcfe56800.0000000000000007@gw.company.com>\r\n"
			 "\r\nbody\r\n");
	/* No header at all, and a body that only looks like the end of one. */
	const char *bare = made("just words\n");
	ck_assert_ptr_nonnull(strstr(bare, "\r\n\r\njust words\r\n"));
	ck_assert_int_eq(strncmp(bare, "Date: ", 6), 0);
	e.reverse_path = "";
	ck_assert_ptr_nonnull(strstr(made("\nx\n"), "From: <jdoe@company.com>\r\n"));
	teardown();
}
END_TEST

START_TEST(fields_that_are_there_stay)
{
	static const char whole[] =
		"date: x\r\nFROM : y@z\r\nmessage-id:\r\n <1@2>\r\n\r\nbody\r\n";
	setup();
	ck_assert_str_eq(made(whole), whole);
	teardown();
}
END_TEST

START_TEST(from_without_a_domain)
{
	static const struct {
		const char *given, *wanted;
	} rows[] = {
		{"From: root (Cron Daemon)\n", "From: Cron Daemon <root@company.com>\r\n"},
		{"From: root\n", "From: <root@company.com>\r\n"},
		{"FROM: www-data\n", "From: <www-data@company.com>\r\n"},
		{"From: Dr. J. <jdoe>\n", "From: \"Dr. J.\" <jdoe@company.com>\r\n"},
		{"From: \"a, b\" <jdoe>\n", "From: \"a, b\" <jdoe@company.com>\r\n"},
		{"From: x@y.z\n", "From: x@y.z\r\n"},
		{"From: <>\n", "From: <>\r\n"},
		{"From: J\n <jdoe>\n", "From: J\r\n <jdoe>\r\n"},
	};
	setup();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char mail[200];
		c.whole_from = true;
		snprintf(mail, sizeof mail, "%sSubject: s\n\nx\n", rows[i].given);
		const char *got = made(mail);
		ck_assert_msg(strncmp(got, rows[i].wanted, strlen(rows[i].wanted)) == 0, "%s%s",
			      rows[i].given, got);
		ck_assert_ptr_nonnull(strstr(got, "\r\nSubject: s\r\n"));
		ck_assert_msg(strcasestr(got + 1, "\nfrom:") == NULL, "%s", got);
	}
	c.whole_from = false; /* files of pickup folders: their profile says */
	ck_assert_ptr_nonnull(strstr(made("From: root\n\nx\n"), "From: root\r\n"));
	teardown();
}
END_TEST

START_TEST(blind_copies_are_removed)
{
	setup();
	const char *got = made("Bcc: hidden@x.y,\n\tfolded@x.y\nTo: a@b\nReturn-Path: "
			       "<z>\nResent-Bcc: q@r\n\nBcc: in the body\n");
	ck_assert_ptr_null(strstr(got, "hidden"));
	ck_assert_ptr_null(strstr(got, "folded"));
	ck_assert_ptr_null(strstr(got, "Return-Path"));
	ck_assert_ptr_null(strstr(got, "q@r"));
	ck_assert_ptr_nonnull(strstr(got, "\r\n\r\nBcc: in the body\r\n"));
	ck_assert_uint_eq(e.count, 0); /* without -t the header names nobody */
	teardown();
}
END_TEST

START_TEST(recipients_of_the_header)
{
	setup();
	c.headers = true;
	made("To: A <a@b>, root\nCc: \"x, y\" <c@d>,\n A@B\nBcc: e@f\nSubject: to: g@h\n\nTo: "
	     "no@body\n");
	ck_assert_uint_eq(e.count, 4);
	ck_assert_str_eq(e.recipients[0], "a@b");
	ck_assert_str_eq(e.recipients[1], "root@company.com");
	ck_assert_str_eq(e.recipients[2], "c@d");
	ck_assert_str_eq(e.recipients[3], "e@f");
	teardown();
	setup();
	c.headers = true;
	made("To: old@x.y\nResent-To: new@x.y\n\nbody\n");
	ck_assert_uint_eq(e.count, 1);
	ck_assert_str_eq(e.recipients[0], "new@x.y");
	ck_assert_int_eq(read_text("To: a@\n\nx\n"), OK);
	ck_assert_int_eq(mail_compose_make(&c, &text, &e, &message, &err), E_SYNTAX);
	teardown();
}
END_TEST

START_TEST(names_cannot_inject)
{
	setup();
	c.name = "x\r\nBcc: victim@x.y";
	ck_assert_int_eq(read_text("\nx\n"), OK);
	ck_assert_int_eq(mail_compose_make(&c, &text, &e, &message, &err), E_SYNTAX);
	c.name = "John \"J\" Doe, Jr.";
	ck_assert_ptr_nonnull(strstr(made("\nx\n"),
				     "From: \"John \\\"J\\\" Doe, Jr.\" <sender@company.com>\r\n"));
	c.name = "John Doe";
	ck_assert_ptr_nonnull(strstr(made("\nx\n"), "From: John Doe <sender@company.com>\r\n"));
	c.name = "J\xc3\xbcrgen";
	ck_assert_ptr_nonnull(strstr(
		made("\nx\n"), "From: =?utf-8?B?SsO8cmdlbg==?=\r\n <sender@company.com>\r\n"));
	teardown();
}
END_TEST

START_TEST(sizes)
{
	char big[5000];
	setup();
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	ck_assert_int_eq(read_text(big), E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.text, "4096"));
	/* It could be read, but with what must be added it is too large. */
	big[4090] = '\0';
	ck_assert_int_eq(read_text(big), OK);
	ck_assert_int_eq(mail_compose_make(&c, &text, &e, &message, &err), E_LIMIT);
	teardown();
}
END_TEST

START_TEST(eight_bit_is_seen)
{
	setup();
	made("Subject: x\n\nplain\n");
	ck_assert(!e.eight_bit);
	made("Subject: x\n\n\xfc\n");
	ck_assert(e.eight_bit);
	teardown();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("compose");
	SUITE_CASE(s, "reading", line_ends, sizes);
	SUITE_CASE(s, "header", missing_fields_are_added, fields_that_are_there_stay,
		   from_without_a_domain, blind_copies_are_removed);
	SUITE_CASE(s, "recipients", recipients_of_the_header);
	SUITE_CASE(s, "hostile", names_cannot_inject, eight_bit_is_seen);
	return s;
}
SUITE_MAIN(suite)
