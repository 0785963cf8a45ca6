/* backup: the gateway makes a snapshot of its spool (spool/snapshot.h), which is packed here and removed. The file appears under its
 * name when it is whole and synced. */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/archive.h"
#include "daemon/context.h"
#include "daemon/query.h"
#include "daemon/words.h"
#include "spool/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum result add_bodies(struct archive *a, const char *folder, struct err *err)
{
	DIR *dir = opendir(folder);
	enum result r = OK;
	if (!dir)
		return err_errno(err, errno, "%s cannot be opened", folder);
	for (struct dirent *d; r == OK && (d = readdir(dir));) {
		char name[ARCHIVE_NAME], from[PATH_MAX];
		if (d->d_name[0] == '.')
			continue;
		int n = snprintf(name, sizeof name, "body/%s", d->d_name);
		int m = snprintf(from, sizeof from, "%s/%s", folder, d->d_name);
		r = n < (int)sizeof name && m < (int)sizeof from
			    ? archive_add(a, name, from, err)
			    : err_set(err, E_LIMIT, "%s: the name is too long", d->d_name);
	}
	closedir(dir);
	return r;
}

static enum result pack(const char *spool, const char *part, struct err *err)
{
	char from[PATH_MAX], now[32];
	struct archive a;
	enum result r = archive_create(&a, part, err);
	if (r != OK)
		return r;
	snprintf(from, sizeof from, "%s/" SNAPSHOT_FOLDER "/spool.db", spool);
	r = archive_add(&a, "spool.db", from, err);
	snprintf(from, sizeof from, "%s/" SNAPSHOT_FOLDER "/body", spool);
	if (r == OK)
		r = add_bodies(&a, from, err);
	if (r == OK)
		r = archive_finish(&a, text_time(clock_wall(clock_system()), now, sizeof now), err);
	archive_close(&a);
	return r;
}

static enum result publish(const char *part, const char *file, struct err *err)
{
	char folder[PATH_MAX];
	if (rename(part, file) != 0)
		return err_errno(err, errno, "%s cannot be put in place", file);
	text_copy(folder, sizeof folder, file);
	return file_sync_dir(file_system(), dirname(folder), err);
}

static enum exit_status say(struct call *c, const char *file, const json_t *answer)
{
	char size[24];
	struct stat st;
	if (stat(file, &st) != 0)
		st.st_size = 0;
	fprintf(c->out, "%s: %s bytes, %lld messages that wait or are held, history up to m%lld\n",
		file, query_size(st.st_size, size, sizeof size),
		(long long)words_number(answer, "messages"),
		(long long)words_number(answer, "last"));
	return EXIT_DONE;
}

enum exit_status cmd_backup(struct call *c)
{
	const char *file = c->options.args[0];
	char part[PATH_MAX];
	struct err err, unused;
	json_t *answer = NULL;
	if ((size_t)snprintf(part, sizeof part, "%s.part", file) >= sizeof part)
		return call_usage(c, "backup: the name is too long");
	enum exit_status status = context_ask(c, json_pack("{s:s}", "command", "spool.snapshot"),
					      NULL, NULL, &answer);
	if (status != EXIT_DONE)
		return status;
	const char *spool = words_text(answer, "spool");
	enum result r = pack(spool, part, &err);
	if (r == OK)
		r = publish(part, file, &err);
	if (r != OK)
		unlink(part);
	snapshot_remove(spool, &unused);
	status = r == OK ? say(c, file, answer) : call_fail(c, exit_of_result(r), &err);
	json_decref(answer);
	return status;
}
