/* Mailboxes as folders: see maildir.h. Owns nothing between calls. */
#include "deliver/maildir.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool maildir_name_ok(const char *name)
{
	size_t n = strlen(name);
	if (!n || n > MAILDIR_NAME_MAX || *name == '.')
		return false;
	for (; *name; name++)
		if (*name == '/' || (unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

static bool is_folder(const char *path, const char *name)
{
	struct stat st;
	char whole[PATH_MAX];
	int len = snprintf(whole, sizeof whole, "%s/%s", path, name);
	return len > 0 && (size_t)len < sizeof whole && stat(whole, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* The first in byte order of the folders whose name differs in case alone. */
static enum result search(const char *path, const char *name, char best[NAME_MAX + 1])
{
	DIR *dir = opendir(path);
	*best = '\0';
	if (!dir)
		return result_of_errno(errno);
	errno = 0;
	for (struct dirent *d; (d = readdir(dir)); errno = 0)
		if (text_same(d->d_name, name) && (!*best || strcmp(d->d_name, best) < 0) &&
		    is_folder(path, d->d_name))
			text_copy(best, NAME_MAX + 1, d->d_name);
	int cause = errno;
	closedir(dir);
	errno = cause;
	return result_of_errno(cause);
}

enum result maildir_find(const char *path, const char *name, char *on_disk, size_t n)
{
	char best[NAME_MAX + 1];
	if (!maildir_name_ok(name))
		return E_NOTFOUND;
	if (is_folder(path, name))
		return text_copy(on_disk, n, name) ? OK : E_LIMIT;
	enum result r = search(path, name, best);
	if (r != OK || !*best)
		return r == OK ? E_NOTFOUND : r;
	return text_copy(on_disk, n, best) ? OK : E_LIMIT;
}

bool maildir_there(const char *path)
{
	bool found = false;
	DIR *dir = opendir(path);
	if (!dir)
		return false;
	for (struct dirent *d; !found && (d = readdir(dir));)
		found = d->d_name[0] != '.' && !text_same(d->d_name, "log") &&
			is_folder(path, d->d_name);
	closedir(dir);
	return found;
}

enum result maildir_make(const struct file_ops *files, const char *path, const char *name,
			 struct err *err)
{
	static const char *const parts[] = {"cur", "new", "tmp"};
	char part[PATH_MAX];
	if (!maildir_name_ok(name))
		return err_set(err, E_SYNTAX, "a mailbox cannot be named \"%s\"", name);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		int len = snprintf(part, sizeof part, "%s/%s/%s", path, name, parts[i]);
		if (len < 0 || (size_t)len >= sizeof part)
			return err_set(err, E_LIMIT, "%s/%s: the name is too long", path, name);
		enum result r = file_make_dirs(files, part, 0700, err);
		if (r != OK)
			return r;
	}
	return OK;
}
