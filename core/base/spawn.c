/* Running a program: see spawn.h. Owns the process and up to three nameless files while it runs. */
#include "base/spawn.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 10
#define PAGE 4096 /* of what it said is kept: more than its words */
#define SAID_MAX \
	(1 << 20) /* bytes of memory that what it said may take, and what comes in LOOK_MS */
#define HIGH 32   /* descriptors to give wait above those that they become */

extern char **environ;

/* A group of its own, and no signal blocked or ignored that is so in this process. */
static int set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int e = posix_spawnattr_init(a);
	if (!e)
		e = posix_spawnattr_setsigmask(a, &none);
	if (!e)
		e = posix_spawnattr_setsigdefault(a, &all);
	if (!e)
		e = posix_spawnattr_setpgroup(a, 0);
	return e ? e
		 : posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						       POSIX_SPAWN_SETPGROUP);
}

static void set_limit(pid_t pid, __rlimit_resource_t what, uint64_t most)
{
	struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
	if (most)
		prlimit(pid, what, &limit, NULL); /* it can only have ended already */
}

static void set_limits(const struct spawn *s, pid_t pid)
{
	set_limit(pid, RLIMIT_AS, SPAWN_SANITIZED ? 0 : s->memory);
	set_limit(pid, RLIMIT_FSIZE, s->file_size);
	set_limit(pid, RLIMIT_CPU, s->cpu);
}

/* Copies of the descriptors to give, out of the way of the numbers they get. */
static int lift(const struct spawn *s, int *high)
{
	for (size_t i = 0; i < s->give_count; i++) {
		high[i] = fcntl(s->give[i], F_DUPFD_CLOEXEC, HIGH);
		if (high[i] < 0)
			return errno;
	}
	return 0;
}

static void drop(const struct spawn *s, const int *high)
{
	for (size_t i = 0; i < s->give_count; i++)
		if (high[i] >= 0)
			close(high[i]);
}

