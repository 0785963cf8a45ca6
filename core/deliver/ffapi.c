/* The programs of a postoffice: see ffapi.h. Owns the lock between its calls. */
#include "deliver/ffapi.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 20

enum result ffapi_run(const struct ffapi *f, int *status, struct err *err)
{
	char path[PATH_MAX + 4], program[PATH_MAX];
	struct spawn_command c;
	enum result r = spawn_split(&c, f->command, err);
	if (r == OK && !strchr(c.argv[0], '/') &&
	    spawn_find(c.argv[0], NULL, program, sizeof program))
		c.argv[0] = program;
	snprintf(path, sizeof path, "-d%s", f->postoffice);
	if (r == OK)
		r = spawn_append(&c, path, err);
	for (size_t i = 0; r == OK && f->options[i]; i++)
		r = spawn_append(&c, f->options[i], err);
	if (r == OK)
		r = spawn_append(&c, f->file, err);
	if (r != OK)
		return r;
	struct spawn s = {.argv = c.argv, .limit = f->limit, .stop = f->stop};
	r = spawn_run(&s, f->clock, err);
	if (status)
		*status = s.status;
	if (r == OK && s.status)
		return spawn_failed(&s, E_STATE, err);
	return r;
}

static bool is_folder(const char *path, const char *name, char *whole)
{
	struct stat st;
	return file_find(path, name, whole, PATH_MAX) && stat(whole, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

bool ffapi_there(const char *path)
{
	char whole[PATH_MAX];
	return is_folder(path, "smtp", whole) || is_folder(path, "outgoing", whole);
}

enum result ffapi_find(const char *path, char *folder, struct err *err)
{
	if (!ffapi_there(path))
		return err_set(err, E_NOTFOUND,
			       "%s has neither a mailbag (outgoing) nor a folder smtp", path);
	if (is_folder(path, "smtp", folder) && strlen(folder) < PATH_MAX - 20)
		return OK;
	int n = snprintf(folder, PATH_MAX, "%s/smtp", path);
	if (n < 0 || n >= PATH_MAX - 20)
		return err_set(err, E_LIMIT, "the path %s is too long", path);
	return file_make_dirs(file_system(), folder, 0700, err);
}

static enum result try_lock(const char *path, int *fd, struct err *err)
{
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (*fd < 0)
		return err_errno(err, errno, "the lock %s cannot be opened", path);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	int cause = errno;
	ffapi_unlock(fd);
	return cause == EWOULDBLOCK ? E_BUSY : err_errno(err, cause, "the lock %s", path);
}

enum result ffapi_lock(const char *folder, const char *name, int64_t wait, const atomic_bool *stop,
		       const struct clock *clock, int *fd, struct err *err)
{
	char path[PATH_MAX];
	int64_t until = clock_mono(clock) + wait;
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
		return err_set(err, E_LIMIT, "the path %s is too long", folder);
	for (;;) {
		enum result r = try_lock(path, fd, err);
		if (r != E_BUSY)
			return r;
		if (stop && atomic_load(stop))
			return err_set(err, E_CANCELLED, "the gateway is stopping");
		if (clock_mono(clock) >= until)
			return err_set(err, E_BUSY, "another gateway is at work in %s", folder);
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	}
}

void ffapi_unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
