/* options: every letter in either case, attached and apart, and what is refused. */
#include "tools/options.h"

#include "support/suite.h"

#include <string.h>

static struct ffapi_options o;
static struct err err;

static enum result parse(const char *line)
{
	static char copy[512];
	char *argv[32] = {"smtpget"};
	int argc = 1;
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return ffapi_options_parse(argc, argv, &o, &err);
}

START_TEST(all_of_them)
{
	ck_assert_int_eq(
		parse("-dM -h -J -n1 -F2 -k -l out.log -p 3 -mr -MS -yyn po/smtp/from_nc.api"), OK);
	ck_assert_str_eq(o.postoffice, "M");
	ck_assert(o.extended && o.encapsulate && o.keep && o.received && o.sent);
	ck_assert_uint_eq(o.most, 1);
	ck_assert_int_eq(o.ending, ENDING_CRLF);
	ck_assert_str_eq(o.log, "out.log");
	ck_assert_int_eq(o.priority, 3);
	ck_assert(o.external_text && !o.external_parts);
	ck_assert_str_eq(o.file, "po/smtp/from_nc.api");
	ck_assert_int_eq(parse(""), OK);
	ck_assert_str_eq(o.postoffice, ".");
	ck_assert_int_eq(o.ending, -1);
	ck_assert_ptr_null(o.file);
	ck_assert_ptr_null(o.charset);
	ck_assert(!o.here && !o.leave);
	ck_assert_int_eq(parse("-md --charset=CP850 -Y ny --here --leave"), OK);
	ck_assert(o.here && o.leave);
	ck_assert(o.keep && !o.external_text && o.external_parts);
	ck_assert_str_eq(o.charset, "CP850");
	ck_assert_int_eq(parse("-VER"), OK);
	ck_assert(o.version);
	ck_assert_int_eq(parse("--help"), OK);
	ck_assert(o.help);
}
END_TEST

START_TEST(refused)
{
	static const char *const lines[] = {"-f3",        "-f",
					    "-n0",        "-n51",
					    "-nx",        "-p6",
					    "-q1",        "-hx",
					    "-d",         "-yyx",
					    "-y",         "-mx",
					    "-m",         "-",
					    "--no",       "a b",
					    "-l",         "-n1x",
					    "-kk",        "-mdx",
					    "--charset=", "--charset=cp438"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		err.text[0] = '\0';
		ck_assert_msg(parse(lines[i]) == E_RANGE, "%s", lines[i]);
		ck_assert_uint_gt(strlen(err.text), 0);
	}
	ck_assert_str_eq(err.text, "there is no charset cp438: did you mean cp437?");
}
END_TEST

START_TEST(priorities)
{
	ck_assert(ffapi_priority_fits(NULL, 0) && ffapi_priority_fits(NULL, 1) &&
		  !ffapi_priority_fits(NULL, 2));
	ck_assert(ffapi_priority_fits("3", 3) && !ffapi_priority_fits("3", 4));
	ck_assert(ffapi_priority_fits("R", 1) && !ffapi_priority_fits("R", 2));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tools/options");
	SUITE_CASE(s, "options", all_of_them, refused, priorities);
	return s;
}
SUITE_MAIN(suite)
