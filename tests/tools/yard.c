/* A postoffice to play with: see yard.h. Owns the scratch folder and what was told last. */
#include "tools/yard.h"

#include "base/clock.h"
#include "support/frail.h"
#include "support/suite.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *told;

const char *yard_open(void)
{
	struct err err;
	ck_assert_int_eq(maildir_make(file_system(), suite_scratch(), "ann", &err), OK);
	ck_assert_int_eq(maildir_make(file_system(), suite_scratch(), "bob", &err), OK);
	return suite_scratch();
}

void yard_close(void)
{
	free(told);
	told = NULL;
	suite_scratch_remove();
}

const char *yard_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 4];
	int n = snprintf(path, PATH_MAX, "%s/%s", suite_scratch(), name);
	ck_assert_int_lt(n, PATH_MAX);
	return path;
}

void yard_write(const char *name, const char *bytes, size_t n)
{
	FILE *f = fopen(yard_path(name), "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

char *yard_read(const char *name)
{
	char *bytes;
	size_t n;
	return file_read(yard_path(name), 1 << 24, &bytes, &n, NULL) == OK ? bytes : NULL;
}

static unsigned search(const char *folder, const char *words)
{
	unsigned found = 0;
	char name[PATH_MAX];
	DIR *dir = opendir(yard_path(folder));
	for (struct dirent *d; dir && (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", folder, d->d_name);
		char *bytes = words ? yard_read(name) : NULL;
		found += !words || (bytes && strstr(bytes, words));
		free(bytes);
	}
	if (dir)
		closedir(dir);
	return found;
}

unsigned yard_count(const char *folder)
{
	return search(folder, NULL);
}

unsigned yard_containing(const char *folder, const char *words)
{
	return search(folder, words);
}

static int run(int (*program)(const struct ffapi_options *, const struct file_ops *,
			      const struct clock *, struct story *),
	       const struct file_ops *files, const char *file, const struct ffapi_options *more)
{
	struct ffapi_options o = more ? *more : (struct ffapi_options){.ending = -1};
	struct story story;
	struct err err;
	size_t n;
	free(told);
	FILE *to = open_memstream(&told, &n);
	o.postoffice = suite_scratch();
	o.file = file ? yard_path(file) : NULL;
	ck_assert_int_eq(story_begin(&story, "test", to, o.log, &err), OK);
	int status = program(&o, files, clock_system(), &story);
	story_end(&story);
	fclose(to);
	return status;
}

int yard_put(const struct file_ops *files, const char *file, const struct ffapi_options *more)
{
	return run(put_run, files, file, more);
}

int yard_get(const struct file_ops *files, const char *file, const struct ffapi_options *more)
{
	return run(get_run, files, file, more);
}

const char *yard_told(void)
{
	return told;
}

bool yard_struck(unsigned n)
{
	unsigned calls = 0;
	for (const char *p = frail_calls(); *p; p++)
		calls += *p != ' ' && (p[1] == ' ' || !p[1]);
	return calls >= n;
}
