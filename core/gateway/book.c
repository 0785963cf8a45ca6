/* The aliases in force: see book.h. Owns the table, and what it knows of the file. */
#include "gateway/book.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct book {
	pthread_mutex_t lock; /* of `aliases` */
	struct mail_aliases *aliases;
	/* [main] */
	char *path; /* of what was read; NULL: nothing yet */
	struct stat seen;
	char told[ERR_TEXT_MAX];
};

struct book *book_new(void)
{
	struct book *b = calloc(1, sizeof *b);
	if (b && pthread_mutex_init(&b->lock, NULL) != 0) {
		free(b);
		return NULL;
	}
	return b;
}

void book_destroy(struct book **b)
{
	if (!*b)
		return;
	mail_aliases_unref(&(*b)->aliases);
	pthread_mutex_destroy(&(*b)->lock);
	free((*b)->path);
	free(*b);
	*b = NULL;
}

struct mail_aliases *book_aliases(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	struct mail_aliases *a = b->aliases ? mail_aliases_ref(b->aliases) : NULL;
	pthread_mutex_unlock(&b->lock);
	return a;
}

static void put(struct book *b, struct mail_aliases *fresh)
{
	pthread_mutex_lock(&b->lock);
	struct mail_aliases *old = b->aliases;
	b->aliases = fresh;
	pthread_mutex_unlock(&b->lock);
	mail_aliases_unref(&old);
}

static void tell(void *ctx, unsigned line, const char *fault)
{
	LOG(LOG_WARN, NULL, "aliases", "faulty", F_S("file", ctx), F_N("line", line),
	    F_S("what", fault));
}

static enum result read_file(const char *path, struct mail_aliases **out, struct err *err)
{
	char *text;
	size_t n;
	enum result r = file_read(path, MAIL_ALIASES_MAX, &text, &n, err);
	if (r != OK)
		return r;
	r = mail_aliases_read(text, n, tell, (void *)path, out, err);
	free(text);
	return r;
}

static bool same_file(const struct book *b, const char *path, const struct stat *st)
{
	return b->path && strcmp(b->path, path) == 0 && st->st_ino == b->seen.st_ino &&
	       st->st_size == b->seen.st_size && st->st_mtim.tv_sec == b->seen.st_mtim.tv_sec &&
	       st->st_mtim.tv_nsec == b->seen.st_mtim.tv_nsec;
}

static void remember(struct book *b, const char *path, const struct stat *st)
{
	free(b->path);
	b->path = strdup(path);
	b->seen = *st;
}

static void complain(struct book *b, const struct err *err)
{
	if (strcmp(err->text, b->told) != 0)
		LOG(LOG_WARN, NULL, "aliases", "unreadable", F_S("error", err->text));
	memcpy(b->told, err->text, sizeof b->told);
}

void book_look(struct book *b, const struct settings *s)
{
	const char *path = s->gateway.aliases;
	struct mail_aliases *fresh = NULL;
	struct stat st = {0};
	struct err err;
	if (!path || (stat(path, &st) != 0 && errno == ENOENT)) {
		put(b, NULL);
		remember(b, path ? path : "", &(struct stat){0});
		return;
	}
	if (same_file(b, path, &st))
		return;
	remember(b, path, &st);
	if (read_file(path, &fresh, &err) != OK) {
		complain(b, &err);
		return;
	}
	b->told[0] = '\0';
	LOG(LOG_INFO, NULL, "aliases", "read", F_S("file", path),
	    F_N("count", mail_aliases_count(fresh)));
	put(b, fresh);
}
