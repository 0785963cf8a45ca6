/* Tokens on disk: see token_file.h. */
#include "auth/token_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (8 * TOKEN_MAX)

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

char *token_copy(const char *text)
{
	size_t n = text ? strlen(text) + 1 : 0;
	char *to = n ? malloc(n) : NULL;
	return to ? memcpy(to, text, n) : NULL;
}

void tokens_kept_clear(struct tokens_kept *t)
{
	wipe(&t->access);
	wipe(&t->refresh);
	*t = (struct tokens_kept){0};
}

static int64_t number_of(const json_t *o, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(o, name));
}

static enum result take(const json_t *o, struct tokens_kept *t)
{
	const char *access = json_string_value(json_object_get(o, "access_token"));
	const char *refresh = json_string_value(json_object_get(o, "refresh_token"));
	t->access = token_copy(access);
	t->refresh = token_copy(refresh);
	t->access_taken = number_of(o, "access_taken");
	t->access_ends = number_of(o, "access_ends");
	t->refresh_ends = number_of(o, "refresh_ends");
	t->refresh_taken = number_of(o, "refresh_taken");
	return (access && !t->access) || (refresh && !t->refresh) ? E_NOMEM : OK;
}

enum result token_file_read(const char *path, struct tokens_kept *t, struct err *err)
{
	char *bytes = NULL;
	size_t n = 0;
	*t = (struct tokens_kept){0};
	enum result r = file_check_secret(path, err);
	if (r == OK)
		r = file_read(path, FILE_MAX, &bytes, &n, err);
	if (r != OK)
		return r;
	json_t *o = json_loadb(bytes, n, 0, NULL);
	explicit_bzero(bytes, n);
	free(bytes);
	r = json_is_object(o) ? take(o, t) : E_CORRUPT;
	json_decref(o);
	if (r == E_CORRUPT) {
		err_set(err, r, "%s holds no tokens", path);
		err_remedy(err, "remove it, then smtpgate oauth login");
	} else if (r != OK) {
		tokens_kept_clear(t);
		err_set(err, r, "no memory for the tokens of %s", path);
	}
	return r;
}

static enum result make_folder(const struct file_ops *ops, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash != path ? token_copy(path) : NULL;
	if (!folder)
		return slash == path ? OK : err_set(err, E_NOMEM, "no memory to write %s", path);
	folder[slash - path] = '\0';
	enum result r = file_make_dirs(ops, folder, 0700, err);
	free(folder);
	return r;
}

enum result token_file_write(const struct file_ops *ops, const char *path,
			     const struct tokens_kept *t, struct err *err)
{
	json_t *o = json_pack(
		"{s:s*, s:s*, s:I, s:I, s:I, s:I}", "access_token", t->access, "refresh_token",
		t->refresh, "access_taken", (json_int_t)t->access_taken, "access_ends",
		(json_int_t)t->access_ends, "refresh_ends", (json_int_t)t->refresh_ends,
		"refresh_taken", (json_int_t)t->refresh_taken);
	char *text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	json_decref(o);
	if (!text)
		return err_set(err, E_NOMEM, "no memory to write %s", path);
	enum result r = make_folder(ops, path, err);
	if (r == OK)
		r = file_replace(ops, path, text, strlen(text), 0600, err);
	explicit_bzero(text, strlen(text));
	free(text);
	return r;
}
