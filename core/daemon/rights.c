/* Dropping rights: see rights.h. */
#include "daemon/rights.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum result rights_find(struct rights *r, const char *user, const char *group, struct err *err)
{
	*r = (struct rights){.change = user || group, .uid = geteuid(), .gid = getegid()};
	if (user) {
		const struct passwd *p = getpwnam(user);
		if (!p || !text_copy(r->user, sizeof r->user, user))
			return err_set(err, E_CONFIG, "[gateway] user = %s: there is no such user",
				       user);
		r->uid = p->pw_uid;
		r->gid = p->pw_gid;
	}
	if (group) {
		const struct group *g = getgrnam(group);
		if (!g)
			return err_set(err, E_CONFIG,
				       "[gateway] group = %s: there is no such group", group);
		r->gid = g->gr_gid;
	}
	return OK;
}

static enum result verify(const struct rights *r, struct err *err)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	bool user = ruid == r->uid && euid == r->uid && suid == r->uid;
	bool group = rgid == r->gid && egid == r->gid && sgid == r->gid;
	if (!user || !group || (r->uid != 0 && setuid(0) == 0))
		return err_set(err, E_DENIED, "the rights of root could not be dropped");
	return OK;
}

enum result rights_drop(const struct rights *r, struct err *err)
{
	if (!r->change || (geteuid() == r->uid && getegid() == r->gid))
		return OK;
	if (geteuid() != 0) {
		err_set(err, E_DENIED,
			"the gateway cannot become user %ld, group %ld: it was not started by root",
			(long)r->uid, (long)r->gid);
		err_remedy(err, "start it as root or as that user, or remove user and group from "
				"[gateway]");
		return E_DENIED;
	}
	int failed = *r->user ? initgroups(r->user, r->gid) : setgroups(1, &r->gid);
	if (failed || setresgid(r->gid, r->gid, r->gid) != 0 ||
	    setresuid(r->uid, r->uid, r->uid) != 0)
		return err_errno(err, errno, "the gateway cannot become user %ld, group %ld",
				 (long)r->uid, (long)r->gid);
	return verify(r, err);
}

enum result rights_make_folder(const struct rights *r, const char *path, mode_t mode,
			       struct err *err)
{
	struct stat st;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? OK : err_set(err, E_EXISTS, "%s is no folder", path);
	enum result made = file_make_dirs(file_system(), path, mode, err);
	if (made == OK && r->change && geteuid() == 0 && lchown(path, r->uid, r->gid) != 0)
		return err_errno(err, errno, "%s cannot be given to user %ld", path, (long)r->uid);
	return made;
}
