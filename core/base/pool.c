/* Worker threads: see pool.h. Owns its threads; jobs belong to whoever gave them. */
#include "base/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <pthread.h>
#include <stdlib.h>

#define POOL_THREADS 1024

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct task *first, **last;
	size_t load, most;
	bool ending;
	unsigned count, threads_most;
	pthread_t threads[POOL_THREADS];
};

static void job_done(struct task *t)
{
	struct job *j = (struct job *)t; /* task is the first member */
	j->done(j);
}

static void *pool_thread(void *arg)
{
	struct pool *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->first && !p->ending)
			pthread_cond_wait(&p->some, &p->lock);
		if (!p->first)
			break;
		struct job *j = (struct job *)p->first;
		p->first = j->task.next;
		if (!p->first)
			p->last = &p->first;
		pthread_mutex_unlock(&p->lock);
		j->work(j);
		j->task.run = job_done;
		pthread_mutex_lock(&p->lock);
		p->load--;
		inbox_post(j->answer_to, &j->task);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int add_thread(struct pool *p)
{
	int e = pthread_create(&p->threads[p->count], NULL, pool_thread, p);
	p->count += !e;
	return e;
}

enum result pool_new(struct pool **out, unsigned threads, size_t most, struct err *err)
{
	struct pool *p = calloc(1, sizeof *p);
	if (!p)
		return err_set(err, E_NOMEM, "no memory for the worker threads");
	p->last = &p->first;
	p->most = most;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->some, NULL);
	assert(threads >= 1 && threads <= POOL_THREADS);
	p->threads_most = threads;
	int e = add_thread(p);
	if (e) {
		enum result r = err_errno(err, e, "a worker thread cannot be started");
		pool_destroy(&p);
		return r;
	}
	*out = p;
	return OK;
}

enum result pool_run(struct pool *p, struct job *j)
{
	pthread_mutex_lock(&p->lock);
	bool taken = p->load < p->most && !p->ending;
	if (taken) {
		j->task.next = NULL;
		*p->last = &j->task;
		p->last = &j->task.next;
		p->load++;
		/* one that cannot be started now is not missed: those that run take the job later */
		if (p->load > p->count && p->count < p->threads_most)
			add_thread(p);
		pthread_cond_signal(&p->some);
	}
	pthread_mutex_unlock(&p->lock);
	return taken ? OK : E_LIMIT;
}

size_t pool_load(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->load;
	pthread_mutex_unlock(&p->lock);
	return n;
}

void pool_destroy(struct pool **p)
{
	if (!*p)
		return;
	pthread_mutex_lock(&(*p)->lock);
	(*p)->ending = true;
	pthread_cond_broadcast(&(*p)->some);
	pthread_mutex_unlock(&(*p)->lock);
	for (unsigned i = 0; i < (*p)->count; i++)
		pthread_join((*p)->threads[i], NULL);
	pthread_mutex_destroy(&(*p)->lock);
	pthread_cond_destroy(&(*p)->some);
	free(*p);
	*p = NULL;
}
