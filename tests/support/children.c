/* See children.h. */
#include "support/children.h"

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE 6000 /* times 10 ms that a process may take to end */

struct status {
	char name[32], state;
	pid_t parent;
};

/* false: there is no such process. */
static bool status_of(const char *pid, struct status *its)
{
	char path[300], line[512];
	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	FILE *f = fopen(path, "r");
	bool read = f && fgets(line, sizeof line, f);
	if (f)
		fclose(f);
	const char *rest = read ? strrchr(line, ')') : NULL;
	return rest && sscanf(line, "%*d (%31[^)]", its->name) == 1 &&
	       sscanf(rest, ") %c %d", &its->state, &its->parent) == 2;
}

pid_t child_of(pid_t parent, const char *name)
{
	pid_t found = 0;
	struct status its;
	DIR *d = opendir("/proc");
	struct dirent *e;
	while (d && !found && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && status_of(e->d_name, &its) &&
		    its.parent == parent && its.state != 'Z' &&
		    (!name || strcmp(its.name, name) == 0))
			found = (pid_t)strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	return found;
}

void child_await_end(pid_t pid)
{
	char text[16];
	struct status its;
	int turns = 0;
	snprintf(text, sizeof text, "%d", pid);
	while (status_of(text, &its) && its.state != 'Z') {
		ck_assert_msg(turns++ < PATIENCE, "process %d does not end", pid);
		usleep(10000);
	}
}
