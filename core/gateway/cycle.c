/*
 * Mailbags: see cycle.h. A cycle is waiting (its timer is set; inotify on the
 * mailbag sets it to now), running (its job is in the pool `disks`), or stopped. Whatever goes wrong in
 * one is told once for as long as it stays the same, and concerns no other.
 */
#include "gateway/cycle.h"

#include "gateway/alarm.h"

#include "base/file.h"
#include "base/text.h"
#include "deliver/ffapi.h"
#include "deliver/mailbag.h"
#include "gateway/postoffice.h"
#include "gateway/transcript.h"
#include "mail/address.h"
#include "mail/address_map.h"
#include "route/local.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_MS 10000 /* for another gateway of this postoffice */
#define AGAIN_MS 1000
#define RING_MS 20 /* so that a burst of messages is one run */

struct cycle {
	struct job job;
	struct timer timer;
	struct cycles *all;
	const struct conf_postoffice *office;
	struct watch bell;          /* inotify on the mailbag; fd -1: none */
	bool running, again;        /* [main]; again: the bell rang during a run */
	struct settings *settings;  /* during a run */
	char file[PATH_MAX];        /* that the get program fills */
	int lock;                   /* during a run: it is our turn */
	size_t taken;               /* messages of this run */
	struct transcript talk;     /* during a run: for the log of 1993 */
	char trouble[ERR_TEXT_MAX]; /* told last; empty: it was well */
	char failed[ERR_TEXT_MAX];  /* [main] the same, as of the last run that has ended */
	uint64_t total;             /* [main] messages since the start */
};

struct cycles {
	struct gateway *g;
	struct settings *settings; /* of the start: whose postoffices these are */
	atomic_bool stop;
	size_t count;
	struct cycle cycles[];
};

/* ---- in the pool ---- */

static enum result address(void *ctx, const char *native, struct region *region, const char **out)
{
	const struct cycle *c = ctx;
	return postoffice_address(c->all->settings, c->office, native, region, out);
}

static void tell(void *ctx, const char *from, size_t recipients, const char *reason)
{
	struct cycle *c = ctx;
	c->taken++;
	if (reason) {
		LOG(LOG_ERROR, NULL, "mailbag", "set-aside", F_S("postoffice", c->office->name),
		    F_A("from", from), F_N("recipients", recipients), F_S("file", c->file),
		    F_S("error", reason));
		alarm_raise(c->all->g,
			    &(struct alarm){.what = CONF_BAD_FILE,
					    .about = c->file,
					    .text = reason,
					    .remedy = "what could not be sent lies beside it, as "
						      "from_nc.api.bad"});
	} else {
		LOG(LOG_INFO, NULL, "mailbag", "taken", F_S("postoffice", c->office->name),
		    F_A("from", from), F_N("recipients", recipients));
	}
}

/* Whole goes what another gateway unpacks: one behind a domain that is not ours, or a postoffice here that does. */
static bool whole(void *ctx, const char *address)
{
	const struct cycle *c = ctx;
	char domain[MAIL_DOMAIN_MAX + 1];
	const char *at = strrchr(address, '@');
	if (!at || !text_copy(domain, sizeof domain, at + 1))
		return false;
	const struct conf_postoffice *p = route_local_find(c->settings, text_lower_all(domain));
	return !p || route_local_unpacks(p, MAIL_XXENC);
}

/* As the settings in force have it. */
static bool encapsulates(const struct cycle *c)
{
	for (size_t i = 0; i < c->settings->postoffice_count; i++)
		if (strcmp(c->settings->postoffices[i].name, c->office->name) == 0)
			return c->settings->postoffices[i].encapsulate;
	return false;
}

static enum result run_get(struct cycle *c, struct err *err)
{
	static const char *const options[] = {"-h", "-n50", NULL};
	const struct ffapi f = {.command = c->office->get,
				.postoffice = c->office->path,
				.options = options,
				.file = c->file,
				.limit = c->office->get_timeout,
				.stop = &c->all->stop,
				.clock = c->all->g->clock};
	int status = 0;
	enum result r = ffapi_run(&f, &status, err);
	transcript_say(&c->talk, "spawning SMTPGET");
	transcript_say(&c->talk, "spawn(SMTPGET)=%d", status);
	return r;
}

