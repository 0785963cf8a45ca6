/* smtp/param: ESMTP parameters by table. */
#include "smtp/param.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static enum result take_a(void *to, const char *value)
{
	snprintf(to, 32, "%s", value ? value : "(none)");
	return OK;
}

static enum result take_b(void *to, const char *value)
{
	(void)to;
	return value && strcmp(value, "1") == 0 ? OK : E_SYNTAX;
}

static const struct smtp_param table[] = {{"A", take_a}, {"LONG-B", take_b}, {NULL, NULL}};

START_TEST(takes)
{
	static const struct {
		const char *text;
		enum result r;
		int code;
		const char *a;
	} rows[] = {
		{"", OK, 0, ""},
		{"  ", OK, 0, ""},
		{"A", OK, 0, "(none)"},
		{"a=x", OK, 0, "x"},
		{"  A=x+5  long-b=1 ", OK, 0, "x+5"},
		{"LONG-B=1\tA=2", OK, 0, "2"},
		{"C", E_UNSUPPORTED, 555, ""},
		{"A=1 C=2", E_UNSUPPORTED, 555, "1"},
		{"A=", E_SYNTAX, 501, ""},
		{"=x", E_SYNTAX, 501, ""},
		{"A=x=y", E_SYNTAX, 501, ""},
		{"A=\xc3", E_SYNTAX, 501, ""},
		{"-A=x", E_SYNTAX, 501, ""},
		{"A_=x", E_SYNTAX, 501, ""},
		{"A=1 A=2", E_SYNTAX, 501, "1"},
		{"LONG-B", E_SYNTAX, 501, ""},
		{"LONG-B=2", E_SYNTAX, 501, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[64], a[32] = "";
		struct smtp_reply reply = {0};
		snprintf(text, sizeof text, "%s", rows[i].text);
		enum result r = smtp_param_take(table, text, a, &reply);
		ck_assert_msg(r == rows[i].r, "%s", rows[i].text);
		ck_assert_int_eq(reply.code, rows[i].code);
		ck_assert_str_eq(reply.status, r == OK ? "" : "5.5.4");
		ck_assert_str_eq(a, rows[i].a);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/param");
	SUITE_CASE(s, "take", takes);
	return s;
}
SUITE_MAIN(suite)
