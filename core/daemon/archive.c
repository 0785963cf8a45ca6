/* Tar archives of backups: see archive.h. Owns the open file and the manifest's lines. */
#include "daemon/archive.h"

#include "base/text.h"
#include "spool/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512u
#define PIECE (64u * 1024)
#define SIZE_AT 124 /* of the header: 12 bytes */
#define SUM_AT 148  /* 8 bytes */
#define OCTAL_MAX 077777777777u
#define FIRST_LINE "smtpgate backup 1, made "
#define LINES_MAX (512u << 20) /* of a manifest: millions of bodies */

static enum result fail(const struct archive *a, struct err *err)
{
	return err_errno(err, errno ? errno : EIO, "%s cannot be written", a->path);
}

static enum result open_as(struct archive *a, const char *path, int flags, const char *mode,
			   struct err *err)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	*a = (struct archive){.path = path, .file = fd >= 0 ? fdopen(fd, mode) : NULL};
	buf_init(&a->lines, LINES_MAX);
	if (a->file)
		return OK;
	enum result r = err_errno(err, errno, "%s cannot be opened", path);
	if (fd >= 0)
		close(fd);
	return r;
}

enum result archive_create(struct archive *a, const char *path, struct err *err)
{
	return open_as(a, path, O_WRONLY | O_CREAT | O_TRUNC, "w", err);
}

enum result archive_open(struct archive *a, const char *path, struct err *err)
{
	return open_as(a, path, O_RDONLY, "r", err);
}

void archive_close(struct archive *a)
{
	if (a->file)
		fclose(a->file);
	a->file = NULL;
	buf_free(&a->lines);
}

static unsigned sum_of(const unsigned char *head)
{
	unsigned sum = 0;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + 8 ? ' ' : head[i];
	return sum;
}

static enum result put_head(struct archive *a, const char *name, uint64_t size, struct err *err)
{
	unsigned char head[BLOCK] = {0};
	char *at = (char *)head;
	text_copy(at, ARCHIVE_NAME, name);
	memcpy(at + 100, "0000600\0000000000\0000000000", 24); /* mode, and root's */
	if (size <= OCTAL_MAX)
		snprintf(at + SIZE_AT, 12, "%011llo", (unsigned long long)size);
	for (int i = 0; size > OCTAL_MAX && i < 8; i++)
		head[SIZE_AT + 11 - i] = (unsigned char)(size >> 8 * i);
	if (size > OCTAL_MAX)
		head[SIZE_AT] = 0x80;
	memcpy(at + 136, "00000000000", 11); /* no time: the same spool makes the same archive */
	head[156] = '0';
	memcpy(at + 257, "ustar\00000", 8);
	snprintf(at + SUM_AT, 8, "%06o", sum_of(head));
	return fwrite(head, BLOCK, 1, a->file) == 1 ? OK : fail(a, err);
}

static enum result put_padding(struct archive *a, uint64_t size, struct err *err)
{
	static const char zeros[BLOCK];
	size_t more = (size_t)(-size % BLOCK);
	return fwrite(zeros, 1, more, a->file) == more ? OK : fail(a, err);
}

static enum result note(struct archive *a, const char *name, uint64_t size, struct digest *d,
			struct err *err)
{
	char hash[DIGEST_HEX];
	digest_end(d, hash);
	enum result r = buf_printf(&a->lines, "%s %llu %s\n", hash, (unsigned long long)size, name);
	return r == OK ? OK : err_set(err, r, "%s: memory is short", a->path);
}

/* Copies size bytes, hashing them. */
static enum result copy(struct archive *a, FILE *from, FILE *to, uint64_t size, struct digest *d,
			struct err *err)
{
	char piece[PIECE];
	while (size) {
		size_t want = size < sizeof piece ? (size_t)size : sizeof piece;
		errno = 0;
		if (fread(piece, 1, want, from) != want)
			return err_set(err, ferror(from) ? E_IO : E_CORRUPT, "%s: %s", a->path,
				       ferror(from) ? strerror(errno) : "a member is cut short");
		if (fwrite(piece, 1, want, to) != want)
			return err_errno(err, errno, "%s: a member cannot be written", a->path);
		digest_add(d, piece, want);
		size -= want;
	}
	return OK;
}

static enum result add_open(struct archive *a, const char *name, FILE *from, const char *path,
			    struct err *err)
{
	struct stat st;
	struct digest *d = digest_new();
	if (!d)
		return err_set(err, E_NOMEM, "memory is short");
	enum result r = OK;
	if (fstat(fileno(from), &st) != 0)
		r = err_errno(err, errno, "%s cannot be looked at", path);
	uint64_t size = r == OK ? (uint64_t)st.st_size : 0;
	if (r == OK)
		r = put_head(a, name, size, err);
	if (r == OK)
		r = copy(a, from, a->file, size, d, err);
	if (r == OK)
		r = put_padding(a, size, err);
	if (r == OK)
		r = note(a, name, size, d, err);
	digest_free(&d);
	return r;
}

