/* Finding the helper: see nvl_path.h. */
#include "nvl/nvl_path.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "SMTPGATE_NVL_HELPER"
#define OTHERS (S_IWGRP | S_IWOTH)

/* In a build tree libtool keeps the module in DIR/.libs, and the helper is in DIR. */
static bool in_build_tree(char out[PATH_MAX])
{
	static const char here;
	char module[PATH_MAX];
	Dl_info info;
	if (!dladdr(&here, &info) || !realpath(info.dli_fname, module))
		return false;
	char *folder = strstr(module, "/.libs/");
	if (!folder)
		return false;
	*folder = '\0';
	int n = snprintf(out, PATH_MAX, "%s/nvl-helper", module);
	return n < PATH_MAX && access(out, F_OK) == 0;
}

static bool belongs(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* The folders above, each in turn, to the root. */
static bool check_above(char *path, struct nvl_word *why)
{
	struct stat st;
	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		slash[slash == path] = '\0';
		if (stat(path, &st) < 0 || !belongs(&st) ||
		    (st.st_mode & OTHERS && !(st.st_mode & S_ISVTX)))
			return nvl_refuse(why, SGT_FORBIDDEN, "",
					  "the helper is not run: others could change %.160s, a "
					  "folder above it",
					  path);
		if (slash == path)
			break;
	}
	return true;
}

static bool check(const char *named, char out[PATH_MAX], struct nvl_word *why)
{
	struct stat st;
	char copy[PATH_MAX];
	if (!realpath(named, out) || stat(out, &st) < 0)
		return nvl_refuse(
			why, SGT_ABSENT, "install smtpgate again: the helper comes with it",
			"the helper %.160s is missing: %s", named, strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode) || access(out, X_OK) < 0)
		return nvl_refuse(why, SGT_FORBIDDEN,
				  "install smtpgate again: the helper comes with it",
				  "the helper %.160s is no program that this user may run", out);
	if (!belongs(&st) || st.st_mode & OTHERS)
		return nvl_refuse(why, SGT_FORBIDDEN,
				  "install smtpgate again: the helper comes with it",
				  "the helper is not run: others could change %.160s", out);
	memcpy(copy, out, sizeof copy);
	return check_above(copy, why);
}

bool nvl_path_find(char out[PATH_MAX], struct nvl_word *why)
{
	char built[PATH_MAX];
	const char *named = secure_getenv(VARIABLE);
	if (named && named[0] != '/')
		return nvl_refuse(why, SGT_FORBIDDEN, "unset " VARIABLE,
				  VARIABLE " = %.100s: not an absolute path", named);
	if (!named && in_build_tree(built))
		named = built;
	return check(named ? named : NVL_HELPER, out, why);
}
