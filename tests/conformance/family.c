/* The processes that a test has: its children, theirs and so on, found in /proc. A zombie counts. */
#include "conformance/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

struct kin {
	int pid, parent;
	bool ours;
};

static int parent_of(int pid)
{
	char path[64], text[512];
	int parent = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return 0;
	size_t n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	while (n && text[n - 1] != ')') /* the name before it may hold anything */
		n--;
	return n && sscanf(text + n, " %*c %d", &parent) == 1 ? parent : 0;
}

static unsigned entries(const char *path)
{
	unsigned n = 0;
	DIR *d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

unsigned test_descriptors(void)
{
	return entries("/proc/self/fd");
}

/* All processes of the machine. */
static size_t everybody(struct kin *all, size_t room)
{
	size_t n = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *e; d && n < room && (e = readdir(d));) {
		int pid = atoi(e->d_name);
		if (pid > 0)
			all[n++] = (struct kin){.pid = pid, .parent = parent_of(pid)};
	}
	if (d)
		closedir(d);
	return n;
}

/* Marks who has a parent among ours; true: somebody was new. */
static bool spread(struct kin *all, size_t n)
{
	bool more = false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && !all[i].ours; k++)
			if (all[i].parent == all[k].pid && (all[k].ours || all[k].pid == getpid()))
				more = all[i].ours = true;
	return more;
}

struct test_family test_family(void)
{
	static struct kin all[8192];
	struct test_family family = {0, 0};
	char path[64];
	size_t n = everybody(all, sizeof all / sizeof *all);
	while (spread(all, n))
		;
	for (size_t i = 0; i < n; i++) {
		if (!all[i].ours)
			continue;
		snprintf(path, sizeof path, "/proc/%d/fd", all[i].pid);
		family.processes++;
		family.descriptors += entries(path);
	}
	return family;
}
