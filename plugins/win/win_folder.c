/*
 * The folder of a stack's AF_UNIX sockets, and the descriptors that are kept for libslirp.
 *
 * The folder has mode 0700 and is the stack's alone: STATE_DIR/win-NAME (win-NAME.1 and so on for more of equal settings), or a fresh one in /tmp when
 * there is no state folder or it cannot be written. Sockets are named by way of /proc/self/fd, so that
 * no path is too long for them and nobody can exchange the folder below us.
 *
 * libslirp (4.7, sotranslate_accept) aborts the process when it gets no descriptor for a connect. So
 * some are kept, and are free for as long as it may need them.
 */
#include "win/win.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptor of an empty folder of ours with mode 0700, or -errno. */
static int take_folder(const char *path)
{
	struct stat st;
	int e = 0, fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		e = errno;
	else if (st.st_uid != geteuid() || (st.st_mode & 0777) != 0700)
		e = EPERM;
	if (!e)
		return fd;
	close(fd);
	return -e;
}

/* What a process that was killed has left. */
static void empty(int folder)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			unlinkat(folder, e->d_name, 0);
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
}

static int open_in_state_dir(struct sgt_stack *stack, char *path, size_t size)
{
	if (!stack->state_dir)
		return -ENOENT;
	int n = stack->member.number
			? snprintf(path, size, "%s/win-%s.%u", stack->state_dir, stack->name,
				   stack->member.number)
			: snprintf(path, size, "%s/win-%s", stack->state_dir, stack->name);
	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	mkdir(stack->state_dir, 0700);
	mkdir(path, 0700);
	return take_folder(path);
}

static int open_in_tmp(char *path, size_t size)
{
	snprintf(path, size, "/tmp/smtpgate-win-XXXXXX");
	return mkdtemp(path) ? take_folder(path) : -errno;
}

enum sgt_result win_folder_open(struct sgt_stack *stack, struct sgt_error *error)
{
	char path[512];
	int fd = open_in_state_dir(stack, path, sizeof path);
	if (fd < 0)
		fd = open_in_tmp(path, sizeof path);
	if (fd < 0) {
		error_set(error, SGT_SOCKET, "no folder for sockets can be made in /tmp: %s",
			  strerrordesc_np(-fd));
		error_remedy(error, "df /tmp; ls -ld /tmp");
		return error->result;
	}
	size_t n = strlen(path) + 1;
	stack->folder = sock_alloc(&stack->sock, NULL, n);
	if (!stack->folder) {
		close(fd);
		rmdir(path);
		return error_set(error, SGT_NOMEM, "memory is short to start");
	}
	memcpy(stack->folder, path, n);
	stack->folder_fd = fd;
	empty(fd);
	return SGT_OK;
}

void win_folder_close(struct sgt_stack *stack)
{
	if (stack->folder_fd < 0)
		return;
	empty(stack->folder_fd);
	close(stack->folder_fd);
	stack->folder_fd = -1;
	rmdir(stack->folder);
	stack->folder = sock_alloc(&stack->sock, stack->folder, 0);
}

void win_folder_name(const struct sgt_stack *stack, const char *kind, unsigned number,
		     struct sockaddr_un *name)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	snprintf(name->sun_path, sizeof name->sun_path, "/proc/self/fd/%d/%.8s-%u",
		 stack->folder_fd, kind, number);
}

void win_folder_remove(const struct sgt_stack *stack, const struct sockaddr_un *name)
{
	unlinkat(stack->folder_fd, strrchr(name->sun_path, '/') + 1, 0);
}

/* ---- the reserve ---- */

void win_reserve_lend(struct sgt_stack *stack)
{
	for (int i = 0; i < WIN_RESERVE; i++) {
		if (stack->reserve[i] >= 0)
			close(stack->reserve[i]);
		stack->reserve[i] = -1;
	}
}

void win_reserve_take(struct sgt_stack *stack)
{
	bool all = true, was = stack->scarce;
	for (int i = 0; i < WIN_RESERVE; i++) {
		if (stack->reserve[i] < 0)
			stack->reserve[i] = fcntl(stack->folder_fd, F_DUPFD_CLOEXEC, 0);
		all = all && stack->reserve[i] >= 0;
	}
	stack->scarce = !all;
	if (stack->scarce && !was)
		sock_log(&stack->sock, SGT_LOG_WARN,
			 "%s: no more connections can be taken (%s): new ones wait", stack->name,
			 strerrordesc_np(EMFILE));
	if (was && !stack->scarce)
		sock_log(&stack->sock, SGT_LOG_INFO, "%s: connections are taken again",
			 stack->name);
}