/* What it reads from 0: a nameless file. -1: it reads nothing, or errno says why there is none. */
static int open_input(const struct spawn *s)
{
	errno = 0;
	if (!s->input)
		return -1;
	int fd = memfd_create("spawn", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (file_write_all(file_system(), fd, s->input, strlen(s->input)) == OK &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	int cause = errno;
	close(fd);
	errno = cause;
	return -1;
}

static int start(const struct spawn *s, int in, int out, int words, pid_t *pid)
{
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t files;
	int high[SPAWN_GIVE_MAX] = {-1, -1, -1, -1, -1, -1, -1, -1};
	int e = set_attributes(&attributes);
	if (!e)
		e = posix_spawn_file_actions_init(&files);
	if (e)
		return e;
	e = lift(s, high);
	if (!e && in >= 0)
		e = posix_spawn_file_actions_adddup2(&files, in, 0);
	else if (!e)
		e = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	if (!e)
		e = posix_spawn_file_actions_adddup2(&files, out, 1);
	if (!e)
		e = posix_spawn_file_actions_adddup2(&files, words, 2);
	for (size_t i = 0; !e && i < s->give_count; i++)
		e = posix_spawn_file_actions_adddup2(&files, high[i], 3 + (int)i);
	if (!e)
		e = posix_spawnp(pid, s->argv[0], &files, &attributes, (char *const *)s->argv,
				 environ);
	if (!e)
		set_limits(s, *pid);
	drop(s, high);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return e;
}

/* A program may say gigabytes within its time: what comes behind the words that are kept gives its memory back. It writes on behind the
 * hole, and notices nothing. */
static void forget(int words)
{
	struct stat st;
	if (fstat(words, &st) == 0 && st.st_size > SAID_MAX && st.st_blocks * 512 > SAID_MAX)
		fallocate(words, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE,
			  st.st_size - PAGE);
}

/* Waits for its end; kills it when the time is over or stop is set. */
static enum result await(struct spawn *s, pid_t pid, int words, const struct clock *clock)
{
	int64_t until = clock_mono(clock) + s->limit;
	int status = 0;
	enum result r = OK;
	while (waitpid(pid, &status, r == OK ? WNOHANG : 0) != pid) {
		if (s->stop && atomic_load(s->stop))
			r = E_CANCELLED;
		else if (clock_mono(clock) >= until)
			r = E_TIMEOUT;
		forget(words);
		if (r != OK)
			kill(-pid, SIGKILL);
		else
			nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
	}
	s->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	s->status = s->signal ? 128 + s->signal : WEXITSTATUS(status);
	return r;
}

static void read_words(struct spawn *s, int fd)
{
	ssize_t n = pread(fd, s->words, sizeof s->words - 1, 0);
	size_t len = n > 0 ? (size_t)n : 0;
	while (len && (unsigned char)s->words[len - 1] <= ' ')
		len--;
	s->words[len] = '\0';
	for (char *p = s->words; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

static enum result read_said(struct spawn *s, int fd, struct err *err)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *to = n > 0 ? buf_reserve(s->said, (size_t)n) : NULL;
	if (n > 0 && !to)
		return err_set(err, E_LIMIT, "%s said too much (%lld bytes)", s->argv[0],
			       (long long)n);
	if (n > 0 && pread(fd, to, (size_t)n, 0) == n)
		buf_grew(s->said, (size_t)n);
	return OK;
}

/* out: where its standard output goes, perhaps the same as words. */
static enum result run(struct spawn *s, int out, int words, const struct clock *clock,
		       struct err *err)
{
	pid_t pid;
	int in = open_input(s), e = errno;
	if (!e)
		e = start(s, in, out, words, &pid);
	if (in >= 0)
		close(in);
	enum result r = e ? err_errno(err, e, "%s cannot be started", s->argv[0])
			  : await(s, pid, words, clock);
	read_words(s, words);
	if (r == OK && s->said)
		r = read_said(s, out, err);
	if (r == E_TIMEOUT)
		err_set(err, r, "%s did not end within its time limit and was killed", s->argv[0]);
	if (r == E_CANCELLED)
		err_set(err, r, "%s was ended with the gateway", s->argv[0]);
	return r;
}

enum result spawn_run(struct spawn *s, const struct clock *clock, struct err *err)
{
	s->status = s->signal = 0;
	*s->words = '\0';
	int words = memfd_create("spawn", MFD_CLOEXEC);
	int out = s->said ? memfd_create("spawn", MFD_CLOEXEC) : words;
	enum result r = words < 0 || out < 0
				? err_errno(err, errno, "%s cannot be started", s->argv[0])
				: run(s, out, words, clock, err);
	if (words >= 0)
		close(words);
	if (s->said && out >= 0)
		close(out);
	return r;
}

enum result spawn_failed(const struct spawn *s, enum result code, struct err *err)
{
	const char *between = *s->words ? ": " : "";
	if (s->signal)
		return err_set(err, code, "%s was ended by signal %d (%s)%s%s", s->argv[0],
			       s->signal, sigdescr_np(s->signal), between, s->words);
	return err_set(err, code, "%s ended with %d%s%s", s->argv[0], s->status,
		       *s->words ? between : " and said nothing", s->words);
}

enum result spawn_split(struct spawn_command *c, const char *command, struct err *err)
{
	char *rest = NULL;
	c->count = 0;
	if (!text_copy(c->text, sizeof c->text, command))
		return err_set(err, E_LIMIT, "the command %.60s... is longer than %zu bytes",
			       command, sizeof c->text - 1);
	for (char *word = strtok_r(c->text, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (c->count == SPAWN_WORDS)
			return err_set(err, E_LIMIT, "the command %.60s... has more than %d words",
				       command, SPAWN_WORDS);
		c->argv[c->count++] = word;
	}
	c->argv[c->count] = NULL;
	return c->count ? OK : err_set(err, E_CONFIG, "the command names no program");
}

enum result spawn_append(struct spawn_command *c, const char *word, struct err *err)
{
	if (c->count == SPAWN_WORDS + SPAWN_MORE)
		return err_set(err, E_LIMIT, "the command %.60s has too many words", c->argv[0]);
	c->argv[c->count++] = word;
	c->argv[c->count] = NULL;
	return OK;
}

bool spawn_find(const char *name, const char *folder, char *path, size_t n)
{
	ssize_t len = readlink("/proc/self/exe", path, n);
	if (len > 0 && (size_t)len < n) {
		path[len] = '\0';
		char *slash = strrchr(path, '/');
		size_t room = slash ? n - (size_t)(slash + 1 - path) : 0;
		if (slash && strlen(name) < room) {
			strcpy(slash + 1, name);
			if (access(path, X_OK) == 0)
				return true;
		}
	}
	int made =
		folder ? snprintf(path, n, "%s/%s", folder, name) : snprintf(path, n, "%s", name);
	return made > 0 && (size_t)made < n;
}

/* As execvp does it: OK, or errno of the last place where there is such a file. */
static int look_in_path(const char *name)
{
	char path[PATH_MAX];
	int cause = ENOENT;
	const char *at = getenv("PATH");
	at = at ? at : "/bin:/usr/bin";
	for (size_t n; *at; at += n + (at[n] == ':')) {
		n = strcspn(at, ":");
		int made = snprintf(path, sizeof path, "%.*s/%s", (int)n, at, name);
		if (made < 0 || (size_t)made >= sizeof path)
			continue;
		if (access(path, X_OK) == 0)
			return 0;
		cause = errno == ENOENT ? cause : errno;
	}
	return cause;
}

enum result spawn_look(const char *command, struct err *err)
{
	char path[PATH_MAX];
	struct spawn_command c;
	enum result r = spawn_split(&c, command, err);
	if (r != OK)
		return r;
	const char *name = c.argv[0];
	int cause = 0;
	if (strchr(name, '/'))
		cause = access(name, X_OK) == 0 ? 0 : errno;
	else if (!spawn_find(name, NULL, path, sizeof path) || !strchr(path, '/'))
		cause = look_in_path(name);
	return cause ? err_errno(err, cause, "%s cannot be started", name) : OK;
}
