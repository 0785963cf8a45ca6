/* External texts and attachments: see external.h. Owns descriptors between take and close. */
#include "tools/external.h"

#include "base/text.h"
#include "translate/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 9999999

static void folder_of(const char *file, char *out, size_t n)
{
	const char *slash = strrchr(file, '/');
	snprintf(out, n, "%.*s", slash ? (int)(slash - file) : 1, slash ? file : ".");
	if (!*out)
		text_copy(out, n, "/");
}

static const char *last_name(const char *path)
{
	for (const char *p = path; *p; p++)
		if (*p == '/' || *p == '\\' || *p == ':')
			path = p + 1;
	return path;
}

/* The path of the named file, in whatever case the disk has it. */
static bool find(const char *file, const char *name, char *out, size_t n)
{
	char folder[PATH_MAX];
	folder_of(file, folder, sizeof folder);
	return file_find(folder, name, out, n);
}

static enum result take_one(struct external *e, const char *named, struct content *c,
			    struct err *err)
{
	char path[PATH_MAX];
	struct stat st;
	const char *name = last_name(named);
	if (!*name || text_same(name, ".") || text_same(name, "..") ||
	    !find(e->file, name, path, sizeof path))
		return err_set(err, E_NOTFOUND, "%s is not in the folder of %s", name, e->file);
	int fd =
		e->files->openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int cause = fd < 0 ? errno : EINVAL;
		if (fd >= 0)
			e->files->close(fd);
		err_set(err, E_NOTFOUND, "%s cannot be read: %s", path, strerror(cause));
		return E_NOTFOUND;
	}
	e->fds[e->count] = fd;
	e->paths[e->count] = region_strdup(e->region, path);
	if (!e->paths[e->count++])
		return err_set(err, E_NOMEM, "no memory for the attachments");
	*c = content_file(fd, 0, (uint64_t)st.st_size);
	return OK;
}

enum result external_take(struct external *e, const struct file_ops *files, const char *file,
			  struct neutral *n, bool *text, struct err *err)
{
	*e = (struct external){.files = files, .file = file, .region = n->region};
	e->fds = region_alloc(n->region, (n->parts.count + 1) * sizeof *e->fds);
	e->paths = region_alloc(n->region, (n->parts.count + 1) * sizeof *e->paths);
	if (!e->fds || !e->paths)
		return err_set(err, E_NOMEM, "no memory for the attachments");
	enum result r = OK;
	*text = n->text_external;
	if (n->text_external)
		r = take_one(e, n->text_external, &n->text, err);
	*text = r != OK;
	for (size_t i = 0; r == OK && i < n->parts.count; i++)
		if (n->parts.items[i].external)
			r = take_one(e, n->parts.items[i].external, &n->parts.items[i].content,
				     err);
	if (r != OK)
		return r;
	n->text_external = NULL;
	for (size_t i = 0; i < n->parts.count; i++)
		n->parts.items[i].external = NULL;
	return OK;
}

void external_close(struct external *e, bool remove)
{
	for (size_t i = 0; i < e->count; i++) {
		e->files->close(e->fds[i]);
		if (remove && e->paths[i])
			e->files->unlinkat(AT_FDCWD, e->paths[i]);
	}
	e->count = 0;
}

/* Makes a file of a new name PREFIXnnnnnnn.SUFFIX. */
static int make(const struct file_ops *files, const char *folder, char prefix, const char *suffix,
		char *path, size_t n)
{
	for (unsigned number = 1; number <= NAMES_MAX; number++) {
		if ((size_t)snprintf(path, n, "%s/%c%07u.%s", folder, prefix, number, suffix) >=
		    n) {
			errno = ENAMETOOLONG;
			return -1;
		}
		int fd = files->openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				       0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	errno = EEXIST;
	return -1;
}

static enum result put_one(const struct file_ops *files, const char *folder, struct neutral *n,
			   const struct content *c, const enum ending *ending, const char **named,
			   struct err *err)
{
	char path[PATH_MAX];
	struct sink s;
	int fd = make(files, folder, ending ? 'T' : 'A', ending ? "TXT" : "ATT", path, sizeof path);
	if (fd < 0)
		return err_errno(err, errno, "a file for %s cannot be made in %s",
				 ending ? "the text" : "an attachment", folder);
	sink_file(&s, files, fd);
	enum result r = ending ? ending_content(&s, *ending, c) : sink_content(&s, c);
	if (r == OK)
		r = sink_flush(&s);
	if (r != OK || files->fsync(fd) != 0)
		r = err_errno(err, errno, "%s cannot be written", path);
	if (files->close(fd) != 0 && r == OK)
		r = err_errno(err, errno, "%s cannot be closed", path);
	*named = region_strdup(n->region, last_name(path));
	if (r == OK && !*named)
		r = err_set(err, E_NOMEM, "no memory for a name");
	if (r != OK)
		files->unlinkat(AT_FDCWD, path);
	return r;
}

enum result external_put(const struct file_ops *files, const char *file, struct neutral *n,
			 enum ending ending, bool text, bool parts, struct err *err)
{
	char folder[PATH_MAX];
	enum result r = OK;
	folder_of(file, folder, sizeof folder);
	if (text)
		r = put_one(files, folder, n, &n->text, &ending, &n->text_external, err);
	for (size_t i = 0; r == OK && parts && i < n->parts.count; i++)
		r = put_one(files, folder, n, &n->parts.items[i].content, NULL,
			    &n->parts.items[i].external, err);
	if (r == OK && (text || parts))
		r = file_sync_dir(files, folder, err);
	return r;
}
