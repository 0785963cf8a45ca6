/* Opening: one owner, versions, files without rows and rows without files, holding at start, the
 * history's end. */
#include "spool/desk.h"
#include "support/suite.h"

#include <dirent.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stage st;

static void path_of(char out[PATH_MAX], const char *name)
{
	snprintf(out, PATH_MAX, "%s/%s", suite_scratch(), name);
}

START_TEST(one_owner)
{
	struct spool *second = NULL;
	struct err err;
	char want[64];
	stage_open(&st, SPOOL_SQLITE);
	ck_assert_int_eq(spool_open(&second, &st.o, &err), E_BUSY);
	ck_assert_ptr_null(second);
	snprintf(want, sizeof want, "process %ld on ", (long)getpid());
	ck_assert_msg(strstr(err.text, want) != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "since 2023-11-14T22:13:20Z (smtpgate test)") != NULL, "%s",
		      err.text);
	ck_assert(err.remedy[0]);
	fflush(NULL);
	pid_t pid =
		fork(); /* another process is told the same, and its ending takes nothing away */
	if (!pid)
		_exit(spool_open(&second, &st.o, &err) == E_BUSY && strstr(err.text, want) ? 0 : 1);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(spool_open(&second, &st.o, &err), E_BUSY);
	stage_message(&st);
	stage_reopen(&st);
	stage_close(&st);
}
END_TEST

START_TEST(folders_are_private)
{
	static const char *const names[] = {"", "body", "spool.db", "spool.db-wal", "lock"};
	stage_open(&st, SPOOL_SQLITE);
	stage_message(&st);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[PATH_MAX];
		struct stat s;
		path_of(path, names[i]);
		ck_assert_int_eq(stat(path, &s), 0);
		ck_assert_msg((s.st_mode & 077) == 0, "%s", path);
	}
	char shm[PATH_MAX];
	path_of(shm, "spool.db-shm");
	ck_assert_int_ne(access(shm, F_OK), 0);
	stage_close(&st);
}
END_TEST

/* Names and contents of every file below the spool. */
static void digest(unsigned char out[32])
{
	static const char *const names[] = {"lock",         "spool.db",         "spool.db-wal",
					    "spool.db-shm", "spool.db-journal", "body/x"};
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_DigestInit_ex(c, EVP_sha256(), NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[PATH_MAX], *data;
		size_t n;
		struct err err;
		path_of(path, names[i]);
		if (file_read(path, 1 << 30, &data, &n, &err) != OK)
			continue;
		EVP_DigestUpdate(c, names[i], strlen(names[i]) + 1);
		EVP_DigestUpdate(c, data, n);
		free(data);
	}
	EVP_DigestFinal_ex(c, out, NULL);
	EVP_MD_CTX_free(c);
}

/* As a newer program leaves it: _i 0: closed cleanly, the version in the file; 1: only in its log,
 * as after a crash. */
static void make_newer(bool logged)
{
	char path[PATH_MAX];
	sqlite3 *db;
	path_of(path, "spool.db");
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
				      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
				      "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	if (!logged)
		ck_assert_int_eq(
			sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
			SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)logged, NULL);
	sqlite3_close(db);
	path_of(path, "spool.db-wal");
	ck_assert_int_eq(access(path, F_OK) == 0, logged);
}

START_TEST(newer_is_left_alone)
{
	unsigned char before[32], after[32];
	struct spool *s = NULL;
	struct err err;
	stage_open(&st, SPOOL_SQLITE);
	stage_message(&st);
	spool_close(&st.desk.spool);
	make_newer(_i);
	digest(before);
	ck_assert_int_eq(spool_open(&s, &st.o, &err), E_VERSION);
	ck_assert_ptr_null(s);
	ck_assert_msg(strstr(err.text, "99") != NULL, "%s", err.text);
	digest(after);
	ck_assert_mem_eq(before, after, sizeof before);
	stage_close(&st);
}
END_TEST

START_TEST(not_a_database)
{
	char path[PATH_MAX];
	struct spool *s = NULL;
	struct err err;
	path_of(path, "spool.db");
	FILE *f = fopen(path, "w");
	for (int i = 0; i < 5000; i++)
		fputs("garbage\n", f);
	fclose(f);
	st.o = (struct spool_options){.engine = SPOOL_SQLITE, .path = suite_scratch()};
	ck_assert_int_eq(spool_open(&s, &st.o, &err), E_CORRUPT);
	ck_assert_msg(strstr(err.text, "spool.db") != NULL, "%s", err.text);
	suite_scratch_remove();
}
END_TEST

static uint64_t big_message(void)
{
	struct spool_message *m;
	char *data = calloc(1, SPOOL_BODY_INLINE + 1);
	ck_assert_int_eq(desk_submit(&st.desk, data, SPOOL_BODY_INLINE + 1, NULL, &m), OK);
	uint64_t n = m->number;
	spool_message_unref(&m);
	free(data);
	return n;
}

