/* torture: kills a spool in the midst of its work, on a disk of the user's own, and looks for what it had answered. Everything
 * happens in a folder of its own, which is removed at the end; no gateway is asked and no configuration read. */
#include "base/result.h"
#include "daemon/commands.h"
#include "spool/torture.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILLS 30
#define KILLS_MOST 100000
#define SYNC_QUICK_US 20 /* no medium that keeps it without power is so fast */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static void progress(void *ctx, const struct spool_torture *t)
{
	const struct call *c = ctx;
	fprintf(c->err, "\r\033[K%u of %u kills, %llu answered, %llu faults", t->killed, t->kills,
		(unsigned long long)t->answered, (unsigned long long)spool_torture_faults(t));
	fflush(c->err);
}

static bool read_kills(const char *text, unsigned *kills)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*kills = (unsigned)n;
	return text[0] >= '0' && text[0] <= '9' && !*end && n >= 1 && n <= KILLS_MOST;
}

static enum exit_status say(const struct call *c, const struct spool_torture *t)
{
	uint64_t faults = spool_torture_faults(t);
	fprintf(c->out,
		"%u kills: %llu answered, %llu found, %llu lost, %llu twice, %llu damaged\n",
		t->killed, (unsigned long long)t->answered, (unsigned long long)t->found,
		(unsigned long long)t->lost, (unsigned long long)t->twice,
		(unsigned long long)t->damaged);
	if (t->unsummed)
		fprintf(c->out, "numbers or sums did not fit after %llu kills\n",
			(unsigned long long)t->unsummed);
	fprintf(c->out, "a sync of 4 KiB took %lld us\n", (long long)t->sync_us);
	if (t->sync_us < SYNC_QUICK_US)
		fprintf(c->out,
			"that is quicker than a disk can write: it is memory, or a disk that "
			"answers a "
			"sync\nbefore it has written; mail on it is lost with the power unless its "
			"cache has a battery\n");
	return faults ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_status torture(struct call *c, const char *folder, unsigned kills)
{
	struct spool_torture t = {.path = folder, .kills = kills, .ctx = c};
	struct err err;
	bool terminal = isatty(fileno(c->err)) != 0;
	t.progress = terminal ? progress : NULL;
	enum result r = spool_torture_run(&t, &err);
	if (terminal)
		fputs("\r\033[K", c->err);
	return r == OK ? say(c, &t) : call_fail(c, exit_of_result(r), &err);
}

enum exit_status cmd_torture(struct call *c)
{
	const char *disk = call_option(c, OPT_SPOOL), *text = call_option(c, OPT_KILLS);
	unsigned kills = KILLS;
	char folder[PATH_MAX];
	struct err err;
	if (!disk)
		return call_usage(c, "torture: --spool DIR says on which disk");
	if (text && !read_kills(text, &kills))
		return call_usage(c, "torture: --kills takes a number from 1 to %d", KILLS_MOST);
	if ((size_t)snprintf(folder, sizeof folder, "%s/torture.XXXXXX", disk) >= sizeof folder)
		return call_usage(c, "torture: the name is too long");
	if (!mkdtemp(folder)) {
		err_errno(&err, errno, "no folder can be made in %s", disk);
		return call_fail(c, exit_of_result(err.code), &err);
	}
	enum exit_status status = torture(c, folder, kills);
	if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		fprintf(c->err, "smtpgate: %s cannot be removed: %s\n", folder, strerror(errno));
	return status;
}
