/* The log of 1993: see classic_log.h. Owns its thread, and what waits for it; a file is open only while a piece is written to it. */
#include "gateway/classic_log.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "deliver/ffapi.h"
#include "deliver/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 50 /* of 20 ms: then it is written without the lock, which O_APPEND allows */
#define LOCK_PAUSE_NS 20000000L
#define LAST_S 5     /* for what waits to be written at the end */
#define OPEN_TRIES 3 /* others may move the file away in between */

/* A piece of text, or settings to go by. */
struct piece {
	struct piece *next;
	struct settings *settings;
	char *office; /* NULL: all */
	size_t n;
	char text[];
};

/* The log of one postoffice; the thread's. */
struct place {
	const char *name, *path; /* of the settings */
	bool mmff;
	bool failed; /* told */
	size_t lost; /* lines */
};

struct classic_log {
	const struct clock *clock;
	pthread_t thread;
	bool runs; /* [who applies] */
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct piece *first, **last;
	size_t waiting, lost; /* bytes; lines that found no room */
	bool stop;
	_Atomic int level;
	_Atomic unsigned wait;
	/* the thread's */
	struct settings *settings;
	struct place *places;
	size_t count;
};

/* ---- one file ---- */

static enum result find_file(const struct place *p, char *path, struct err *err)
{
	char folder[PATH_MAX];
	int n;
	if (p->mmff ? !ffapi_there(p->path) : !maildir_there(p->path))
		return err_set(err, E_NOTFOUND, "the postoffice %s is not there", p->path);
	if (!file_find(p->path, "log", folder, sizeof folder)) {
		n = snprintf(folder, sizeof folder, "%s/log", p->path);
		if (n < 0 || (size_t)n >= sizeof folder)
			return err_set(err, E_LIMIT, "the path %s is too long", p->path);
		if (mkdir(folder, 0700) != 0 && errno != EEXIST)
			return err_errno(err, errno, "%s cannot be made", folder);
	}
	if (file_find(folder, "SMTPGATE.LOG", path, PATH_MAX))
		return OK;
	n = snprintf(path, PATH_MAX, "%s/SMTPGATE.LOG", folder);
	return n > 0 && n < PATH_MAX ? OK
				     : err_set(err, E_LIMIT, "the path %s is too long", folder);
}

static void lock_file(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return;
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
	}
}

static enum result open_file(const char *path, struct stat *st, int *fd, struct err *err)
{
	*fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (*fd < 0)
		return err_errno(err, errno, "%s cannot be opened", path);
	lock_file(*fd);
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
		return OK;
	close(*fd);
	return err_set(err, E_STATE, "%s is no file", path);
}

/* It is full: another one begins, and the one before the last goes. */
static enum result set_old(const char *path, struct err *err)
{
	char old[PATH_MAX];
	size_t n = strlen(path);
	text_copy(old, sizeof old, path);
	memcpy(old + n - 3, "OLD", 3); /* SMTPGATE.LOG in whatever case */
	return rename(path, old) == 0 ? OK
				      : err_errno(err, errno, "%s cannot become %s", path, old);
}

/* The file that has the name now, locked, with room for n bytes. */
static enum result take_file(const char *path, size_t n, int *fd, struct err *err)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		struct stat mine, named;
		enum result r = open_file(path, &mine, fd, err);
		if (r != OK)
			return r;
		bool same = lstat(path, &named) == 0 && named.st_ino == mine.st_ino &&
			    named.st_dev == mine.st_dev;
		bool full = mine.st_size && (uint64_t)mine.st_size + n > CLASSIC_LOG_MAX;
		if (same && !full)
			return OK;
		if (same)
			r = set_old(path, err);
		close(*fd);
		if (r != OK)
			return r;
	}
	return err_set(err, E_STATE, "%s is moved away again and again", path);
}

