/* Putting mail into a postoffice: see office_put.h. Owns the lock and the files to_nc.* during a call. */
#include "deliver/office_put.h"

#include "base/text.h"
#include "deliver/ffapi.h"
#include "translate/capsule.h"
#include "translate/mmff.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define LOCK_MS 30000 /* for another gateway of this postoffice */

struct putting {
	struct office_put *p;
	int folder; /* PATH/smtp */
	char file[PATH_MAX + 16];
	char path[PATH_MAX];
	off_t bad, bad_words; /* bytes of to_nc.api.bad and .bad.txt before: others' */
};

static off_t size_of(const struct putting *t, const char *name)
{
	struct stat st;
	return fstatat(t->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : -1;
}

/* ---- the put program ---- */

static bool is_ours(const char *command)
{
	size_t n = strcspn(command, " \t");
	const char *name = command + n;
	while (name > command && name[-1] != '/')
		name--;
	return strncmp(name, "smtpput", 7) == 0 && name + 7 == command + n;
}

/* Is what lies there to be taken out by smtpput -j? No mail of a stranger becomes a message that says so. What is no message is for the
 * put program to say. */
static enum result look_sealed(const struct putting *t, bool *sealed, struct err *err)
{
	int fd = openat(t->folder, "to_nc.api", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct mmff_reader *reader = malloc(sizeof *reader);
	struct region *region = region_new(0);
	struct neutral n;
	struct err why;
	enum result r = OK;
	*sealed = false;
	if (fd < 0)
		r = err_errno(err, errno, "%s cannot be read", t->file);
	else if (!reader || !region)
		r = err_set(err, E_NOMEM, "no memory for %s", t->file);
	if (r == OK) {
		struct content c = content_file(fd, 0, (uint64_t)size_of(t, "to_nc.api"));
		mmff_reader_init(reader, &c, -1);
		r = mmff_next(reader, region, &n, &why);
		*sealed = r == OK && neutral_field(&n, CAPSULE_FIELD_SEALED);
		if (r == E_CORRUPT || r == E_NOTFOUND)
			r = OK;
		else if (r != OK)
			*err = why;
	}
	if (fd >= 0)
		close(fd);
	free(reader);
	region_destroy(&region);
	return r;
}

static enum result run_put(struct putting *t, int *status, struct err *err)
{
	const struct office_put *p = t->p;
	char charset[64];
	/* Whose mail it is was decided by the gateway, which knows more than LOCAL.CFG: domains and files of the ini. In the
	 * mailbag it would come back to be decided again. */
	const char *options[] = {"-h", charset, "--here", NULL, NULL};
	const bool ours = is_ours(p->office->put);
	bool sealed = false;
	enum result r = ours ? look_sealed(t, &sealed, err) : OK;
	if (r != OK)
		return r;
	snprintf(charset, sizeof charset, "--charset=%s", conf_charsets[p->office->charset]);
	if (!ours)
		options[1] = NULL;
	else if (sealed)
		options[3] = "-j";
	const struct ffapi f = {.command = p->office->put,
				.postoffice = p->office->path,
				.options = options,
				.file = t->file,
				.limit = p->office->get_timeout,
				.stop = p->translator.stop,
				.clock = p->translator.clock};
	return ffapi_run(&f, status, err);
}

/* A gateway that was killed between the two has left one: it is whole, and goes in first. */
static enum result put_left(struct putting *t, struct err *err)
{
	int status;
	struct err ignored;
	if (size_of(t, "to_nc.api") <= 0)
		return OK;
	run_put(t, &status, &ignored);
	if (size_of(t, "to_nc.api") <= 0)
		return OK;
	return err_set(err, E_STATE, "%s has a message of before that %s does not take: %s",
		       t->file, t->p->office->put, ignored.text);
}

/* ---- the message ---- */

static enum result write_file(struct putting *t, struct err *err)
{
	struct office_put *p = t->p;
	int out = openat(t->folder, "to_nc.tmp",
			 O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return err_errno(err, errno, "%s/to_nc.tmp cannot be made", t->path);
	if (p->capsule)
		p->sheet.make = is_ours(p->office->put) ? SHEET_SEALED : SHEET_INSIDE;
	enum result r = translator_run(&p->translator, p->message, &p->sheet, out, p->words, err);
	if (r == OK &&
	    (fsync(out) != 0 || renameat(t->folder, "to_nc.tmp", t->folder, "to_nc.api")))
		r = err_errno(err, errno, "%s cannot be written", t->file);
	if (r == OK && fsync(t->folder) != 0 && errno != EINVAL)
		r = err_errno(err, errno, "%s cannot be synced", t->path);
	close(out);
	if (r != OK)
		unlinkat(t->folder, "to_nc.tmp", 0);
	return r;
}

/* ---- what was refused ---- */

static void cut(const struct putting *t, const char *name, off_t size)
{
	if (!size) {
		unlinkat(t->folder, name, 0);
		return;
	}
	int fd = openat(t->folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || ftruncate(fd, size) != 0)
		LOG(LOG_WARN, NULL, "postoffice", "file", F_S("name", name), F_S("why", "not cut"));
	if (fd >= 0)
		close(fd);
}

/* One of ours, for a search by name. */
struct place {
	const char *text;
	size_t at;
};

static int by_text(const void *a, const void *b)
{
	return strcasecmp(((const struct place *)a)->text, ((const struct place *)b)->text);
}

/* Which of ours it names: two of ten thousand, or all of them. */
static enum result mark(struct office_put *p, const struct neutral *n, struct region *region,
			size_t *marked, struct err *err)
{
	const size_t count = p->sheet.to.count;
	struct place *places = region_alloc(region, (count + 1) * sizeof *places);
	if (!places)
		return err_set(err, E_NOMEM, "no memory for what was refused");
	for (size_t k = 0; k < count; k++)
		places[k] = (struct place){p->sheet.to.items[k].text, k};
	qsort(places, count, sizeof *places, by_text);
	for (size_t i = 0; i < n->to.count; i++) {
		const struct place wanted = {n->to.items[i].text, 0};
		struct place *found = bsearch(&wanted, places, count, sizeof *places, by_text);
		while (found && found > places && by_text(found - 1, &wanted) == 0)
			found--;
		for (; found && found < places + count && by_text(found, &wanted) == 0; found++)
			*marked += p->refused[found->at] = true;
	}
	return OK;
}

static void read_reason(struct putting *t)
{
	char *reason = t->p->reason;
	int fd = openat(t->folder, "to_nc.api.bad.txt", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? 0 : pread(fd, reason, sizeof t->p->reason - 1, t->bad_words);
	reason[n > 0 ? n : 0] = '\0';
	reason[strcspn(reason, "\r\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Reads the message that our put has set aside behind what was there, with those who did not get it. E_STATE: there is none. */
static enum result read_aside(struct putting *t, struct mmff_reader *reader, struct region *region,
			      size_t *marked, struct err *err)
{
	struct neutral n;
	int fd = openat(t->folder, "to_nc.api.bad", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t end = size_of(t, "to_nc.api.bad");
	if (fd < 0 && errno != ENOENT)
		return err_errno(err, errno, "%s.bad cannot be read", t->file);
	enum result r = E_STATE;
	if (fd >= 0 && end > t->bad) {
		struct content c = content_file(fd, (uint64_t)t->bad, (uint64_t)(end - t->bad));
		mmff_reader_init(reader, &c, -1);
		r = mmff_next(reader, region, &n, err);
		if (r == OK)
			r = mark(t->p, &n, region, marked, err);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/* Who is named is answered, so the message is taken away again. Who is not is not answered by a guess. */
static enum result read_refused(struct putting *t, struct err *err)
{
	struct mmff_reader *reader = malloc(sizeof *reader);
	struct region *region = region_new(0);
	size_t marked = 0;
	enum result r = reader && region ? read_aside(t, reader, region, &marked, err)
					 : err_set(err, E_NOMEM, "no memory for what was refused");
	free(reader);
	region_destroy(&region);
	if (r == E_STATE || (r == OK && !marked))
		return err_set(err, E_STATE,
			       "%s has failed, and %s.bad names nobody who was refused",
			       t->p->office->put, t->file);
	if (r != OK)
		return r;
	read_reason(t);
	cut(t, "to_nc.api.bad", t->bad);
	cut(t, "to_nc.api.bad.txt", t->bad_words);
	return OK;
}

/* Before the message is there for anybody to take. */
static void measure_bad(struct putting *t)
{
	t->bad = size_of(t, "to_nc.api.bad");
	t->bad_words = size_of(t, "to_nc.api.bad.txt");
	t->bad = t->bad < 0 ? 0 : t->bad;
	t->bad_words = t->bad_words < 0 ? 0 : t->bad_words;
}

/* Another smtpput, of somebody at a shell, has taken it as ours would have: to put it again would give it twice. */
static enum result taken_by_another(struct putting *t, struct err *err)
{
	enum result r = read_refused(t, err);
	LOG(LOG_INFO, NULL, "postoffice", "taken", F_S("postoffice", t->p->office->name),
	    F_S("by", "another smtpput that was run on to_nc.api"));
	return r == E_STATE ? OK : r;
}

static enum result put_file(struct putting *t, struct err *err)
{
	int status = 0;
	enum result r = run_put(t, &status, err);
	t->p->ran = true;
	t->p->status = status;
	bool gone = size_of(t, "to_nc.api") <= 0;
	unlinkat(t->folder, "to_nc.api", 0); /* what was not taken comes again from the spool */
	if (gone && r == E_STATE && is_ours(t->p->office->put)) {
		if (status == EX_NOINPUT)
			return taken_by_another(t, err);
		if (status == EXIT_FAILURE)
			return read_refused(t, err);
	}
	if (r == OK && !gone)
		return err_set(err, E_STATE, "%s has left the message in %s", t->p->office->put,
			       t->file);
	return r;
}

enum result office_put(struct office_put *p, struct err *err)
{
	struct putting t = {.p = p, .folder = -1};
	int lock = -1;
	enum result r = ffapi_find(p->office->path, t.path, err);
	if (r != OK)
		return r;
	snprintf(t.file, sizeof t.file, "%s/to_nc.api", t.path);
	r = ffapi_lock(t.path, "to_nc.lck", LOCK_MS, p->translator.stop, p->translator.clock, &lock,
		       err);
	if (r != OK)
		return r;
	t.folder = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.folder < 0)
		r = err_errno(err, errno, "%s cannot be opened", t.path);
	if (r == OK)
		r = put_left(&t, err);
	measure_bad(&t);
	if (r == OK)
		r = write_file(&t, err);
	if (r == OK)
		r = put_file(&t, err);
	if (t.folder >= 0)
		close(t.folder);
	ffapi_unlock(&lock);
	return r;
}
