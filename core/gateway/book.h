/*
 * The aliases in force: the file of [gateway] aliases, read again when it has changed (looked at every second). Any thread takes a
 * reference; the file is read by the main thread alone.
 */
#ifndef SMTPGATE_GATEWAY_BOOK_H
#define SMTPGATE_GATEWAY_BOOK_H

#include "gateway/internal.h"
#include "mail/aliases.h"

struct book;

struct book *book_new(void); /* NULL: no memory */
void book_destroy(struct book **b);
/* Looks whether the file is another one now. Faults in it are logged; one that cannot be read leaves what was. [main] */
void book_look(struct book *b, const struct settings *s);
/* A reference, or NULL: there are no aliases. */
struct mail_aliases *book_aliases(struct book *b);

#endif
