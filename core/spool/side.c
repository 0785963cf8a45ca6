/*
 * The side thread: syncing a body of many megabytes takes long, and must not hold up a group that
 * has none. Files whose requests wait are synced and renamed, their folder is synced once for all,
 * then the requests go on.
 */
#include "spool/thread.h"

#include <stdlib.h>
#include <string.h>

static void place(struct spool *s, struct side_work *w)
{
	for (size_t i = 0; w->result == OK && i < w->count; i++)
		if (w->messages[i]->file[0])
			w->result = body_place(&s->bodies, w->messages[i]->file,
					       w->messages[i]->m.fd, &w->err);
}

static void go_on(struct side_work *w, enum result synced, const struct err *err)
{
	struct spool_request *q = w->request;
	if (w->result == OK && synced != OK) {
		w->result = synced;
		w->err = *err;
	}
	q->err = w->err;
	q->result = w->result;
	inbox_post(&w->spool->inbox, &q->task);
	free(w);
}

static void remove_all(struct spool *s, struct book_file *f)
{
	for (struct book_file *next; f; f = next) {
		next = f->next;
		body_remove(&s->bodies, f->file);
		free(f);
	}
}

static void serve(struct spool *s, struct task *all)
{
	struct err err = {.code = OK};
	bool placed = false;
	for (struct task *t = all; t; t = t->next) {
		struct side_work *w = (struct side_work *)t;
		if (!w->request)
			continue;
		place(s, w);
		placed = true;
	}
	enum result synced = placed ? bodies_sync(&s->bodies, &err) : OK;
	for (struct task *next; all; all = next) {
		struct side_work *w = (struct side_work *)all;
		next = all->next;
		if (w->request) {
			go_on(w, synced, &err);
		} else {
			remove_all(s, w->remove);
			free(w);
		}
	}
}

void *side_thread(void *arg)
{
	struct spool *s = arg;
	for (bool ending = false; !ending;) {
		bell_wait(&s->side_bell, -1);
		ending = __atomic_load_n(&s->side_ending, __ATOMIC_ACQUIRE);
		serve(s, inbox_take(&s->side));
	}
	return NULL;
}

void side_finish(struct spool *s)
{
	serve(s, inbox_take(&s->side));
}

void side_post(struct spool *s, struct side_work *w)
{
	w->spool = s;
	inbox_post(&s->side, &w->task);
}

void side_remove(struct spool *s, struct book_file *files)
{
	if (!files)
		return;
	struct side_work *w = calloc(1, sizeof *w);
	if (w) {
		w->remove = files;
		side_post(s, w);
	} else {
		remove_all(s, files);
	}
}

void side_discard(struct spool *s, const struct message *m)
{
	if (!m->file[0])
		return;
	struct book_file *f = calloc(1, sizeof *f);
	if (!f) {
		body_remove(&s->bodies, m->file);
		return;
	}
	memcpy(f->file, m->file, sizeof f->file);
	side_remove(s, f);
}
