/*
 * SPOOL/maildrop: see spool.h. A file is lines of envelope, an empty line, and the content as it is:
 *
 *	smtpgate maildrop 1
 *	from user@domain        (nothing behind the blank: the null reverse-path)
 *	to user@domain          once for each recipient
 *	asks-of NOTIFY=NEVER    what is asked for the recipient before (mail/asks.h); and asks, for the message
 *	listener send           and protocol, client, helo, arrived (ms), priority, eight_bit, size (bytes of content)
 *
 * Its name begins with the time and the process's count, so names sort by age. Owns nothing between calls.
 * Fails as the disk does.
 */
#include "base/buf.h"
#include "base/text.h"
#include "mail/asks.h"
#include "spool/message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "drop-"
#define DAY_MS INT64_C(86400000)
#define FIRST_LINE "smtpgate maildrop 1\n"

bool spool_maildrop_named(const char *session)
{
	return text_starts(session, PREFIX);
}

static enum result name_path(char out[PATH_MAX], const char *path, const char *name,
			     const char *suffix, struct err *err)
{
	if (strchr(name, '/') || !spool_maildrop_named(name))
		return err_set(err, E_SYNTAX, "%s is no name of a maildrop file", name);
	if ((size_t)snprintf(out, PATH_MAX, "%s/maildrop/%s%s", path, name, suffix) >= PATH_MAX)
		return err_set(err, E_LIMIT, "%s/maildrop: the name is too long", path);
	return OK;
}

/* ---- writing ---- */

static enum result put_line(struct buf *b, const char *name, const char *value, struct err *err)
{
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ')
			return err_set(err, E_SYNTAX, "the envelope's %s holds a control character",
				       name);
	return buf_printf(b, "%s %s\n", name, value);
}

static enum result put_envelope(struct buf *b, const struct mail_envelope *e, size_t size,
				struct err *err)
{
	const struct {
		const char *name, *value;
	} lines[] = {{"from", e->reverse_path}, {"listener", e->listener},
		     {"protocol", e->protocol}, {"client", e->client},
		     {"helo", e->helo},         {"asks", e->asks}};
	enum result r = buf_puts(b, FIRST_LINE);
	for (size_t i = 0; r == OK && i < sizeof lines / sizeof *lines; i++)
		r = put_line(b, lines[i].name, lines[i].value ? lines[i].value : "", err);
	if (r == OK && e->repaired && *e->repaired)
		r = put_line(b, "repaired", e->repaired, err);
	for (size_t i = 0; r == OK && i < e->count; i++) {
		r = put_line(b, "to", e->recipients[i], err);
		if (r == OK && *e->asks_of[i])
			r = put_line(b, "asks-of", e->asks_of[i], err);
	}
	if (r == OK)
		r = buf_printf(b, "arrived %lld\npriority %d\neight_bit %d\nsize %zu\n\n",
			       (long long)e->arrived, (int)e->priority, e->eight_bit, size);
	return r;
}

void spool_maildrop_name(char out[SPOOL_MAILDROP_NAME])
{
	static atomic_uint made; /* many a millisecond keep their order */
	const struct clock *clock = clock_system();
	snprintf(out, SPOOL_MAILDROP_NAME, PREFIX "%013lld-%06x-%016llx",
		 (long long)clock_wall(clock), atomic_fetch_add(&made, 1) & 0xffffff,
		 (unsigned long long)clock_random(clock));
}

