/*
 * SPOOL/maildrop: see spool.h. A file is lines of envelope, an empty line, and the content as it is:
 *
 *	smtpgate maildrop 1
 *	from user@domain        (nothing behind the blank: the null reverse-path)
 *	to user@domain          once for each recipient
 *	asks-of NOTIFY=NEVER    what is asked for the recipient before (mail/asks.h); and asks, for the message
 *	listener send           and protocol, client, helo, arrived (ms), priority, eight_bit, size (bytes of content)
 *
 * Its name begins with the time and the process's count, so names sort by age. Written by maildrop_write.c, read by maildrop_read.c; this
 * file knows names. Owns nothing between calls. Fails as the disk does.
 */
#include "spool/maildrop.h"

#include "base/buf.h"
#include "base/text.h"
#include "spool/message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool spool_maildrop_named(const char *session)
{
	return text_starts(session, MAILDROP_PREFIX);
}

enum result maildrop_path(char out[PATH_MAX], const char *path, const char *name,
			  const char *suffix, struct err *err)
{
	if (strchr(name, '/') || !spool_maildrop_named(name))
		return err_set(err, E_SYNTAX, "%s is no name of a maildrop file", name);
	if ((size_t)snprintf(out, PATH_MAX, "%s/maildrop/%s%s", path, name, suffix) >= PATH_MAX)
		return err_set(err, E_LIMIT, "%s/maildrop: the name is too long", path);
	return OK;
}

/* ---- listing ---- */

static bool complete(const char *name)
{
	return spool_maildrop_named(name) && !strchr(name, '.'); /* .PID.tmp, .bad, .bad.txt */
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static enum result names_push(char ***names, size_t *count, const char *name)
{
	if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
		char **more = realloc(*names, (*count ? *count * 2 : 1) * sizeof *more);
		if (!more)
			return E_NOMEM;
		*names = more;
	}
	(*names)[*count] = strdup(name);
	if (!(*names)[*count])
		return E_NOMEM;
	++*count;
	return OK;
}

enum result spool_maildrop_list(const char *path, char ***names, size_t *count, struct err *err)
{
	char folder[PATH_MAX];
	*names = NULL;
	*count = 0;
	if ((size_t)snprintf(folder, sizeof folder, "%s/maildrop", path) >= sizeof folder)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	DIR *dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? OK : err_errno(err, errno, "%s cannot be listed", folder);
	enum result r = OK;
	for (struct dirent *d; r == OK && (d = readdir(dir));)
		if (complete(d->d_name))
			r = names_push(names, count, d->d_name);
	closedir(dir);
	if (r == OK && *count)
		qsort(*names, *count, sizeof **names, by_name);
	if (r == OK)
		return OK;
	while (*count)
		free((*names)[--*count]);
	free(*names);
	*names = NULL;
	return err_set(err, r, "no memory to list %s", folder);
}

void spool_maildrop_tidy(const char *path, int64_t before)
{
	char folder[PATH_MAX];
	struct stat st;
	if ((size_t)snprintf(folder, sizeof folder, "%s/maildrop", path) >= sizeof folder)
		return;
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (struct dirent *d; (d = readdir(dir));)
		if (spool_maildrop_named(d->d_name) && text_ends(d->d_name, ".tmp") &&
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (int64_t)st.st_mtim.tv_sec * 1000 < before)
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
}

/* ---- afterwards ---- */

enum result spool_maildrop_taken(const char *path, const char *name, struct err *err)
{
	char whole[PATH_MAX];
	enum result r = maildrop_path(whole, path, name, "", err);
	if (r != OK || unlink(whole) == 0 || errno == ENOENT)
		return r;
	return err_errno(err, errno, "%s cannot be removed", whole);
}

enum result spool_maildrop_bad(const char *path, const char *name, const char *reason,
			       struct err *err)
{
	char whole[PATH_MAX], bad[PATH_MAX], note[PATH_MAX];
	enum result r = maildrop_path(whole, path, name, "", err);
	if (r == OK)
		r = maildrop_path(bad, path, name, ".bad", err);
	if (r == OK)
		r = maildrop_path(note, path, name, ".bad.txt", err);
	if (r == OK && rename(whole, bad) != 0)
		r = err_errno(err, errno, "%s cannot be set aside", whole);
	struct buf b;
	buf_init(&b, 0);
	if (r == OK && (r = buf_printf(&b, "%s\n", reason)) != OK)
		err_set(err, r, "no memory for a note");
	if (r == OK)
		r = file_replace(file_system(), note, buf_head(&b), b.len, 0600, err);
	buf_free(&b);
	return r;
}
