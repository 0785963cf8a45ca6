/*
 * The users of a listener: a file of one line a user, made by `smtpgate user add`, read into an immutable snapshot.
 *
 *	NAME:CRYPT:ITERATIONS:SALT:STORED-KEY:SERVER-KEY
 *
 * CRYPT is a crypt(5) hash (yescrypt), for mechanisms that bring the password; the rest serves SCRAM-SHA-256 (RFC 5803
 * means the same by another spelling), salt and keys as Base64. Neither holds the password, and neither can be made of
 * the other. Lines that are empty or begin with # stand for nothing. Names are compared without regard to the case of
 * ASCII letters: people who type on a printer's panel do not see it.
 */
#ifndef SMTPGATE_AUTH_USERS_H
#define SMTPGATE_AUTH_USERS_H

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define USERS_NAME_MAX 255         /* bytes of a name, UTF-8 */
#define USERS_PASSWORD_MAX 255     /* bytes of a password, UTF-8 */
#define USERS_FILE_MAX (16u << 20) /* bytes of a file */
#define USERS_ITERATIONS 4096      /* RFC 7677 section 4 asks for no less */
#define USERS_SALT 12              /* bytes of salt */

struct user {
	const char *name;
	const char *crypt;
	unsigned iterations;
	const char *salt, *stored_key, *server_key; /* Base64 */
};

struct users; /* a snapshot of a file */

/* OK; E_NOTFOUND: no such file; E_DENIED: others may read it; E_SYNTAX: a line is malformed, err names it; E_IO, E_LIMIT,
 * E_NOMEM. */
enum result users_read(const char *path, struct users **u, struct err *err);
void users_destroy(struct users **u);
size_t users_count(const struct users *u);
const struct user *users_at(const struct users *u, size_t index);
/* NULL: nobody of that name. */
const struct user *users_find(const struct users *u, const char *name);
/* What SCRAM is told for a name that is not there: the same at each try, with keys that no password fits, so that a caller
 * cannot tell who is a user. `to` holds the texts. */
struct user_pretended {
	struct user user;
	char salt[32], key[64];
};
const struct user *users_pretend(const struct users *u, const char *name,
				 struct user_pretended *to);

/* Does the password fit? Slow by intent (about 20 ms): not on a stack's thread. user NULL: takes as long, and says no. */
bool user_verify(const struct user *user, const char *password);
/* The form in which a password is compared (SASLprep, RFC 4013), or as it is when that refuses it. out: USERS_PASSWORD_MAX
 * + 1 bytes. false: longer than USERS_PASSWORD_MAX. */
bool user_prepare(const char *password, char *out);

/* Adds the user or gives a new password; the file is made with mode 0600 when absent, else keeps its mode, owner and other
 * lines. *added tells which. E_SYNTAX: the name or the password cannot be used; else as users_read and file_replace. */
enum result users_put(const struct file_ops *ops, const struct clock *clock, const char *path,
		      const char *name, const char *password, bool *added, struct err *err);
/* E_NOTFOUND: nobody of that name. */
enum result users_remove(const struct file_ops *ops, const char *path, const char *name,
			 struct err *err);

#endif
