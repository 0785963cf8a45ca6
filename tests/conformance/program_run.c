/*
 * The table: each test in a process of its own, so that a module that crashes or hangs costs one line and not the table.
 * A child writes its verdict and its reason to a pipe; none written, or the time over, is a failure.
 */
#include "conformance/program.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_MS 300000 /* for one test */

struct verdict {
	enum conformance_verdict v;
	char why[CONFORMANCE_TEXT_MAX];
};

static void fail(struct verdict *v, const char *why)
{
	v->v = CONFORMANCE_FAIL;
	snprintf(v->why, sizeof v->why, "%s", why);
}

/* Collects the child, and says how it ended when it did not say so itself. */
static void collect(pid_t child, int fd, struct verdict *v)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int status, ready = poll(&p, 1, TEST_MS);
	bool told = ready == 1 && read(fd, v, sizeof *v) == (ssize_t)sizeof *v;
	if (ready == 0)
		kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		fail(v, "its process is lost");
	else if (ready == 0)
		fail(v, "it does not come to an end");
	else if (WIFSIGNALED(status))
		fail(v, strsignal(WTERMSIG(status)));
	else if (!told || WEXITSTATUS(status))
		fail(v, "its process ended without a verdict");
}

static void run_apart(const struct program *p, size_t i, struct verdict *v)
{
	int ends[2];
	fflush(NULL);
	pid_t child = pipe(ends) == 0 ? fork() : -1;
	if (child < 0) {
		fail(v, "no process for it");
		return;
	}
	if (child == 0) {
		close(ends[0]);
		memset(v, 0, sizeof *v);
		v->v = conformance_run(&p->bed, i, v->why);
		exit(write(ends[1], v, sizeof *v) == (ssize_t)sizeof *v ? 0 : 1);
	}
	close(ends[1]);
	collect(child, ends[0], v);
	close(ends[0]);
}

unsigned program_run(const struct program *p, FILE *out)
{
	static const char *const words[] = {"ok", "FAIL", "exempt"};
	unsigned totals[3] = {0};
	for (size_t i = 0; i < conformance_count(); i++) {
		struct verdict v = {.v = CONFORMANCE_OK};
		if (p->only && strcmp(p->only, conformance_name(i)) != 0)
			continue;
		if (p->no_fork)
			v.v = conformance_run(&p->bed, i, v.why);
		else
			run_apart(p, i, &v);
		totals[v.v]++;
		fprintf(out, "%-30s %s%s%s\n", conformance_name(i), words[v.v], *v.why ? ": " : "",
			v.why);
		fflush(out);
	}
	fprintf(out, "%s (%s): %u ok, %u failed, %u exempt\n", p->bed.module->code,
		p->bed.module->provider, totals[CONFORMANCE_OK], totals[CONFORMANCE_FAIL],
		totals[CONFORMANCE_EXEMPT]);
	return totals[CONFORMANCE_FAIL];
}
