/* Going to the background: see detach.h. */
#include "daemon/detach.h"

#include "daemon/exits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent: the first child ends at once, the pipe says what became of the second. */
static _Noreturn void await(int pipe_end, pid_t child)
{
	unsigned char status;
	ssize_t n;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	while ((n = read(pipe_end, &status, 1)) < 0 && errno == EINTR)
		;
	_exit(n == 1 ? status : EXIT_FAILED);
}

enum result detach_start(struct detach *d, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, errno, "no pipe for going to the background");
	pid_t child = fork();
	if (child < 0) {
		enum result r = err_errno(err, errno, "the gateway cannot fork");
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	if (child > 0) {
		close(ends[1]);
		await(ends[0], child);
	}
	close(ends[0]);
	setsid();
	/* Once more, so that it leads no session and no terminal can become its own. */
	child = fork();
	if (child != 0)
		_exit(child < 0 ? EXIT_FAILED : EXIT_DONE);
	umask(027);
	d->pipe = ends[1];
	return chdir("/") == 0 ? OK : err_errno(err, errno, "no way to the folder /");
}

void detach_done(struct detach *d, int status)
{
	unsigned char byte = (unsigned char)status;
	if (d->pipe < 0)
		return;
	int null = status ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	while (write(d->pipe, &byte, 1) < 0 && errno == EINTR)
		;
	close(d->pipe);
	d->pipe = -1;
}
