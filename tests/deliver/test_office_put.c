/*
 * office_put with memory short at any place: who was refused is read back, and a sealed message is put as one, or it is told that
 * there was no memory, and the message is tried again. What it does with the real programs: tests/system/test_office_put.py.
 */
#include "deliver/office_put.h"

#include "base/file.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEOPLE 300u /* enough that a list of them needs memory of its own */
#define MAIL "Subject: x\r\n\r\nhi\r\n"

static char folder[PATH_MAX], command[PATH_MAX];
static struct conf_postoffice office;

static void path_of(char out[PATH_MAX], const char *name)
{
	snprintf(out, PATH_MAX, "%.3000s/%s", folder, name);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	path_of(path, name);
	ck_assert_int_eq(file_replace(file_system(), path, text, strlen(text), mode, NULL), OK);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static char *read_file(const char *name)
{
	char path[PATH_MAX], *bytes;
	size_t n;
	path_of(path, name);
	return file_read(path, 1 << 20, &bytes, &n, NULL) == OK ? bytes : strdup("");
}

static void forget(const char *name)
{
	char path[PATH_MAX];
	path_of(path, name);
	unlink(path);
}

/* A translator that makes this message, and a put program that does as the lines say with $f, the file. */
static void programs(const char *message, const char *lines)
{
	char text[PATH_MAX + 600];
	write_file("made", message, 0600);
	snprintf(text, sizeof text, "#!/bin/sh\ncat '%.3000s/made' >&4\n", folder);
	write_file("translate", text, 0700);
	snprintf(text, sizeof text,
		 "#!/bin/sh\nfor f; do :; done\necho \"$*\" >>'%.3000s/said'\n%s", folder, lines);
	write_file("smtpput", text, 0700);
}

static void setup(void)
{
	char smtp[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", suite_scratch());
	path_of(smtp, "smtp");
	path_of(command, "smtpput");
	ck_assert_int_eq(mkdir(smtp, 0700), 0);
	office = (struct conf_postoffice){
		.name = "A/B", .path = folder, .put = command, .get_timeout = 60000};
}

static enum result put(bool refused[PEOPLE], unsigned fail_at, struct err *err)
{
	static const atomic_bool stop;
	static char program[PATH_MAX];
	static struct neutral_address to[PEOPLE];
	static char names[PEOPLE][16];
	struct spool_message m = {.data = MAIL, .size = strlen(MAIL), .fd = -1};
	path_of(program, "translate");
	memset(refused, 0, PEOPLE * sizeof *refused);
	for (unsigned i = 0; i < PEOPLE; i++) {
		snprintf(names[i], sizeof names[i], "A/B/u%u", i);
		to[i] = (struct neutral_address){"CSI", names[i]};
	}
	struct office_put p = {
		.translator = {.program = program,
			       .spool = folder,
			       .limit = 60000,
			       .stop = &stop,
			       .clock = clock_system()},
		.office = &office,
		.message = &m,
		.sheet = {.charset = "CP437", .to = {to, PEOPLE, PEOPLE}},
		.refused = refused,
	};
	scarce_fail_at(fail_at);
	enum result r = office_put(&p, err);
	scarce_end();
	return r;
}

/* Until nothing fails any more, 10 times after each other. */
static void until_it_is_enough(void (*check)(const bool refused[PEOPLE]))
{
	bool refused[PEOPLE];
	struct err err;
	unsigned failed = 0;
	for (unsigned i = 1, fine = 0; fine < 10; i++) {
		enum result r = put(refused, i, &err);
		ck_assert_msg(r == OK || r == E_NOMEM, "allocation %u: %s", i, err.text);
		if (r == OK)
			check(refused);
		failed += r == E_NOMEM;
		fine = r == OK ? fine + 1 : 0;
		forget("smtp/to_nc.api");
		forget("smtp/to_nc.api.bad");
		forget("smtp/to_nc.api.bad.txt");
		forget("said");
	}
	ck_assert_uint_gt(failed, 2);
}

/* Refused is nobody but `one`. */
static void is_refused(const bool refused[PEOPLE], unsigned one)
{
	for (unsigned i = 0; i < PEOPLE; i++)
		ck_assert_int_eq(refused[i], i == one);
}

static void second_alone(const bool refused[PEOPLE])
{
	is_refused(refused, 2);
}

START_TEST(who_was_refused)
{
	programs("VERSION:3.00\rTO:CSI:A/B/u1\rTO:CSI:A/B/u2\rTEXT:2\rhi",
		 "printf 'VERSION:3.00\\rTO:CSI:A/B/U2\\rTEXT:2\\rhi' >\"$f.bad\"\n"
		 "echo 'there is no u2' >\"$f.bad.txt\"\nrm \"$f\"\nexit 1\n");
	until_it_is_enough(second_alone);
}
END_TEST

static void put_sealed(const bool refused[PEOPLE])
{
	char *said = read_file("said");
	is_refused(refused, PEOPLE);
	ck_assert_msg(strstr(said, " -j ") != NULL, "%s", said);
	free(said);
}

START_TEST(sealed)
{
	programs("VERSION:3.00\rTO:CSI:A/B/u1\rEXT:I:1:XXSEALED\r1\rTEXT:2\rhi", "rm \"$f\"\n");
	until_it_is_enough(put_sealed);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/office_put");
	TCase *tc = tcase_create("memory short");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, who_was_refused);
	tcase_add_test(tc, sealed);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
