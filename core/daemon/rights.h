/* Whose rights the gateway runs with: [gateway] user and group. */
#ifndef SMTPGATE_DAEMON_RIGHTS_H
#define SMTPGATE_DAEMON_RIGHTS_H

#include "base/result.h"

#include <stdbool.h>
#include <sys/types.h>

struct rights {
	bool change; /* a user or group was named */
	char user[256];
	uid_t uid;
	gid_t gid;
};

/* Looks the names up; either may be NULL. E_CONFIG: there is no such user or group. Without a user, uid is ours; without a
 * group, gid is the user's. */
enum result rights_find(struct rights *r, const char *user, const char *group, struct err *err);
/* Becomes that user: groups, group, user, for good, and verifies it. Where that is so already, nothing. E_DENIED: we are
 * not root. */
enum result rights_drop(const struct rights *r, struct err *err);
/* Makes a folder and what is missing above it; one that was made belongs to the user from then on, one that was there
 * stays as it is. Before rights_drop. */
enum result rights_make_folder(const struct rights *r, const char *path, mode_t mode,
			       struct err *err);

#endif
