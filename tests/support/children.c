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

/* The state and the parent of a process; false: there is none. */
static bool status_of(const char *pid, char *state, pid_t *parent)
{
	char path[300], line[512];
	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	FILE *f = fopen(path, "r");
	bool read = f && fgets(line, sizeof line, f);
	if (f)
		fclose(f);
	const char *rest = read ? strrchr(line, ')') : NULL;
	return rest && sscanf(rest, ") %c %d", state, parent) == 2;
}

pid_t child_of(pid_t parent)
{
	pid_t found = 0, its;
	char state;
	DIR *d = opendir("/proc");
	struct dirent *e;
	while (d && !found && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    status_of(e->d_name, &state, &its) && its == parent && state != 'Z')
			found = (pid_t)strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	return found;
}

void child_await_end(pid_t pid)
{
	char text[16], state = 0;
	pid_t parent;
	int turns = 0;
	snprintf(text, sizeof text, "%d", pid);
	while (status_of(text, &state, &parent) && state != 'Z') {
		ck_assert_msg(turns++ < PATIENCE, "process %d does not end", pid);
		usleep(10000);
	}
}
