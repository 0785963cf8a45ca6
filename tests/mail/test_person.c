/* person: the first mailbox of From, as programs of all ages write it. */
#include "mail/person.h"
#include "support/suite.h"

#include <string.h>

static const struct {
	const char *value, *local, *domain, *name;
} rows[] = {
	{"a@b.c", "a", "b.c", ""},
	{"<a@b.c>", "a", "b.c", ""},
	{"John Doe <a@b.c>", "a", "b.c", "John Doe"},
	{"\"Doe, <John>\" <a@b.c>", "a", "b.c", "\"Doe, <John>\""},
	{"a@b.c (John (the) Doe)", "a", "b.c", "John (the) Doe"},
	{"a@b.c, d@e.f", "a", "b.c", ""},
	{"all: a@b.c, d@e.f;", "a", "b.c", ""},
	{"all: X <a@b.c>;", "a", "b.c", "X"},
	{"X <@r.s:a@b.c>", "a", "b.c", "X"},
	{"scanner", "scanner", "", ""},
	{"Scanner <scanner>", "scanner", "", "Scanner"},
	{"the scanner in hall 7", "", "", ""},
	{"", "", "", ""},
	{"<", "", "", ""},
	{"\"", "", "", ""},
	{"(", "", "", ""},
	{"a@b.c (", "a", "b.c", ""},
};

START_TEST(first_mailbox)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mail_person p;
		bool whole = mail_person_parse(rows[i].value, &p);
		ck_assert_msg(whole == (*rows[i].domain != '\0'), "%s", rows[i].value);
		ck_assert_str_eq(p.address.local, rows[i].local);
		ck_assert_str_eq(p.address.domain, rows[i].domain);
		ck_assert_str_eq(p.name, rows[i].name);
	}
}
END_TEST

START_TEST(long_names_are_none)
{
	static char value[2000];
	struct mail_person p;
	for (size_t i = 0; i < 1000; i++)
		value[i] = 'x';
	strcpy(value + 1000, " <a@b.c>");
	ck_assert(mail_person_parse(value, &p));
	ck_assert_str_eq(p.name, "");
	ck_assert(!mail_person_parse(value + 1, &p) || !*p.name);
	value[1000] = '@';
	value[1001] = '\0';
	ck_assert(!mail_person_parse(value, &p));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/person");
	TCase *tc = tcase_create("person");
	tcase_add_test(tc, first_mailbox);
	tcase_add_test(tc, long_names_are_none);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
