/* The lock of a spool: see lock.h. Owns nothing but the descriptor it hands out. */
#include "spool/lock.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One value of the holder's lines, "name value"; empty when the file does not say. */
static void value_of(const char *lines, const char *name, char *out, size_t n)
{
	*out = '\0';
	for (const char *at = lines; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (!text_starts(at, name) || at[strlen(name)] != ' ')
			continue;
		at += strlen(name) + 1;
		snprintf(out, n, "%.*s", (int)strcspn(at, "\n"), at);
		return;
	}
}

static enum result name_holder(const struct spool_options *o, int fd, struct err *err)
{
	char lines[1024] = "", pid[32], since[40], host[256], version[64];
	ssize_t got = pread(fd, lines, sizeof lines - 1, 0);
	lines[got > 0 ? got : 0] = '\0';
	value_of(lines, "pid", pid, sizeof pid);
	value_of(lines, "since", since, sizeof since);
	value_of(lines, "host", host, sizeof host);
	value_of(lines, "version", version, sizeof version);
	if (!*pid)
		err_set(err, E_BUSY, "the spool %s is held by a process that is just starting",
			o->path);
	else
		err_set(err, E_BUSY,
			"the spool %s is held by process %s on %s since %s (smtpgate %s)", o->path,
			pid, host, since, version);
	err_remedy(err, "stop that process, or give this gateway another spool");
	return E_BUSY;
}

enum result lock_take(const struct spool_options *o, int *out, struct err *err)
{
	char path[PATH_MAX];
	if ((size_t)snprintf(path, sizeof path, "%s/lock", o->path) >= sizeof path)
		return err_set(err, E_LIMIT, "%s: the name is too long", o->path);
	int fd = o->files->openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
		*out = fd;
		return OK;
	}
	enum result r = errno == EAGAIN || errno == EACCES
				? name_holder(o, fd, err)
				: err_errno(err, errno, "%s cannot be locked", path);
	o->files->close(fd);
	return r;
}

enum result lock_sign(const struct spool_options *o, int fd, struct err *err)
{
	char lines[512], host[256] = "", since[40];
	gethostname(host, sizeof host - 1);
	text_time(clock_wall(o->clock), since, sizeof since);
	int n = snprintf(lines, sizeof lines, "pid %ld\nsince %s\nhost %s\nversion %s\n",
			 (long)getpid(), since, host, o->version ? o->version : "?");
	if (n >= (int)sizeof lines)
		n = (int)sizeof lines - 1;
	if (o->files->ftruncate(fd, 0) != 0)
		return err_errno(err, errno, "%s/lock cannot be written", o->path);
	enum result r =
		lseek(fd, 0, SEEK_SET) == 0 ? file_write_all(o->files, fd, lines, (size_t)n) : E_IO;
	return r == OK ? OK
		       : err_set(err, r, "%s/lock cannot be written: %s", o->path,
				 result_sentence(r));
}
