/* nvl: which helper is run, what is said of one that is not fit, and that it ends with us. */
#include "plugins/nvl_rig.h"
#include "support/children.h"
#include "support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN "install smtpgate again: the helper comes with it"

static char fake[120];

static void write_fake(const char *script, mode_t mode)
{
	chmod(suite_scratch(), 0755);
	snprintf(fake, sizeof fake, "%.100s/nvl-helper", suite_scratch());
	FILE *f = fopen(fake, "w");
	ck_assert_ptr_nonnull(f);
	fputs(script, f);
	fclose(f);
	ck_assert_int_eq(chmod(fake, mode), 0);
	setenv("SMTPGATE_NVL_HELPER", fake, 1);
}

/* detect and prepare say the same, and leave no process. */
static void says(enum sgt_state state, const char *cause, const char *remedy)
{
	struct nvl_case c;
	nvl_make(&c, nvl_loopback);
	nvl_look(&c);
	ck_assert_str_eq(c.report.cause, cause);
	ck_assert_str_eq(c.report.remedy, remedy);
	ck_assert_int_eq(c.report.state, state);
	ck_assert_str_eq(c.report.detail, "loopback");
	enum sgt_result r = c.rig.module->prepare(c.rig.stack, &c.error);
	ck_assert_int_eq(r, state == SGT_FORBIDDEN ? SGT_DENIED : SGT_SOCKET);
	ck_assert_int_eq(c.error.number, 123);
	ck_assert_str_eq(c.error.text, cause);
	nvl_end(&c);
	ck_assert_int_eq(child_of(getpid(), NULL), 0);
}

START_TEST(missing)
{
	setenv("SMTPGATE_NVL_HELPER", "/nowhere/nvl-helper", 1);
	says(SGT_ABSENT, "the helper /nowhere/nvl-helper is missing: No such file or directory",
	     AGAIN);
}
END_TEST

START_TEST(relative)
{
	setenv("SMTPGATE_NVL_HELPER", "nvl-helper", 1);
	says(SGT_FORBIDDEN, "SMTPGATE_NVL_HELPER = nvl-helper: not an absolute path",
	     "unset SMTPGATE_NVL_HELPER");
}
END_TEST

START_TEST(others_could_change_it)
{
	char cause[SGT_TEXT_MAX];
	write_fake("#!/bin/sh\n", 0777);
	snprintf(cause, sizeof cause, "the helper is not run: others could change %s", fake);
	says(SGT_FORBIDDEN, cause, AGAIN);
	ck_assert_int_eq(chmod(fake, 0755), 0);
	ck_assert_int_eq(chmod(suite_scratch(), 0777), 0);
	snprintf(cause, sizeof cause,
		 "the helper is not run: others could change %s, a folder above it",
		 suite_scratch());
	says(SGT_FORBIDDEN, cause, "");
}
END_TEST

START_TEST(no_program)
{
	char cause[SGT_TEXT_MAX];
	write_fake("#!/bin/sh\n", 0644);
	snprintf(cause, sizeof cause, "the helper %s is no program that this user may run", fake);
	says(SGT_FORBIDDEN, cause, AGAIN);
	write_fake("no script", 0755);
	snprintf(cause, sizeof cause, "the helper %s cannot be run: Exec format error", fake);
	says(SGT_NOT_RUNNING, cause, "");
}
END_TEST

START_TEST(another_program)
{
	char cause[SGT_TEXT_MAX];
	write_fake("#!/bin/sh\nexit 0\n", 0755);
	snprintf(cause, sizeof cause, "%s ends without a hello: it is not the helper of nvl", fake);
	says(SGT_NOT_RUNNING, cause, AGAIN);
}
END_TEST

/* A hello of the right form, of another version. */
START_TEST(another_version)
{
	char cause[SGT_TEXT_MAX];
	write_fake("#!/usr/bin/python3\n"
		   "import socket, struct\n"
		   "s = socket.socket(fileno=3)\n"
		   "s.send(struct.pack('=II32s', 0x4e564c31, 1, b'0.0.7'))\n"
		   "s.recv(4096)\n",
		   0755);
	snprintf(cause, sizeof cause,
		 "the helper %s is of version 0.0.7, this module of " PACKAGE_VERSION, fake);
	says(SGT_NOT_RUNNING, cause, AGAIN);
}
END_TEST

/* It dies after a good hello. */
START_TEST(dies_while_building)
{
	write_fake("#!/usr/bin/python3\n"
		   "import socket, struct\n"
		   "s = socket.socket(fileno=3)\n"
		   "s.send(struct.pack('=II32s', 0x4e564c31, 1, b'" PACKAGE_VERSION "'))\n"
		   "s.recv(4096)\n",
		   0755);
	says(SGT_NOT_RUNNING, "the helper died while it built the private network (within 10 s)",
	     "");
}
END_TEST

/* ---- its end ---- */

static pid_t helper, worker;

/* A process that has a stack, and tells its helper and worker. */
static pid_t owner(void)
{
	int ends[2];
	pid_t pids[2];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct nvl_case c;
		nvl_make_started(&c);
		pids[0] = child_of(getpid(), NULL);
		pids[1] = nvl_worker_of_us();
		ssize_t n = write(ends[1], pids, sizeof pids);
		(void)n;
		pause();
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], pids, sizeof pids), sizeof pids);
	close(ends[0]);
	helper = pids[0];
	worker = pids[1];
	return child;
}

START_TEST(ends_with_its_parent)
{
	pid_t child = owner();
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	child_await_end(helper);
	child_await_end(worker);
}
END_TEST

/* Ctrl-C and the end of a service are signalled to all processes; the helper leaves it to the gateway. */
START_TEST(outlives_signals)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct nvl_case c;
	nvl_make_started(&c);
	helper = child_of(getpid(), NULL);
	worker = nvl_worker_of_us();
	ck_assert_int_eq(getsid(helper), helper);
	for (int i = 0; i < 3; i++) {
		kill(helper, signals[i]);
		kill(worker, signals[i]);
	}
	rig_stop(&c.rig);
	ck_assert(rig_start(&c.rig));
	ck_assert_ptr_nonnull(door_open(&c.rig, "127.0.0.1:0", 0));
	ck_assert_int_eq(nvl_worker_of_us(), worker);
	nvl_end(&c);
	ck_assert_int_eq(child_of(getpid(), NULL), 0);
	child_await_end(worker);
}
END_TEST

START_TEST(by_hand)
{
	const char *path = getenv("SMTPGATE_NVL_HELPER");
	char command[512], line[128] = "";
	ck_assert_ptr_nonnull(path);
	snprintf(command, sizeof command, "%s 2>&1", path);
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
	ck_assert_str_eq(line, "nvl-helper is started by smtpgate, for [vendor nvl]\n");
	ck_assert_int_eq(WEXITSTATUS(pclose(f)), 64);
	snprintf(command, sizeof command, "%s --version", path);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
	ck_assert_ptr_eq(strstr(line, "nvl-helper " PACKAGE_VERSION), line);
	ck_assert_int_eq(pclose(f), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/nvl_helper");
	SUITE_CASE(s, "unfit", missing, relative, others_could_change_it, no_program,
		   another_program, another_version, dies_while_building);
	SUITE_CASE(s, "end", ends_with_its_parent, outlives_signals, by_hand);
	return s;
}

int main(void)
{
	int status = suite_run(suite());
	suite_scratch_remove();
	return status;
}