/* Users other than the gateway's may write into the folder but not list it, so they cannot sync it either: then all of the disk is. */
static bool sync_unseen(const char *whole)
{
	int fd = open(whole, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool synced = fd >= 0 && syncfs(fd) == 0;
	if (fd >= 0)
		close(fd);
	return synced;
}

/* One that is there is as spool_maildrop_make left it. */
static enum result make_folder(const struct file_ops *files, const char *path, struct err *err)
{
	enum result r =
		access(path, W_OK | X_OK) == 0 ? OK : file_make_dirs(files, path, 0700, err);
	if (r != OK || access(path, W_OK | X_OK) == 0)
		return r;
	r = err_errno(err, errno, "%s cannot be written to", path);
	err_remedy(err, "start the gateway once: it opens the folder for all users");
	return r;
}

enum result spool_maildrop_make(const struct file_ops *files, const char *path, struct err *err)
{
	char whole[PATH_MAX];
	struct stat st;
	if ((size_t)snprintf(whole, sizeof whole, "%s/maildrop", path) >= sizeof whole)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	enum result r = file_make_dirs(files, whole, 0700, err);
	if (r != OK || stat(path, &st) != 0)
		return r != OK ? r : err_errno(err, errno, "%s cannot be looked at", path);
	/* the files beside it are the gateway's alone; through the spool, others only pass */
	const uid_t me = geteuid();
	if ((!me || st.st_uid == me) && (st.st_mode & 0011) != 0011 &&
	    chmod(path, (st.st_mode & 07777) | 0011) != 0)
		return err_errno(err, errno, "%s cannot get its mode", path);
	if (stat(whole, &st) == 0 && (!me || st.st_uid == me) && (st.st_mode & 07777) != 03733 &&
	    chmod(whole, 03733) != 0)
		return err_errno(err, errno, "%s cannot get its mode", whole);
	return OK;
}

enum result spool_maildrop_write(const struct file_ops *files, const char *path,
				 const struct mail_envelope *envelope, const void *data, size_t n,
				 struct err *err)
{
	char name[SPOOL_MAILDROP_NAME];
	spool_maildrop_name(name);
	return spool_maildrop_write_as(files, path, name, envelope, data, n, err);
}

enum result spool_maildrop_write_as(const struct file_ops *files, const char *path,
				    const char *name, const struct mail_envelope *envelope,
				    const void *data, size_t n, struct err *err)
{
	char whole[PATH_MAX];
	struct buf b;
	enum result r = name_path(whole, path, name, "", err);
	if (r != OK)
		return r;
	char *slash = strrchr(whole, '/');
	*slash = '\0';
	r = make_folder(files, whole, err);
	*slash = '/';
	buf_init(&b, 0);
	if (r == OK && !envelope->count)
		r = err_set(err, E_RANGE, "a message needs a recipient");
	if (r == OK)
		r = put_envelope(&b, envelope, n, err);
	if (r == OK)
		r = buf_append(&b, data, n);
	if (r == E_NOMEM)
		err_set(err, r, "no memory for the message");
	if (r == OK) {
		/* the folder's group is the gateway's: it may read what users write */
		r = file_replace(files, whole, buf_head(&b), b.len, 0640, err);
		if (r == E_DENIED && sync_unseen(whole))
			r = OK;
		if (r !=
		    OK) /* in place, but perhaps not for good: the caller is told that it is not sent */
			files->unlinkat(AT_FDCWD, whole);
	}
	buf_free(&b);
	return r;
}

/* ---- listing ---- */

static bool complete(const char *name)
{
	return spool_maildrop_named(name) && !strchr(name, '.'); /* .PID.tmp, .bad, .bad.txt */
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static enum result names_push(char ***names, size_t *count, const char *name)
{
	if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
		char **more = realloc(*names, (*count ? *count * 2 : 1) * sizeof *more);
		if (!more)
			return E_NOMEM;
		*names = more;
	}
	(*names)[*count] = strdup(name);
	if (!(*names)[*count])
		return E_NOMEM;
	++*count;
	return OK;
}

enum result spool_maildrop_list(const char *path, char ***names, size_t *count, struct err *err)
{
	char folder[PATH_MAX];
	*names = NULL;
	*count = 0;
	if ((size_t)snprintf(folder, sizeof folder, "%s/maildrop", path) >= sizeof folder)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	DIR *dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? OK : err_errno(err, errno, "%s cannot be listed", folder);
	enum result r = OK;
	for (struct dirent *d; r == OK && (d = readdir(dir));)
		if (complete(d->d_name))
			r = names_push(names, count, d->d_name);
	closedir(dir);
	if (r == OK && *count)
		qsort(*names, *count, sizeof **names, by_name);
	if (r == OK)
		return OK;
	while (*count)
		free((*names)[--*count]);
	free(*names);
	*names = NULL;
	return err_set(err, r, "no memory to list %s", folder);
}

void spool_maildrop_tidy(const char *path, int64_t before)
{
	char folder[PATH_MAX];
	struct stat st;
	if ((size_t)snprintf(folder, sizeof folder, "%s/maildrop", path) >= sizeof folder)
		return;
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (struct dirent *d; (d = readdir(dir));)
		if (spool_maildrop_named(d->d_name) && text_ends(d->d_name, ".tmp") &&
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (int64_t)st.st_mtim.tv_sec * 1000 < before)
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
}

/* ---- reading ---- */

static const char *kept(struct region *region, const char *value, bool *short_of)
{
	const char *copy = region_strdup(region, value);
	*short_of |= !copy;
	return copy ? copy : "";
}

static bool number_of(const char *text, int64_t least, int64_t most, int64_t *out)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	*out = n;
	return *text && !*end && !errno && n >= least && n <= most;
}

