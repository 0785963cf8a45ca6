/* loader, scan and module_file: every refusal has its own result and sentence, each made with a real file. */
#include "transport/loader.h"
#include "mem.h"
#include "base/file.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char first[512], second[512];
static const char *dirs[3];

static void setup(void)
{
	umask(022);
	snprintf(first, sizeof first, "%s/first", suite_scratch());
	snprintf(second, sizeof second, "%s/second", suite_scratch());
	ck_assert_int_eq(mkdir(first, 0755), 0);
	ck_assert_int_eq(mkdir(second, 0755), 0);
	dirs[0] = first;
	dirs[1] = second;
}

/* Reads a built module, lets the test change it, writes it as DIR/CODE.so. */
static void install(const char *built, const char *dir, const char *code, const char *old,
		    const char *new, size_t keep)
{
	char path[1024], *bytes;
	size_t n;
	struct err err;
	snprintf(path, sizeof path, "%s/%s", TEST_BUILDDIR, built);
	ck_assert_msg(file_read(path, 64 << 20, &bytes, &n, &err) == OK, "%s", err.text);
	for (size_t i = 0, len = old ? strlen(old) : 0; old && i + len <= n; i++)
		if (memcmp(bytes + i, old, len) == 0)
			memcpy(bytes + i, new, len);
	if (keep && keep < n)
		n = keep;
	snprintf(path, sizeof path, "%s/%s.so", dir, code);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
	free(bytes);
}

#define MEM "plugins/mem/.libs/mem.so"
#define BROKEN(code) "tests/transport/broken/.libs/" code ".so"

static const struct sgt_module *load(const char *code, enum load_result want, const char *words)
{
	const struct sgt_module *m = NULL;
	struct err err = {0};
	enum load_result r = transport_load(dirs, code, &m, &err);
	ck_assert_msg(r == want, "%s: %s (%s)", code, load_word(r), err.text);
	ck_assert_msg((m != NULL) == (r == LOAD_OK), "%s", code);
	if (words)
		ck_assert_msg(strstr(err.text, words) != NULL, "%s: %s", code, err.text);
	if (r != LOAD_OK && r != LOAD_BAD_NAME)
		ck_assert_msg(err.remedy[0] != '\0', "%s: no remedy for: %s", code, err.text);
	return m;
}

START_TEST(good)
{
	install(MEM, second, "mem", NULL, NULL, 0);
	const struct sgt_module *m = load("mem", LOAD_OK, NULL);
	ck_assert_str_eq(m->code, "mem");
	ck_assert_ptr_ne(m, &SGT_MODULE(mem));
	ck_assert_ptr_eq(load("mem", LOAD_OK, NULL), m);
}
END_TEST

START_TEST(not_found)
{
	load("ftp", LOAD_NOT_FOUND, "no ftp.so in ");
	load("ftp", LOAD_NOT_FOUND, second);
	struct err err;
	const struct sgt_module *m;
	ck_assert_int_eq(transport_load(NULL, "ftp", &m, &err), LOAD_NOT_FOUND);
	dirs[0] = "relative";
	ck_assert_int_eq(transport_load(dirs, "ftp", &m, NULL), LOAD_NOT_FOUND);
}
END_TEST

