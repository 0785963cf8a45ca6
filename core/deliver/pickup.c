/* Taking files out of a pickup folder: see pickup.h. Owns the file that is in work. */
#include "deliver/pickup.h"

#include "base/text.h"
#include "deliver/pickup_int.h"
#include "deliver/pickup_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICKUP_NAME_MAX 160 /* bytes; so that .ID.NAME and NAME.ID.bad.txt are names as well */

/* ---- paths ---- */

static enum result join(char out[PATH_MAX], const char *folder, const char *prefix,
			const char *name, const char *suffix, struct err *err)
{
	int n = snprintf(out, PATH_MAX, "%s/%s%s%s", folder, prefix, name, suffix);
	const char *last = strrchr(out, '/');
	if (n < 0 || n >= PATH_MAX || strlen(last + 1) > NAME_MAX)
		return err_set(err, E_LIMIT, "the name %s is too long", name);
	return OK;
}

/* Shares of some kinds cannot sync a folder: what they keep is theirs to say. */
static enum result sync_folder(const struct pickup *p, const char *path, struct err *err)
{
	int fd = p->files->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	bool failed = p->files->fsync(fd) != 0 && errno != EINVAL && errno != EOPNOTSUPP;
	int cause = errno;
	p->files->close(fd);
	return failed ? err_errno(err, cause, "%s cannot be synced", path) : OK;
}

static enum result same_disk(const struct pickup *p, const char *path, const struct stat *folder,
			     const char *key, struct err *err)
{
	struct stat st;
	if (!path)
		return OK;
	enum result r = file_make_dirs(p->files, path, 0700, err);
	if (r != OK)
		return r;
	if (stat(path, &st) != 0)
		return err_errno(err, errno, "%s cannot be looked at", path);
	if (st.st_dev == folder->st_dev)
		return OK;
	err_set(err, E_UNSUPPORTED, "%s, the folder of `%s`, is on another disk than %s", path, key,
		p->conf->path);
	err_remedy(err, "set %s to a folder on the disk of %s", key, p->conf->path);
	return E_UNSUPPORTED;
}

enum result pickup_ready(const struct pickup *p, struct err *err)
{
	struct stat st;
	const char *path = p->conf->path;
	if (stat(path, &st) != 0) {
		enum result r = err_errno(err, errno, "%s cannot be looked at", path);
		if (r == E_NOTFOUND)
			err_remedy(err, "mkdir -p %s, or mount what it lies on", path);
		return r;
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(err, E_UNSUPPORTED, "%s is no folder", path);
	if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
		enum result r =
			err_errno(err, errno, "the gateway (user %ld) may not take files out of %s",
				  (long)geteuid(), path);
		err_remedy(err, "give it the rights to read and to write that folder");
		return r;
	}
	enum result r = same_disk(p, p->conf->after == CONF_AFTER_ARCHIVE ? p->conf->archive : NULL,
				  &st, "archive", err);
	return r == OK ? same_disk(p, p->conf->bad, &st, "bad", err) : r;
}

/* ---- may it be taken? ---- */

/* A lock of any kind, or, where the system tells, anybody who has it open for writing. */
static bool in_use(int fd, struct pickup_file *f)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		text_copy(f->reason, sizeof f->reason, "a program holds it locked (flock)");
		return true;
	}
	flock(fd, LOCK_UN);
	if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		snprintf(f->reason, sizeof f->reason, "a program holds it locked (process %ld)",
			 (long)lock.l_pid);
		return true;
	}
	fcntl(fd, F_SETSIG, SIGURG); /* who breaks the lease must not end us: this one is ignored */
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
	} else if (errno == EAGAIN) {
		text_copy(f->reason, sizeof f->reason, "a program has it open for writing");
		return true;
	}
	return false;
}

static void unreadable(struct pickup_file *f, int cause, const char *path)
{
	struct stat st = {0};
	struct passwd entry, *owner = NULL;
	char room[4096];
	if (stat(path, &st) != 0 || getpwuid_r(st.st_uid, &entry, room, sizeof room, &owner) != 0)
		owner = NULL;
	if (cause == EACCES)
		snprintf(f->reason, sizeof f->reason,
			 "the gateway may not read it (owner %s, mode %03o)",
			 owner ? owner->pw_name : "unknown", st.st_mode & 0777u);
	else
		snprintf(f->reason, sizeof f->reason, "it cannot be opened: %s", strerror(cause));
}

