/* The gateway's health: see health.h. Two passes, so that the worst stands first. */
#include "daemon/health.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

#define FULL \
	(1u << 20) /* a disk with less room, bytes, is as good as full whatever the limits are */

struct judge {
	enum health asked, found; /* only findings of the level asked for are written */
	struct buf *why;
};

static void find(struct judge *j, enum health level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void find(struct judge *j, enum health level, const char *format, ...)
{
	if (level != j->asked)
		return;
	if (level > j->found)
		j->found = level;
	if (j->why->len)
		buf_puts(j->why, "; ");
	va_list ap;
	va_start(ap, format);
	buf_vprintf(j->why, format, ap);
	va_end(ap);
}

static void judge_stacks(struct judge *j, const struct gateway_status *g)
{
	for (size_t i = 0; i < g->stack_count; i++) {
		const struct gateway_stack_status *s = &g->stacks[i];
		if (strcmp(s->state, "up") != 0)
			find(j, s->required ? HEALTH_CRITICAL : HEALTH_WARNING,
			     "vendor %s is %s%s%s", s->name, s->state, *s->error ? ": " : "",
			     s->error);
	}
	for (size_t i = 0; i < g->listener_count; i++)
		if (strcmp(g->listeners[i].state, "listening") != 0)
			find(j, HEALTH_WARNING, "listener %s on %s is %s", g->listeners[i].name,
			     g->listeners[i].address, g->listeners[i].state);
}

static void judge_destinations(struct judge *j, const struct gateway_status *g, int64_t now)
{
	for (size_t i = 0; i < g->destination_count; i++) {
		const struct gateway_destination_status *d = &g->destinations[i];
		if (d->wait_until > now)
			find(j, HEALTH_WARNING, "%s is down%s%s", d->id, *d->last ? ": " : "",
			     d->last);
	}
}

static void judge_pickups(struct judge *j, const struct gateway_status *g)
{
	for (size_t i = 0; i < g->pickup_count; i++)
		if (*g->pickups[i].error)
			find(j, HEALTH_WARNING, "pickup %s: %s", g->pickups[i].name,
			     g->pickups[i].error);
}

static void judge_mailbags(struct judge *j, const struct gateway_status *g)
{
	for (size_t i = 0; i < g->mailbag_count; i++)
		if (*g->mailbags[i].error)
			find(j, HEALTH_WARNING, "mail of postoffice %s does not leave: %s",
			     g->mailbags[i].name, g->mailbags[i].error);
}

static void judge_memory(struct judge *j, const struct gateway_status *g)
{
	if (g->memory_most && g->memory_used > g->memory_most - g->memory_most / 8)
		find(j, HEALTH_WARNING,
		     "%llu of %llu MiB of memory are taken, senders wait: raise [gateway] "
		     "memory_max, or lower max_connections of the listeners",
		     (unsigned long long)(g->memory_used >> 20),
		     (unsigned long long)(g->memory_most >> 20));
}

static void judge_spool(struct judge *j, const struct gateway_status *g,
			const struct spool_totals *t, const struct conf_queue *limits, int64_t now)
{
	char age[32];
	unsigned long long free_mib = (unsigned long long)(g->disk_free >> 20);
	const char *remedy = t->trouble.remedy;
	if (g->spool_silent > HEALTH_SILENT)
		find(j, HEALTH_CRITICAL,
		     "the spool has not answered for %s: its disk hangs, mail waits for it (dmesg "
		     "and iostat tell more)",
		     text_duration(g->spool_silent, age, sizeof age));
	if (t->broken)
		find(j, HEALTH_CRITICAL, "the spool is broken: %s%s%s%s", t->trouble.text,
		     *remedy ? " (" : "", remedy, *remedy ? ")" : "");
	if (g->disk_free < limits->disk_min_urgent)
		find(j, HEALTH_CRITICAL,
		     "only %llu MiB of disk are left, no mail is taken: make room there", free_mib);
	else if (g->disk_free < FULL)
		find(j, HEALTH_CRITICAL, "only %llu KiB of disk are left: make room there",
		     (unsigned long long)g->disk_free >> 10);
	else if (g->disk_free < limits->disk_min)
		find(j, HEALTH_WARNING,
		     "only %llu MiB of disk are left, urgent mail alone is taken: make room there, "
		     "or lower disk_min",
		     free_mib);
	if (t->oldest && now - t->oldest > HEALTH_QUEUE_OLD)
		find(j, HEALTH_WARNING, "mail waits since %s",
		     text_duration(now - t->oldest, age, sizeof age));
}

enum health health_judge(const struct gateway_status *g, const struct spool_totals *t,
			 const struct conf_queue *limits, int64_t now, struct buf *why)
{
	struct judge j = {.why = why};
	for (int level = HEALTH_CRITICAL; level > HEALTH_WELL; level--) {
		j.asked = (enum health)level;
		judge_spool(&j, g, t, limits, now);
		judge_memory(&j, g);
		judge_stacks(&j, g);
		judge_destinations(&j, g, now);
		judge_pickups(&j, g);
		judge_mailbags(&j, g);
	}
	return j.found;
}

const char *health_word(enum health h)
{
	static const char *const words[] = {"well", "warning", "critical"};
	return words[h];
}
