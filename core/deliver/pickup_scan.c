/* A look into a pickup folder: see pickup_scan.h. Owns the list that it makes in place of the old one. */
#include "deliver/pickup_scan.h"

#include "base/text.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "it is a folder: only what lies in the pickup folder itself is taken"

void pickup_list_free(struct pickup_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->files[i].name);
	free(l->files);
	*l = (struct pickup_list){0};
}

const char *pickup_taken_name(const char *name, char *id)
{
	const char *end = name[0] == '.' ? strchr(name + 1, '.') : NULL;
	size_t n = end ? (size_t)(end - name - 1) : 0;
	if (!n || n >= SPOOL_MAILDROP_NAME || !text_starts(name, ".drop-") || !end[1])
		return NULL;
	memcpy(id, name + 1, n);
	id[n] = '\0';
	return end + 1;
}

static int by_name(const void *a, const void *b)
{
	const struct pickup_file *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static enum result add(struct pickup_list *l, const char *name)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct pickup_file *more = realloc(l->files, cap * sizeof *more);
		if (!more)
			return E_NOMEM;
		l->files = more;
		l->cap = cap;
	}
	char *copy = strdup(name);
	if (!copy)
		return E_NOMEM;
	l->files[l->count++] = (struct pickup_file){.name = copy};
	return OK;
}

/* `archive` or `bad` of this section, which may lie in it. */
static bool is_own(const struct conf_pickup *conf, const struct stat *folder)
{
	const char *const own[] = {conf->archive, conf->bad};
	struct stat st;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (own[i] && stat(own[i], &st) == 0 && st.st_dev == folder->st_dev &&
		    st.st_ino == folder->st_ino)
			return true;
	return false;
}

/* Ours, set aside: never taken, whatever `files` says. */
static bool is_bad(const char *name)
{
	return text_ends(name, ".bad") || text_ends(name, ".bad.txt");
}

static bool wanted(const struct conf_pickup *conf, const char *name)
{
	for (size_t i = 0; i < conf->files.count; i++)
		if (fnmatch(conf->files.items[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* Why a name is never taken, or NULL. */
static const char *never(const struct conf_pickup *conf, const struct dirent *d)
{
	const char *name = d->d_name;
	if (d->d_type == DT_DIR)
		return FOLDER;
	if (text_ends(name, ".tmp") || text_ends(name, ".part"))
		return "names that end in .tmp or .part are left to who writes them";
	return wanted(conf, name) ? NULL : "its name is none of `files`";
}

static void say(struct pickup_file *f, const char *reason)
{
	text_copy(f->reason, sizeof f->reason, reason);
}

/* Compares with what was there before; the reason says what is to wait for. */
static void judge(const struct pickup *p, struct pickup_file *f, const struct pickup_file *old,
		  int64_t now)
{
	bool same = old && old->inode == f->inode && old->size == f->size &&
		    old->modified == f->modified;
	f->since = same ? old->since : now;
	if (now - f->since < p->conf->settle)
		say(f, "its size and time have not rested yet");
	else if (!f->size && !f->taken)
		say(f, "it is empty");
}

/* False: nothing to tell of it (a folder of ours, or it went meanwhile). */
static bool look(const struct pickup *p, int dir, struct pickup_file *f,
		 const struct pickup_file *old, int64_t now)
{
	struct stat st;
	if (fstatat(dir, f->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return false;
		snprintf(f->reason, sizeof f->reason, "it cannot be looked at: %s",
			 strerror(errno));
		return true;
	}
	if (S_ISDIR(st.st_mode) && is_own(p->conf, &st))
		return false;
	f->inode = st.st_ino;
	f->size = (uint64_t)st.st_size;
	f->modified = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (!S_ISREG(st.st_mode)) {
		f->never = true;
		say(f, S_ISDIR(st.st_mode)   ? FOLDER
		       : S_ISLNK(st.st_mode) ? "it is a symbolic link"
					     : "it is no regular file");
	} else if (!f->never) {
		judge(p, f, old, now);
	}
	return true;
}

/* All names of the folder that count, in no order. */
static enum result read_names(const struct pickup *p, DIR *dir, struct pickup_list *l)
{
	char id[SPOOL_MAILDROP_NAME];
	size_t nevers = 0, others = 0;
	for (struct dirent *d; (d = readdir(dir));) {
		const char *name = d->d_name;
		bool taken = pickup_taken_name(name, id) != NULL;
		if (!taken && *name == '.')
			continue;
		if (!taken && is_bad(name) && d->d_type != DT_DIR) {
			l->bad += !text_ends(name, ".txt");
			continue;
		}
		const char *reason = taken ? NULL : never(p->conf, d);
		size_t *count = reason ? &nevers : &others;
		if (*count >= (reason ? PICKUP_NEVER_MAX : PICKUP_FILES_MAX)) {
			l->more++;
			continue;
		}
		if (add(l, name) != OK)
			return E_NOMEM;
		struct pickup_file *f = &l->files[l->count - 1];
		f->taken = taken;
		f->never = reason != NULL;
		say(f, reason ? reason : "");
		++*count;
	}
	return OK;
}

static void look_at_all(const struct pickup *p, int dir, struct pickup_list *l,
			const struct pickup_list *old, int64_t now)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->count; i++) {
		struct pickup_file f = l->files[i];
		const struct pickup_file *before =
			old->count ? bsearch(&f, old->files, old->count, sizeof f, by_name) : NULL;
		if (look(p, dir, &f, before, now))
			l->files[kept++] = f;
		else
			free(f.name);
	}
	l->count = kept;
}

enum result pickup_scan(const struct pickup *p, struct pickup_list *list, int64_t now,
			struct err *err)
{
	struct pickup_list fresh = {0};
	DIR *dir = opendir(p->conf->path);
	if (!dir)
		return err_errno(err, errno, "%s cannot be listed", p->conf->path);
	enum result r = read_names(p, dir, &fresh);
	if (r == OK && fresh.count) {
		look_at_all(p, dirfd(dir), &fresh, list, now);
		qsort(fresh.files, fresh.count, sizeof *fresh.files, by_name);
	}
	closedir(dir);
	if (r != OK) {
		pickup_list_free(&fresh);
		return err_set(err, r, "no memory to list %s", p->conf->path);
	}
	pickup_list_free(list);
	*list = fresh;
	return OK;
}