static bool as_seen(int fd, struct pickup_file *f)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_ino != f->inode ||
	    (uint64_t)st.st_size != f->size)
		text_copy(f->reason, sizeof f->reason, "it has just changed");
	else if (st.st_nlink != 1)
		text_copy(f->reason, sizeof f->reason,
			  "it has a second name (hard link): who owns it is not sure");
	else
		return true;
	return false;
}

/* Renames a file that has rested to .ID.NAME. True: it is ours, f has its new name; else f has the reason. */
static bool claim(const struct pickup *p, struct pickup_file *f)
{
	char from[PATH_MAX], to[PATH_MAX], id[SPOOL_MAILDROP_NAME + 2];
	struct err err;
	id[0] = '.';
	spool_maildrop_name(id + 1);
	strcat(id, ".");
	if (strlen(f->name) > PICKUP_NAME_MAX) {
		snprintf(f->reason, sizeof f->reason, "its name has more than %d bytes",
			 PICKUP_NAME_MAX);
		return false;
	}
	if (join(from, p->conf->path, "", f->name, "", &err) != OK ||
	    join(to, p->conf->path, id, f->name, "", &err) != OK) {
		text_copy(f->reason, sizeof f->reason, err.text);
		return false;
	}
	int fd =
		p->files->openat(AT_FDCWD, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0) {
		unreadable(f, errno, from);
		return false;
	}
	bool free_of_others = as_seen(fd, f) && !in_use(fd, f);
	p->files->close(fd);
	if (!free_of_others)
		return false;
	char *name = strdup(strrchr(to, '/') + 1);
	if (!name || p->files->renameat(AT_FDCWD, from, AT_FDCWD, to) != 0) {
		snprintf(f->reason, sizeof f->reason, "it cannot be renamed: %s", strerror(errno));
		free(name);
		return false;
	}
	free(f->name);
	f->name = name;
	f->taken = true;
	return true;
}

/* ---- what the ways of taking share ---- */

void pickup_envelope(const struct pickup_work *w, struct mail_envelope *e)
{
	mail_envelope_init(e, w->region);
	e->listener = w->p->conf->name;
	e->helo = w->p->conf->name;
	e->protocol = "local";
	e->arrived = clock_wall(w->p->clock);
}

enum result pickup_fault(struct pickup_work *w, enum result r)
{
	w->faulty = r == E_SYNTAX || r == E_CORRUPT || r == E_LIMIT || r == E_DENIED ||
		    r == E_UNSUPPORTED || r == E_RANGE;
	return r;
}

enum result pickup_may_send(const struct pickup *p, const char *address, struct err *err)
{
	if (!*address || conf_patterns_match(&p->conf->senders, address))
		return OK;
	return err_set(err, E_DENIED, "%s is none of `senders` of [pickup %s]", address,
		       p->conf->name);
}

/* Who wrote when it was renamed still had it open, perhaps: then it is read again when that has rested. */
static bool has_changed(const struct pickup_work *w)
{
	struct stat st;
	return fstat(w->fd, &st) != 0 || st.st_size != w->stat.st_size ||
	       st.st_mtim.tv_sec != w->stat.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != w->stat.st_mtim.tv_nsec;
}

/* The ID of message n, which is counted. */
static enum result name_message(struct pickup_work *w, unsigned n, const struct mail_envelope *e,
				char id[SPOOL_MAILDROP_NAME], struct err *err)
{
	if (has_changed(w))
		return err_set(err, E_BUSY, "a program still writes to it");
	if ((size_t)snprintf(id, SPOOL_MAILDROP_NAME, "%s-%u", w->id, n) >= SPOOL_MAILDROP_NAME)
		return err_set(err, E_LIMIT, "the file has too many messages");
	if (n == 1)
		w->from = region_strdup(w->region, e->reverse_path);
	if (!w->from)
		return err_set(err, E_NOMEM, "no memory for a file");
	w->recipients += e->count;
	return OK;
}

