/*
 * restore: a new spool out of a backup. Everything is unpacked below SPOOL/restore, checked against the archive's manifest, and only
 * then put in place, spool.db last; SPOOL/restored, which makes it come up held, is there before. A restore that ended
 * half-way is done again from the start.
 */
#include "base/text.h"
#include "daemon/archive.h"
#include "daemon/context.h"
#include "daemon/rights.h"
#include "spool/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK "/restore"

struct restore {
	const char *spool, *file;
	struct rights rights;
	struct archive archive;
	char made[64];
	size_t bodies;
	bool database;
};

static enum result path_in(const struct restore *r, char out[PATH_MAX], const char *more,
			   const char *name, struct err *err)
{
	int n = snprintf(out, PATH_MAX, "%s%s%s%s", r->spool, more, *name ? "/" : "", name);
	return n < PATH_MAX ? OK : err_set(err, E_LIMIT, "%s: the name is too long", r->spool);
}

/* The only names that a backup has: nothing is written elsewhere. */
static bool name_ok(const char *name)
{
	return strcmp(name, "spool.db") == 0 ||
	       (strlen(name) == 22 && strncmp(name, "body/b", 6) == 0 &&
		strspn(name + 6, "0123456789abcdef") == 16);
}

static enum result empty(const struct restore *r, const char *more, struct err *err)
{
	char path[PATH_MAX];
	enum result done = path_in(r, path, more, "", err);
	DIR *dir = done == OK ? opendir(path) : NULL;
	for (struct dirent *d; dir && (d = readdir(dir));)
		if (unlinkat(dirfd(dir), d->d_name, 0) != 0 && errno != EISDIR && errno != ENOENT)
			done = err_errno(err, errno, "%s/%s cannot be removed", path, d->d_name);
	if (dir)
		closedir(dir);
	if (done == OK && rmdir(path) != 0 && errno != ENOENT)
		done = err_errno(err, errno, "%s cannot be removed", path);
	return done;
}

static enum result own(const struct restore *r, const char *path, struct err *err)
{
	if (!r->rights.change || lchown(path, r->rights.uid, r->rights.gid) == 0)
		return OK;
	return err_errno(err, errno, "%s cannot be given to %s", path, r->rights.user);
}

static enum result make(const struct restore *r, const char *more, struct err *err)
{
	char path[PATH_MAX];
	enum result done = path_in(r, path, more, "", err);
	if (done == OK && mkdir(path, 0700) != 0)
		done = err_errno(err, errno, "%s cannot be made", path);
	return done == OK ? own(r, path, err) : done;
}

/* ---- the archive ---- */

static enum result take_member(struct restore *r, const char *name, uint64_t size, struct err *err)
{
	char to[PATH_MAX];
	if (!name_ok(name))
		return err_set(err, E_CORRUPT, "%s is no backup of smtpgate: it holds %.60s",
			       r->file, name);
	enum result done = path_in(r, to, WORK, name, err);
	if (done == OK)
		done = archive_extract(&r->archive, name, size, to, err);
	bool body = strncmp(name, "body/", 5) == 0;
	r->bodies += body;
	r->database |= !body;
	return done == OK ? own(r, to, err) : done;
}

static enum result unpack(struct restore *r, struct err *err)
{
	char name[ARCHIVE_NAME];
	uint64_t size;
	enum result done;
	while ((done = archive_next(&r->archive, name, &size, err)) == OK &&
	       strcmp(name, ARCHIVE_MANIFEST) != 0)
		if ((done = take_member(r, name, size, err)) != OK)
			break;
	if (done == OK)
		done = archive_check(&r->archive, size, r->made, sizeof r->made, err);
	if (done == OK && !r->database)
		done = err_set(err, E_CORRUPT, "%s has no spool.db", r->file);
	return done;
}

/* ---- putting it in place ---- */

static enum result mark(struct restore *r, struct err *err)
{
	char path[PATH_MAX], text[200];
	int n = snprintf(
		text, sizeof text,
		"restored from a backup of %s: what was delivered since would be delivered "
		"again\n",
		r->made);
	enum result done = path_in(r, path, "", SNAPSHOT_RESTORED, err);
	if (done == OK)
		done = file_replace(file_system(), path, text, (size_t)n, 0600, err);
	return done == OK ? own(r, path, err) : done;
}

static enum result move(struct restore *r, const char *name, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	enum result done = path_in(r, from, WORK, name, err);
	if (done == OK)
		done = path_in(r, to, "", name, err);
	if (done == OK && rename(from, to) != 0)
		done = err_errno(err, errno, "%s cannot be put in place", to);
	return done;
}

static enum result settle(struct restore *r, struct err *err)
{
	char path[PATH_MAX];
	enum result done = path_in(r, path, WORK, "body", err);
	if (done == OK)
		done = file_sync_dir(file_system(), path, err);
	if (done == OK)
		done = mark(r, err);
	if (done == OK)
		done = move(r, "body", err);
	if (done == OK)
		done = file_sync_dir(file_system(), r->spool, err);
	if (done == OK)
		done = move(r, "spool.db", err);
	if (done == OK)
		done = empty(r, WORK, err);
	return done == OK ? file_sync_dir(file_system(), r->spool, err) : done;
}

/* A spool that is there is never touched; what a restore left half-way has the mark and no database. */
static enum result check_place(struct restore *r, struct err *err)
{
	static const char *const names[] = {"spool.db", "spool.db-wal", "body"};
	char path[PATH_MAX], mark_path[PATH_MAX];
	enum result done = path_in(r, mark_path, "", SNAPSHOT_RESTORED, err);
	bool half = done == OK && access(mark_path, F_OK) == 0;
	for (size_t i = 0; done == OK && i < sizeof names / sizeof *names; i++) {
		done = path_in(r, path, "", names[i], err);
		if (done != OK || access(path, F_OK) != 0 || (half && i == 2))
			continue;
		done = err_set(err, E_EXISTS, "there is a spool in %s", r->spool);
		err_remedy(err, "stop its gateway and move it away: mv %s %s.old", r->spool,
			   r->spool);
	}
	if (done == OK)
		done = empty(r, "/body", err);
	if (done == OK)
		done = empty(r, WORK "/body", err);
	return done == OK ? empty(r, WORK, err) : done;
}

static enum result restore(struct restore *r, struct err *err)
{
	enum result done = archive_open(&r->archive, r->file, err);
	if (done != OK)
		return done;
	done = check_place(r, err);
	if (done == OK)
		done = rights_make_folder(&r->rights, r->spool, 0750, err);
	if (done == OK)
		done = make(r, WORK, err);
	if (done == OK)
		done = make(r, WORK "/body", err);
	if (done == OK)
		done = unpack(r, err);
	if (done == OK)
		done = settle(r, err);
	archive_close(&r->archive);
	return done;
}

enum exit_status cmd_restore(struct call *c)
{
	struct settings *s = NULL;
	struct err err, unused;
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	struct restore r = {.spool = s->gateway.spool, .file = c->options.args[0]};
	enum result done = rights_find(&r.rights, s->gateway.user, s->gateway.group, &err);
	if (done == OK)
		done = restore(&r, &err);
	if (done == OK) {
		fprintf(c->out,
			"%s: restored from the backup of %s, %zu large bodies\n"
			"It comes up held: smtpgate run, queue list, then queue release --all\n",
			r.spool, r.made, r.bodies);
	} else if (done != E_EXISTS) {
		empty(&r, WORK "/body", &unused);
		empty(&r, WORK, &unused);
	}
	settings_unref(&s);
	return done == OK ? EXIT_DONE : call_fail(c, exit_of_result(done), &err);
}
