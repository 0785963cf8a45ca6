/* Users, changed: see users.h. One change at a time, under a lock of the file; the file is replaced whole or not at all. */
#include "auth/users.h"

#include "base/base64.h"
#include "base/text.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <gsasl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY 32 /* bytes of SHA-256 */

/* ---- one line ---- */

static enum result check_name(const char *name, struct err *err)
{
	size_t n = strlen(name);
	if (!n || n > USERS_NAME_MAX)
		return err_set(err, E_SYNTAX, "the name of a user has 1 to %d bytes",
			       USERS_NAME_MAX);
	if (*name == '#')
		return err_set(err, E_SYNTAX, "the name of a user does not begin with #");
	for (const char *p = name; *p;) {
		size_t c = text_utf8(p);
		if (!c || (unsigned char)*p < ' ' || *p == 127 || *p == ':')
			return err_set(err, E_SYNTAX,
				       "the name of a user is UTF-8 without colon and control "
				       "characters");
		p += c;
	}
	return OK;
}

static void random_bytes(const struct clock *clock, unsigned char *out, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t bits = clock_random(clock);
		memcpy(out + i, &bits, n - i < 8 ? n - i : 8);
	}
}

static enum result put_coded(struct buf *line, const void *bytes, size_t n, const char *after)
{
	enum result r = base64_encode(line, bytes, n);
	return r == OK ? buf_puts(line, after) : r;
}

static enum result put_keys(struct buf *line, const char *password, const unsigned char *salt)
{
	char salted[KEY], client[KEY], server[KEY], stored[KEY];
	if (gsasl_scram_secrets_from_password(GSASL_HASH_SHA256, password, USERS_ITERATIONS,
					      (const char *)salt, USERS_SALT, salted, client,
					      server, stored) != GSASL_OK)
		return E_NOMEM;
	enum result r = put_coded(line, salt, USERS_SALT, ":");
	if (r == OK)
		r = put_coded(line, stored, sizeof stored, ":");
	if (r == OK)
		r = put_coded(line, server, sizeof server, "\n");
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client, sizeof client);
	explicit_bzero(server, sizeof server);
	explicit_bzero(stored, sizeof stored);
	return r;
}

static enum result make_line(const struct clock *clock, const char *name, const char *password,
			     struct buf *line, struct err *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], prepared[USERS_PASSWORD_MAX + 1];
	unsigned char salt[USERS_SALT], seed[16];
	if (!*password || !user_prepare(password, prepared))
		return err_set(err, E_SYNTAX, "a password has 1 to %d bytes", USERS_PASSWORD_MAX);
	random_bytes(clock, salt, sizeof salt);
	random_bytes(clock, seed, sizeof seed);
	struct crypt_data *data = calloc(1, sizeof *data);
	const char *hash = NULL;
	if (data &&
	    crypt_gensalt_rn("$y$", 0, (const char *)seed, sizeof seed, setting, sizeof setting))
		hash = crypt_rn(prepared, setting, data, sizeof *data);
	enum result r =
		hash ? buf_printf(line, "%s:%s:%d:", name, hash, USERS_ITERATIONS) : E_NOMEM;
	if (r == OK)
		r = put_keys(line, prepared, salt);
	explicit_bzero(prepared, sizeof prepared);
	free(data);
	return r == OK ? OK : err_set(err, r, "no memory to hash the password");
}

/* ---- the file ---- */

/* Opens and locks the file that stands at path now, made when `make`. */
static enum result lock_file(const char *path, bool make, int *fd, struct err *err)
{
	for (;;) {
		struct stat held, there;
		*fd = open(path, O_RDONLY | O_CLOEXEC | (make ? O_CREAT : 0), 0600);
		if (*fd < 0)
			return err_errno(err, errno, "%s cannot be opened", path);
		if (flock(*fd, LOCK_EX) != 0) {
			err_errno(err, errno, "%s cannot be locked", path);
			close(*fd);
			return E_IO;
		}
		if (fstat(*fd, &held) == 0 && stat(path, &there) == 0 &&
		    held.st_ino == there.st_ino && held.st_dev == there.st_dev)
			return OK;
		close(*fd); /* it was replaced while we waited */
	}
}

/* Appends all lines of the file but those of the user; tells whether there was one. */
static enum result others(const char *path, const char *name, struct buf *out, bool *found,
			  struct err *err)
{
	char *bytes;
	size_t n, name_n = strlen(name);
	enum result r = file_read(path, USERS_FILE_MAX, &bytes, &n, err);
	if (r != OK)
		return r;
	*found = false;
	for (char *at = bytes, *end = bytes + n; at < end && r == OK;) {
		char *eol = memchr(at, '\n', (size_t)(end - at));
		char *next = eol ? eol + 1 : end;
		size_t key = strcspn(at, ":\n");
		if (*at != '#' && at[key] == ':' && text_same_n(at, key, name) && key == name_n)
			*found = true;
		else
			r = buf_append(out, at, (size_t)(next - at));
		if (r == OK && !eol && next == end && out->len &&
		    buf_head(out)[out->len - 1] != '\n')
			r = buf_puts(out, "\n");
		at = next;
	}
	explicit_bzero(bytes, n);
	free(bytes);
	return r == OK ? OK : err_set(err, r, "no memory to read %s", path);
}

/* Puts the new content in place with the mode and the owner of the old file, which is open and locked. */
static enum result replace(const struct file_ops *ops, const char *path, int old,
			   const struct buf *content, struct err *err)
{
	struct stat st;
	if (fstat(old, &st) != 0)
		return err_errno(err, errno, "%s cannot be looked at", path);
	enum result r =
		file_replace(ops, path, buf_head(content), content->len, st.st_mode & 0640, err);
	if (r == OK && chown(path, st.st_uid, st.st_gid) != 0)
		r = err_errno(err, errno, "%s cannot be given to its owner again", path);
	return r;
}

/* The file with the user's old line, if any, replaced by the new one. */
static enum result put_line(const struct file_ops *ops, const char *path, const char *name,
			    const struct buf *line, bool *added, struct err *err)
{
	struct buf content;
	bool found = false;
	int fd;
	enum result r = lock_file(path, true, &fd, err);
	if (r != OK)
		return r;
	buf_init(&content, USERS_FILE_MAX);
	r = others(path, name, &content, &found, err);
	if (r == OK && (r = buf_append(&content, buf_head(line), line->len)) != OK)
		err_set(err, r, "%s: %s", path, result_sentence(r));
	if (r == OK)
		r = replace(ops, path, fd, &content, err);
	*added = !found;
	buf_free(&content);
	close(fd);
	return r;
}

enum result users_put(const struct file_ops *ops, const struct clock *clock, const char *path,
		      const char *name, const char *password, bool *added, struct err *err)
{
	struct buf line;
	enum result r = check_name(name, err);
	if (r != OK)
		return r;
	buf_init(&line, 0);
	r = make_line(clock, name, password, &line, err);
	if (r == OK)
		r = put_line(ops, path, name, &line, added, err);
	buf_free(&line);
	return r;
}

enum result users_remove(const struct file_ops *ops, const char *path, const char *name,
			 struct err *err)
{
	struct buf content;
	bool found = false;
	int fd;
	enum result r = lock_file(path, false, &fd, err);
	if (r != OK)
		return r;
	buf_init(&content, USERS_FILE_MAX);
	r = others(path, name, &content, &found, err);
	if (r == OK && !found)
		r = err_set(err, E_NOTFOUND, "%s: there is no user %s", path, name);
	if (r == OK)
		r = replace(ops, path, fd, &content, err);
	buf_free(&content);
	close(fd);
	return r;
}
