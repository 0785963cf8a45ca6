/* A new file of a Maildir: see maildir_file.h. Owns two descriptors between begin and its end, and a part in the folder new. */
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

static enum result create(struct maildir_file *f, struct err *err)
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

static enum result sync_new(struct maildir_file *f, struct err *err)
{
	if (folder_sync(&f->fresh) == 0)
		return OK;
	enum result r = err_errno(err, errno, "%s/new cannot be synced", f->mailbox);
	f->files->unlinkat(f->box, f->final);
	return r;
}

/* Gives it its name. One whose name is not durable is taken back: it will be delivered again. */
static enum result publish(struct maildir_file *f, struct err *err)
{
	const struct file_ops *files = f->files;
	if (files->renameat(f->box, f->temporary, f->box, f->final) != 0)
		return err_errno(err, errno, "%s/%s cannot be put in place", f->mailbox, f->final);
	return sync_new(f, err);
}

/* Closes what is open of it. A failed close counts: the disk of a server tells so that it is full. */
static enum result end(struct maildir_file *f, enum result r, struct err *err)
{
	const struct file_ops *files = f->files;
	if (f->fd >= 0 && files->close(f->fd) != 0 && r == OK)
		r = err_errno(err, errno, "%s/%s cannot be closed", f->mailbox, f->temporary);
	f->fd = -1;
	return r;
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

enum result maildir_file_commit(struct maildir_file *f, struct err *err)
{
	enum result r = OK;
	if (f->files->fsync(f->fd) != 0)
		r = err_errno(err, errno, "%s/%s cannot be synced", f->mailbox, f->temporary);
	r = end(f, r, err);
	if (r == OK)
		r = publish(f, err);
	if (r != OK)
		f->files->unlinkat(f->box, f->temporary);
	close_box(f);
	return r;
}

void maildir_file_abort(struct maildir_file *f)
{
	end(f, E_CANCELLED, NULL);
	f->files->unlinkat(f->box, f->temporary);
	close_box(f);
}

static enum result link_to(struct maildir_file *f, const char *from, struct err *err)
{
	char name[NAME_MAX];
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		enum result r = make_name(f->namer, name, sizeof name, err);
		if (r != OK)
			return r;
		snprintf(f->final, sizeof f->final, "new/%s", name);
		if (f->files->linkat(AT_FDCWD, from, f->box, f->final) == 0)
			return sync_new(f, err);
		if (errno != EEXIST)
			break;
	}
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
