/* options: long, short, permuted, refused in words. */
#include "daemon/options.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static const unsigned char accepted[] = {OPT_JSON, OPT_FROM, OPT_HEADERS, OPT_CHANGED, OPTION_END};
static struct options o;
static struct err err;

#define PARSE(stop, ...) parse(stop, (const char *[]){"smtpgate", __VA_ARGS__, NULL})

static enum result parse(int stop, const char **words)
{
	static char *argv[16];
	int argc = 0;
	memset(&o, 0, sizeof o);
	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	argv[argc] = NULL;
	return options_parse(accepted, argc, argv, stop, &o, &err);
}

START_TEST(every_form)
{
	ck_assert_int_eq(
		PARSE(0, "list", "--json", "-t", "m1", "--from", "a@b", "--config=x.ini", "m2"),
		OK);
	ck_assert_str_eq(o.value[OPT_JSON], "");
	ck_assert_str_eq(o.value[OPT_HEADERS], "");
	ck_assert_str_eq(o.value[OPT_FROM], "a@b");
	ck_assert_str_eq(o.value[OPT_CONFIG], "x.ini");
	ck_assert_ptr_null(o.value[OPT_CHANGED]);
	ck_assert_int_eq(o.arg_count, 3);
	ck_assert_str_eq(o.args[0], "list");
	ck_assert_str_eq(o.args[2], "m2");
}
END_TEST

START_TEST(dashes_end_options)
{
	ck_assert_int_eq(PARSE(0, "-n", "--", "--json"), OK);
	ck_assert_ptr_nonnull(o.value[OPT_CHANGED]);
	ck_assert_ptr_null(o.value[OPT_JSON]);
	ck_assert_str_eq(o.args[0], "--json");
}
END_TEST

START_TEST(command_stops_common_options)
{
	ck_assert_int_eq(PARSE(1, "--config", "f", "queue", "--nonsense"), OK);
	ck_assert_str_eq(o.value[OPT_CONFIG], "f");
	ck_assert_int_eq(o.arg_count, 2);
	ck_assert_str_eq(o.args[0], "queue");
}
END_TEST

START_TEST(refusals_name_the_option)
{
	ck_assert_int_eq(PARSE(0, "--jsno"), E_SYNTAX);
	ck_assert_str_eq(err.text, "unknown option --jsno");
	ck_assert_str_eq(err.remedy, "did you mean --json?");
	ck_assert_int_eq(PARSE(0, "-x"), E_SYNTAX);
	ck_assert_str_eq(err.text, "unknown option -x");
	ck_assert_int_eq(PARSE(0, "--from"), E_SYNTAX);
	ck_assert_str_eq(err.text, "--from needs a value: A");
	ck_assert_int_eq(PARSE(0, "--json=1"), E_SYNTAX);
	ck_assert_str_eq(err.text, "--json takes no value");
	/* An option of another command is unknown here. */
	ck_assert_int_eq(PARSE(0, "--pidfile", "x"), E_SYNTAX);
}
END_TEST

START_TEST(help_lists_them)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	options_print(accepted, to);
	fclose(to);
	ck_assert_ptr_nonnull(strstr(text, "  --from A "));
	ck_assert_ptr_nonnull(strstr(text, "  -n, --changed "));
	ck_assert_ptr_nonnull(strstr(text, "  -t "));
	ck_assert_ptr_null(strstr(text, "--pidfile"));
	free(text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/options");
	SUITE_CASE(s, "forms", every_form, dashes_end_options, command_stops_common_options);
	SUITE_CASE(s, "refusals", refusals_name_the_option);
	SUITE_CASE(s, "help", help_lists_them);
	return s;
}
SUITE_MAIN(suite)
