/* Users, read: see users.h. A snapshot owns the file's bytes and a table sorted by name. */
#include "auth/users.h"

#include "base/base64.h"
#include "base/text.h"

#include <crypt.h>
#include <gsasl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 6

struct users {
	char *bytes; /* the file; the fields point into it */
	struct user *items;
	size_t count, cap;
};

static enum result bad_line(const char *path, size_t line, const char *why, struct err *err)
{
	err_set(err, E_SYNTAX, "%s:%zu: %s", path, line, why);
	err_remedy(err, "smtpgate user remove NAME, then smtpgate user add NAME");
	return E_SYNTAX;
}

/* Cuts a line at its colons; false when it has not as many fields as it should. */
static bool cut(char *line, char *fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = line;
		line = strchr(line, ':');
		if (!line != (i + 1 == FIELDS))
			return false;
		if (line)
			*line++ = '\0';
	}
	return true;
}

static bool is_base64(const char *text, size_t least, size_t most)
{
	struct buf b;
	buf_init(&b, 256);
	bool fits = base64_decode(&b, text, strlen(text)) == OK && b.len >= least && b.len <= most;
	buf_free(&b);
	return fits;
}

static enum result take_line(struct users *u, const char *path, size_t number, char *line,
			     struct err *err)
{
	char *f[FIELDS], *end;
	if (!*line || *line == '#')
		return OK;
	if (!cut(line, f))
		return bad_line(path, number, "a user has six fields, parted by colons", err);
	unsigned long iterations = strtoul(f[2], &end, 10);
	if (!*f[0] || strlen(f[0]) > USERS_NAME_MAX || !*f[1])
		return bad_line(path, number, "the name or the hash is empty or too long", err);
	if (*end || iterations < 1 || iterations > 10000000)
		return bad_line(path, number, "the third field is no number of iterations", err);
	if (!is_base64(f[3], 1, 64) || !is_base64(f[4], 32, 32) || !is_base64(f[5], 32, 32))
		return bad_line(path, number, "the salt or a key is not Base64 of its length", err);
	if (u->count == u->cap) {
		size_t cap = u->cap ? 2 * u->cap : 16;
		struct user *items = realloc(u->items, cap * sizeof *items);
		if (!items)
			return err_set(err, E_NOMEM, "no memory to read %s", path);
		u->items = items;
		u->cap = cap;
	}
	u->items[u->count++] = (struct user){f[0], f[1], (unsigned)iterations, f[3], f[4], f[5]};
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static enum result take_file(struct users *u, const char *path, struct err *err)
{
	size_t n, number = 0;
	enum result r = file_read(path, USERS_FILE_MAX, &u->bytes, &n, err);
	if (r != OK)
		return r;
	if (strlen(u->bytes) != n)
		return bad_line(path, 1, "this is no text: it holds a NUL", err);
	for (char *at = u->bytes, *next; at && r == OK; at = next) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		at[strcspn(at, "\r")] = '\0';
		r = take_line(u, path, ++number, at, err);
	}
	if (u->count)
		qsort(u->items, u->count, sizeof *u->items, by_name);
	for (size_t i = 1; r == OK && i < u->count; i++)
		if (by_name(&u->items[i - 1], &u->items[i]) == 0)
			r = err_set(err, E_SYNTAX, "%s: the user %s stands there twice", path,
				    u->items[i].name);
	return r;
}

enum result users_read(const char *path, struct users **to, struct err *err)
{
	*to = NULL;
	enum result r = file_check_secret(path, err);
	if (r != OK)
		return r;
	struct users *u = calloc(1, sizeof *u);
	r = u ? take_file(u, path, err) : err_set(err, E_NOMEM, "no memory to read %s", path);
	if (r == OK)
		*to = u;
	else
		users_destroy(&u);
	return r;
}

void users_destroy(struct users **at)
{
	struct users *u = *at;
	*at = NULL;
	if (!u)
		return;
	free(u->bytes);
	free(u->items);
	free(u);
}

size_t users_count(const struct users *u)
{
	return u->count;
}

const struct user *users_at(const struct users *u, size_t index)
{
	return &u->items[index];
}

const struct user *users_find(const struct users *u, const char *name)
{
	const struct user key = {.name = name};
	return u->count ? bsearch(&key, u->items, u->count, sizeof key, by_name) : NULL;
}

/* The seed is what only this file knows: the server key of its first user. */
static bool digest(const struct users *u, const char *what, const char *name,
		   unsigned char out[EVP_MAX_MD_SIZE])
{
	char text[2 * USERS_NAME_MAX + 128];
	char *lower = text + snprintf(text, sizeof text, "%s:%s:", what,
				      u->count ? u->items[0].server_key : "nobody");
	snprintf(lower, sizeof text - (size_t)(lower - text), "%.*s", USERS_NAME_MAX, name);
	text_lower_all(lower);
	return EVP_Digest(text, strlen(text), out, NULL, EVP_sha256(), NULL) == 1;
}

static void put_coded(char *out, size_t n, const unsigned char *bytes, size_t count)
{
	struct buf b;
	buf_init(&b, 0);
	base64_encode(&b, bytes, count);
	const char *text = buf_string(&b);
	text_copy(out, n, text ? text : "");
	buf_free(&b);
}

const struct user *users_pretend(const struct users *u, const char *name, struct user_pretended *to)
{
	unsigned char salt[EVP_MAX_MD_SIZE] = {0}, key[EVP_MAX_MD_SIZE] = {0};
	if (!digest(u, "salt", name, salt) || !digest(u, "key", name, key))
		return NULL;
	put_coded(to->salt, sizeof to->salt, salt, USERS_SALT);
	put_coded(to->key, sizeof to->key, key, 32);
	to->user = (struct user){
		.name = name,
		.crypt = "*",
		.iterations = USERS_ITERATIONS,
		.salt = to->salt,
		.stored_key = to->key,
		.server_key = to->key,
	};
	return &to->user;
}

/* A hash of nothing that anyone knows, to spend the time of a check on. */
#define NOBODY "$y$j9T$ImwuVYCgSvBMSmF1xzBKn0$OWtGMYTQUm7iOCA1nVBzA5jEQQYy5bOwe1cRjLuFwKD"

bool user_verify(const struct user *user, const char *password)
{
	char prepared[USERS_PASSWORD_MAX + 1];
	const char *hash = user ? user->crypt : NOBODY;
	struct crypt_data *data = calloc(1, sizeof *data); /* 32 KiB: too much for a stack */
	if (!data || !user_prepare(password, prepared)) {
		free(data);
		return false;
	}
	const char *got = crypt_rn(prepared, hash, data, sizeof *data);
	size_t n = strlen(hash);
	bool same = got && strlen(got) == n;
	unsigned char differ = 0; /* no early end: time tells nothing of where they differ */
	for (size_t i = 0; same && i < n; i++)
		differ |= (unsigned char)(got[i] ^ hash[i]);
	explicit_bzero(data, sizeof *data);
	explicit_bzero(prepared, sizeof prepared);
	free(data);
	return user && same && !differ;
}

bool user_prepare(const char *password, char *out)
{
	char *prepared = NULL;
	bool made = gsasl_saslprep(password, 0, &prepared, NULL) == GSASL_OK;
	bool fits = text_copy(out, USERS_PASSWORD_MAX + 1, made ? prepared : password);
	if (prepared) {
		explicit_bzero(prepared, strlen(prepared));
		gsasl_free(prepared);
	}
	return fits;
}
