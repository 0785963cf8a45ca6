/* Wrong passwords: see guesses.h. A table of fixed size behind a lock; it cannot fail once it is made. Names are kept as hashes
 * with a seed: what two share locks them both, which a guesser cannot aim at. */
#include "gateway/guesses.h"

#include "base/net.h"
#include "base/text.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_USED 320 /* bytes of client and user looked at */

struct entry {
	uint64_t who;
	int64_t until; /* forgotten from then on; 0: free */
	unsigned wrong;
};

struct guesses {
	pthread_mutex_t lock;
	uint64_t seed;
	struct entry entries[GUESSES_ENTRIES];
};

struct guesses *guesses_new(uint64_t seed)
{
	struct guesses *g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	pthread_mutex_init(&g->lock, NULL);
	g->seed = seed;
	return g;
}

void guesses_destroy(struct guesses **g)
{
	if (!*g)
		return;
	pthread_mutex_destroy(&(*g)->lock);
	free(*g);
	*g = NULL;
}

/* A site has a /64 at least, and any address in it. user NULL: the client over all names. */
static uint64_t who(const struct guesses *g, const char *client, const char *user)
{
	char name[NAME_MAX_USED];
	struct net_ip ip;
	if (net_ip_parse(client, &ip) == OK && !net_ip_is_v4(&ip)) {
		memset(ip.bytes + 8, 0, 8);
		net_ip_format(&ip, name, sizeof name);
	} else {
		text_copy(name, sizeof name, client);
	}
	size_t n = strlen(name);
	name[n++] = user ? '\n' : '\r'; /* neither is in an address */
	for (; user && *user && n < sizeof name; user++)
		name[n++] = (char)tolower((unsigned char)*user);
	return text_hash(name, n, g->seed);
}

static struct entry *find(struct guesses *g, uint64_t who)
{
	for (size_t i = 0; i < GUESSES_ENTRIES; i++)
		if (g->entries[i].until && g->entries[i].who == who)
			return &g->entries[i];
	return NULL;
}

static struct entry *find_or_make(struct guesses *g, uint64_t who, int64_t now)
{
	struct entry *e = find(g, who);
	if (e && e->until > now)
		return e;
	for (size_t i = 0; !e && i < GUESSES_ENTRIES; i++)
		if (g->entries[i].until <= now)
			e = &g->entries[i];
	if (!e) {
		e = &g->entries[0];
		for (size_t i = 1; i < GUESSES_ENTRIES; i++)
			if (g->entries[i].until < e->until)
				e = &g->entries[i];
	}
	*e = (struct entry){.who = who};
	return e;
}

static bool is_locked(struct guesses *g, uint64_t who, unsigned most, int64_t now)
{
	const struct entry *e = find(g, who);
	return e && e->until > now && e->wrong >= most;
}

/* A guess while it is locked does not count: an end comes whoever keeps knocking. */
static bool count(struct guesses *g, uint64_t who, unsigned most, int64_t now)
{
	struct entry *e = find_or_make(g, who, now);
	if (e->wrong >= most)
		return false;
	e->until = now + GUESSES_MS;
	return ++e->wrong == most;
}

bool guesses_locked(struct guesses *g, const char *client, const char *user, int64_t now)
{
	pthread_mutex_lock(&g->lock);
	bool locked = is_locked(g, who(g, client, NULL), GUESSES_CLIENT, now) ||
		      is_locked(g, who(g, client, user), GUESSES_USER, now);
	pthread_mutex_unlock(&g->lock);
	return locked;
}

bool guesses_wrong(struct guesses *g, const char *client, const char *user, int64_t now)
{
	pthread_mutex_lock(&g->lock);
	bool all = count(g, who(g, client, NULL), GUESSES_CLIENT, now);
	bool one = count(g, who(g, client, user), GUESSES_USER, now);
	pthread_mutex_unlock(&g->lock);
	return all || one;
}

void guesses_right(struct guesses *g, const char *client, const char *user)
{
	pthread_mutex_lock(&g->lock);
	struct entry *e = find(g, who(g, client, user));
	if (e)
		*e = (struct entry){0};
	pthread_mutex_unlock(&g->lock);
}
