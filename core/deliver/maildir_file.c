/*
 * A new file of a Maildir: see maildir_file.h. Owns two descriptors between begin and its end, and a part in the folder new.
 *
 * The file has no name until it is whole and synced (O_TMPFILE), and then one in new at once: that saves the file system
 * a name in tmp and what it writes for it. Where it cannot make such files, or /proc is away by which they get their
 * name, the file has a name in tmp first.
 */
#include "deliver/maildir_file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST_MOST 160
#define NAME_TRIES \
	10 /* names tried: another process has our pid in its own namespace, and our clock */

static const char *const folders[] = {"cur", "new", "tmp"};

/* ---- names ---- */

/* '/' and ':' may not stand in a name: \057 and \072, as the Maildir page says. */
static bool escape_host(const char *host, char *out, size_t n)
{
	size_t len = 0;
	for (; *host; host++) {
		bool odd = *host == '/' || *host == ':';
		if (len + 5 > n)
			return false;
		if (odd)
			len += (size_t)snprintf(out + len, n - len, "\\%03o", (unsigned char)*host);
		else
			out[len++] = *host;
	}
	out[len] = '\0';
	return len > 0;
}

static enum result make_name(struct maildir_namer *namer, char *out, size_t n, struct err *err)
{
	char host[HOST_MOST];
	if (!escape_host(namer->host, host, sizeof host))
		return err_set(err, E_LIMIT, "the host name of Maildir files is empty or too long");
	int64_t now = clock_wall(namer->clock);
	unsigned count = __atomic_add_fetch(&namer->delivered, 1, __ATOMIC_RELAXED);
	snprintf(out, n, "%lld.M%lldP%ldQ%u.%s", (long long)(now / 1000),
		 (long long)(now % 1000 * 1000), (long)getpid(), count, host);
	return OK;
}

/* ---- the file ---- */

static enum result make_folders(const struct file_ops *files, int box, const char *mailbox,
				struct err *err)
{
	bool made = false;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		struct stat st;
		if (fstatat(box, folders[i], &st, 0) == 0)
			continue;
		if (files->mkdirat(box, folders[i], 0700) != 0 && errno != EEXIST)
			return err_errno(err, errno, "%s/%s cannot be made", mailbox, folders[i]);
		made = true;
	}
	if (made && files->fsync(box) != 0)
		return err_errno(err, errno, "%s cannot be synced", mailbox);
	return OK;
}

static enum result join_new(struct maildir_file *f, struct err *err)
{
	struct stat st;
	if (fstatat(f->box, "new", &st, 0) == 0 &&
	    folder_join(&f->fresh, f->files, f->box, "new", &st) == 0)
		return OK;
	return err_errno(err, errno, "%s/new cannot be opened", f->mailbox);
}

static enum result open_box(struct maildir_file *f, struct err *err)
{
	const struct file_ops *files = f->files;
	f->box = files->openat(AT_FDCWD, f->mailbox, O_RDONLY | O_DIRECTORY, 0);
	if (f->box < 0)
		return err_errno(err, errno, "the mailbox %s cannot be opened", f->mailbox);
	enum result r = make_folders(files, f->box, f->mailbox, err);
	return r == OK ? join_new(f, err) : r;
}

static void close_box(struct maildir_file *f)
{
	folder_leave(&f->fresh);
	if (f->box >= 0)
		f->files->close(f->box);
}

static bool is_named(const struct maildir_file *f)
{
	return f->temporary[0] != '\0';
}

static const char *name_of(const struct maildir_file *f)
{
	return is_named(f) ? f->temporary : "new";
}

/* In the folder that it will be in, as the file system keeps together what lies in one. False: it makes no such files. */
static bool create_nameless(struct maildir_file *f)
{
	if (!file_can_link_open())
		return false;
	f->temporary[0] = '\0';
	f->fd = f->files->openat(folder_fd(&f->fresh), ".", O_WRONLY | O_TMPFILE, 0600);
	return f->fd >= 0 ||
	       (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT);
}

static enum result create_named(struct maildir_file *f, struct err *err)
{
	char name[NAME_MAX];
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		enum result r = make_name(f->namer, name, sizeof name, err);
		if (r != OK)
			return r;
		snprintf(f->temporary, sizeof f->temporary, "tmp/%s", name);
		snprintf(f->final, sizeof f->final, "new/%s", name);
		f->fd = f->files->openat(f->box, f->temporary,
					 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		if (f->fd >= 0)
			return OK;
		if (errno != EEXIST)
			break;
	}
	return err_errno(err, errno, "%s/%s cannot be made", f->mailbox, f->temporary);
}

static enum result create(struct maildir_file *f, struct err *err)
{
	if (!create_nameless(f))
		return create_named(f, err);
	return f->fd >= 0 ? OK
			  : err_errno(err, errno, "a file cannot be made in %s/new", f->mailbox);
}

/* Takes its name in new back: what is not durable, or not known to be, will be delivered again. */
static enum result take_back(struct maildir_file *f, enum result r)
{
	f->files->unlinkat(f->box, f->final);
	return r;
}

