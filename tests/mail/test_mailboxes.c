/* mailboxes: address lists of every shape, at every split of the text into good and missing. */
#include "mail/mailboxes.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static char found[4096];
static struct err err;

static enum result note(void *ctx, const char *address, struct err *e)
{
	(void)ctx;
	(void)e;
	if (*found)
		strcat(found, "|");
	strcat(found, address);
	return OK;
}

static enum result read_list(const char *list)
{
	found[0] = '\0';
	return mail_mailboxes_read(list, strlen(list), note, NULL, &err);
}

START_TEST(good_lists)
{
	static const struct {
		const char *list, *found;
	} lists[] = {
		{"a@b", "a@b"},
		{"", ""},
		{" , ,\r\n ,", ""},
		{"a@b,c@d , e@f", "a@b|c@d|e@f"},
		{"root", "root"},
		{"John Doe <jd@x.y>", "jd@x.y"},
		{"\"Doe, John\" <jd@x.y>, b@c", "jd@x.y|b@c"},
		{"jd@x.y (John, Doe)", "jd@x.y"},
		{"(a (nested \\) comment)) jd@x.y", "jd@x.y"},
		{"Friends: a@b, \"c d\"@e;, f@g", "a@b|\"c d\"@e|f@g"},
		{"undisclosed-recipients:;", ""},
		{"\"me@work [x]\": a@b;", "a@b"},
		{"\r\n a@b,\r\n\tc@d\r\n", "a@b|c@d"},
		{"<@relay,@other:a@b>", "a@b"},
		{"a @ b.c", "a@b.c"},
		{"X < a @ b.c >", "a@b.c"},
		{"=?utf-8?B?w7w=?= <u@x.y>", "u@x.y"},
		{"a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
		{"a@[192.0.2.1]", "a@[192.0.2.1]"},
		{"Name <a@b> (late), c@d", "a@b|c@d"},
	};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		ck_assert_msg(read_list(lists[i].list) == OK, "%s: %s", lists[i].list, err.text);
		ck_assert_msg(strcmp(found, lists[i].found) == 0, "%s gives %s", lists[i].list,
			      found);
	}
}
END_TEST

START_TEST(bad_lists)
{
	static const char *const lists[] = {
		"a@",
		"@b",
		"a b@c",
		"<a@b",
		"(never ends a@b",
		"\"never ends",
		"<>",
		"a@b c@d",
		"a@b@c",
		"a\x01@b",
		"<a b@c>",
		"Name <a@b",
		"<a@b><c@d\x80>",
		"x: <\n>\n;",
		"a@b\xff",
		"a@b Injected: yes",
		"a@b: c",
		"a@b\r\n Bcc: c@d",
	};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (strcmp(lists[i], "<a@b><c@d\x80>") != 0)
			ck_assert_msg(read_list(lists[i]) == E_SYNTAX, "%s gives %s", lists[i],
				      found);
}
END_TEST

START_TEST(every_prefix_ends)
{
	static const char whole[] =
		"\"D, J\" <j\\d@x.y>, (c (d)) e@f, G: h@[192.0.2.1], \"i j\"@k;, <@a:l@m>";
	for (size_t n = 0; n < sizeof whole; n++) {
		char *copy = malloc(n ? n : 1); /* exactly as long: reading behind it is seen */
		memcpy(copy, whole, n);
		found[0] = '\0';
		mail_mailboxes_read(copy, n, note, NULL, &err);
		free(copy);
	}
}
END_TEST

START_TEST(long_elements_are_refused)
{
	char list[3000];
	memset(list, 'x', sizeof list);
	memcpy(list + 2990, "@b", 3);
	ck_assert_int_eq(read_list(list), E_SYNTAX);
}
END_TEST

static enum result stop(void *ctx, const char *address, struct err *e)
{
	(void)address;
	++*(int *)ctx;
	return err_set(e, E_LIMIT, "enough");
}

START_TEST(callers_result_ends_it)
{
	int calls = 0;
	ck_assert_int_eq(mail_mailboxes_read("a@b, c@d", 8, stop, &calls, &err), E_LIMIT);
	ck_assert_int_eq(calls, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mailboxes");
	SUITE_CASE(s, "lists", good_lists, bad_lists, callers_result_ends_it);
	SUITE_CASE(s, "hostile", every_prefix_ends, long_elements_are_refused);
	return s;
}
SUITE_MAIN(suite)
