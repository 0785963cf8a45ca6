/* A file of the maildrop as a test looks at it: all of its content in memory. Linked with the spool's library. */
#ifndef SMTPGATE_TESTS_SPOOL_DROPPED_H
#define SMTPGATE_TESTS_SPOOL_DROPPED_H

#include "spool/spool.h"

#include <stdlib.h>

/* As spool_maildrop_open; *data is malloc'd, with a NUL behind its *n bytes, and NULL when it fails. */
static inline enum result dropped_read(const char *spool, const char *name, size_t most,
				       struct region *region, struct mail_envelope *e, char **data,
				       size_t *n, struct err *err)
{
	struct spool_maildrop_content c;
	size_t got = 0;
	enum result r = spool_maildrop_open(spool, name, most, region, e, &c, err);
	*data = r == OK ? malloc((size_t)c.size + 1) : NULL;
	*n = 0;
	while (r == OK && *n < c.size) {
		r = spool_maildrop_get(&c, *n, *data + *n, (size_t)c.size - *n, &got);
		*n += got;
	}
	if (r == OK)
		(*data)[*n] = '\0';
	spool_maildrop_close(&c);
	return r;
}

#endif