enum result pickup_begin(struct pickup_work *w, unsigned n, const struct mail_envelope *e,
			 struct parcel *parcel, struct err *err)
{
	char id[SPOOL_MAILDROP_NAME];
	enum result r = name_message(w, n, e, id, err);
	return r == OK ? parcel_begin(parcel, w->p->files, w->p->spool, id, e, err) : r;
}

enum result pickup_end(const struct pickup_work *w, struct parcel *parcel, struct err *err)
{
	if (has_changed(w))
		return err_set(err, E_BUSY, "a program still writes to it");
	enum result r = parcel_finish(parcel, err);
	return r == OK ? parcel_publish(parcel, err) : r;
}

/* ---- after it was read ---- */

/* NAME.bad is an earlier one's, perhaps: then the ID goes between. */
static enum result bad_path(const struct pickup_work *w, char out[PATH_MAX], const char *suffix,
			    struct err *err)
{
	const char *folder = w->p->conf->bad ? w->p->conf->bad : w->p->conf->path;
	struct stat st;
	enum result r = join(out, folder, "", w->name, ".bad", err);
	if (r == OK && lstat(out, &st) == 0) {
		char name[NAME_MAX + SPOOL_MAILDROP_NAME + 2];
		snprintf(name, sizeof name, "%s.%s", w->name, w->id);
		r = join(out, folder, "", name, ".bad", err);
	}
	if (r == OK && strlen(out) + strlen(suffix) < PATH_MAX)
		strcat(out, suffix);
	return r;
}

static enum result set_aside(const struct pickup_work *w, const char *file, const char *reason,
			     struct err *err)
{
	char bad[PATH_MAX], words[PATH_MAX], text[ERR_TEXT_MAX + 2];
	const struct pickup *p = w->p;
	enum result r = bad_path(w, bad, "", err);
	if (r == OK)
		r = bad_path(w, words, ".txt", err);
	if (r != OK)
		return r;
	snprintf(text, sizeof text, "%s\n", reason);
	r = file_replace(p->files, words, text, strlen(text), 0640, err);
	if (r == OK && p->files->renameat(AT_FDCWD, file, AT_FDCWD, bad) != 0)
		r = err_errno(err, errno, "%s cannot be renamed to %s", file, bad);
	if (r == OK)
		p->tell(p->ctx, w->name, "", 0, reason);
	return r;
}

static enum result put_away(const struct pickup_work *w, const char *file, struct err *err)
{
	const struct pickup *p = w->p;
	char archived[PATH_MAX];
	if (p->conf->after == CONF_AFTER_DELETE) {
		if (p->files->unlinkat(AT_FDCWD, file) != 0)
			return err_errno(err, errno, "%s was taken but cannot be removed", file);
		return OK;
	}
	enum result r =
		join(archived, p->conf->archive, "", strrchr(file, '/') + 2, "", err); /* no dot */
	if (r == OK && p->files->renameat(AT_FDCWD, file, AT_FDCWD, archived) != 0)
		r = err_errno(err, errno, "%s was taken but cannot be moved to %s", file,
			      p->conf->archive);
	return r;
}

/* ---- one file ---- */

