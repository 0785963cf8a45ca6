/* What a token server answered, read and judged: pure functions of status and body. */
#ifndef SMTPGATE_AUTH_OAUTH_ANSWER_H
#define SMTPGATE_AUTH_OAUTH_ANSWER_H

#include "auth/oauth.h"
#include "base/buf.h"

/* The error of an answer in words, with the remedy; E_BUSY: the person has not yet agreed; *slow: ask less often. E_STATE: the grant has
 * ended, somebody must log in; E_REFUSED: it says no; E_NETWORK: the server has trouble; E_SYNTAX: it is no answer at all.
 * masked: texts that must not be repeated, NULL at the end. Never OK. */
enum result oauth_answer_fault(const char *name, long status, const struct buf *body,
			       const char *const *masked, bool *slow, struct err *err);
/* The tokens of a 200. What is not in the answer stays as it is in kept (a refresh token may not come again). */
enum result oauth_answer_tokens(const char *name, const struct buf *body, int64_t now,
				struct tokens_kept *kept, struct err *err);
enum result oauth_answer_device(const char *name, const struct buf *body, int64_t now,
				struct oauth_device *d, struct err *err);

#endif
