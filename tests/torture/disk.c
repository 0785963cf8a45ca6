/* See disk.h. Owns the contents of files; writes below the folder it is told and nowhere else. Aborts
 * where a test cannot go on. */
#include "torture/disk.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u
#define FOLDERS 32
#define NAMES 256 /* names at a time */

struct content {
	char *bytes;
	size_t n, room;
};

struct name {
	char path[RECORD_PATH];
	unsigned file;
};

struct disk {
	struct content files[NAMES]; /* by number */
	struct name names[NAMES];
	unsigned count;
	char folders[FOLDERS][RECORD_PATH];
	unsigned folder_count;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* ---- loading ---- */

static struct disk *loading; /* nftw has no context */
static size_t root_length;

static void load_file(const char *whole, size_t n)
{
	const char *path = whole + root_length + 1;
	unsigned file = record_file(path);
	check(file && file < NAMES && loading->count < NAMES);
	struct content *c = &loading->files[file];
	c->bytes = malloc(n + 1);
	c->n = c->room = n;
	int fd = open(whole, O_RDONLY | O_CLOEXEC);
	check(c->bytes && fd >= 0 && read(fd, c->bytes, n) == (ssize_t)n);
	close(fd);
	struct name *name = &loading->names[loading->count++];
	name->file = file;
	snprintf(name->path, sizeof name->path, "%s", path);
}

static int load(const char *whole, const struct stat *st, int kind, struct FTW *where)
{
	(void)where;
	if (kind == FTW_F)
		load_file(whole, (size_t)st->st_size);
	if (kind != FTW_D || strlen(whole) <= root_length)
		return 0;
	check(loading->folder_count < FOLDERS);
	snprintf(loading->folders[loading->folder_count++], RECORD_PATH, "%s",
		 whole + root_length + 1);
	return 0;
}

struct disk *disk_load(const char *root)
{
	struct disk *d = calloc(1, sizeof *d);
	check(d != NULL);
	loading = d;
	root_length = strlen(root);
	check(nftw(root, load, 16, FTW_PHYS) == 0);
	return d;
}

void disk_free(struct disk **d)
{
	for (size_t i = 0; *d && i < NAMES; i++)
		free((*d)->files[i].bytes);
	free(*d);
	*d = NULL;
}

static struct disk *copy_of(const struct disk *d)
{
	struct disk *c = malloc(sizeof *c);
	check(c != NULL);
	*c = *d;
	for (size_t i = 0; i < NAMES; i++) {
		if (!d->files[i].bytes)
			continue;
		c->files[i].bytes = malloc(d->files[i].room + 1);
		check(c->files[i].bytes != NULL);
		memcpy(c->files[i].bytes, d->files[i].bytes, d->files[i].n);
	}
	return c;
}

/* ---- what was durable ---- */

/* The folder whose sync makes a change of names durable. */
static void folder_of(const struct record *c, char out[RECORD_PATH])
{
	const char *path = c->op == RECORD_RENAME ? c->to : c->path;
	const char *slash = strrchr(path, '/');
	snprintf(out, RECORD_PATH, "%.*s", slash ? (int)(slash - path) : 0, path);
}

static bool is_data(const struct record *c)
{
	return c->op == RECORD_WRITE || c->op == RECORD_TRUNCATE;
}

static bool is_name(const struct record *c)
{
	return c->op == RECORD_NAME || c->op == RECORD_RENAME || c->op == RECORD_UNLINK;
}

/* Is a sync of it among the calls between `at` and `upto`? */
static bool is_durable(const struct record *all, size_t at, size_t upto)
{
	char folder[RECORD_PATH];
	folder_of(&all[at], folder);
	for (size_t i = at + 1; i < upto; i++) {
		if (all[i].op != RECORD_SYNC)
			continue;
		if (is_data(&all[at]) ? all[i].file == all[at].file
				      : !all[i].file && strcmp(all[i].path, folder) == 0)
			return true;
	}
	return false;
}

/* ---- doing ---- */

static void reach(struct content *c, size_t n)
{
	if (n > c->room) {
		size_t room = n * 2;
		c->bytes = realloc(c->bytes, room + 1);
		check(c->bytes != NULL);
		c->room = room;
	}
	if (n > c->n) {
		memset(c->bytes + c->n, 0, n - c->n);
		c->n = n;
	}
}

static void put(struct content *c, const struct record *w, size_t from, size_t n)
{
	reach(c, (size_t)w->offset + from + n);
	memcpy(c->bytes + w->offset + from, w->bytes + from, n);
}

static struct name *find(struct disk *d, const char *path)
{
	for (unsigned i = 0; i < d->count; i++)
		if (strcmp(d->names[i].path, path) == 0)
			return &d->names[i];
	return NULL;
}

static void forget(struct disk *d, const char *path)
{
	struct name *name = find(d, path);
	if (name)
		*name = d->names[--d->count];
}

static void give_name(struct disk *d, const char *path, unsigned file)
{
	forget(d, path);
	check(d->count < NAMES);
	d->names[d->count].file = file;
	snprintf(d->names[d->count++].path, RECORD_PATH, "%s", path);
}

static void apply(struct disk *d, const struct record *c)
{
	check(c->file < NAMES);
	if (c->op == RECORD_WRITE) {
		put(&d->files[c->file], c, 0, c->n);
	} else if (c->op == RECORD_TRUNCATE) {
		reach(&d->files[c->file], (size_t)c->offset);
		d->files[c->file].n = (size_t)c->offset;
	} else if (c->op == RECORD_NAME) {
		give_name(d, c->path, c->file);
	} else if (c->op == RECORD_RENAME) {
		forget(d, c->path);
		give_name(d, c->to, c->file);
	} else if (c->op == RECORD_UNLINK) {
		forget(d, c->path);
	}
}

/* ---- chance ---- */

struct chance {
	uint64_t seed;
	char folders[FOLDERS][RECORD_PATH]; /* whose later names did not come through */
	unsigned cut;
};

static unsigned pick(struct chance *c, unsigned below)
{
	c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(c->seed >> 33) % below;
}

static void apply_torn(struct disk *d, const struct record *w, struct chance *chance)
{
	for (size_t from = 0; from < w->n; from += SECTOR)
		if (pick(chance, 2))
			put(&d->files[w->file], w, from,
			    w->n - from < SECTOR ? w->n - from : SECTOR);
}

static bool is_cut(struct chance *chance, const char *folder)
{
	for (unsigned i = 0; i < chance->cut; i++)
		if (strcmp(chance->folders[i], folder) == 0)
			return true;
	if (pick(chance, 2))
		return false;
	check(chance->cut < FOLDERS);
	snprintf(chance->folders[chance->cut++], RECORD_PATH, "%s", folder);
	return true;
}

static void apply_by_chance(struct disk *d, const struct record *c, struct chance *chance)
{
	char folder[RECORD_PATH];
	if (is_name(c)) {
		folder_of(c, folder);
		if (!is_cut(chance, folder))
			apply(d, c);
		return;
	}
	unsigned what = pick(chance, 3);
	if (what == 1 || (what == 2 && c->op == RECORD_TRUNCATE))
		apply(d, c);
	else if (what == 2)
		apply_torn(d, c, chance);
}

/* ---- writing it out ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	return where->level ? remove(path) : 0;
}

static void write_out(const struct disk *d, const char *to)
{
	char path[RECORD_PATH * 4];
	mkdir(to, 0700);
	check(nftw(to, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	for (unsigned i = 0; i < d->folder_count; i++) {
		snprintf(path, sizeof path, "%s/%s", to, d->folders[i]);
		check(mkdir(path, 0700) == 0);
	}
	for (unsigned i = 0; i < d->count; i++) {
		const struct content *c = &d->files[d->names[i].file];
		snprintf(path, sizeof path, "%s/%s", to, d->names[i].path);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		check(fd >= 0 && (!c->n || write(fd, c->bytes, c->n) == (ssize_t)c->n));
		close(fd);
	}
}

void disk_crash(const struct disk *base, size_t upto, unsigned state, const char *to)
{
	size_t count;
	const struct record *all = records(&count);
	struct disk *d = copy_of(base);
	struct chance chance = {.seed = state * 2654435761u + upto};
	for (size_t i = 0; i < upto && i < count; i++) {
		const struct record *c = &all[i];
		if (!is_data(c) && !is_name(c))
			continue;
		if (state == DISK_ALL || is_durable(all, i, upto))
			apply(d, c);
		else if (state >= DISK_CHANCE)
			apply_by_chance(d, c, &chance);
	}
	write_out(d, to);
	disk_free(&d);
}