static size_t body_files(char last[PATH_MAX])
{
	char path[PATH_MAX];
	size_t n = 0;
	path_of(path, "body");
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *e; (e = readdir(dir));)
		if (e->d_name[0] != '.') {
			n++;
			snprintf(last, PATH_MAX, "%s/body/%.64s", suite_scratch(), e->d_name);
		}
	closedir(dir);
	return n;
}

START_TEST(files_without_rows_go)
{
	char last[PATH_MAX], stray[PATH_MAX];
	stage_open(&st, SPOOL_SQLITE);
	big_message();
	path_of(stray, "body/t0123456789abcdef");
	fclose(fopen(stray, "w"));
	path_of(stray, "body/b0123456789abcdef");
	fclose(fopen(stray, "w"));
	stage_reopen(&st);
	ck_assert_uint_eq(body_files(last), 1);
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_DELIVERED, 0, "ok"), OK);
	spool_close(&st.desk.spool); /* removal is the side thread's; it is done by now */
	ck_assert_uint_eq(body_files(last), 0);
	stage_close(&st);
}
END_TEST

/* _i: gone, short, gone while the spool runs. */
START_TEST(rows_without_files_are_set_aside)
{
	char last[PATH_MAX];
	struct spool_list l;
	struct spool_due due;
	stage_open(&st, SPOOL_SQLITE);
	stage_message(&st);
	big_message();
	ck_assert_uint_eq(body_files(last), 1);
	if (_i == 2)
		stage_reopen(&st); /* unclaims */
	ck_assert_int_eq(_i == 1 ? truncate(last, 100) : unlink(last), 0);
	if (_i != 2)
		stage_reopen(&st);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 9, &due), OK);
	ck_assert_uint_eq(due.count, 1);
	ck_assert_uint_eq(due.messages[0]->number, 1);
	spool_message_unref(&due.messages[0]);
	free(due.messages);
	stage_list(&st, &l);
	ck_assert_int_eq(l.entries[1].rcpts[0].state, SPOOL_HELD);
	ck_assert_msg(strstr(l.entries[1].rcpts[0].reason, "body file") != NULL, "%s",
		      l.entries[1].rcpts[0].reason);
	region_destroy(&l.region);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

START_TEST(held_at_start)
{
	struct spool_due due;
	stage_open(&st, SPOOL_SQLITE);
	for (int i = 0; i < 150; i++)
		stage_message(&st);
	ck_assert_int_eq(desk_report(&st.desk, 7, 0, SPOOL_DELIVERED, 0, "ok"), OK);
	st.o.restart_hold = true;
	stage_reopen(&st);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 9, &due), OK);
	ck_assert_uint_eq(due.count, 0);
	free(due.messages);
	struct spool_totals t;
	ck_assert_int_eq(desk_totals(&st.desk, &t), OK);
	ck_assert_uint_eq(t.messages_held, 149);
	ck_assert_uint_eq(t.messages_waiting, 0);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

/* After its time the row goes; the totals and the numbers go on. */
START_TEST(history_ends)
{
	struct spool_list l;
	struct spool_totals before, after;
	stage_open(&st, (enum spool_engine)_i);
	for (int i = 0; i < 70; i++)
		ck_assert_int_eq(
			desk_report(&st.desk, stage_message(&st), 0, SPOOL_DELIVERED, 0, "ok"), OK);
	stage_message(&st);
	ck_assert_int_eq(desk_totals(&st.desk, &before), OK);
	stage_advance(&st, st.o.keep);
	do {
		usleep(20000); /* the spool looks once a second */
		stage_list(&st, &l);
		size_t count = l.count;
		region_destroy(&l.region);
		if (count == 1)
			break;
	} while (true);
	ck_assert_int_eq(desk_totals(&st.desk, &after), OK);
	ck_assert_uint_eq(after.accepted, before.accepted);
	ck_assert_mem_eq(after.states, before.states, sizeof after.states);
	ck_assert_uint_eq(stage_message(&st), 72);
	ck_assert_int_eq(desk_report(&st.desk, 5, 0, SPOOL_DELIVERED, 0, "ok"), E_NOTFOUND);
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/reopen");
	SUITE_CASE(s, "owner", one_owner, folders_are_private);
	TCase *version = tcase_create("version");
	tcase_add_loop_test(version, newer_is_left_alone, 0, 2);
	tcase_add_test(version, not_a_database);
	suite_add_tcase(s, version);
	TCase *files = tcase_create("files");
	tcase_add_test(files, files_without_rows_go);
	tcase_add_loop_test(files, rows_without_files_are_set_aside, 0, 3);
	suite_add_tcase(s, files);
	SUITE_CASE(s, "hold", held_at_start);
	STAGE_CASE(s, "history", history_ends);
	return s;
}
SUITE_MAIN(suite)
