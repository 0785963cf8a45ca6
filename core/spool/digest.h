/* A running SHA-256, as the history keeps it: 64 hex digits. Owns libcrypto's context. One thread at a time. */
#ifndef SMTPGATE_SPOOL_DIGEST_H
#define SMTPGATE_SPOOL_DIGEST_H

#include <stddef.h>

#define DIGEST_HEX 65 /* with NUL */

struct digest;

/* Begins. NULL: memory is short. */
struct digest *digest_new(void);
/* Forgets what it was given and begins anew. */
void digest_restart(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t n);
/* Ends it and writes the hash; "" when libcrypto failed on the way. Only restart and free may follow. */
void digest_end(struct digest *d, char hex[DIGEST_HEX]);
/* NULL is fine. */
void digest_free(struct digest **d);

#endif
