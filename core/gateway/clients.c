/*
 * Counts and rates by client: see clients.h. A hash table of entries; an entry without connections and whose rate
 * window is over is dropped when the table grows, so it is bounded by max_connections and the clients of one window.
 */
#include "gateway/clients.h"

#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_TEXT \
	48 /* longest IPv6 text and NUL; other networks' names are cut, which only merges them */

struct client {
	struct client *next;
	char name[CLIENT_TEXT];
	unsigned connections, messages;
	int64_t window_end;
};

struct clients {
	pthread_mutex_t lock;
	struct client **slots;
	size_t slot_count, count;
	uint64_t now, ever;
};

struct clients *clients_new(void)
{
	struct clients *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->slot_count = 64;
	c->slots = calloc(c->slot_count, sizeof(struct client *));
	if (!c->slots) {
		free(c);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void clients_destroy(struct clients **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < (*c)->slot_count; i++) {
		for (struct client *e = (*c)->slots[i], *next; e; e = next) {
			next = e->next;
			free(e);
		}
	}
	pthread_mutex_destroy(&(*c)->lock);
	free((*c)->slots);
	free(*c);
	*c = NULL;
}

static size_t slot_of(const struct clients *c, const char *name)
{
	return (size_t)text_hash(name, strlen(name), 0) & (c->slot_count - 1);
}

/* Twice the slots, without the entries that mean nothing any more. Staying small when memory is short is fine. */
static void grow(struct clients *c, int64_t now)
{
	size_t old_count = c->slot_count;
	struct client **old = c->slots, **slots = calloc(old_count * 2, sizeof(struct client *));
	if (!slots)
		return;
	c->slots = slots;
	c->slot_count = old_count * 2;
	c->count = 0;
	for (size_t i = 0; i < old_count; i++) {
		for (struct client *e = old[i], *next; e; e = next) {
			next = e->next;
			if (!e->connections && e->window_end <= now) {
				free(e);
				continue;
			}
			struct client **slot = &slots[slot_of(c, e->name)];
			e->next = *slot;
			*slot = e;
			c->count++;
		}
	}
	free(old);
}

static struct client *find(struct clients *c, const char *client)
{
	char name[CLIENT_TEXT];
	text_copy(name, sizeof name, client);
	for (struct client *e = c->slots[slot_of(c, name)]; e; e = e->next)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

static struct client *find_or_make(struct clients *c, const char *client, int64_t now)
{
	struct client *e = find(c, client);
	if (e)
		return e;
	if (c->count >= c->slot_count)
		grow(c, now);
	e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	text_copy(e->name, sizeof e->name, client);
	struct client **slot = &c->slots[slot_of(c, e->name)];
	e->next = *slot;
	*slot = e;
	c->count++;
	return e;
}

enum clients_verdict clients_enter(struct clients *c, const char *client, unsigned most,
				   unsigned most_each, int64_t now)
{
	enum clients_verdict v = CLIENTS_FULL;
	pthread_mutex_lock(&c->lock);
	if (c->now < most) {
		struct client *e = find_or_make(c, client, now);
		if (e && e->connections >= most_each) {
			v = CLIENTS_CLIENT_FULL;
		} else if (e) {
			e->connections++;
			c->now++;
			c->ever++;
			v = CLIENTS_OK;
		}
	}
	pthread_mutex_unlock(&c->lock);
	return v;
}

void clients_leave(struct clients *c, const char *client)
{
	pthread_mutex_lock(&c->lock);
	struct client *e = find(c, client);
	if (e && e->connections) {
		e->connections--;
		c->now--;
	}
	pthread_mutex_unlock(&c->lock);
}

bool clients_message(struct clients *c, const char *client, const struct conf_rate *rate,
		     int64_t now)
{
	if (!rate->count)
		return true;
	bool may = false;
	pthread_mutex_lock(&c->lock);
	struct client *e = find_or_make(c, client, now);
	if (e) {
		if (e->window_end <= now) {
			e->window_end = now + rate->ms;
			e->messages = 0;
		}
		may = e->messages < rate->count;
		e->messages += may;
	}
	pthread_mutex_unlock(&c->lock);
	return may;
}

void clients_counts(struct clients *c, uint64_t *now, uint64_t *ever)
{
	pthread_mutex_lock(&c->lock);
	*now = c->now;
	*ever = c->ever;
	pthread_mutex_unlock(&c->lock);
}
