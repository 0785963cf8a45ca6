/* spawn: exit statuses, words, what cannot be started, the time limit with children, stop. */
#include "base/spawn.h"

#include "support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct err err;

static enum result run(struct spawn *s, const char *script, int64_t limit)
{
	static const char *argv[4];
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	s->argv = argv;
	s->limit = limit;
	return spawn_run(s, clock_system(), &err);
}

START_TEST(ends_by_itself)
{
	struct spawn s = {.stop = NULL};
	ck_assert_int_eq(run(&s, "true", 60000), OK);
	ck_assert_int_eq(s.status, 0);
	ck_assert_str_eq(s.words, "");
	ck_assert_int_eq(run(&s, "echo one; echo two >&2; cat; exit 7", 60000), OK);
	ck_assert_int_eq(s.status, 7);
	ck_assert_str_eq(s.words, "one two");
	ck_assert_int_eq(run(&s, "kill -TERM $$", 60000), OK);
	ck_assert_int_eq(s.status, 128 + SIGTERM);
	ck_assert_int_eq(run(&s, "yes | head -c 5000", 60000), OK);
	ck_assert_uint_eq(strlen(s.words), sizeof s.words - 1);
}
END_TEST

START_TEST(how_it_ended)
{
	static const struct {
		const char *script, *words;
	} rows[] = {{"exit 7", "sh ended with 7 and said nothing"},
		    {"echo 052 no drive; exit 201", "sh ended with 201: 052 no drive"},
		    {"kill -SEGV $$", "sh was ended by signal 11 (Segmentation fault)"},
		    {"echo so far; kill -9 $$", "sh was ended by signal 9 (Killed): so far"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spawn s = {.stop = NULL};
		ck_assert_int_eq(run(&s, rows[i].script, 60000), OK);
		ck_assert_int_eq(spawn_failed(&s, E_STATE, &err), E_STATE);
		ck_assert_str_eq(err.text, rows[i].words);
	}
}
END_TEST

/* It waits until what it said takes no memory any more. */
START_TEST(says_much)
{
	struct spawn s = {.stop = NULL};
	ck_assert_int_eq(
		run(&s,
		    "echo first; head -c 64000000 /dev/zero; "
		    "while test $(stat -Lc %b /proc/self/fd/2) -gt 2100; do sleep 0.02; done",
		    60000),
		OK);
	ck_assert_int_eq(s.status, 0);
	ck_assert(strncmp(s.words, "first", 5) == 0);
}
END_TEST

/* What it says on standard output apart from the rest, whole or not at all. */
START_TEST(said_apart)
{
	struct buf said;
	buf_init(&said, 5);
	struct spawn s = {.said = &said};
	ck_assert_int_eq(run(&s, "printf 'a\\n b'; echo words >&2", 60000), OK);
	ck_assert_str_eq(buf_string(&said), "a\n b");
	ck_assert_str_eq(s.words, "words");
	buf_clear(&said);
	ck_assert_int_eq(run(&s, "printf 12345", 60000), OK);
	ck_assert_str_eq(buf_string(&said), "12345");
	buf_clear(&said);
	ck_assert_int_eq(run(&s, "printf 123456", 60000), E_LIMIT);
	ck_assert_uint_eq(said.len, 0);
	ck_assert_int_eq(run(&s, "exit 2", 60000), OK);
	ck_assert_uint_eq(said.len, 0);
	buf_free(&said);
}
END_TEST

/* The program gets signals that this process blocks and ignores. */
START_TEST(signals_are_its_own)
{
	struct spawn s = {.stop = NULL};
	sigset_t term;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signal(SIGTERM, SIG_IGN);
	ck_assert_int_eq(run(&s, "kill -TERM $$; exit 3", 60000), OK);
	ck_assert_int_eq(s.status, 128 + SIGTERM);
}
END_TEST

START_TEST(cannot_be_started)
{
	static const char *const none[] = {"/nonexistent/program", NULL};
	static const char *const folder[] = {"/", NULL};
	struct spawn s = {.argv = none, .limit = 60000};
	ck_assert_int_eq(spawn_run(&s, clock_system(), &err), E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/program cannot be started: "));
	s.argv = folder;
	ck_assert_int_eq(spawn_run(&s, clock_system(), &err), E_DENIED);
}
END_TEST

/* It and its child are gone: the pipe they held is closed. */
START_TEST(time_is_over)
{
	char script[200], byte;
	int ends[2];
	struct spawn s = {.stop = NULL};
	ck_assert_int_eq(pipe(ends), 0);
	snprintf(script, sizeof script, "sleep 1000 >&%d & sleep 1000", ends[1]);
	ck_assert_int_eq(run(&s, script, 200), E_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(err.text, "did not end within its time limit and was killed"));
	ck_assert_int_eq(s.status, 128 + SIGKILL);
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}
END_TEST

START_TEST(stopped)
{
	atomic_bool stop = true;
	struct spawn s = {.stop = &stop};
	ck_assert_int_eq(run(&s, "sleep 1000", 600000), E_CANCELLED);
}
END_TEST

/* Puts a copy of fd at number `at`, whoever has that (Check does); returns what gives it back. */
static int lay(int fd, int at)
{
	int kept = fcntl(at, F_DUPFD_CLOEXEC, 100);
	dup2(fd, at); /* no word to Check, which writes into one of them */
	return kept;
}

static void give_back(int kept, int at)
{
	if (kept < 0) {
		close(at);
		return;
	}
	dup2(kept, at);
	fcntl(at, F_SETFD, FD_CLOEXEC);
	close(kept);
}

/* Descriptors become 3, 4, ... even where they have each other's numbers. */
START_TEST(gives_descriptors)
{
	int ends[2], give[] = {4, 3};
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++)
		ends[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 50);
	ck_assert_int_eq(write(ends[1], "through", 7), 7);
	struct spawn s = {.give = give, .give_count = 2};
	int three = lay(ends[1], 3), four = lay(ends[0], 4);
	enum result r =
		run(&s, "head -c 7 <&3; echo back >&4; test -e /proc/self/fd/5 || echo .", 60000);
	give_back(three, 3);
	give_back(four, 4);
	ck_assert_int_eq(r, OK);
	ck_assert_str_eq(s.words, "through.");
	char back[5];
	ck_assert_int_eq(read(ends[0], back, 5), 5);
	ck_assert_int_eq(memcmp(back, "back\n", 5), 0);
}
END_TEST

START_TEST(commands_in_words)
{
	struct spawn_command c;
	char most[2 * SPAWN_WORDS + 1], longest[1025];
	struct err e;
	ck_assert_int_eq(spawn_split(&c, " /bin/echo \ta  'b c' ", &e), OK);
	ck_assert_uint_eq(c.count, 4);
	ck_assert_str_eq(c.argv[0], "/bin/echo");
	ck_assert_str_eq(c.argv[2], "'b"); /* no shell */
	ck_assert_int_eq(spawn_append(&c, "x", &e), OK);
	ck_assert_str_eq(c.argv[4], "x");
	ck_assert_ptr_null(c.argv[5]);
	ck_assert_int_eq(spawn_split(&c, " ", &e), E_CONFIG);
	for (size_t i = 0; i < sizeof most - 1; i++)
		most[i] = i % 2 ? ' ' : 'w';
	most[sizeof most - 1] = '\0';
	ck_assert_int_eq(spawn_split(&c, most, &e), OK);
	ck_assert_uint_eq(c.count, SPAWN_WORDS);
	for (size_t i = 0; i < SPAWN_MORE; i++)
		ck_assert_int_eq(spawn_append(&c, "x", &e), OK);
	ck_assert_int_eq(spawn_append(&c, "x", &e), E_LIMIT);
	ck_assert_int_eq(
		spawn_split(&c,
			    "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 "
			    "6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5",
			    &e),
		E_LIMIT);
	memset(longest, 'w', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(spawn_split(&c, longest, &e), E_LIMIT);
}
END_TEST

START_TEST(looked_for)
{
	static const struct {
		const char *command;
		enum result is;
	} rows[] = {{"sh -c x", OK},
		    {"/bin/sh", OK},
		    {"no-such-program x", E_NOTFOUND},
		    {"/nonexistent/program", E_NOTFOUND},
		    {"/dev/null", E_DENIED},
		    {" ", E_CONFIG}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_int_eq(spawn_look(rows[i].command, &err), rows[i].is);
	setenv("PATH", "", 1);
	ck_assert_int_eq(spawn_look("sh", &err), E_NOTFOUND);
	ck_assert_str_eq(err.text, "sh cannot be started: No such file or directory");
}
END_TEST

START_TEST(has_limits)
{
	struct spawn s = {.file_size = 4096, .cpu = 7, .memory = (uint64_t)1 << 30};
	const char *wait = "while [ \"$(ulimit -t)\" != 7 ]; do sleep 0.01; done; ulimit -v";
	ck_assert_int_eq(run(&s, wait, 60000), OK);
	ck_assert_str_eq(s.words, SPAWN_SANITIZED ? "unlimited" : "1048576");
	int fd = memfd_create("test", 0);
	s.give = &fd;
	s.give_count = 1;
	wait = "while [ \"$(ulimit -t)\" != 7 ]; do sleep 0.01; done; exec head -c 5000 /dev/zero "
	       ">&3";
	ck_assert_int_eq(run(&s, wait, 60000), OK);
	ck_assert_int_eq(s.status, 128 + SIGXFSZ);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 4096);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/spawn");
	SUITE_CASE(s, "spawn", ends_by_itself, how_it_ended, says_much, said_apart,
		   signals_are_its_own, cannot_be_started, time_is_over, stopped, gives_descriptors,
		   commands_in_words, looked_for, has_limits);
	return s;
}
SUITE_MAIN(suite)
