/* A pickup folder to play with: see pickup_yard.h. The clock runs with the system's, and as far ahead as yard.now says. */
#include "deliver/pickup_yard.h"

#include "spool/spool.h"
#include "spool/dropped.h"
#include "support/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct yard yard;

static int64_t mono(void *ctx)
{
	(void)ctx;
	return clock_mono(clock_system()) + yard.now;
}

static enum result address(void *ctx, const char *native, struct region *region, const char **out)
{
	(void)ctx;
	if (strncmp(native, "A/B/", 4) != 0)
		return E_NOTFOUND;
	*out = region_printf(region, "%s@hq.example", native + 4);
	return *out ? OK : E_NOMEM;
}

static void tell(void *ctx, const char *name, const char *from, size_t recipients,
		 const char *reason)
{
	size_t n = strlen(yard.told);
	(void)ctx;
	if (reason)
		snprintf(yard.told + n, sizeof yard.told - n, "%s %s\n", name, reason);
	else
		snprintf(yard.told + n, sizeof yard.told - n, "%s %s %zu sent\n", name, from,
			 recipients);
}

void yard_open(void)
{
	static const char *const all[] = {"*"};
	static struct clock clock;
	memset(&yard, 0, sizeof yard);
	clock = *clock_system();
	clock.mono = mono;
	snprintf(yard.folder, sizeof yard.folder, "%s/in", suite_scratch());
	snprintf(yard.archive, sizeof yard.archive, "%s/archive", yard.folder);
	ck_assert_int_eq(mkdir(yard.folder, 0700), 0);
	yard.senders[0] = (struct conf_pattern){CONF_PATTERN_ALL, false, "*"};
	yard.conf = (struct conf_pickup){.name = "erp",
					 .path = yard.folder,
					 .files = {(const char **)all, 1},
					 .settle = 2000,
					 .poll = 10000,
					 .archive = yard.archive,
					 .senders = {yard.senders, 1},
					 .max_size = 100000,
					 .priority = MAIL_NORMAL};
	yard.pickup = (struct pickup){.files = file_system(),
				      .clock = &clock,
				      .conf = &yard.conf,
				      .spool = suite_scratch(),
				      .hostname = "gw.example",
				      .origin = "origin.example",
				      .charset = "cp437",
				      .address = address,
				      .tell = tell};
}

void yard_close(void)
{
	pickup_list_free(&yard.list);
	suite_scratch_remove();
}

void yard_put(const char *name, const char *bytes, size_t n)
{
	char path[700];
	snprintf(path, sizeof path, "%s/%s", yard.folder, name);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

void yard_puts(const char *name, const char *text)
{
	yard_put(name, text, strlen(text));
}

enum result yard_run(void)
{
	int64_t next = 1;
	enum result r = pickup_ready(&yard.pickup, &yard.err);
	if (r == OK)
		r = pickup_run(&yard.pickup, &yard.list, &next, &yard.err);
	yard.now += yard.conf.settle;
	for (next = 0; r == OK && !next;)
		r = pickup_run(&yard.pickup, &yard.list, &next, &yard.err);
	return r;
}

bool yard_has(const char *name)
{
	char path[700];
	snprintf(path, sizeof path, "%s/%s", yard.folder, name);
	return access(path, F_OK) == 0;
}

char *yard_read(const char *name)
{
	char path[700], *bytes;
	size_t n;
	snprintf(path, sizeof path, "%s/%s", yard.folder, name);
	return file_read(path, 1 << 20, &bytes, &n, NULL) == OK ? bytes : NULL;
}

static int seen(const struct dirent *d)
{
	return *d->d_name != '.';
}

const char *yard_names(void)
{
	static char out[2000];
	struct dirent **names;
	size_t len = 0;
	int n = scandir(yard.folder, &names, seen, alphasort);
	ck_assert_int_ge(n, 0);
	*out = '\0';
	for (int i = 0; i < n; i++) {
		len += (size_t)snprintf(out + len, sizeof out - len, "%s%s", i ? " " : "",
					names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return out;
}

static void forget(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

size_t yard_count(void)
{
	char **names;
	size_t count;
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &count, &yard.err), OK);
	forget(names, count);
	return count;
}

char *yard_mail(size_t i, char *envelope, size_t n)
{
	struct region *region = region_new(0);
	struct mail_envelope e;
	char **names, *data;
	size_t count, size;
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &count, &yard.err), OK);
	ck_assert_uint_gt(count, i);
	ck_assert_int_eq(dropped_read(suite_scratch(), names[i], 32 << 20, region, &e, &data, &size,
				      &yard.err),
			 OK);
	size_t len = (size_t)snprintf(envelope, n, "<%s>", e.reverse_path);
	for (size_t k = 0; k < e.count; k++)
		len += (size_t)snprintf(envelope + len, n - len, " %s", e.recipients[k]);
	ck_assert_str_eq(e.listener, "erp");
	forget(names, count);
	region_destroy(&region);
	return data;
}

const char *yard_reason(const char *name)
{
	for (size_t i = 0; i < yard.list.count; i++)
		if (strcmp(yard.list.files[i].name, name) == 0)
			return yard.list.files[i].reason;
	return "(not listed)";
}