static enum result sync_new(struct maildir_file *f, struct err *err)
{
	if (folder_sync(&f->fresh) == 0)
		return OK;
	return take_back(f, err_errno(err, errno, "%s/new cannot be synced", f->mailbox));
}

/* Closes what is open of it. A failed close counts: the disk of a server tells so that it is full. */
static enum result end(struct maildir_file *f, enum result r, struct err *err)
{
	const struct file_ops *files = f->files;
	if (f->fd >= 0 && files->close(f->fd) != 0 && r == OK)
		r = err_errno(err, errno, "%s/%s cannot be closed", f->mailbox, name_of(f));
	f->fd = -1;
	return r;
}

static enum result publish_named(struct maildir_file *f, struct err *err)
{
	const struct file_ops *files = f->files;
	enum result r = end(f, OK, err);
	if (r == OK && files->renameat(f->box, f->temporary, f->box, f->final) != 0)
		r = err_errno(err, errno, "%s/%s cannot be put in place", f->mailbox, f->final);
	if (r != OK)
		files->unlinkat(f->box, f->temporary);
	return r;
}

/* The first name in new that is free, by `link`: of the open file, or of another. -1 with errno. */
static enum result link_free(struct maildir_file *f, const char *from, int *linked, struct err *err)
{
	char name[NAME_MAX];
	*linked = -1;
	for (int tries = 0; tries < NAME_TRIES && *linked != 0; tries++) {
		enum result r = make_name(f->namer, name, sizeof name, err);
		if (r != OK)
			return r;
		snprintf(f->final, sizeof f->final, "new/%s", name);
		*linked = from ? f->files->linkat(AT_FDCWD, from, f->box, f->final)
			       : f->files->linkopen(f->fd, f->box, f->final);
		if (*linked != 0 && errno != EEXIST)
			break;
	}
	return OK;
}

static enum result publish_nameless(struct maildir_file *f, struct err *err)
{
	int linked;
	enum result r = link_free(f, NULL, &linked, err);
	if (r == OK && linked != 0)
		r = err_errno(err, errno, "%s/%s cannot be put in place", f->mailbox, f->final);
	if (r != OK)
		return end(f, r, err);
	r = end(f, OK, err);
	return r == OK ? OK : take_back(f, r);
}

void maildir_namer_init(struct maildir_namer *namer, char *host)
{
	static unsigned delivered;
	*host = '\0';
	gethostname(host, MAILDIR_HOST_MAX - 1);
	host[MAILDIR_HOST_MAX - 1] = '\0';
	if (!*host)
		text_copy(host, MAILDIR_HOST_MAX, "localhost");
	/* The count is the process's, whoever delivers. */
	*namer = (struct maildir_namer){.clock = clock_system(), .host = host};
	namer->delivered = __atomic_add_fetch(&delivered, NAME_TRIES, __ATOMIC_RELAXED);
}

static struct maildir_file file_of(struct maildir_namer *namer, const struct file_ops *files,
				   const char *mailbox)
{
	return (struct maildir_file){
		.namer = namer, .files = files, .mailbox = mailbox, .fd = -1, .box = -1};
}

enum result maildir_file_begin(struct maildir_file *f, struct maildir_namer *namer,
			       const struct file_ops *files, const char *mailbox, struct err *err)
{
	*f = file_of(namer, files, mailbox);
	enum result r = open_box(f, err);
	if (r == OK)
		r = create(f, err);
	if (r != OK)
		close_box(f);
	return r;
}

enum result maildir_file_failed(const struct maildir_file *f, int cause, struct err *err)
{
	return err_errno(err, cause, "%s/%s cannot be written", f->mailbox, name_of(f));
}

/* What is open of it, and its name in tmp. */
static void drop(struct maildir_file *f)
{
	end(f, E_CANCELLED, NULL);
	if (is_named(f))
		f->files->unlinkat(f->box, f->temporary);
}

enum result maildir_file_commit(struct maildir_file *f, struct err *err)
{
	enum result r;
	if (f->files->fsync(f->fd) != 0) {
		r = err_errno(err, errno, "%s/%s cannot be synced", f->mailbox, name_of(f));
		drop(f);
	} else {
		r = is_named(f) ? publish_named(f, err) : publish_nameless(f, err);
	}
	if (r == OK)
		r = sync_new(f, err);
	close_box(f);
	return r;
}

void maildir_file_abort(struct maildir_file *f)
{
	drop(f);
	close_box(f);
}

static enum result link_to(struct maildir_file *f, const char *from, struct err *err)
{
	int linked;
	enum result r = link_free(f, from, &linked, err);
	if (r != OK)
		return r;
	if (linked == 0)
		return sync_new(f, err);
	return err_set(err, E_UNSUPPORTED, "%s/%s cannot be a link to %s: %s", f->mailbox, f->final,
		       from, strerror(errno));
}

enum result maildir_file_link(struct maildir_namer *namer, const struct file_ops *files,
			      const char *mailbox, const char *from, struct err *err)
{
	struct maildir_file f = file_of(namer, files, mailbox);
	enum result r = open_box(&f, err);
	if (r == OK)
		r = link_to(&f, from, err);
	close_box(&f);
	return r;
}
