/* sasl: names, and which mechanism is taken of those a server offers. */
#include "auth/sasl.h"
#include "support/suite.h"

static const struct {
	const char *offered;
	bool token, clear_ok;
	enum sasl_mechanism taken;
} choices[] = {
	{"PLAIN LOGIN", false, true, SASL_PLAIN},
	{"login plain", false, true, SASL_PLAIN},
	{"LOGIN", false, true, SASL_LOGIN},
	{"LOGIN PLAIN SCRAM-SHA-256 CRAM-MD5", false, true, SASL_SCRAM},
	{"LOGIN PLAIN", false, false, SASL_MECHANISMS},
	{"PLAIN SCRAM-SHA-256", false, false, SASL_SCRAM},
	{"SCRAM-SHA-1 SCRAM-SHA-256-PLUS", false, true, SASL_MECHANISMS},
	{"  XOAUTH2   PLAIN ", true, true, SASL_XOAUTH2},
	{"OAUTHBEARER PLAIN", true, true, SASL_OAUTHBEARER},
	{"XOAUTH2", true, false, SASL_MECHANISMS},
	{"PLAIN LOGIN", true, true, SASL_MECHANISMS},
	{"XOAUTH2 OAUTHBEARER", false, true, SASL_MECHANISMS},
	{"", false, true, SASL_MECHANISMS},
	{"PLAINX XPLAIN", false, true, SASL_MECHANISMS},
};

START_TEST(the_best_that_fits)
{
	ck_assert_int_eq(sasl_choose(choices[_i].offered, choices[_i].token, choices[_i].clear_ok),
			 choices[_i].taken);
}
END_TEST

START_TEST(names)
{
	for (enum sasl_mechanism m = 0; m < SASL_MECHANISMS; m++)
		ck_assert_int_eq(sasl_find(sasl_name(m)), m);
	ck_assert_int_eq(sasl_find("plain"), SASL_PLAIN);
	ck_assert_int_eq(sasl_find("PLAI"), SASL_MECHANISMS);
	ck_assert_int_eq(sasl_find(""), SASL_MECHANISMS);
	ck_assert_str_eq(sasl_name(SASL_MECHANISMS), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sasl");
	SUITE_CASE(s, "names", names);
	TCase *tc = tcase_create("choices");
	tcase_add_loop_test(tc, the_best_that_fits, 0, sizeof choices / sizeof *choices);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(suite)
