/*
 * TNEF, the winmail.dat of Outlook and Exchange, by the program tnef in a process of its own: see mime_reader.h. Owns a folder
 * for what it unpacks, during a part. What the program cannot read, or complains of, is attached as it came.
 */
#include "translate/mime_reader.h"

#include "base/spawn.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_MS (60 * 1000)
/* Bytes of what it unpacks, each; for memory and files the limits of this process hold. */
#define LIMIT_SIZE (1u << 30)

struct place {
	char folder[64]; /* empty: there is none */
	char file[80], unpacked[80];
};

static bool make_place(struct place *p)
{
	*p = (struct place){.folder = "/tmp/smtpgate-tnef-XXXXXX"};
	if (!mkdtemp(p->folder)) {
		p->folder[0] = '\0';
		return false;
	}
	snprintf(p->file, sizeof p->file, "%s/winmail.dat", p->folder);
	snprintf(p->unpacked, sizeof p->unpacked, "%s/out", p->folder);
	return mkdir(p->unpacked, 0700) == 0;
}

static int visible(const struct dirent *e)
{
	return !text_same(e->d_name, ".") && !text_same(e->d_name, "..");
}

/* Files only: the program makes no folders. */
static void remove_place(struct place *p)
{
	struct dirent **names;
	int count = *p->folder ? scandir(p->unpacked, &names, visible, NULL) : -1;
	int dir = count > 0 ? open(p->unpacked, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	for (int i = 0; i < count; i++) {
		unlinkat(dir, names[i]->d_name, 0);
		free(names[i]);
	}
	if (dir >= 0)
		close(dir);
	if (count >= 0)
		free(names);
	if (!*p->folder)
		return;
	unlink(p->file);
	rmdir(p->unpacked);
	rmdir(p->folder);
}

static bool copy_out(const char *path, const struct content *c)
{
	struct sink to;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	sink_file(&to, file_system(), fd);
	bool fine = sink_content(&to, c) == OK && sink_flush(&to) == OK;
	return close(fd) == 0 && fine;
}

/* A program that says nothing has read all of it: of what is cut off it tells, and yet ends with 0. */
static bool run(const struct place *p)
{
	char most[24];
	struct err err;
	snprintf(most, sizeof most, "%u", LIMIT_SIZE);
	const char *const argv[] = {
		"tnef",        "--file",    p->file, "--directory", p->unpacked, "--number-backups",
		"--save-body", "--maxsize", most,    NULL};
	struct spawn s = {.argv = argv, .limit = LIMIT_MS};
	return spawn_run(&s, clock_system(), &err) == OK && !s.status && !*s.words;
}

static enum result copy_in(void *ctx, struct sink *to)
{
	struct stat st;
	int fd = *(int *)ctx;
	if (fstat(fd, &st) != 0)
		return result_of_errno(errno);
	struct content c = content_file(fd, 0, (uint64_t)st.st_size);
	return sink_content(to, &c);
}

static void attach_one(struct reader *r, int dir, const char *name)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct content n = content_memory(name, strlen(name));
	if (fd < 0 || fstat(fd, &st) != 0)
		r->r = result_of_errno(errno);
	else if (S_ISREG(st.st_mode))
		mime_attach(r, mime_name_of(r, name, mime_charset(r, NULL, &n)),
			    mime_make(r, copy_in, &fd));
	if (fd >= 0)
		close(fd);
}

/* In the order of their names. Returns how many. */
static int attach_all(struct reader *r, const struct place *p)
{
	struct dirent **names;
	int dir = open(p->unpacked, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = scandir(p->unpacked, &names, visible, alphasort);
	for (int i = 0; i < count; i++) {
		if (r->r == OK && !r->whole)
			attach_one(r, dir, names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	if (dir >= 0)
		close(dir);
	return count;
}

bool mime_tnef(struct reader *r, const struct content *raw)
{
	struct place p;
	int count = 0;
	if (make_place(&p) && copy_out(p.file, raw) && run(&p))
		count = attach_all(r, &p);
	remove_place(&p);
	return count > 0;
}