static enum result find_office(struct cycle *c, struct err *err)
{
	enum result r = ffapi_find(c->office->path, c->file, err);
	if (r == OK)
		r = ffapi_lock(c->file, "from_nc.lck", LOCK_MS, &c->all->stop, c->all->g->clock,
			       &c->lock, err);
	strcat(c->file, "/from_nc.api");
	return r;
}

static enum result take(struct cycle *c, struct err *err)
{
	const struct settings *s = c->settings;
	struct table table;
	bool odd = false;
	enum result r = postoffice_table(c->office, "SMTPOUT.TBL", &table, &odd, err);
	if (r != OK && r != E_NOTFOUND)
		return r;
	if (odd)
		LOG(LOG_WARN, NULL, "mailbag", "table", F_S("postoffice", c->office->name),
		    F_S("note", "SMTPOUT.TBL is not of 264 bytes: its last 256 are taken"));
	struct mailbag b = {.files = file_system(),
			    .clock = c->all->g->clock,
			    .file = c->file,
			    .spool = s->gateway.spool,
			    .office = c->office->name,
			    .charset = conf_charsets[c->office->charset],
			    .hostname = s->gateway.hostname,
			    .max_size = s->gateway.max_size,
			    .table = r == OK ? &table : NULL,
			    .uuencode = c->office->attachments == CONF_ATTACHMENTS_UUENCODE,
			    .no_receipts = !c->office->receipts,
			    .address = address,
			    .whole = encapsulates(c) ? whole : NULL,
			    .tell = tell,
			    .ctx = c};
	return mailbag_take(&b, err);
}

/* Watches the mailbag as it is now, since a share that came back is another folder, and those in which it will be made where there is
 * none yet: from the outer to the inner one, so that nothing is made unseen in between. Without any of them there is `wait`. */
static void watch_bag(struct cycle *c)
{
	static const char *const folders[] = {"", "/outgoing", "/outgoing/new"};
	char path[PATH_MAX];
	for (size_t i = 0; c->bell.fd >= 0 && i < sizeof folders / sizeof *folders; i++) {
		uint32_t what = i == 2 ? IN_MOVED_TO | IN_CLOSE_WRITE : IN_MOVED_TO | IN_CREATE;
		int n = snprintf(path, sizeof path, "%s%s", c->office->path, folders[i]);
		if (n > 0 && (size_t)n < sizeof path)
			inotify_add_watch(c->bell.fd, path, what | IN_ONLYDIR);
	}
}

/* What an earlier run has left in the file is taken whether the program can be run or not. */
static void work(struct job *job)
{
	struct cycle *c = (struct cycle *)job;
	struct err err = {.code = OK}, why = {.code = OK};
	c->taken = 0;
	c->lock = -1;
	*c->file = '\0';
	transcript_begin(&c->talk, c->all->g->classic, c->office->name);
	watch_bag(c); /* before it is looked into: what comes after that rings */
	enum result r = find_office(c, &err);
	if (r == OK) {
		r = run_get(c, &err);
		enum result taken = take(c, &why);
		if (r == OK && taken != OK) {
			r = taken;
			err = why;
		}
	}
	ffapi_unlock(&c->lock);
	if (c->taken)
		transcript_say(&c->talk, "Outgoing message(s) from Microsoft Mail detected");
	if (r != OK && r != E_CANCELLED)
		transcript_error(&c->talk, "ERROR %s", err.text);
	transcript_flush(&c->talk);
	if (r == OK || r == E_CANCELLED)
		*err.text = '\0';
	if (*err.text && strcmp(err.text, c->trouble) != 0)
		LOG(LOG_ERROR, NULL, "mailbag", "failed", F_S("postoffice", c->office->name),
		    F_S("error", err.text));
	if (!*err.text && *c->trouble && r == OK)
		LOG(LOG_INFO, NULL, "mailbag", "well", F_S("postoffice", c->office->name));
	text_copy(c->trouble, sizeof c->trouble, err.text);
}

/* ---- in the main thread ---- */