enum result archive_add(struct archive *a, const char *name, const char *from, struct err *err)
{
	FILE *f = fopen(from, "re");
	if (!f)
		return err_errno(err, errno, "%s cannot be opened", from);
	enum result r = add_open(a, name, f, from, err);
	fclose(f);
	return r;
}

enum result archive_finish(struct archive *a, const char *made, struct err *err)
{
	static const char zeros[2 * BLOCK];
	size_t n = strlen(FIRST_LINE) + strlen(made) + 1, lines = a->lines.len;
	enum result r = put_head(a, ARCHIVE_MANIFEST, n + lines, err);
	if (r == OK && (fprintf(a->file, FIRST_LINE "%s\n", made) < 0 ||
			(lines && fwrite(buf_head(&a->lines), 1, lines, a->file) != lines)))
		r = fail(a, err);
	if (r == OK)
		r = put_padding(a, n + lines, err);
	if (r == OK && (fwrite(zeros, sizeof zeros, 1, a->file) != 1 || fflush(a->file) != 0 ||
			fsync(fileno(a->file)) != 0))
		r = fail(a, err);
	return r;
}

/* ---- reading ---- */

static enum result corrupt(const struct archive *a, const char *why, struct err *err)
{
	return err_set(err, E_CORRUPT, "%s is no backup of smtpgate: %s", a->path, why);
}

static uint64_t size_of(const unsigned char *head)
{
	uint64_t size = 0;
	if (!(head[SIZE_AT] & 0x80))
		return strtoull((const char *)head + SIZE_AT, NULL, 8);
	for (int i = 4; i < 12; i++)
		size = size << 8 | head[SIZE_AT + i];
	return size;
}

enum result archive_next(struct archive *a, char name[ARCHIVE_NAME], uint64_t *size,
			 struct err *err)
{
	unsigned char head[BLOCK];
	if (fread(head, BLOCK, 1, a->file) != 1)
		return corrupt(a, "it is cut short", err);
	if (!head[0])
		return err_set(err, E_NOTFOUND, "%s has no %s", a->path, ARCHIVE_MANIFEST);
	if (memcmp(head + 257, "ustar", 5) != 0 ||
	    strtoul((const char *)head + SUM_AT, NULL, 8) != sum_of(head))
		return corrupt(a, "a header of its tar archive is damaged", err);
	head[SIZE_AT + 12] = '\0'; /* the next field is not looked at */
	memcpy(name, head, ARCHIVE_NAME - 1);
	name[ARCHIVE_NAME - 1] = '\0';
	*size = size_of(head);
	return OK;
}

static enum result skip_padding(struct archive *a, uint64_t size, struct err *err)
{
	char rest[BLOCK];
	size_t more = (size_t)(-size % BLOCK);
	return fread(rest, 1, more, a->file) == more ? OK : corrupt(a, "it is cut short", err);
}

static enum result extract_to(struct archive *a, const char *name, uint64_t size, FILE *to,
			      struct err *err)
{
	struct digest *d = digest_new();
	enum result r =
		d ? copy(a, a->file, to, size, d, err) : err_set(err, E_NOMEM, "memory is short");
	if (r == OK && (fflush(to) != 0 || fsync(fileno(to)) != 0))
		r = err_errno(err, errno, "%s cannot be written", name);
	if (r == OK)
		r = skip_padding(a, size, err);
	if (r == OK)
		r = note(a, name, size, d, err);
	digest_free(&d);
	return r;
}

enum result archive_extract(struct archive *a, const char *name, uint64_t size, const char *to,
			    struct err *err)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!f) {
		enum result r = err_errno(err, errno, "%s cannot be made", to);
		if (fd >= 0)
			close(fd);
		return r;
	}
	enum result r = extract_to(a, name, size, f, err);
	if (fclose(f) != 0 && r == OK)
		r = err_errno(err, errno, "%s cannot be written", to);
	return r;
}

enum result archive_check(struct archive *a, uint64_t size, char *made, size_t n, struct err *err)
{
	size_t lines = a->lines.len, first = strlen(FIRST_LINE);
	if (size < lines + first || size > lines + first + 100)
		return corrupt(a, "its members are not those of its MANIFEST", err);
	char *text = malloc((size_t)size + 1);
	if (!text)
		return err_set(err, E_NOMEM, "memory is short");
	enum result r = OK;
	if (fread(text, (size_t)size, 1, a->file) != 1)
		r = corrupt(a, "it is cut short", err);
	text[size] = '\0';
	char *rest = r == OK ? memchr(text, '\n', (size_t)size) : NULL;
	if (r == OK && (!rest || !text_starts(text, FIRST_LINE)))
		r = corrupt(a, "its MANIFEST is of another kind", err);
	if (r == OK && ((size_t)(text + size - rest - 1) != lines ||
			(lines && memcmp(rest + 1, buf_head(&a->lines), lines) != 0)))
		r = corrupt(a, "its members are not those of its MANIFEST", err);
	if (r == OK) {
		*rest = '\0';
		text_copy(made, n, text + first);
	}
	free(text);
	return r;
}
