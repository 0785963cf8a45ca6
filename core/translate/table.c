/* Tables of bytes: see table.h. Owns the file during a call. */
#include "translate/table.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_control(unsigned c)
{
	return c < ' ' || c == 0x7f;
}

enum result table_read(const void *bytes, size_t n, struct table *t, bool *odd)
{
	if (n < sizeof t->to || n > TABLE_FILE_MAX)
		return E_SYNTAX;
	*odd = n != TABLE_FILE_SIZE;
	memmove(t->to, (const char *)bytes + n - sizeof t->to, sizeof t->to);
	for (unsigned i = 0; i < sizeof t->to; i++)
		if (is_control(i) || is_control(t->to[i]))
			t->to[i] = (unsigned char)i;
	return OK;
}

/* FOLDER/NAME as the folder spells it, into path, and where `inner` is given, inner in that folder. Several may differ in case. */
static bool find(const char *folder, const char *name, const char *inner, char path[PATH_MAX])
{
	DIR *dir = opendir(folder);
	bool found = false;
	for (struct dirent *d; dir && !found && (d = readdir(dir));) {
		char here[PATH_MAX];
		int n = text_same(d->d_name, name)
				? snprintf(here, sizeof here, "%s/%s", folder, d->d_name)
				: -1;
		found = n > 0 && (size_t)n < sizeof here;
		if (found && inner)
			found = find(here, inner, NULL, path);
		else if (found)
			memcpy(path, here, (size_t)n + 1);
	}
	if (dir)
		closedir(dir);
	return found;
}

static enum result read_path(const char *path, struct table *t, bool *odd, struct err *err)
{
	char *bytes;
	size_t n;
	enum result r = file_read(path, TABLE_FILE_MAX, &bytes, &n, err);
	if (r != OK)
		return r;
	r = table_read(bytes, n, t, odd);
	free(bytes);
	return r == OK ? OK
		       : err_set(err, r,
				 "%s has %zu bytes and is no table: it needs a header and 256 "
				 "bytes",
				 path, n);
}

enum result table_open(const char *folder, const char *name, struct table *t, bool *odd,
		       struct err *err)
{
	char path[PATH_MAX];
	if (!find(folder, "smtp", name, path))
		return err_set(err, E_NOTFOUND, "%s has no smtp/%s", folder, name);
	return read_path(path, t, odd, err);
}

enum result table_open_in(const char *folder, const char *name, struct table *t, bool *odd,
			  struct err *err)
{
	char path[PATH_MAX];
	if (!find(folder, name, NULL, path))
		return err_set(err, E_NOTFOUND, "%s has no %s", folder, name);
	return read_path(path, t, odd, err);
}

void table_apply(const struct table *t, char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)t->to[(unsigned char)bytes[i]];
}
