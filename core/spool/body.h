/*
 * Bodies above SPOOL_BODY_INLINE: files in SPOOL/body, named apart from the message's number,
 *because they are in place before the transaction that gives it.
 *
 *	t0123456789abcdef   a draft's: no row will ever name it, removed at the next start
 *	b0123456789abcdef   in place, synced; without a row it is removed at the next start
 *
 * The memory twin has no folder: its bodies are anonymous files of the kernel.
 */
#ifndef SMTPGATE_SPOOL_BODY_H
#define SMTPGATE_SPOOL_BODY_H

#include "spool/message.h"

struct bodies {
	const struct file_ops *files;
	int dir; /* SPOOL/body, -1: memory twin */
};

/* Makes SPOOL/body and opens it; path NULL: the memory twin's. */
enum result bodies_open(struct bodies *b, const char *path, struct err *err);
void bodies_close(struct bodies *b);
/* A new draft's file, open to write and read; its name into `file`. */
enum result body_create(struct bodies *b, char file[BODY_NAME_MAX], int *fd, struct err *err);
/* Syncs the draft's file and gives it its lasting name (changes `file`). bodies_sync makes the name
 * durable. */
enum result body_place(struct bodies *b, char file[BODY_NAME_MAX], int fd, struct err *err);
enum result bodies_sync(struct bodies *b, struct err *err);
/* Opens a body to read, or -1 with errno. */
int body_read(struct bodies *b, const char *file);
/* Removes a file, by any of its names. One that cannot be removed goes at the next start. */
void body_remove(struct bodies *b, const char *file);
/* Calls fn for each file in the folder; stops at a result other than OK. */
enum result bodies_each(struct bodies *b, enum result (*fn)(void *ctx, const char *file), void *ctx,
			struct err *err);

#endif
