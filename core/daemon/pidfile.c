/* The pid file: see pidfile.h. The lock, not the file's being there, says whether a gateway runs. */
#include "daemon/pidfile.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum result refuse(struct pidfile *p, struct err *err)
{
	char holder[32] = "";
	ssize_t n = read(p->fd, holder, sizeof holder - 1);
	holder[n > 0 ? strcspn(holder, "\n") : 0] = '\0';
	close(p->fd);
	p->fd = -1;
	return err_set(err, E_BUSY, "%s is held by another gateway%s%s", p->path,
		       *holder ? ", process " : "", holder);
}

enum result pidfile_take(struct pidfile *p, const char *path, struct err *err)
{
	p->fd = -1;
	if (!text_copy(p->path, sizeof p->path, path))
		return err_set(err, E_LIMIT, "the path of the pid file is too long");
	p->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p->fd < 0)
		return err_errno(err, errno, "the pid file %s cannot be made", path);
	if (flock(p->fd, LOCK_EX | LOCK_NB) != 0)
		return refuse(p, err);
	if (ftruncate(p->fd, 0) != 0) {
		enum result r = err_errno(err, errno, "the pid file %s cannot be emptied", path);
		close(p->fd);
		p->fd = -1;
		return r;
	}
	return OK;
}

enum result pidfile_write(struct pidfile *p, struct err *err)
{
	char line[32];
	if (p->fd < 0)
		return OK;
	int n = snprintf(line, sizeof line, "%ld\n", (long)getpid());
	if (file_write_all(file_system(), p->fd, line, (size_t)n) != OK)
		return err_errno(err, errno, "the pid file %s cannot be written", p->path);
	return OK;
}

void pidfile_drop(struct pidfile *p)
{
	if (p->fd < 0)
		return;
	if (unlink(p->path) != 0)
		(void)!ftruncate(p->fd, 0);
	close(p->fd);
	p->fd = -1;
}
