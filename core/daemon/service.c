/* Signals and what they do: see service.h. Owns the signalfd. */
#include "daemon/service.h"

#include "base/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int watched[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

static sigset_t watched_set(void)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
		sigaddset(&set, watched[i]);
	return set;
}

void service_block_signals(void)
{
	sigset_t set = watched_set();
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool service_pause(int64_t ms)
{
	const struct timespec limit = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return sigtimedwait(&set, NULL, &limit) > 0;
}

/* The faults of a file that a reload refused go where the operator looks then: into the log. */
static void log_faults(const struct conf_fault *f)
{
	for (; f; f = f->next)
		LOG(f->warning ? LOG_WARN : LOG_ERROR, NULL, "configuration",
		    f->warning ? "warning" : "fault", F_S("file", f->file), F_N("line", f->line),
		    F_S("text", f->text), F_S("remedy", f->remedy));
}

static void first_fault(const struct conf_fault *f, const char *file, enum result r,
			struct err *err)
{
	while (f && f->warning)
		f = f->next;
	if (f)
		err_set(err, r, "%s:%u: %s", f->file ? f->file : file, f->line, f->text);
	else
		err_set(err, r, "%s cannot be read: %s", file, result_sentence(r));
	err_remedy(err, "smtpgate check names every fault; the old configuration stays in force");
}

static enum result take_settings(struct service *s, struct settings *next, struct err *err)
{
	enum result r = gateway_reload(s->gateway, next, err);
	if (r != OK)
		return r;
	log_configure(&(struct log_settings){.level = next->log.level,
					     .format = next->log.format,
					     .addresses = next->log.addresses});
	return OK;
}

static enum result load_and_take(struct service *s, struct err *err)
{
	struct conf_overrides over = {.vendor = s->vendor, .service = s->under_manager};
	struct settings *next = NULL;
	struct region *region = NULL;
	struct conf_fault *faults = NULL;
	enum result r = settings_load(s->file, &over, &next, &region, &faults);
	log_faults(faults);
	if (r != OK)
		first_fault(faults, s->file, r, err);
	region_destroy(&region);
	if (r != OK)
		return r;
	r = take_settings(s, next, err);
	settings_unref(&next);
	return r;
}

enum result service_reload(struct service *s, struct err *err)
{
	struct err local, reopened;
	err = err ? err : &local;
	if (s->stopping)
		return err_set(err, E_STATE, "the gateway is stopping");
	notify_reloading();
	if (log_reopen(&reopened) != OK)
		LOG(LOG_WARN, NULL, "log", "kept", F_S("error", reopened.text));
	enum result r = load_and_take(s, err);
	if (r == OK)
		LOG(LOG_INFO, NULL, "configuration", "reloaded", F_S("file", s->file));
	else
		LOG(LOG_ERROR, NULL, "configuration", "refused", F_S("error", err->text),
		    F_S("remedy", err->remedy));
	notify_ready(r == OK ? "running"
			     : "running with the old configuration: the new one is faulty");
	return r;
}

static void stopped(void *ctx)
{
	struct service *s = ctx;
	loop_end(s->loop);
}

void service_stop(struct service *s)
{
	if (s->stopping) {
		LOG(LOG_INFO, NULL, "gateway", "stopping", F_S("how", "at once"));
		gateway_stop_now(s->gateway);
		return;
	}
	s->stopping = true;
	LOG(LOG_INFO, NULL, "gateway", "stopping", F_S("how", "finishing what is being written"));
	notify_stopping();
	gateway_stop(s->gateway, stopped, s);
}

static void take_signal(struct service *s, unsigned number)
{
	switch (number) {
	case SIGHUP:
		service_reload(s, NULL);
		break;
	case SIGUSR1:
		LOG(LOG_INFO, NULL, "queue", "flushed", F_S("by", "SIGUSR1"));
		if (!s->stopping)
			gateway_kick(s->gateway, true);
		break;
	default:
		service_stop(s);
	}
}

static void signals_ready(struct watch *w, uint32_t events)
{
	struct service *s = (struct service *)((char *)w - offsetof(struct service, signals));
	struct signalfd_siginfo info;
	(void)events;
	while (read(w->fd, &info, sizeof info) == (ssize_t)sizeof info)
		take_signal(s, info.ssi_signo);
}

static void watchdog_fire(struct timer *t)
{
	struct service *s = (struct service *)((char *)t - offsetof(struct service, watchdog));
	notify_watchdog();
	timers_set(loop_timers(s->loop), t, clock_mono(loop_clock(s->loop)) + notify_watchdog_ms());
}

enum result service_start(struct service *s, struct err *err)
{
	sigset_t set = watched_set();
	s->watchdog = (struct timer){.fire = watchdog_fire};
	s->signals = (struct watch){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				    .ready = signals_ready};
	if (s->signals.fd < 0)
		return err_errno(err, errno, "signals cannot be watched");
	enum result r = loop_watch(s->loop, &s->signals, EPOLLIN);
	if (r == OK && notify_watchdog_ms())
		watchdog_fire(&s->watchdog);
	return r == OK ? OK : err_set(err, r, "signals cannot be watched");
}

void service_end(struct service *s)
{
	timers_clear(loop_timers(s->loop), &s->watchdog);
	if (s->signals.fd < 0)
		return;
	loop_unwatch(s->loop, &s->signals);
	close(s->signals.fd);
	s->signals.fd = -1;
}
