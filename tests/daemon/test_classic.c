/* classic: the letters of 1993, in either case; what is odd, missing or over is refused in words. */
#include "daemon/classic.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOON 1790000000000 /* some moment of 2026 */

static struct classic c;
static struct err err;
static char notes[2000];

#define PARSE(...) parse((const char *[]){"smtpgate", __VA_ARGS__, NULL})

static enum result parse(const char **words)
{
	static char *argv[16];
	int argc = 0;
	FILE *to = fmemopen(notes, sizeof notes, "w");
	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	argv[argc] = NULL;
	memset(notes, 0, sizeof notes);
	enum result r = classic_parse(argc, argv, NOON, &c, to, &err);
	fclose(to);
	return r;
}

static void setup(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

START_TEST(a_command_line_of_then)
{
	ck_assert_int_eq(PARSE("-cd", "-lacsy", "-d/srv/maildata", "-w60", "-q180", "-p0fF"), OK);
	ck_assert_str_eq(c.path, "/srv/maildata");
	ck_assert_uint_eq(c.wait, 60);
	ck_assert_uint_eq(c.attempts, 180);
	ck_assert_uint_eq(c.process, 0xff);
	ck_assert_str_eq(c.level, "debug");
	ck_assert(c.file && c.screen && !c.received);
	ck_assert_int_eq(c.stop_after, 0);
	ck_assert_str_eq(notes, "");
	ck_assert_int_eq(PARSE("-D/x", "-LN", "-GN", "-T", "-CWE", "-ms"), OK);
	ck_assert(!c.log_in && c.log_out);
	ck_assert(!c.file && !c.screen && c.received);
	ck_assert_str_eq(c.level, "warn");
	ck_assert_int_eq(PARSE("-d/x", "-w86400", "-q365"), OK);
	ck_assert_int_eq(PARSE("-d/x", "-w86400", "-q366"), E_RANGE);
	ck_assert_int_eq(PARSE("-d/x", "-Cw"), OK);
	ck_assert_uint_eq(c.wait, 120);
	ck_assert_uint_eq(c.attempts, 180);
}
END_TEST

START_TEST(is_told_from_commands)
{
	char *old[] = {(char *)"x", (char *)"-cd", NULL},
	     *now[] = {(char *)"x", (char *)"--help", NULL};
	char *word[] = {(char *)"x", (char *)"run", NULL},
	     *dash[] = {(char *)"x", (char *)"-", NULL},
	     *help[] = {(char *)"x", (char *)"-h", NULL};
	ck_assert(classic_is(2, old));
	ck_assert(!classic_is(2, now));
	ck_assert(!classic_is(2, word));
	ck_assert(!classic_is(2, dash));
	ck_assert(!classic_is(1, old));
	ck_assert(!classic_is(2, help));
}
END_TEST

START_TEST(refused_in_words)
{
	static const struct {
		const char *word, *says;
	} rows[] = {
		{"-k",
		 "-k: no such letter on a command line of 1993; it has -BR -BT -BD -MD -MR -MS "
		 "-HA -RE -D -W -Q -C -L -G -P -T -F -V20 -Z"},
		{"run", "run: no such letter"},
		{"-dM:", "-dM:: there are no drives here"},
		{"-dm", "there are no drives here"},
		{"-dmail", "a path begins with /"},
		{"-w0", "-w0: 1 to 86400 stand there"},
		{"-w6x", "-w6x: 1 to 86400"},
		{"-q-1", "-q-1: 1 to "},
		{"-p100", "-p100: 1 to FF stand there"},
		{"-laz", "-laz: unknown letter z: those of acnsy stand there"},
		{"-c", "-c: letters of newid stand there"},
		{"-rr", "-rr: its meaning was never published"},
		{"-X", "-X: its meaning was never published"},
		{"-br", "-br: a word is missing behind it"},
		{"-tx", "-tx: no such letter"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_ne(PARSE("-d/x", rows[i].word), OK);
		ck_assert_msg(strstr(err.text, rows[i].says) != NULL, "%s: %s", rows[i].word,
			      err.text);
	}
	ck_assert_int_eq(PARSE("-w60"), E_SYNTAX);
	ck_assert_str_eq(err.text, "name the postoffice, as in -d/srv/maildata");
}
END_TEST

START_TEST(noted_in_words)
{
	ck_assert_int_eq(PARSE("-d/x", "-MR", "-ha", "-v20", "-z", "-f"), OK);
	ck_assert_ptr_null(strstr(notes, "-MR"));
	ck_assert(c.log_in && !c.log_out);
	ck_assert_ptr_nonnull(strstr(notes, "-ha means nothing here: WINMAIL.DAT is unpacked"));
	ck_assert(!c.plain && !c.leave);
	ck_assert_int_eq(PARSE("-d/x", "-Re", "-mD", "-mr"), OK);
	ck_assert(c.plain && c.leave && c.log_in);
}
END_TEST

START_TEST(when_it_stops)
{
	char today[48], later[48], before[48];
	time_t now = NOON / 1000;
	struct tm tm = *gmtime(&now);
	snprintf(today, sizeof today, "%02d-%02d-%02d", tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_year % 100);
	snprintf(before, sizeof before, "%02d:%02d", tm.tm_hour, tm.tm_min);
	snprintf(later, sizeof later, "%02d:59", tm.tm_hour);
	ck_assert_int_lt(tm.tm_min, 59);
	ck_assert_int_eq(PARSE("-d/x", "-BR", "1:30"), OK);
	ck_assert_int_eq(c.stop_after, 90 * 60000);
	ck_assert_int_eq(PARSE("-d/x", "-BT", later, "-BD", today), OK);
	ck_assert_int_eq(c.stop_after, ((59 - tm.tm_min) * 60 - tm.tm_sec) * 1000);
	ck_assert_int_eq(PARSE("-d/x", "-bt", before), E_RANGE); /* Q96203: says why */
	ck_assert_ptr_nonnull(strstr(err.text, "is over: the gateway would stop at once"));
	ck_assert_ptr_nonnull(strstr(err.remedy, "-BD 12-31-"));
	ck_assert_int_eq(PARSE("-d/x", "-bt", before, "-bd", "12-31-70"), OK);
	ck_assert_int_gt(c.stop_after, (int64_t)40 * 365 * 86400000);
	ck_assert_int_eq(PARSE("-d/x", "-bd", "12-31-70"), E_SYNTAX);
	ck_assert_int_eq(PARSE("-d/x", "-bt", "25:00"), E_RANGE);
	ck_assert_int_eq(PARSE("-d/x", "-bt", before, "-bd", "13-01-70"), E_RANGE);
	ck_assert_int_eq(PARSE("-d/x", "-br", "0:00"), E_RANGE);
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("daemon/classic");
	TCase *tc = tcase_create("classic");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_command_line_of_then);
	tcase_add_test(tc, is_told_from_commands);
	tcase_add_test(tc, refused_in_words);
	tcase_add_test(tc, noted_in_words);
	tcase_add_test(tc, when_it_stops);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return suite;
}
SUITE_MAIN(suite)