START_TEST(bad_names)
{
	static const char *const names[] = {
		"",     "../mem", "mem.so", "Mem",
		"1mem", "a b",    "a-b",    "abcdefghijklmnopqrstuvwxyz0123456"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		load(names[i], LOAD_BAD_NAME, names[i]);
}
END_TEST

START_TEST(described_wrongly)
{
	static const struct {
		const char *code;
		enum load_result result;
		const char *words;
	} rows[] = {
		{"bad_abi", LOAD_ABI, "is of transport ABI 2, this smtpgate takes 1"},
		{"bad_size", LOAD_SIZE, "describes itself in 64 bytes"},
		{"bad_code", LOAD_CODE, "says that it is \"other\", not \"bad_code\""},
		{"bad_export", LOAD_EXPORT, "exports no bad_export_LTX_smtpgate_transport"},
		{"bad_symbol", LOAD_SYMBOL, "needs the function nobody_has_this, "},
		{"bad_functions", LOAD_INCOMPLETE, "bad_functions lacks create"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char built[128];
		snprintf(built, sizeof built, BROKEN("%s"), rows[i].code);
		install(built, first, rows[i].code, NULL, NULL, 0);
		load(rows[i].code, rows[i].result, rows[i].words);
		load(rows[i].code, rows[i].result, first);
	}
}
END_TEST

START_TEST(renamed)
{
	install(MEM, first, "ftp", NULL, NULL, 0);
	load("ftp", LOAD_EXPORT, "exports no ftp_LTX_");
}
END_TEST

START_TEST(missing_library)
{
	install(MEM, first, "mem", "libc.so.6", "libq.so.6", 0);
	load("mem", LOAD_LIBRARY, "needs the library libq.so.6, which is missing");
}
END_TEST

static void write_file(const char *code, const char *bytes, size_t n)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s.so", first, code);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

START_TEST(garbage)
{
	char path[1024];
	write_file("empty", "", 0);
	write_file("text", "#!/bin/sh\nexit 0\n# some words to fill it up\n", 44);
	install(MEM, first, "cut", NULL, NULL, 4000);
	install(MEM, first, "head", NULL, NULL, 30);
	install(MEM, first, "small", "\177ELF\2", "\177ELF\1", 0);
	snprintf(path, sizeof path, "%s/folder.so", first);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	load("empty", LOAD_GARBAGE, "is not a shared object");
	load("text", LOAD_GARBAGE, "is not a shared object");
	load("cut", LOAD_GARBAGE, "cut short");
	load("head", LOAD_GARBAGE, "cut short");
	load("small", LOAD_GARBAGE, "another word size");
	load("folder", LOAD_GARBAGE, "not a regular file");
}
END_TEST

START_TEST(writable_by_others)
{
	char path[1024];
	install(MEM, first, "mem", NULL, NULL, 0);
	snprintf(path, sizeof path, "%s/mem.so", first);
	chmod(path, 0757);
	load("mem", LOAD_OWNER, "mem.so is writable by others (mode 0757)");
	chmod(path, 0755);
	chmod(first, 0777);
	load("mem", LOAD_OWNER, "/first is writable by others");
	chmod(first, 01777); /* sticky is no excuse for the folder itself */
	load("mem", LOAD_OWNER, "/first is writable by others");
	chmod(first, 0755);
	load("mem", LOAD_OK, NULL);
	if (getuid() == 0) {
		ck_assert_int_eq(chown(path, 65534, 0), 0);
		load("mem", LOAD_OWNER, "owned by user 65534");
	}
}
END_TEST

START_TEST(link_to_writable_folder)
{
	char open_dir[600], target[700], link_path[700];
	install(MEM, second, "mem", NULL, NULL, 0);
	snprintf(open_dir, sizeof open_dir, "%s/open", suite_scratch());
	ck_assert_int_eq(mkdir(open_dir, 0755), 0);
	snprintf(target, sizeof target, "%s/mem.so", open_dir);
	snprintf(link_path, sizeof link_path, "%s/mem.so", second);
	ck_assert_int_eq(rename(link_path, target), 0);
	ck_assert_int_eq(symlink(target, link_path), 0);
	load("mem", LOAD_OK, NULL);
	chmod(open_dir, 01777);
	load("mem", LOAD_OWNER, "/open is writable by others");
	chmod(open_dir, 0755);
	chmod(second, 01777);
	load("mem", LOAD_OWNER, "/second is writable by others");
}
END_TEST

START_TEST(duplicates)
{
	install(MEM, first, "mem", NULL, NULL, 0);
	install(MEM, second, "mem", NULL, NULL, 0);
	load("mem", LOAD_DUPLICATE, "first/mem.so and ");
	load("mem", LOAD_DUPLICATE, "second/mem.so");
	dirs[1] = first; /* the same file seen twice is one */
	load("mem", LOAD_OK, NULL);
	transport_preload("mem", &SGT_MODULE(mem));
	load("mem", LOAD_DUPLICATE, "one built in and ");
}
END_TEST

START_TEST(linked_in)
{
	static struct sgt_module other;
	transport_preload("mem", &SGT_MODULE(mem));
	transport_preload("mem", &other); /* the first stays */
	ck_assert_ptr_eq(load("mem", LOAD_OK, NULL), &SGT_MODULE(mem));
	transport_preload("other", &other);
	load("other", LOAD_ABI, "built in: other is of transport ABI 0");
}
END_TEST

/* A bare name must not be looked up along the library path. */
START_TEST(library_path_is_ignored)
{
	char from[700], to[700];
	install(MEM, second, "mem", NULL, NULL, 0);
	snprintf(from, sizeof from, "%s/mem.so", second);
	snprintf(to, sizeof to, "%s/mem", second); /* the bare name itself */
	ck_assert_int_eq(rename(from, to), 0);
	setenv("LTDL_LIBRARY_PATH", second, 1);
	setenv("LD_LIBRARY_PATH", second, 1);
	dirs[1] = NULL;
	load("mem", LOAD_NOT_FOUND, NULL);
}
END_TEST

START_TEST(scan)
{
	struct transport_list list;
	install(MEM, second, "mem", NULL, NULL, 0);
	install(BROKEN("bad_abi"), first, "bad_abi", NULL, NULL, 0);
	write_file("UP", "x", 1);
	transport_preload("zz", &SGT_MODULE(mem));
	ck_assert_int_eq(transport_scan(dirs, &list), OK);
	ck_assert_uint_eq(list.count, 4);
	static const struct {
		const char *code, *file;
		enum load_result result;
	} want[] = {{"UP", "first/UP.so", LOAD_BAD_NAME},
		    {"bad_abi", "first/bad_abi.so", LOAD_ABI},
		    {"mem", "second/mem.so", LOAD_OK},
		    {"zz", NULL, LOAD_CODE}};
	for (size_t i = 0; i < 4; i++) {
		struct transport_found *f = &list.found[i];
		ck_assert_str_eq(f->code, want[i].code);
		ck_assert_int_eq(f->result, want[i].result);
		ck_assert(!f->module == (f->result != LOAD_OK));
		if (want[i].file)
			ck_assert_ptr_nonnull(strstr(f->file, want[i].file));
		else
			ck_assert_ptr_null(f->file);
	}
	transport_list_free(&list);
	transport_list_free(&list);
	ck_assert_int_eq(transport_scan((const char *const[]){"/nonexistent", NULL}, &list), OK);
	ck_assert_uint_eq(list.count, 1);
	transport_list_free(&list);
}
END_TEST

START_TEST(words)
{
	ck_assert_str_eq(load_word(LOAD_LIBRARY), "missing-library");
	ck_assert_str_eq(load_sentence(LOAD_OWNER), "others could change the file");
	ck_assert_str_eq(load_word(LOAD_RESULT_COUNT), "unknown");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/loader");
	TCase *tc = tcase_create("loader");
	const TTest *const tests[] = {good,
				      not_found,
				      bad_names,
				      described_wrongly,
				      renamed,
				      missing_library,
				      garbage,
				      writable_by_others,
				      link_to_writable_folder,
				      duplicates,
				      linked_in,
				      library_path_is_ignored,
				      scan,
				      words};
	tcase_add_checked_fixture(tc, setup, suite_scratch_remove);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
