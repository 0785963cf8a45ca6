/*
 * The tokens of an [oauth] on disk: a file of mode 0600 with one JSON object, replaced as a whole, so that there is the old or
 * the new one after a crash. Texts are secrets: cleared when freed.
 */
#ifndef SMTPGATE_AUTH_TOKEN_FILE_H
#define SMTPGATE_AUTH_TOKEN_FILE_H

#include "base/file.h"
#include "base/result.h"

#include <stdint.h>

#define TOKEN_MAX 8192 /* bytes of one token */

struct tokens_kept {
	char *access, *refresh;            /* malloc'd; NULL: none */
	int64_t access_taken, access_ends; /* wall ms: of when it was got, and its end */
	int64_t refresh_ends;              /* wall ms; 0: not told */
	int64_t refresh_taken;             /* wall ms when the refresh token was got */
};

/* E_NOTFOUND: no such file; E_DENIED: others may read it; E_CORRUPT: it holds no tokens; E_IO, E_LIMIT, E_NOMEM. */
enum result token_file_read(const char *path, struct tokens_kept *t, struct err *err);
/* Makes the folder when it is not there (mode 0700). */
enum result token_file_write(const struct file_ops *ops, const char *path,
			     const struct tokens_kept *t, struct err *err);
/* Frees and clears; the struct may be used again. */
void tokens_kept_clear(struct tokens_kept *t);
/* malloc'd copy, or NULL: no memory or text is NULL. */
char *token_copy(const char *text);

#endif