static void run_again(struct cycle *c, int64_t wait)
{
	struct gateway *g = c->all->g;
	if (!g->stopping)
		timers_set(loop_timers(g->loop), &c->timer, clock_mono(g->clock) + wait);
}

static void done(struct job *job)
{
	struct cycle *c = (struct cycle *)job;
	settings_unref(&c->settings);
	c->running = false;
	text_copy(c->failed, sizeof c->failed, c->trouble);
	c->total += c->taken;
	run_again(c, c->again ? RING_MS : c->taken ? AGAIN_MS : c->office->wait);
	gateway_stop_check(c->all->g);
}

/* A message was put into the mailbag. */
static void ring(struct watch *w, uint32_t events)
{
	struct cycle *c = (struct cycle *)((char *)w - offsetof(struct cycle, bell));
	char block[4096];
	(void)events;
	while (read(w->fd, block, sizeof block) > 0)
		;
	if (c->running)
		c->again = true;
	else
		run_again(c, RING_MS);
}

static void hang_bell(struct cycle *c)
{
	struct loop *loop = c->all->g->loop;
	c->bell = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .ready = ring};
	if (c->bell.fd >= 0 && loop_watch(loop, &c->bell, EPOLLIN) == OK)
		return;
	LOG(LOG_WARN, NULL, "mailbag", "unwatched", F_S("postoffice", c->office->name),
	    F_S("why", "inotify is not to be had: it is looked into every `wait` only"));
	if (c->bell.fd >= 0)
		close(c->bell.fd);
	c->bell.fd = -1;
}

static void fire(struct timer *t)
{
	struct cycle *c = (struct cycle *)((char *)t - offsetof(struct cycle, timer));
	struct gateway *g = c->all->g;
	c->settings = settings_ref(g->settings);
	c->again = false;
	c->running = true;
	c->job = (struct job){.answer_to = loop_inbox(g->loop), .work = work, .done = done};
	if (pool_run(g->disks, &c->job) == OK)
		return;
	c->running = false; /* the pool is full: in a second */
	settings_unref(&c->settings);
	run_again(c, AGAIN_MS);
}

struct cycles *cycles_start(struct gateway *g)
{
	const struct settings *s = g->settings;
	struct cycles *all = calloc(1, sizeof *all + s->postoffice_count * sizeof *all->cycles);
	if (!all)
		return NULL;
	all->g = g;
	all->settings = settings_ref(g->settings);
	for (size_t i = 0; i < s->postoffice_count; i++) {
		if (!s->postoffices[i].get)
			continue;
		struct cycle *c = &all->cycles[all->count++];
		c->all = all;
		c->office = &s->postoffices[i];
		c->timer.fire = fire;
		hang_bell(c);
		run_again(c, 0);
	}
	return all;
}

void cycles_stop(struct cycles *c)
{
	if (!c)
		return;
	atomic_store(&c->stop, true);
	for (size_t i = 0; i < c->count; i++) {
		timers_clear(loop_timers(c->g->loop), &c->cycles[i].timer);
		if (c->cycles[i].bell.fd >= 0)
			loop_unwatch(c->g->loop, &c->cycles[i].bell);
	}
}

void cycles_destroy(struct cycles **c)
{
	if (!*c)
		return;
	cycles_stop(*c);
	for (size_t i = 0; i < (*c)->count; i++)
		if ((*c)->cycles[i].bell.fd >= 0)
			close((*c)->cycles[i].bell.fd);
	settings_unref(&(*c)->settings);
	free(*c);
	*c = NULL;
}

enum result cycles_status(const struct cycles *c, struct region *region, struct gateway_status *out)
{
	size_t count = c ? c->count : 0;
	out->mailbags = region_alloc(region, count * sizeof *out->mailbags + 1);
	if (!out->mailbags)
		return E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct cycle *from = &c->cycles[i];
		out->mailbags[i] = (struct gateway_mailbag_status){
			.name = from->office->name,
			.path = from->office->path,
			.error = region_strdup(region, from->failed),
			.taken = from->total};
		if (!out->mailbags[i].error)
			return E_NOMEM;
	}
	out->mailbag_count = count;
	return OK;
}
