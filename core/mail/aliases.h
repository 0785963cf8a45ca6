/*
 * The aliases file of Unix (aliases(5)): a name, a colon, and addresses or other names, by commas; lines that begin with a blank
 * go on. Programs (|x), files (/x) and lists (:include:x) are not followed: mail runs nothing and writes nowhere here.
 */
#ifndef SMTPGATE_MAIL_ALIASES_H
#define SMTPGATE_MAIL_ALIASES_H

#include "base/result.h"

#include <stddef.h>

#define MAIL_ALIASES_MAX ((size_t)16 << 20) /* bytes of a file */

/* Immutable; counted. */
struct mail_aliases;

/*
 * Reads the text of a file (n bytes). What cannot be taken is told line by line, with words, and left out; the rest stands. tell may be
 * NULL. E_NOMEM, E_LIMIT.
 */
enum result mail_aliases_read(const char *text, size_t n,
			      void (*tell)(void *ctx, unsigned line, const char *fault), void *ctx,
			      struct mail_aliases **out, struct err *err);
struct mail_aliases *mail_aliases_ref(struct mail_aliases *a);
/* Any thread; NULL is fine; clears the pointer. */
void mail_aliases_unref(struct mail_aliases **a);
size_t mail_aliases_count(const struct mail_aliases *a);
/* What a name (as it is called, without quotes; case ignored) stands for: addresses, names, names with \ in front that stand for
 * themselves. NULL: it is no alias. Borrowed. */
const char *const *mail_aliases_find(const struct mail_aliases *a, const char *name, size_t *count);

#endif
