/*
 * Pickup folders: see pickups.h. A folder is waiting (its timer is set), looked into (its job is in the pool), or stopped. Its list
 * belongs to the job while that runs; what status shows is a copy, made when it ends.
 */
#include "gateway/pickups.h"

#include "gateway/alarm.h"

#include "base/text.h"
#include "deliver/pickup.h"
#include "gateway/maildrop.h"
#include "gateway/postoffice.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define RING_MS 20     /* so that a burst of events is one look */
#define AGAIN_MS 1000  /* the pool is full */
#define SHOWN_MAX 100u /* files that status names a folder; it counts the others */

struct folder {
	struct job job;
	struct timer timer;
	struct pickups *all;
	const char *name, *path;   /* of the start: both need a restart */
	struct watch bell;         /* inotify; fd -1: none */
	bool running, again;       /* [main]; again: the bell rang during a look */
	struct settings *settings; /* during a look */
	struct pickup_list list;
	int64_t next;
	_Atomic uint64_t taken; /* files, since the start */
	size_t put;             /* files that went into the maildrop by this look */
	struct err trouble;     /* of the folder as a whole; text "": none */
	char told[ERR_TEXT_MAX];
	/* [main] for status */
	struct region *shown_in;
	struct gateway_pickup_file *shown;
	size_t shown_count, waiting, bad;
	char failed[ERR_TEXT_MAX];
};

struct pickups {
	struct gateway *g;
	struct settings *settings; /* of the start */
	size_t count;
	struct folder folders[];
};

/* ---- in the pool ---- */

static enum result address(void *ctx, const char *native, struct region *region, const char **out)
{
	const struct folder *f = ctx;
	return postoffice_address(f->settings, NULL, native, region, out);
}

static void tell_bad(const struct folder *f, const char *name, const char *reason)
{
	char about[1024], text[1024];
	snprintf(about, sizeof about, "%s/%s", f->path, name);
	snprintf(text, sizeof text, "The file %.400s of [pickup %.50s] was set aside: %.400s.",
		 about, f->name, reason);
	alarm_raise(f->all->g,
		    &(struct alarm){.what = CONF_BAD_FILE,
				    .about = about,
				    .text = text,
				    .remedy = "put it right, and rename it to its old name"});
}

static void tell(void *ctx, const char *name, const char *from, size_t recipients,
		 const char *reason)
{
	struct folder *f = ctx;
	if (reason) {
		LOG(LOG_ERROR, NULL, "pickup", "set-aside", F_S("folder", f->name),
		    F_S("file", name), F_S("error", reason));
		tell_bad(f, name, reason);
		return;
	}
	f->put++;
	atomic_fetch_add(&f->taken, 1);
	LOG(LOG_INFO, NULL, "pickup", "taken", F_S("folder", f->name), F_S("file", name),
	    F_A("from", from), F_N("recipients", recipients));
}

static const struct conf_pickup *section(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->pickup_count; i++)
		if (text_same(s->pickups[i].name, name))
			return &s->pickups[i];
	return NULL; /* never: a section that comes or goes needs a restart */
}

/* Below disk_min nobody is let in by SMTP either. */
static enum result check_disk(struct folder *f, const struct conf_pickup *conf, struct err *err)
{
	const struct conf_queue *q = &f->settings->queue;
	uint64_t left = atomic_load(&f->all->g->disk_free);
	uint64_t least = conf->priority == MAIL_URGENT ? q->disk_min_urgent : q->disk_min;
	if (left >= least)
		return OK;
	return err_set(err, E_FULL,
		       "nothing is taken: %llu MiB of the spool's disk are left, the least is %llu",
		       (unsigned long long)(left >> 20), (unsigned long long)(least >> 20));
}

/* As it is now: a share that came back is another folder. */
static void watch_folder(const struct folder *f)
{
	if (f->bell.fd >= 0)
		inotify_add_watch(f->bell.fd, f->path,
				  IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ATTRIB |
					  IN_ONLYDIR);
}