/* Anybody may have written it: it is taken in our own form alone. */
static bool take_asks(struct mail_envelope *e, const char *value, bool *short_of)
{
	struct mail_asks a;
	char text[MAIL_ASKS_TEXT];
	if (mail_asks_parse(value, &a) != OK)
		return false;
	e->asks = kept(e->region, mail_asks_print(&a, text), short_of);
	return true;
}

static bool take_asks_of(struct mail_envelope *e, const char *value, bool *short_of)
{
	struct mail_asks_rcpt a;
	char text[MAIL_ASKS_RCPT_TEXT];
	if (!e->count || mail_asks_rcpt_parse(value, &a) != OK)
		return false;
	e->asks_of[e->count - 1] = kept(e->region, mail_asks_rcpt_print(&a, text), short_of);
	return true;
}

/* One line, cut out already. E_CORRUPT: nothing that put_envelope writes. */
static enum result take_line(struct mail_envelope *e, char *line, int64_t *size)
{
	bool short_of = false, fits = true;
	int64_t n = 0;
	char *value = strchr(line, ' ');
	if (!value)
		return E_CORRUPT;
	*value++ = '\0';
	if (strcmp(line, "from") == 0)
		e->reverse_path = kept(e->region, value, &short_of);
	else if (strcmp(line, "to") == 0)
		short_of = mail_envelope_add(e, value) != OK;
	else if (strcmp(line, "asks") == 0)
		fits = take_asks(e, value, &short_of);
	else if (strcmp(line, "asks-of") == 0)
		fits = take_asks_of(e, value, &short_of);
	else if (strcmp(line, "listener") == 0)
		e->listener = kept(e->region, value, &short_of);
	else if (strcmp(line, "protocol") == 0)
		e->protocol = kept(e->region, value, &short_of);
	else if (strcmp(line, "client") == 0)
		e->client = kept(e->region, value, &short_of);
	else if (strcmp(line, "helo") == 0)
		e->helo = kept(e->region, value, &short_of);
	else if (strcmp(line, "repaired") == 0)
		e->repaired = kept(e->region, value, &short_of);
	else if (strcmp(line, "arrived") == 0)
		fits = number_of(value, INT64_MIN, INT64_MAX, &e->arrived);
	else if (strcmp(line, "size") == 0)
		fits = number_of(value, 0, INT64_MAX, size);
	else if (strcmp(line, "priority") == 0 && (fits = number_of(value, 0, MAIL_BULK, &n)))
		e->priority = (enum mail_priority)n;
	else if (strcmp(line, "eight_bit") == 0 && (fits = number_of(value, 0, 1, &n)))
		e->eight_bit = n != 0;
	else
		fits = false;
	return short_of ? E_NOMEM : fits ? OK : E_CORRUPT;
}

/* Reads the lines up to the empty one; *content: what follows it. */
static enum result take_envelope(struct mail_envelope *e, char *text, char **content, int64_t *size)
{
	enum result r = text_starts(text, FIRST_LINE) ? OK : E_CORRUPT;
	*size = -1;
	for (char *at = strchr(text, '\n'), *end; r == OK; at = end) {
		if (!at || !(end = strchr(++at, '\n')))
			return E_CORRUPT;
		if (end == at) {
			*content = end + 1;
			return e->count ? OK : E_CORRUPT;
		}
		*end = '\0';
		r = take_line(e, at, size);
	}
	return r;
}

/* Any user may put files there: what is no plain file of one name is not even opened for long. */
static enum result open_file(const char *whole, size_t most, int *fd, struct stat *st,
			     struct err *err)
{
	*fd = open(whole, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && errno == ELOOP)
		return err_set(err, E_CORRUPT, "%s: it is a symbolic link", whole);
	if (*fd < 0 || fstat(*fd, st) != 0)
		return err_errno(err, errno, "%s cannot be read", whole);
	if (!S_ISREG(st->st_mode) || st->st_nlink != 1)
		return err_set(err, E_CORRUPT, "%s: it is no file of its own", whole);
	if ((uint64_t)st->st_size > most)
		return err_set(err, E_LIMIT, "%s has %llu bytes, %zu are the most", whole,
			       (unsigned long long)st->st_size, most);
	return OK;
}