static bool is_mmff(const struct pickup_work *w)
{
	char head[8];
	enum conf_pickup_format format = w->p->conf->format;
	if (format != CONF_PICKUP_AUTO)
		return format == CONF_PICKUP_MMFF;
	return pread(w->fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
	       text_same_n(head, sizeof head, "VERSION:");
}

static enum result read_file(struct pickup_work *w, struct err *err)
{
	const struct conf_pickup *conf = w->p->conf;
	if (fstat(w->fd, &w->stat) != 0)
		return err_errno(err, errno, "it cannot be looked at");
	if ((uint64_t)w->stat.st_size > conf->max_size)
		return pickup_fault(w, err_set(err, E_LIMIT, "it has %llu bytes, max_size is %llu",
					       (unsigned long long)w->stat.st_size,
					       (unsigned long long)conf->max_size));
	enum result r = is_mmff(w) ? pickup_take_mmff(w, err) : pickup_take_mail(w, err);
	if (w->faulty && has_changed(w)) {
		w->faulty = false;
		r = err_set(err, E_BUSY, "a program still writes to it");
	}
	return r;
}

static enum result take_open(struct pickup_work *w, const char *file, struct err *err)
{
	char reason[ERR_TEXT_MAX];
	enum result r = read_file(w, err);
	if (w->faulty) {
		text_copy(reason, sizeof reason, err->text);
		return set_aside(w, file, reason, err);
	}
	if (r == OK)
		r = put_away(w, file, err);
	if (r == OK)
		w->p->tell(w->p->ctx, w->name, w->from, w->recipients, NULL);
	return r;
}

/* From .ID.NAME to its end. The reason says why it is still there. */
static enum result take(const struct pickup *p, struct pickup_file *f)
{
	char path[PATH_MAX];
	struct err err = {.code = OK};
	struct pickup_work w = {.p = p, .fd = -1, .from = ""};
	enum result r = join(path, p->conf->path, "", f->name, "", &err);
	w.name = pickup_taken_name(f->name, w.id);
	w.region = region_new(0);
	if (r == OK && !w.region)
		r = err_set(&err, E_NOMEM, "no memory for a file");
	if (r == OK) {
		w.fd = p->files->openat(AT_FDCWD, path,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
		r = w.fd < 0 ? err_errno(&err, errno, "it cannot be opened")
			     : take_open(&w, path, &err);
	}
	if (w.fd >= 0)
		p->files->close(w.fd);
	region_destroy(&w.region);
	if (r != OK)
		text_copy(f->reason, sizeof f->reason, err.text);
	return r;
}

/* ---- the folder ---- */

/* Claims what has rested; left-over ones of an earlier run are ours already. Returns how many are to take. */
static size_t claim_all(const struct pickup *p, struct pickup_list *l)
{
	size_t count = 0;
	for (size_t i = 0; i < l->count && count < PICKUP_BATCH; i++) {
		struct pickup_file *f = &l->files[i];
		if (f->never || *f->reason)
			continue;
		count += f->taken || claim(p, f);
	}
	return count;
}

static void drop(struct pickup_list *l, size_t i)
{
	free(l->files[i].name);
	memmove(&l->files[i], &l->files[i + 1], (l->count - i - 1) * sizeof *l->files);
	l->count--;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pickup_file *)a)->name, ((const struct pickup_file *)b)->name);
}

static void take_all(const struct pickup *p, struct pickup_list *l, size_t count)
{
	for (size_t i = 0; i < l->count && count;) {
		struct pickup_file *f = &l->files[i];
		bool mine = f->taken && !*f->reason;
		count -= mine;
		if (mine && take(p, f) == OK)
			drop(l, i);
		else
			i++;
	}
}

/* When is the next one ready, as far as resting is all that it needs? */
static int64_t next_look(const struct pickup *p, const struct pickup_list *l, int64_t now)
{
	int64_t next = p->conf->poll;
	for (size_t i = 0; i < l->count; i++) {
		const struct pickup_file *f = &l->files[i];
		int64_t rest = f->since + p->conf->settle - now;
		if (!f->never && !*f->reason)
			next = 0; /* more than one batch */
		else if (!f->never && rest > 0 && rest < next)
			next = rest;
	}
	return next;
}

enum result pickup_run(const struct pickup *p, struct pickup_list *list, int64_t *next,
		       struct err *err)
{
	int64_t now = clock_mono(p->clock);
	*next = p->conf->poll;
	enum result r = pickup_scan(p, list, now, err);
	if (r != OK)
		return r;
	size_t count = claim_all(p, list);
	if (count) /* also for what is left over: who renamed it may have ended before this */
		r = sync_folder(p, p->conf->path, err);
	if (r == OK)
		take_all(p, list, count);
	if (r == OK)
		*next = next_look(p, list, now);
	if (list->count)
		qsort(list->files, list->count, sizeof *list->files, by_name);
	return r;
}
