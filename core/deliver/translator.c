/* The translator as a child: see translator.h. Owns its descriptors during a run. */
#include "deliver/translator.h"

#include "base/spawn.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#define ROOM ((uint64_t)64 << 20) /* that a message may be larger than four times its mail */

enum { MAIL, OUT, SHEET, SCRATCH, FILES };

int translator_scratch(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 ||
	    (size_t)snprintf(path, sizeof path, "%s/.scratch-XXXXXX", folder) >= sizeof path)
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* The mail as a file: the spool's, or what it has in memory. */
static int mail_file(const struct spool_message *m)
{
	if (!m->data)
		return fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
	int fd = memfd_create("mail", MFD_CLOEXEC);
	if (fd >= 0 && file_write_all(file_system(), fd, m->data, (size_t)m->size) != OK) {
		close(fd);
		return -1;
	}
	return fd;
}

static int sheet_file(const struct sheet *sheet)
{
	struct sink to;
	int fd = memfd_create("sheet", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	sink_file(&to, file_system(), fd);
	if (sheet_write(sheet, &to) == OK && sink_flush(&to) == OK)
		return fd;
	close(fd);
	return -1;
}

static enum result judge(const struct spawn *s, enum result ran, struct err *err)
{
	if (ran == E_TIMEOUT)
		return err_set(err, E_CORRUPT, "the translator was killed: its time was over");
	if (ran != OK)
		return ran;
	if (s->status == EX_TEMPFAIL)
		return err_set(err, E_IO, "%s", s->words);
	if (s->status > 128)
		return err_set(err, E_CORRUPT, "the translator died of signal %d%s%s",
			       s->status - 128, *s->words ? ": " : "", s->words);
	return s->status ? err_set(err, E_STATE, "the translator ended with %d: %s", s->status,
				   s->words)
			 : OK;
}

static enum result run(const struct translator *t, const struct spool_message *m, const int *files,
		       char *words, struct err *err)
{
	char path[PATH_MAX];
	if (!spawn_find("smtpgate-translate", LIBEXECDIR "/smtpgate", path, sizeof path))
		return err_set(err, E_LIMIT, "the path of smtpgate-translate is too long");
	const char *const argv[] = {t->program ? t->program : path, NULL};
	struct spawn s = {.argv = argv,
			  .limit = t->limit,
			  .stop = t->stop,
			  .give = files,
			  .give_count = FILES,
			  .memory = TRANSLATOR_MEMORY,
			  .file_size = 4 * m->size + ROOM,
			  .cpu = (uint64_t)t->limit / 1000 + 1};
	enum result r = judge(&s, spawn_run(&s, t->clock, err), err);
	text_copy(words, sizeof s.words, s.words);
	return r;
}

enum result translator_run(const struct translator *t, const struct spool_message *m,
			   const struct sheet *sheet, int out, char *words, struct err *err)
{
	int files[FILES] = {-1, out, -1, -1};
	enum result r = OK;
	files[MAIL] = mail_file(m);
	files[SHEET] = files[MAIL] < 0 ? -1 : sheet_file(sheet);
	files[SCRATCH] = files[SHEET] < 0 ? -1 : translator_scratch(t->spool);
	if (files[SCRATCH] < 0)
		r = err_errno(err, errno, "the files for the translator cannot be made");
	if (r == OK)
		r = run(t, m, files, words, err);
	for (int i = 0; i < FILES; i++)
		if (i != OUT && files[i] >= 0)
			close(files[i]);
	return r;
}
