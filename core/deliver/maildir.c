/* Delivery into a Maildir: see maildir.h. Owns nothing but descriptors for the time of a call. */
#include "deliver/maildir.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 16384 /* bytes read and written at a time */
#define HOST_MOST 160
#define NAME_TRIES \
	10 /* names tried: another process has our pid in its own namespace, and our clock */

static const char *const folders[] = {"cur", "new", "tmp"};

/* ---- line ends ---- */

struct writer {
	const struct file_ops *files;
	int fd;
	bool cr; /* a CR came last: it is written unless LF follows */
	size_t n;
	char out[PIECE];
};

static enum result put_byte(struct writer *w, char c)
{
	enum result r = OK;
	if (w->n == sizeof w->out) {
		r = file_write_all(w->files, w->fd, w->out, w->n);
		w->n = 0;
	}
	w->out[w->n++] = c;
	return r;
}

static enum result put(struct writer *w, const char *bytes, size_t n)
{
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n; i++) {
		if (w->cr && bytes[i] != '\n')
			r = put_byte(w, '\r');
		w->cr = bytes[i] == '\r';
		if (!w->cr && r == OK)
			r = put_byte(w, bytes[i]);
	}
	return r;
}

static enum result put_end(struct writer *w)
{
	enum result r = w->cr ? put_byte(w, '\r') : OK;
	return r == OK ? file_write_all(w->files, w->fd, w->out, w->n) : r;
}

static enum result put_message(struct writer *w, const struct spool_message *m)
{
	char in[PIECE];
	enum result r = OK;
	for (uint64_t at = 0; r == OK && at < m->size;) {
		ssize_t got = spool_message_read(m, at, in, sizeof in);
		if (got <= 0) {
			errno = got ? errno : EIO;
			return E_IO;
		}
		r = put(w, in, (size_t)got);
		at += (uint64_t)got;
	}
	return r;
}

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

/* ---- delivery ---- */

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

struct delivery {
	struct maildir_namer *namer;
	const struct file_ops *files;
	const char *mailbox;
	int box, fresh; /* descriptors of the mailbox and its new/ */
	char temporary[NAME_MAX + 5], final[NAME_MAX + 5];
};

static enum result delivery_open(struct delivery *d, struct err *err)
{
	const struct file_ops *files = d->files;
	d->box = files->openat(AT_FDCWD, d->mailbox, O_RDONLY | O_DIRECTORY, 0);
	if (d->box < 0)
		return err_errno(err, errno, "the mailbox %s cannot be opened", d->mailbox);
	enum result r = make_folders(files, d->box, d->mailbox, err);
	if (r != OK)
		return r;
	d->fresh = files->openat(d->box, "new", O_RDONLY | O_DIRECTORY, 0);
	return d->fresh >= 0 ? OK : err_errno(err, errno, "%s/new cannot be opened", d->mailbox);
}

static void delivery_close(struct delivery *d)
{
	if (d->fresh >= 0)
		d->files->close(d->fresh);
	if (d->box >= 0)
		d->files->close(d->box);
}

static enum result create(struct delivery *d, int *fd, struct err *err)
{
	char name[NAME_MAX];
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		enum result r = make_name(d->namer, name, sizeof name, err);
		if (r != OK)
			return r;
		snprintf(d->temporary, sizeof d->temporary, "tmp/%s", name);
		snprintf(d->final, sizeof d->final, "new/%s", name);
		*fd = d->files->openat(d->box, d->temporary,
				       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		if (*fd >= 0)
			return OK;
		if (errno != EEXIST)
			break;
	}
	return err_errno(err, errno, "%s/%s cannot be made", d->mailbox, d->temporary);
}

static enum result fill(struct delivery *d, int fd, const char *prefix,
			const struct spool_message *m, struct err *err)
{
	struct writer w = {.files = d->files, .fd = fd};
	enum result r = put(&w, prefix, strlen(prefix));
	if (r == OK)
		r = put_message(&w, m);
	if (r == OK)
		r = put_end(&w);
	if (r != OK)
		return err_errno(err, errno, "%s/%s cannot be written", d->mailbox, d->temporary);
	if (d->files->fsync(fd) != 0)
		return err_errno(err, errno, "%s/%s cannot be synced", d->mailbox, d->temporary);
	return OK;
}

/* Gives it its name. One whose name is not durable is taken back: it will be delivered again. */
static enum result publish(struct delivery *d, struct err *err)
{
	const struct file_ops *files = d->files;
	if (files->renameat(d->box, d->temporary, d->box, d->final) != 0)
		return err_errno(err, errno, "%s/%s cannot be put in place", d->mailbox, d->final);
	if (files->fsync(d->fresh) == 0)
		return OK;
	enum result r = err_errno(err, errno, "%s/new cannot be synced", d->mailbox);
	files->unlinkat(d->box, d->final);
	return r;
}

static enum result deliver(struct delivery *d, const char *prefix, const struct spool_message *m,
			   struct err *err)
{
	const struct file_ops *files = d->files;
	int fd;
	enum result r = create(d, &fd, err);
	if (r != OK)
		return r;
	r = fill(d, fd, prefix, m, err);
	if (files->close(fd) != 0 && r == OK)
		r = err_errno(err, errno, "%s/%s cannot be closed", d->mailbox, d->temporary);
	if (r == OK)
		r = publish(d, err);
	if (r != OK)
		files->unlinkat(d->box, d->temporary);
	return r;
}

enum result maildir_deliver_as(struct maildir_namer *namer, const struct file_ops *files,
			       const char *mailbox, const struct spool_message *m, const char *head,
			       struct err *err)
{
	struct delivery d = {
		.namer = namer, .files = files, .mailbox = mailbox, .box = -1, .fresh = -1};
	enum result r = delivery_open(&d, err);
	if (r == OK)
		r = deliver(&d, head, m, err);
	delivery_close(&d);
	return r;
}

enum result maildir_deliver(const struct file_ops *files, const char *mailbox,
			    const struct spool_message *m, const char *head, struct err *err)
{
	static unsigned delivered;
	char host[HOST_MOST - 10] = "";
	struct maildir_namer namer = {.clock = clock_system(), .host = host};
	gethostname(host, sizeof host - 1);
	if (!*host)
		text_copy(host, sizeof host, "localhost");
	/* The count is the process's, whoever delivers. */
	namer.delivered = __atomic_add_fetch(&delivered, NAME_TRIES, __ATOMIC_RELAXED);
	return maildir_deliver_as(&namer, files, mailbox, m, head, err);
}