static enum result look(struct folder *f, const struct conf_pickup *conf, struct err *err)
{
	const struct conf_gateway *gateway = &f->settings->gateway;
	const struct pickup p = {.files = file_system(),
				 .clock = f->all->g->clock,
				 .conf = conf,
				 .spool = gateway->spool,
				 .hostname = gateway->hostname,
				 .origin = gateway->origin,
				 .charset = conf_charsets[conf->charset],
				 .profile = settings_profile(f->settings, conf->profile),
				 .address = address,
				 .tell = tell,
				 .ctx = f};
	enum result r = check_disk(f, conf, err);
	if (r == OK)
		r = pickup_ready(&p, err);
	return r == OK ? pickup_run(&p, &f->list, &f->next, err) : r;
}

static void work(struct job *job)
{
	struct folder *f = (struct folder *)job;
	const struct conf_pickup *conf = section(f->settings, f->name);
	struct err err = {.code = OK};
	f->put = 0;
	f->next = conf->poll;
	watch_folder(f); /* before it is looked into: what comes after that rings */
	enum result r = look(f, conf, &err);
	if (r == OK)
		err.text[0] = err.remedy[0] = '\0';
	else if (strcmp(err.text, f->told) != 0)
		LOG(LOG_ERROR, NULL, "pickup", "failed", F_S("folder", f->name),
		    F_S("error", err.text), F_S("remedy", err.remedy));
	if (r == OK && *f->told)
		LOG(LOG_INFO, NULL, "pickup", "well", F_S("folder", f->name));
	text_copy(f->told, sizeof f->told, err.text);
	f->trouble = err;
}

/* ---- in the main thread ---- */

static void run_in(struct folder *f, int64_t wait)
{
	struct gateway *g = f->all->g;
	if (!g->stopping)
		timers_set(loop_timers(g->loop), &f->timer, clock_mono(g->clock) + wait);
}

/* A copy for status, the ones that wait for something else than rest first. */
static void show(struct folder *f)
{
	f->shown_count = f->waiting = 0;
	f->bad = f->list.bad;
	region_destroy(&f->shown_in);
	f->shown_in = region_new(0);
	f->shown = f->shown_in ? region_alloc(f->shown_in, SHOWN_MAX * sizeof *f->shown) : NULL;
	for (size_t i = 0; i < f->list.count; i++) {
		const struct pickup_file *from = &f->list.files[i];
		if (!*from->reason)
			continue;
		f->waiting++;
		if (!f->shown || f->shown_count == SHOWN_MAX)
			continue;
		struct gateway_pickup_file *to = &f->shown[f->shown_count];
		to->name = region_strdup(f->shown_in, from->name);
		to->reason = region_strdup(f->shown_in, from->reason);
		to->since = from->modified / 1000000;
		f->shown_count += to->name && to->reason;
	}
	f->waiting += f->list.more;
	text_copy(f->failed, sizeof f->failed, f->trouble.text);
}

static void done(struct job *job)
{
	struct folder *f = (struct folder *)job;
	struct gateway *g = f->all->g;
	settings_unref(&f->settings);
	f->running = false;
	show(f);
	if (f->put)
		maildrop_look(g->maildrop);
	run_in(f, f->again && f->next > RING_MS ? RING_MS : f->next);
	gateway_stop_check(g);
}

static void fire(struct timer *t)
{
	struct folder *f = (struct folder *)((char *)t - offsetof(struct folder, timer));
	struct gateway *g = f->all->g;
	f->settings = settings_ref(g->settings);
	f->again = false;
	f->running = true;
	f->job = (struct job){.answer_to = loop_inbox(g->loop), .work = work, .done = done};
	if (pool_run(g->disks, &f->job) == OK)
		return;
	f->running = false;
	settings_unref(&f->settings);
	run_in(f, AGAIN_MS);
}

/* Our own renames ring as well; they begin with a dot, as do names that are never taken. */
static bool counts(const char *block, ssize_t n)
{
	const struct inotify_event *e;
	for (const char *at = block; at < block + n; at += sizeof *e + e->len) {
		e = (const struct inotify_event *)(const void *)at;
		if (!e->len || e->name[0] != '.')
			return true;
	}
	return false;
}

