/*
 * Every crash that the disk allows while files are taken out of a pickup folder: all calls are recorded as in test_replay; for each
 * state that a crash may leave, the folder is looked at again, as the next start of the gateway does, and then each file is in
 * the maildrop exactly once, with all its bytes, and nowhere else.
 *
 * Planted faults (a sync that is left out) have to be found.
 */
#include "deliver/pickup_yard.h"
#include "spool/dropped.h"
#include "support/suite.h"
#include "torture/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES 3
#define LARGE 70000u
#define CHANCES 4

static struct {
	unsigned states, faults;
	char first[300];
} found;

static const char *const names[FILES] = {"a.eml", "b.eml", "c.eml"};

static void fault(size_t upto, const char *name, const char *what)
{
	if (!found.faults++)
		snprintf(found.first, sizeof found.first, "call %zu: %.60s %.200s", upto, name,
			 what);
}

/* Of file i: its own from its first line to its last. */
static char *content_of(size_t i)
{
	static char text[LARGE + 400];
	size_t n = (size_t)snprintf(
		text, sizeof text, "From: a@x.example\nTo: b@y.example\nSubject: %s\n\n", names[i]);
	for (size_t end = i == 1 ? LARGE : 300; n < end; n += 16)
		memcpy(text + n, "0123456789abcde\n", 16);
	snprintf(text + n, sizeof text - n, "end of %s\n", names[i]);
	return text;
}

/* The folder is looked at until nothing more is ready; it and the maildrop are below root. */
static void take(const char *root, const struct file_ops *files)
{
	static char folder[300], archive[320], spool[300];
	snprintf(folder, sizeof folder, "%s/in", root);
	snprintf(archive, sizeof archive, "%s/archive", root);
	snprintf(spool, sizeof spool, "%s", root);
	yard.conf.path = folder;
	yard.conf.archive = archive;
	yard.pickup.spool = spool;
	yard.pickup.files = files;
	pickup_list_free(&yard.list);
	memset(&yard.list, 0, sizeof yard.list);
	*yard.told = '\0';
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
}

static void make(const char *root, const char *name)
{
	char path[300];
	snprintf(path, sizeof path, "%s/%s", root, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* Counts the message for the file that it is made of. */
static void look_at(const char *root, const char *id, size_t upto, unsigned *times)
{
	struct region *region = region_new(0);
	struct mail_envelope e;
	struct err err;
	char *data, end[40];
	size_t n;
	bool known = false;
	if (dropped_read(root, id, 1 << 20, region, &e, &data, &n, &err) != OK)
		fault(upto, id, err.text);
	for (size_t i = 0; data && i < FILES; i++) {
		snprintf(end, sizeof end, "end of %s", names[i]);
		bool is = strstr(data, end) && n >= strlen(content_of(i));
		times[i] += is;
		known = known || is;
	}
	if (!known)
		fault(upto, id, "is not whole");
	free(data);
	region_destroy(&region);
}

static void look(const char *root, size_t upto)
{
	char **ids;
	size_t count;
	unsigned times[FILES] = {0};
	struct err err;
	found.states++;
	take(root, file_system());
	if (yard.list.count)
		fault(upto, yard.list.files[0].name, "stays in the folder");
	ck_assert_int_eq(spool_maildrop_list(root, &ids, &count, &err), OK);
	for (size_t i = 0; i < count; i++) {
		look_at(root, ids[i], upto, times);
		free(ids[i]);
	}
	free(ids);
	for (size_t i = 0; i < FILES; i++)
		if (times[i] != 1)
			fault(upto, names[i], times[i] ? "is there more than once" : "is lost");
}

/* As a gateway did that was killed right behind it. */
static void claim(const char *root, const char *name)
{
	char from[300], to[300], id[SPOOL_MAILDROP_NAME];
	spool_maildrop_name(id);
	snprintf(from, sizeof from, "%s/in/%s", root, name);
	snprintf(to, sizeof to, "%s/in/.%s.%s", root, id, name);
	ck_assert_int_eq(record_files()->renameat(AT_FDCWD, from, AT_FDCWD, to), 0);
}

static void replay(enum record_plant plant, enum conf_after after, size_t claimed)
{
	char live[120], crash[120];
	size_t count;
	memset(&found, 0, sizeof found);
	yard_open();
	yard.conf.after = after;
	snprintf(live, sizeof live, "%s/live", suite_scratch());
	snprintf(crash, sizeof crash, "%s/crash", suite_scratch());
	ck_assert_int_eq(mkdir(live, 0700), 0);
	make(live, "maildrop");
	make(live, "archive");
	make(live, "in");
	for (size_t i = 0; i < FILES; i++) {
		snprintf(yard.folder, sizeof yard.folder, "%s/in", live);
		yard_puts(names[i], content_of(i));
	}
	record_begin(live, plant);
	struct disk *base = disk_load(live);
	for (size_t i = 0; i < claimed; i++)
		claim(live, names[i]);
	take(live, record_files());
	record_end();
	records(&count);
	for (size_t upto = 1; upto <= count; upto++)
		for (unsigned state = DISK_ALL; state < DISK_CHANCE + CHANCES; state++) {
			disk_crash(base, upto, state, crash);
			look(crash, upto);
		}
	printf("%zu calls recorded, %u states, %u faults%s%s\n", count, found.states, found.faults,
	       found.faults ? ": " : "", found.first);
	ck_assert_uint_gt(count, 20);
	disk_free(&base);
	record_free();
	yard_close();
}

START_TEST(each_is_taken_once)
{
	replay(PLANT_NONE, _i % 2 ? CONF_AFTER_ARCHIVE : CONF_AFTER_DELETE, _i < 2 ? 0 : FILES);
	ck_assert_msg(!found.faults, "%u faults: %s", found.faults, found.first);
}
END_TEST

START_TEST(a_sync_left_out_is_found)
{
	static const enum record_plant plants[] = {PLANT_CONTENT, PLANT_MAILDROP, PLANT_PICKUP};
	replay(plants[_i], CONF_AFTER_DELETE, 0);
	ck_assert_uint_gt(found.faults, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("torture/replay_pickup");
	TCase *t = tcase_create("crash");
	tcase_add_loop_test(t, each_is_taken_once, 0, 4);
	tcase_add_loop_test(t, a_sync_left_out_is_found, 0, 3);
	tcase_set_timeout(t, 300);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
