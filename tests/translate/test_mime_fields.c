/* mime_fields: lines as fields, names in lists, what is never sent, long lines. */
#include "translate/mime_fields.h"

#include "support/suite.h"

#include <string.h>

static const struct {
	const char *head, *fields;
} rows[] = {
	{"", ""},
	{"\n\n", ""},
	{"Subject: plain\n", "Subject: plain\n"},
	{"Subject: no end", "Subject: no end\n"},
	{"Subject: Gr\xc3\xbc\xc3\x9f"
	 "e\n",
	 "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\n"},
	{"no field\n: x\nA b: c\nX-Y:z\n", "X-Y: z\n"},
	{"Bcc: a@b\nMIME-Version: 1.0\nContent-Type: x\nreturn-path: <a@b>\nContent: y\n",
	 "Content: y\n"},
	{"To: a@b,  \"c, d\" <e@f>, (g, h) i@j,<k,l@m>\n",
	 "To: a@b,\n\t\"c, d\" <e@f>,\n\t(g, h) i@j,\n\t<k,l@m>\n"},
	{"From: J\xc3\xb6rg \"M, X\" <a@b>, c@d\n",
	 "From: =?UTF-8?B?SsO2cmcgTSwgWA==?= <a@b>,\n\tc@d\n"},
	{"From: \"J\xc3\xb6rg \\\"M\\\"\" <a@b>\n", "From: =?UTF-8?B?SsO2cmcgIk0i?= <a@b>\n"},
	{"Reply-To: \xc3\xb6@x\n", "Reply-To: =?UTF-8?B?w7ZAeA==?=\n"},
	{"To: undisclosed-recipients:;\n", "To: undisclosed-recipients:;\n"},
	{"To: a@b,\n", "To: a@b\n"},
};

START_TEST(lines)
{
	struct buf out;
	struct sink to;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&out);
		sink_buffer(&to, &out);
		ck_assert_int_eq(mime_fields_write(&to, ENDING_LF, rows[i].head), OK);
		ck_assert_str_eq(buf_string(&out), rows[i].fields);
	}
	buf_free(&out);
}
END_TEST

START_TEST(has)
{
	const char *head = "From: a\nMessage-ID: <x>\n\nTo b\nCc: c";
	ck_assert(mime_fields_has(head, "from"));
	ck_assert(mime_fields_has(head, "Message-Id"));
	ck_assert(mime_fields_has(head, "Cc"));
	ck_assert(!mime_fields_has(head, "To"));
	ck_assert(!mime_fields_has(head, "Fro"));
	ck_assert(!mime_fields_has("", "From"));
}
END_TEST

/* A list of any length has short lines. */
START_TEST(long_list)
{
	struct buf head, out;
	struct sink to;
	buf_init(&head, 0);
	buf_init(&out, 0);
	buf_puts(&head, "To: ");
	for (int i = 0; i < 2000; i++)
		buf_printf(&head, "\"N\xc3\xa4me %d\" <a%d@b.test>, ", i, i);
	sink_buffer(&to, &out);
	ck_assert_int_eq(mime_fields_write(&to, ENDING_LF, buf_string(&head)), OK);
	size_t most = 0, count = 0;
	for (const char *line = buf_string(&out); *line; line += strcspn(line, "\n") + 1, count++)
		most = strcspn(line, "\n") > most ? strcspn(line, "\n") : most;
	ck_assert_uint_eq(count, 2000);
	ck_assert_uint_lt(most, 100);
	buf_free(&head);
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mime_fields");
	SUITE_CASE(s, "mime_fields", lines, has, long_list);
	return s;
}
SUITE_MAIN(suite)
