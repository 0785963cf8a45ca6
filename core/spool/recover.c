/* Putting right at start: see recover.h. Owns the list of files while it works. */
#include "spool/recover.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct names {
	char (*all)[BODY_NAME_MAX];
	size_t count, cap;
};

static enum result name_push(void *ctx, const char *file)
{
	struct names *n = ctx;
	if (strlen(file) >= BODY_NAME_MAX) /* not a name of ours: let it be */
		return OK;
	if (n->count == n->cap) {
		size_t cap = n->cap * 2 + 64;
		char(*more)[BODY_NAME_MAX] = realloc(n->all, cap * sizeof *more);
		if (!more)
			return E_NOMEM;
		n->all = more;
		n->cap = cap;
	}
	strcpy(n->all[n->count++], file);
	return OK;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(x, y);
}

/* The reason why a message's file will not do, or NULL. */
static const char *fault_of(struct spool *s, const struct names *names, uint64_t number,
			    const char *file, struct err *err)
{
	struct engine_head head;
	struct stat st;
	if (!names->count || !bsearch(file, names->all, names->count, sizeof *names->all, by_name))
		return "its body file is missing";
	if (ENGINE(s, head, number, &head, err) != OK)
		return NULL;
	if (fstatat(s->bodies.dir, file, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (uint64_t)st.st_size != head.size)
		return "its body file does not have the size that was written";
	return NULL;
}

static enum result check_rows(struct spool *s, const struct names *names, struct names *used,
			      struct err *err)
{
	char file[BODY_NAME_MAX];
	uint64_t number = 0;
	enum result r;
	while ((r = ENGINE(s, next_file, number, &number, file, err)) == OK) {
		const char *fault = fault_of(s, names, number, file, err);
		r = name_push(used, file);
		if (r == OK && fault)
			r = claim_set_aside(s, number, fault, err);
		if (r != OK)
			return r;
	}
	return r == E_NOTFOUND ? OK : r;
}

static void remove_rest(struct spool *s, const struct names *names, struct names *used)
{
	size_t gone = 0;
	if (used->count)
		qsort(used->all, used->count, sizeof *used->all, by_name);
	for (size_t i = 0; i < names->count; i++) {
		if (used->count &&
		    bsearch(names->all[i], used->all, used->count, sizeof *used->all, by_name))
			continue;
		body_remove(&s->bodies, names->all[i]);
		gone++;
	}
	if (gone)
		LOG(LOG_INFO, NULL, "spool", "cleaned", F_N("unfinished_bodies", gone));
}

enum result recover_bodies(struct spool *s, struct err *err)
{
	struct names names = {0}, used = {0};
	enum result r = bodies_each(&s->bodies, name_push, &names, err);
	if (r == OK && names.count)
		qsort(names.all, names.count, sizeof *names.all, by_name);
	if (r == OK)
		r = check_rows(s, &names, &used, err);
	if (r == OK && s->open)
		r = ENGINE(s, commit, &s->book.counts, err);
	if (r == OK)
		book_keep(&s->book);
	s->open = false;
	if (r == OK)
		remove_rest(s, &names, &used);
	free(names.all);
	free(used.all);
	return r;
}
