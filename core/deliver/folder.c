/*
 * Folders that are synced for many at once: see folder.h. Owns the list of folders that somebody has a part in; a folder is
 * closed and freed with its last part.
 *
 *	folder_sync, nobody syncs   lead: take all who wait, sync without the lock, tell each how it went, and wake one of
 *	                            those who came meanwhile to lead the next
 *	    somebody does           wait to be told, or to lead: the own file may have come after that sync began
 */
#include "deliver/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

struct waiter {
	struct waiter *next;
	unsigned failures; /* of its part */
	int cause;         /* 0: it is durable */
	bool leads;
	sem_t wake;
};

struct folder {
	struct folder *next;
	const struct file_ops *files;
	dev_t device;
	ino_t inode;
	int fd;
	unsigned parts;
	unsigned failures; /* syncs that failed */
	int cause;         /* errno of the last one */
	bool syncing;      /* somebody leads */
	struct waiter *queue;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct folder *folders;

static struct folder *find(const struct file_ops *files, const struct stat *st)
{
	struct folder *f = folders;
	while (f && (f->files != files || f->device != st->st_dev || f->inode != st->st_ino))
		f = f->next;
	return f;
}

static struct folder *folder_new(const struct file_ops *files, int dir, const char *name,
				 const struct stat *st)
{
	struct folder *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->files = files;
	f->device = st->st_dev;
	f->inode = st->st_ino;
	f->fd = files->openat(dir, name, O_RDONLY | O_DIRECTORY, 0);
	if (f->fd < 0) {
		int cause = errno;
		free(f);
		errno = cause;
		return NULL;
	}
	return f;
}

static void folder_free(struct folder *f)
{
	if (!f)
		return;
	f->files->close(f->fd);
	free(f);
}

/* Takes part in the folder that is there, or in `fresh`, which then joins the list. False: in none. */
static bool join(struct folder_part *p, const struct file_ops *files, const struct stat *st,
		 struct folder **fresh)
{
	pthread_mutex_lock(&lock);
	struct folder *f = find(files, st);
	if (!f && *fresh) {
		f = *fresh;
		*fresh = NULL;
		f->next = folders;
		folders = f;
	}
	if (f) {
		f->parts++;
		*p = (struct folder_part){.folder = f, .failures = f->failures};
	}
	pthread_mutex_unlock(&lock);
	return f != NULL;
}

/* It is opened without the lock: a disk that hangs holds up those alone who deliver there. */
int folder_join(struct folder_part *p, const struct file_ops *files, int dir, const char *name,
		const struct stat *st)
{
	struct folder *fresh = NULL;
	if (join(p, files, st, &fresh))
		return 0;
	fresh = folder_new(files, dir, name, st);
	if (!fresh)
		return -1;
	join(p, files, st, &fresh);
	folder_free(fresh); /* another was faster */
	return 0;
}

static void set_cause(const struct folder *f, struct waiter *w)
{
	w->cause = f->failures != w->failures ? f->cause : 0;
}

/* The lock is held. Who of those that came meanwhile leads the next sync; NULL: nobody did. */
static struct waiter *next_leader(struct folder *f)
{
	struct waiter *next = f->queue;
	if (next) {
		f->queue = next->next;
		next->leads = true;
	}
	f->syncing = next != NULL;
	return next;
}

/* For the own file and those of all who wait. The lock is held, and not any more when it returns. */
static void lead(struct folder *f, struct waiter *own)
{
	struct waiter *told = f->queue;
	f->queue = NULL;
	pthread_mutex_unlock(&lock);
	int cause = f->files->fsync(f->fd) == 0 ? 0 : errno;
	pthread_mutex_lock(&lock);
	if (cause) {
		f->failures++;
		f->cause = cause;
	}
	set_cause(f, own);
	for (struct waiter *w = told; w; w = w->next)
		set_cause(f, w);
	struct waiter *next = next_leader(f);
	pthread_mutex_unlock(&lock);
	if (next)
		sem_post(&next->wake);
	for (struct waiter *w; (w = told);) {
		told = w->next; /* it is gone once it is woken */
		sem_post(&w->wake);
	}
}

static void wait_turn(struct waiter *own)
{
	while (sem_wait(&own->wake) != 0)
		; /* EINTR */
}

int folder_sync(const struct folder_part *p)
{
	struct folder *f = p->folder;
	struct waiter own = {.failures = p->failures};
	sem_init(&own.wake, 0, 0);
	pthread_mutex_lock(&lock);
	own.leads = !f->syncing;
	f->syncing = true;
	if (!own.leads) {
		own.next = f->queue;
		f->queue = &own;
		pthread_mutex_unlock(&lock);
		wait_turn(&own);
		if (own.leads)
			pthread_mutex_lock(&lock);
	}
	if (own.leads)
		lead(f, &own);
	sem_destroy(&own.wake);
	errno = own.cause;
	return own.cause ? -1 : 0;
}

void folder_leave(struct folder_part *p)
{
	struct folder *f = p->folder;
	if (!f)
		return;
	p->folder = NULL;
	pthread_mutex_lock(&lock);
	bool last = !--f->parts;
	for (struct folder **at = &folders; last; at = &(*at)->next)
		if (*at == f) {
			*at = f->next;
			break;
		}
	pthread_mutex_unlock(&lock);
	if (last)
		folder_free(f);
}
