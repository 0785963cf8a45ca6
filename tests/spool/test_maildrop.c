/* maildrop: what was written comes back; damaged files are told; every call failed in turn; taken
 * exactly once. */
#include "spool/desk.h"
#include "spool/faulty.h"
#include "spool/dropped.h"
#include "support/suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct region *region;
static struct mail_envelope envelope;
static struct err err;

static void setup(void)
{
	region = region_new(0);
	mail_envelope_init(&envelope, region);
	envelope.reverse_path = "root@localhost";
	envelope.listener = "send";
	envelope.protocol = "local";
	envelope.arrived = STAGE_NOW;
	envelope.eight_bit = true;
	envelope.priority = MAIL_BULK;
	envelope.asks = "RET=HDRS ENVID=x";
	ck_assert_int_eq(mail_envelope_add_asking(&envelope, "a@example.net", "NOTIFY=NEVER"), OK);
	ck_assert_int_eq(mail_envelope_add(&envelope, "\"b b\"@example.net"), OK);
	faulty_arm(0, 0, 0);
}

static void teardown(void)
{
	region_destroy(&region);
	suite_scratch_remove();
}

static size_t list(char name[128])
{
	char **names;
	size_t n;
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &n, &err), OK);
	for (size_t i = 0; i < n; i++) {
		if (i)
			ck_assert_str_lt(names[i - 1], names[i]);
		snprintf(name, 128, "%s", names[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return n;
}

static void write_one(const char *data, size_t n)
{
	ck_assert_int_eq(
		spool_maildrop_write(file_system(), suite_scratch(), &envelope, data, n, &err), OK);
}

START_TEST(comes_back)
{
	static const char *const contents[] = {"", "Subject: x\r\n\r\nto nobody\r\n", "\n\n",
					       "no end"};
	char name[128], *data;
	size_t n;
	ck_assert_uint_eq(list(name), 0); /* no folder yet */
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		struct mail_envelope got;
		envelope.repaired = i % 2 ? "Date missing; From was \"x\"" : "";
		write_one(contents[i], strlen(contents[i]));
		ck_assert_uint_eq(list(name), 1);
		ck_assert_int_eq(
			dropped_read(suite_scratch(), name, 1 << 20, region, &got, &data, &n, &err),
			OK);
		ck_assert_uint_eq(n, strlen(contents[i]));
		ck_assert_mem_eq(data, contents[i], n);
		ck_assert_str_eq(got.session, name);
		ck_assert_str_eq(got.reverse_path, "root@localhost");
		ck_assert_str_eq(got.listener, "send");
		ck_assert_str_eq(got.repaired, envelope.repaired);
		ck_assert_str_eq(got.protocol, "local");
		ck_assert_str_eq(got.asks, envelope.asks);
		ck_assert_str_eq(got.asks_of[0], "NOTIFY=NEVER");
		ck_assert_str_eq(got.asks_of[1], "");
		ck_assert_uint_eq(got.count, 2);
		ck_assert_str_eq(got.recipients[1], "\"b b\"@example.net");
		ck_assert_int_eq(got.arrived, STAGE_NOW);
		ck_assert(got.eight_bit);
		ck_assert_int_eq(got.priority, MAIL_BULK);
		free(data);
		ck_assert_int_eq(spool_maildrop_taken(suite_scratch(), name, &err), OK);
		ck_assert_int_eq(spool_maildrop_taken(suite_scratch(), name, &err), OK);
	}
}
END_TEST

START_TEST(line_breaks_are_refused)
{
	char name[128];
	envelope.helo = "x\nto evil@example.com";
	ck_assert_int_eq(
		spool_maildrop_write(file_system(), suite_scratch(), &envelope, "x", 1, &err),
		E_SYNTAX);
	envelope.helo = "";
	envelope.count = 0;
	ck_assert_int_eq(
		spool_maildrop_write(file_system(), suite_scratch(), &envelope, "x", 1, &err),
		E_RANGE);
	ck_assert_uint_eq(list(name), 0);
}
END_TEST

/* Every prefix of a file, and every byte changed: an answer, never a crash; a file that is cut is
 * never taken. */
START_TEST(damage_is_told)
{
	char name[128], path[PATH_MAX], *whole, *data;
	size_t n, got_n;
	write_one("content\r\n", 9);
	ck_assert_uint_eq(list(name), 1);
	snprintf(path, sizeof path, "%s/maildrop/%s", suite_scratch(), name);
	ck_assert_int_eq(file_read(path, 1 << 20, &whole, &n, &err), OK);
	for (size_t i = 0; i < 2 * n; i++) {
		struct mail_envelope got;
		FILE *f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		char kept = whole[i % n];
		if (i >= n)
			whole[i % n] = (char)(kept ^ 0x51);
		fwrite(whole, 1, i < n ? i : n, f);
		fclose(f);
		whole[i % n] = kept;
		enum result r = dropped_read(suite_scratch(), name, 1 << 20, region, &got, &data,
					     &got_n, &err);
		ck_assert_msg(r == E_CORRUPT || (r == OK && i >= n), "%zu: %s", i, result_word(r));
		if (r == OK)
			free(data);
	}
	free(whole);
	ck_assert_int_eq(spool_maildrop_bad(suite_scratch(), name, "it is damaged", &err), OK);
	ck_assert_uint_eq(list(name), 0);
	strcat(path, ".bad.txt");
	ck_assert_int_eq(file_read(path, 1000, &data, &n, &err), OK);
	ck_assert_str_eq(data, "it is damaged\n");
	free(data);
}
END_TEST

START_TEST(names_of_others_are_refused)
{
	static const char *const bad[] = {"../lock", "x", "drop-/../x", ""};
	char *data;
	size_t n;
	struct mail_envelope got;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(dropped_read(suite_scratch(), bad[i], 1 << 20, region, &got, &data,
					      &n, &err),
				 E_SYNTAX);
		ck_assert_int_eq(spool_maildrop_taken(suite_scratch(), bad[i], &err), E_SYNTAX);
		ck_assert_int_eq(spool_maildrop_bad(suite_scratch(), bad[i], "", &err), E_SYNTAX);
	}
	ck_assert_int_eq(
		dropped_read(suite_scratch(), "drop-1", 1 << 20, region, &got, &data, &n, &err),
		E_NOTFOUND);
}
END_TEST

