/* Snapshots of a running spool: see snapshot.h. Owns the folder while it is made. A failure is the asker's alone: the spool goes
 * on. */
#include "spool/snapshot.h"

#include "spool/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every file of a folder, then the folder; those below it are no business of ours. */
static enum result empty_folder(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? OK : err_errno(err, errno, "%s cannot be opened", path);
	enum result r = OK;
	for (struct dirent *d; r == OK && (d = readdir(dir));) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), d->d_name, 0) != 0 && errno != EISDIR && errno != ENOENT)
			r = err_errno(err, errno, "%s/%s cannot be removed", path, d->d_name);
	}
	closedir(dir);
	if (r == OK && rmdir(path) != 0 && errno != ENOENT)
		r = err_errno(err, errno, "%s cannot be removed", path);
	return r;
}

static enum result path_of(char out[PATH_MAX], const char *spool, const char *more, struct err *err)
{
	int n = snprintf(out, PATH_MAX, "%s/" SNAPSHOT_FOLDER "%s", spool, more);
	return n < PATH_MAX ? OK : err_set(err, E_LIMIT, "%s: the name is too long", spool);
}

enum result snapshot_remove(const char *spool, struct err *err)
{
	char path[PATH_MAX];
	enum result r = path_of(path, spool, "/body", err);
	if (r == OK)
		r = empty_folder(path, err);
	if (r == OK)
		r = path_of(path, spool, "", err);
	return r == OK ? empty_folder(path, err) : r;
}

static enum result make_folders(const char *spool, struct err *err)
{
	char path[PATH_MAX];
	static const char *const parts[] = {"", "/body"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		enum result r = path_of(path, spool, parts[i], err);
		if (r != OK)
			return r;
		if (mkdir(path, 0700) != 0)
			return err_errno(err, errno, "%s cannot be made", path);
	}
	return OK;
}

/* Right after the last piece, between two groups: every file that a row names is there. */
static enum result link_bodies(struct spool *s, struct err *err)
{
	char path[PATH_MAX], file[BODY_NAME_MAX];
	uint64_t number = 0;
	enum result r = path_of(path, s->path, "/body", err);
	if (r != OK)
		return r;
	int to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	while ((r = ENGINE(s, next_file, number, &number, file, err)) == OK)
		if (linkat(s->bodies.dir, file, to, file, 0) != 0) {
			r = err_errno(err, errno, "%s/%s cannot be linked", path, file);
			break;
		}
	close(to);
	return r == E_NOTFOUND ? OK : r;
}

static void answer(struct spool *s, enum result r)
{
	struct spool_snapshot *q = s->snapshot;
	struct err unused;
	s->snapshot = NULL;
	if (r != OK) {
		s->engine->ops->snapshot_end(s->engine);
		snapshot_remove(s->path, &unused);
	}
	q->messages = s->engine->counts.waiting + s->engine->counts.held;
	q->last = s->engine->counts.last;
	spool_reply(&q->q, r);
}

void snapshot_bite(struct spool *s)
{
	char path[PATH_MAX];
	struct spool_snapshot *q = s->snapshot;
	bool over = false;
	if (!q || s->broken || s->lost != OK)
		return;
	struct err *err = &q->q.err;
	enum result r = path_of(path, s->path, "/spool.db", err);
	if (r == OK)
		r = ENGINE(s, snapshot_step, path, &over, err);
	if (r == OK && over)
		r = link_bodies(s, err);
	if (r != OK || over)
		answer(s, r);
}

void snapshot_stop(struct spool *s)
{
	if (!s->snapshot)
		return;
	err_set(&s->snapshot->q.err, E_CANCELLED, "the gateway is stopping");
	answer(s, E_CANCELLED);
}

static void serve_snapshot(struct task *t)
{
	struct spool_snapshot *q = (struct spool_snapshot *)t;
	struct spool *s = q->q.spool;
	struct err *err = &q->q.err;
	enum result r = spool_ready(s, err);
	if (r == OK && s->o.engine == SPOOL_MEMORY)
		r = err_set(err, E_UNSUPPORTED, "a spool in memory has no backup");
	if (r == OK && s->snapshot)
		r = err_set(err, E_BUSY, "another backup is being made");
	if (r == OK)
		r = snapshot_remove(s->path, err);
	if (r == OK)
		r = make_folders(s->path, err);
	if (r == OK)
		s->snapshot = q;
	else
		spool_reply(&q->q, r);
}

void spool_snapshot(struct spool *s, struct spool_snapshot *q)
{
	q->messages = q->last = 0;
	spool_post(s, &q->q, serve_snapshot);
}

/* The reason says since when: what was sent after that is sent again when it is released. */
enum result snapshot_hold_restored(struct spool *s, struct err *err)
{
	char path[PATH_MAX], reason[200] = "";
	if ((size_t)snprintf(path, sizeof path, "%s/" SNAPSHOT_RESTORED, s->path) >= sizeof path)
		return err_set(err, E_LIMIT, "%s: the name is too long", s->path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? OK : err_errno(err, errno, "%s cannot be opened", path);
	ssize_t n = read(fd, reason, sizeof reason - 1);
	close(fd);
	reason[n > 0 ? n : 0] = '\0';
	reason[strcspn(reason, "\n")] = '\0';
	enum result r = operator_hold_all(s, *reason ? reason : "restored from a backup", err);
	if (r == OK && unlink(path) != 0)
		r = err_errno(err, errno, "%s cannot be removed", path);
	return r == OK ? file_sync_dir(s->o.files, s->path, err) : r;
}