static enum result read_file(const char *whole, size_t most, char **data, size_t *n,
			     struct stat *st, struct err *err)
{
	int fd;
	size_t got = 0;
	ssize_t more = 1;
	enum result r = open_file(whole, most, &fd, st, err);
	char *bytes = r == OK ? malloc((size_t)st->st_size + 1) : NULL;
	if (r == OK && !bytes)
		r = err_set(err, E_NOMEM, "no memory to read %s", whole);
	while (r == OK && more > 0 && got < (size_t)st->st_size) {
		more = read(fd, bytes + got, (size_t)st->st_size - got);
		if (more < 0)
			r = err_errno(err, errno, "%s cannot be read", whole);
		else
			got += (size_t)more;
	}
	if (fd >= 0)
		close(fd);
	if (r != OK) {
		free(bytes);
		return r;
	}
	bytes[got] = '\0';
	*data = bytes;
	*n = got;
	return OK;
}

/* A user's own file says who gets what; where it came in, and that it is urgent, is not the user's to say. */
static void distrust(struct mail_envelope *e, const struct stat *st)
{
	struct passwd entry, *p = NULL;
	char room[4096];
	const int64_t now = clock_wall(clock_system());
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return;
	if (getpwuid_r(st->st_uid, &entry, room, sizeof room, &p) != 0)
		p = NULL;
	e->listener = "send";
	e->protocol = "local";
	e->client = "";
	e->repaired = "";
	e->helo = p ? region_strdup(e->region, p->pw_name)
		    : region_printf(e->region, "uid%ld", (long)st->st_uid);
	if (!e->helo)
		e->helo = "";
	if (e->priority == MAIL_URGENT)
		e->priority = MAIL_NORMAL;
	if (e->arrived > now || e->arrived < now - DAY_MS)
		e->arrived = now;
}

enum result spool_maildrop_read(const char *path, const char *name, size_t most,
				struct region *region, struct mail_envelope *envelope, char **data,
				size_t *n, struct err *err)
{
	char whole[PATH_MAX], *content = NULL;
	struct stat st;
	int64_t size;
	enum result r = name_path(whole, path, name, "", err);
	*data = NULL;
	if (r == OK)
		r = read_file(whole, most, data, n, &st, err);
	if (r != OK)
		return r;
	mail_envelope_init(envelope, region);
	envelope->session = region_strdup(region, name);
	r = envelope->session ? take_envelope(envelope, *data, &content, &size) : E_NOMEM;
	size_t head = content ? (size_t)(content - *data) : 0;
	if (r == OK && (size < 0 || (uint64_t)size != *n - head))
		r = E_CORRUPT;
	if (r == OK) {
		distrust(envelope, &st);
		*n -= head;
		memmove(*data, content, *n + 1);
		return OK;
	}
	free(*data);
	*data = NULL;
	return err_set(err, r, "%s: %s", whole,
		       r == E_CORRUPT ? "it is not a maildrop file, or not whole"
				      : result_sentence(r));
}

/* ---- afterwards ---- */

enum result spool_maildrop_taken(const char *path, const char *name, struct err *err)
{
	char whole[PATH_MAX];
	enum result r = name_path(whole, path, name, "", err);
	if (r != OK || unlink(whole) == 0 || errno == ENOENT)
		return r;
	return err_errno(err, errno, "%s cannot be removed", whole);
}

enum result spool_maildrop_bad(const char *path, const char *name, const char *reason,
			       struct err *err)
{
	char whole[PATH_MAX], bad[PATH_MAX], note[PATH_MAX];
	enum result r = name_path(whole, path, name, "", err);
	if (r == OK)
		r = name_path(bad, path, name, ".bad", err);
	if (r == OK)
		r = name_path(note, path, name, ".bad.txt", err);
	if (r == OK && rename(whole, bad) != 0)
		r = err_errno(err, errno, "%s cannot be set aside", whole);
	struct buf b;
	buf_init(&b, 0);
	if (r == OK && (r = buf_printf(&b, "%s\n", reason)) != OK)
		err_set(err, r, "no memory for a note");
	if (r == OK)
		r = file_replace(file_system(), note, buf_head(&b), b.len, 0600, err);
	buf_free(&b);
	return r;
}