static size_t lines_of(const char *text, size_t n)
{
	size_t lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static enum result write_lost(const struct classic_log *log, const struct place *p, int fd)
{
	char line[80];
	time_t now = (time_t)(clock_wall(log->clock) / 1000);
	struct tm tm;
	if (!p->lost)
		return OK;
	localtime_r(&now, &tm);
	int n = snprintf(line, sizeof line, "%02d:%02d:%02d - %zu lines are missing here\n",
			 tm.tm_hour, tm.tm_min, tm.tm_sec, p->lost);
	return file_write_all(file_system(), fd, line, (size_t)n);
}

static enum result write_piece(const struct classic_log *log, const struct place *p,
			       const struct piece *piece, struct err *err)
{
	char path[PATH_MAX];
	int fd = -1;
	enum result r = find_file(p, path, err);
	if (r == OK)
		r = take_file(path, piece->n, &fd, err);
	if (r != OK)
		return r;
	r = write_lost(log, p, fd);
	if (r == OK)
		r = file_write_all(file_system(), fd, piece->text, piece->n);
	if (r != OK)
		err_errno(err, errno, "%s cannot be written", path);
	close(fd);
	return r;
}

/* ---- the thread ---- */

static void place_write(const struct classic_log *log, struct place *p, const struct piece *piece)
{
	struct err err;
	enum result r = write_piece(log, p, piece, &err);
	if (r == OK) {
		if (p->failed)
			LOG(LOG_INFO, NULL, "classic-log", "well", F_S("postoffice", p->name),
			    F_N("missing", p->lost));
		p->failed = false;
		p->lost = 0;
		return;
	}
	p->lost += lines_of(piece->text, piece->n);
	if (!p->failed)
		LOG(LOG_ERROR, NULL, "classic-log", "failed", F_S("postoffice", p->name),
		    F_S("error", err.text),
		    F_S("remedy", "mail goes on; give the gateway's user the right to write there, "
				  "or set classic_log = no"));
	p->failed = true;
}

/* What was told of a place, and is missing in it, stays with it. */
static void take_settings(struct classic_log *log, struct settings *settings)
{
	struct place *places = calloc(settings->postoffice_count + 1, sizeof *places);
	size_t count = 0;
	for (size_t i = 0; places && i < settings->postoffice_count; i++) {
		const struct conf_postoffice *p = &settings->postoffices[i];
		if (!p->classic_log || !p->path)
			continue;
		places[count] = (struct place){
			.name = p->name, .path = p->path, .mmff = p->format == CONF_OFFICE_MMFF};
		for (size_t k = 0; k < log->count; k++)
			if (text_same(log->places[k].path, p->path)) {
				places[count].failed = log->places[k].failed;
				places[count].lost = log->places[k].lost;
			}
		count++;
	}
	free(log->places);
	settings_unref(&log->settings);
	log->places = places;
	log->count = count;
	log->settings = settings;
}

static void handle(struct classic_log *log, struct piece *piece, size_t lost)
{
	if (piece->settings) {
		take_settings(log, piece->settings);
		return;
	}
	for (size_t i = 0; i < log->count; i++) {
		struct place *p = &log->places[i];
		p->lost += lost;
		if (!piece->office || text_same(piece->office, p->name))
			place_write(log, p, piece);
	}
}

static void free_piece(struct piece *piece)
{
	free(piece->office);
	free(piece);
}

static void *work(void *arg)
{
	struct classic_log *log = arg;
	pthread_mutex_lock(&log->lock);
	for (;;) {
		while (!log->first && !log->stop)
			pthread_cond_wait(&log->more, &log->lock);
		struct piece *piece = log->first;
		if (!piece)
			break;
		size_t lost = log->lost;
		log->lost = piece->settings ? lost : 0;
		log->first = piece->next;
		if (!log->first)
			log->last = &log->first;
		log->waiting -= piece->n;
		pthread_mutex_unlock(&log->lock);
		handle(log, piece, lost);
		free_piece(piece);
		pthread_mutex_lock(&log->lock);
	}
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* ---- from any thread ---- */

static void append(struct classic_log *log, struct piece *piece)
{
	*log->last = piece;
	log->last = &piece->next;
	log->waiting += piece->n;
	pthread_cond_signal(&log->more);
}

static struct piece *new_piece(const char *office, const char *text, size_t n)
{
	struct piece *piece = calloc(1, sizeof *piece + n);
	if (!piece)
		return NULL;
	piece->office = office ? strdup(office) : NULL;
	if (office && !piece->office) {
		free(piece);
		return NULL;
	}
	piece->n = n;
	if (n)
		memcpy(piece->text, text, n);
	return piece;
}

void classic_log_post(struct classic_log *log, const char *office, struct buf *text)
{
	struct piece *piece = text->len ? new_piece(office, buf_head(text), text->len) : NULL;
	if (text->len) {
		pthread_mutex_lock(&log->lock);
		bool room = piece && log->waiting + piece->n <= CLASSIC_LOG_WAITING;
		if (room)
			append(log, piece);
		else
			log->lost += lines_of(buf_head(text), text->len);
		pthread_mutex_unlock(&log->lock);
		if (piece && !room)
			free_piece(piece);
	}
	buf_free(text);
}

enum classic_log_level classic_log_level(const struct classic_log *log)
{
	return log ? (enum classic_log_level)atomic_load(&log->level) : CLASSIC_LOG_OFF;
}

const struct clock *classic_log_clock(const struct classic_log *log)
{
	return log->clock;
}

unsigned classic_log_wait(const struct classic_log *log)
{
	return atomic_load(&log->wait);
}

/* ---- life ---- */

struct classic_log *classic_log_new(const struct clock *clock)
{
	struct classic_log *log = calloc(1, sizeof *log);
	if (!log)
		return NULL;
	log->clock = clock;
	log->last = &log->first;
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->more, NULL);
	return log;
}

static enum classic_log_level level_of(const struct settings *s)
{
	switch (s->log.level) {
	case LOG_DEBUG:
		return CLASSIC_LOG_DEBUG;
	case LOG_INFO:
		return CLASSIC_LOG_ALL;
	default:
		return CLASSIC_LOG_ERRORS;
	}
}

static const struct conf_postoffice *first_of(const struct settings *s)
{
	for (size_t i = 0; i < s->postoffice_count; i++)
		if (s->postoffices[i].classic_log && s->postoffices[i].path)
			return &s->postoffices[i];
	return NULL;
}

static enum result start_thread(struct classic_log *log, struct err *err)
{
	int e = log->runs ? 0 : pthread_create(&log->thread, NULL, work, log);
	if (e)
		return err_errno(err, e, "no thread for the classic log");
	log->runs = true;
	return OK;
}

enum result classic_log_apply(struct classic_log *log, struct settings *settings, struct err *err)
{
	const struct conf_postoffice *first = first_of(settings);
	if (!first && !log->runs)
		return OK;
	struct piece *piece = new_piece(NULL, "", 0);
	enum result r = piece ? start_thread(log, err)
			      : err_set(err, E_NOMEM, "no memory for the classic log");
	if (r != OK) {
		free(piece);
		return r;
	}
	piece->settings = settings_ref(settings);
	pthread_mutex_lock(&log->lock);
	append(log, piece);
	pthread_mutex_unlock(&log->lock);
	if (first)
		atomic_store(&log->wait, (unsigned)(first->wait / 1000));
	atomic_store(&log->level, first ? (int)level_of(settings) : (int)CLASSIC_LOG_OFF);
	return OK;
}

static bool ends(struct classic_log *log)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LAST_S;
	return pthread_timedjoin_np(log->thread, NULL, &until) == 0;
}

void classic_log_destroy(struct classic_log **log)
{
	struct classic_log *l = *log;
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	if (l->runs && !ends(l)) {
		LOG(LOG_ERROR, NULL, "classic-log", "stuck",
		    F_S("why", "its disk or share hangs: leaving without it"));
		*log = NULL; /* the thread still has it */
		return;
	}
	settings_unref(&l->settings);
	free(l->places);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->more);
	free(l);
	*log = NULL;
}