/* A write that is answered with an error has left nothing that would be taken. */
START_TEST(every_call_fails)
{
	for (unsigned n = 1;; n++) {
		char name[128];
		faulty_arm(n, ENOSPC, 0);
		enum result r = spool_maildrop_write(faulty_files(), suite_scratch(), &envelope,
						     "x", 1, &err);
		bool struck = faulty_struck();
		faulty_arm(0, 0, 0);
		if (r == OK) {
			ck_assert_uint_eq(list(name), 1);
			ck_assert_int_eq(spool_maildrop_taken(suite_scratch(), name, &err), OK);
			if (!struck)
				break;
			continue;
		}
		ck_assert_int_eq(r, E_FULL);
		ck_assert_uint_eq(list(name), 0);
	}
}
END_TEST

START_TEST(names_keep_their_order)
{
	char before[SPOOL_MAILDROP_NAME] = "", name[SPOOL_MAILDROP_NAME];
	for (int i = 0; i < 1000; i++) {
		spool_maildrop_name(name);
		ck_assert_str_lt(before, name);
		memcpy(before, name, sizeof before);
	}
}
END_TEST

/* Under a name that is kept it is one message, however often it is written; what ended in the midst goes when it is old. */
START_TEST(under_its_name)
{
	char name[SPOOL_MAILDROP_NAME], found[128], path[PATH_MAX];
	spool_maildrop_name(name);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(spool_maildrop_write_as(file_system(), suite_scratch(), name,
							 &envelope, "x", 1, &err),
				 OK);
	ck_assert_uint_eq(list(found), 1);
	ck_assert_str_eq(found, name);
	snprintf(path, sizeof path, "%s/maildrop/%s.77.tmp", suite_scratch(), name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	spool_maildrop_tidy(suite_scratch(), 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	spool_maildrop_tidy(suite_scratch(), INT64_MAX);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_uint_eq(list(found), 1);
}
END_TEST

/* A crash between submit and the removal of the file: the second submit is told. */
START_TEST(taken_once)
{
	struct stage st;
	struct spool_message *m;
	char name[128];
	stage_open(&st, (enum spool_engine)_i);
	write_one("x", 1);
	ck_assert_uint_eq(list(name), 1);
	st.desk.envelope.session = name;
	ck_assert_int_eq(desk_submit(&st.desk, "x", 1, NULL, &m), OK);
	spool_message_unref(&m);
	if (_i == SPOOL_SQLITE)
		stage_reopen(&st);
	ck_assert_int_eq(desk_submit(&st.desk, "x", 1, NULL, &m), E_EXISTS);
	ck_assert_ptr_null(m);
	/* The row stays longer than its history's time, the file might still be there. */
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_DELIVERED, 0, "ok"), OK);
	stage_advance(&st, st.o.keep + 5000);
	usleep(1100000);
	ck_assert_int_eq(desk_submit(&st.desk, "x", 1, NULL, &m), E_EXISTS);
	st.desk.envelope.session = "s1";
	ck_assert_uint_eq(stage_message(&st), 2);
	ck_assert_uint_eq(stage_message(&st), 3); /* a session may have any number of messages */
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/maildrop");
	TCase *t = tcase_create("files");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, comes_back);
	tcase_add_test(t, line_breaks_are_refused);
	tcase_add_test(t, damage_is_told);
	tcase_add_test(t, names_of_others_are_refused);
	tcase_add_test(t, every_call_fails);
	tcase_add_test(t, names_keep_their_order);
	tcase_add_test(t, under_its_name);
	tcase_add_loop_test(t, taken_once, SPOOL_MEMORY, SPOOL_SQLITE + 1);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