static void ring(struct watch *w, uint32_t events)
{
	struct folder *f = (struct folder *)((char *)w - offsetof(struct folder, bell));
	_Alignas(struct inotify_event) char block[4096];
	bool any = false;
	ssize_t n;
	(void)events;
	while ((n = read(w->fd, block, sizeof block)) > 0)
		any |= counts(block, n);
	if (any && f->running)
		f->again = true;
	else if (any)
		run_in(f, RING_MS);
}

static void hang_bell(struct folder *f)
{
	struct loop *loop = f->all->g->loop;
	f->bell = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .ready = ring};
	if (f->bell.fd >= 0 && loop_watch(loop, &f->bell, EPOLLIN) == OK)
		return;
	LOG(LOG_WARN, NULL, "pickup", "unwatched", F_S("folder", f->name),
	    F_S("why", "inotify is not to be had: it is looked into every `poll` only"));
	if (f->bell.fd >= 0)
		close(f->bell.fd);
	f->bell.fd = -1;
}

struct pickups *pickups_start(struct gateway *g)
{
	const struct settings *s = g->settings;
	struct pickups *p = calloc(1, sizeof *p + s->pickup_count * sizeof *p->folders);
	if (!p)
		return NULL;
	p->g = g;
	p->settings = settings_ref(g->settings);
	p->count = s->pickup_count;
	for (size_t i = 0; i < p->count; i++) {
		struct folder *f = &p->folders[i];
		f->all = p;
		f->name = s->pickups[i].name;
		f->path = s->pickups[i].path;
		f->timer.fire = fire;
		hang_bell(f);
		run_in(f, 0);
	}
	return p;
}

void pickups_stop(struct pickups *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		timers_clear(loop_timers(p->g->loop), &p->folders[i].timer);
		if (p->folders[i].bell.fd >= 0)
			loop_unwatch(p->g->loop, &p->folders[i].bell);
	}
}

void pickups_destroy(struct pickups **p)
{
	if (!*p)
		return;
	pickups_stop(*p);
	for (size_t i = 0; i < (*p)->count; i++) {
		struct folder *f = &(*p)->folders[i];
		if (f->bell.fd >= 0)
			close(f->bell.fd);
		pickup_list_free(&f->list);
		region_destroy(&f->shown_in);
	}
	settings_unref(&(*p)->settings);
	free(*p);
	*p = NULL;
}

/* ---- status ---- */

static enum result show_files(const struct folder *f, struct region *region,
			      struct gateway_pickup_status *to)
{
	struct gateway_pickup_file *files =
		region_alloc(region, f->shown_count * sizeof *files + 1);
	if (!files)
		return E_NOMEM;
	for (size_t i = 0; i < f->shown_count; i++) {
		files[i] = f->shown[i];
		files[i].name = region_strdup(region, f->shown[i].name);
		files[i].reason = region_strdup(region, f->shown[i].reason);
		if (!files[i].name || !files[i].reason)
			return E_NOMEM;
	}
	to->files = files;
	to->file_count = f->shown_count;
	return OK;
}

enum result pickups_status(const struct pickups *p, struct region *region,
			   struct gateway_status *out)
{
	size_t count = p ? p->count : 0;
	out->pickups = region_alloc(region, count * sizeof *out->pickups + 1);
	enum result r = out->pickups ? OK : E_NOMEM;
	for (size_t i = 0; r == OK && i < count; i++) {
		const struct folder *f = &p->folders[i];
		struct gateway_pickup_status *to = &out->pickups[i];
		*to = (struct gateway_pickup_status){.name = f->name,
						     .path = f->path,
						     .error = region_strdup(region, f->failed),
						     .taken = atomic_load(&f->taken),
						     .waiting = f->waiting,
						     .bad = f->bad};
		r = to->error ? show_files(f, region, to) : E_NOMEM;
	}
	out->pickup_count = r == OK ? count : 0;
	return r;
}
