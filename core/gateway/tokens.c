/* Access tokens for all lanes: see tokens.h. Owns an entry for each section that was ever asked for; they are few. */
#include "gateway/tokens.h"

#include "gateway/alarm.h"

#include "auth/oauth.h"
#include "auth/secret.h"
#include "base/text.h"
#include "gateway/secure.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WARN_EVERY_MS 86400000 /* between two warnings of the same end */

struct entry {
	struct entry *next;
	char *name;
	/* under the lock */
	char *token, *refused; /* the good one; the last that a server did not take */
	int64_t fresh_until;   /* wall ms */
	bool busy;             /* being fetched */
	struct token_wait *waits;
	/* of the fetching thread */
	int64_t warned; /* wall ms */
};

struct tokens {
	pthread_mutex_t lock;
	struct gateway *g;
	struct entry *first;
	atomic_bool stop;
};

/* One fetch. */
struct fetch {
	struct job job;
	struct tokens *tokens;
	struct entry *entry;
	struct settings *settings; /* a reference: o is of it */
	const struct conf_oauth *conf;
	char *refused;
};

struct tokens *tokens_new(struct gateway *g)
{
	struct tokens *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->g = g;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void tokens_destroy(struct tokens **at)
{
	struct tokens *t = *at;
	*at = NULL;
	if (!t)
		return;
	for (struct entry *e = t->first, *next; e; e = next) {
		next = e->next;
		secret_free(&e->token);
		secret_free(&e->refused);
		free(e->name);
		free(e);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void tokens_stop(struct tokens *t)
{
	atomic_store(&t->stop, true);
}

/* ---- fetching, in a thread of the pool ---- */

static void warn_of_end(struct fetch *f, const struct oauth *o)
{
	struct tokens_kept kept;
	struct err err;
	char left[24], text[512];
	const char *what;
	int64_t now = clock_wall(o->clock);
	if (now - f->entry->warned < WARN_EVERY_MS ||
	    token_file_read(f->conf->token_file, &kept, &err) != OK)
		return;
	int64_t ends = oauth_ends(o, &kept, &what);
	tokens_kept_clear(&kept);
	if (!ends || ends - now > f->conf->warn_before)
		return;
	const char *remedy = o->conf->client_certificate ? "make a new one and register it"
							 : "smtpgate oauth login";
	f->entry->warned = now;
	LOG(LOG_WARN, NULL, "token", "ending", F_S("oauth", f->conf->name), F_S("what", what),
	    F_S("in", text_duration(ends > now ? ends - now : 0, left, sizeof left)),
	    F_S("remedy", remedy));
	snprintf(text, sizeof text, "%s of [oauth %s] ends in %s: then its routes send nothing.",
		 what, f->conf->name, left);
	alarm_raise(f->tokens->g, &(struct alarm){.what = CONF_TOKEN_EXPIRING,
						  .about = f->conf->name,
						  .text = text,
						  .remedy = remedy});
}

static void answer(struct token_wait *w, enum result r, const char *token, const struct err *err)
{
	w->result = r;
	w->err = *err;
	w->token = r == OK ? token_copy(token) : NULL;
	if (r == OK && !w->token)
		w->result = err_set(&w->err, E_NOMEM, "no memory for a token");
	inbox_post(w->answer_to, &w->task);
}

/* Keeps what came and tells those who waited. */
static void publish(struct fetch *f, enum result r, char *token, int64_t fresh_until,
		    const struct err *err)
{
	struct entry *e = f->entry;
	pthread_mutex_lock(&f->tokens->lock);
	secret_free(&e->token);
	e->token = token;
	e->fresh_until = fresh_until;
	e->busy = false;
	struct token_wait *waits = e->waits;
	e->waits = NULL;
	for (struct token_wait *w = waits, *next; w; w = next) {
		next = w->next;
		answer(w, r, token, err);
	}
	pthread_mutex_unlock(&f->tokens->lock);
}

static void fetch_work(struct job *j)
{
	struct fetch *f = (struct fetch *)j;
	const struct oauth o = {.conf = f->conf,
				.secret = secure_client_secret(f->settings, f->conf),
				.clock = f->tokens->g->clock,
				.files = file_system(),
				.stop = &f->tokens->stop};
	char *token = NULL;
	int64_t fresh_until = 0;
	struct err err = {.code = OK}, unkept;
	enum result r = oauth_token(&o, f->refused, &token, &fresh_until, &unkept, &err);
	if (r == OK && unkept.code != OK)
		LOG(LOG_WARN, NULL, "token", "unkept", F_S("oauth", f->conf->name),
		    F_S("error", unkept.text));
	if (r == OK) {
		LOG(LOG_INFO, NULL, "token", "ready", F_S("oauth", f->conf->name));
		warn_of_end(f, &o);
	} else {
		LOG(LOG_WARN, NULL, "token", "failed", F_S("oauth", f->conf->name),
		    F_S("error", err.text), F_S("remedy", *err.remedy ? err.remedy : NULL));
	}
	publish(f, r, token, fresh_until, &err);
}

static void fetch_free(struct fetch *f)
{
	settings_unref(&f->settings);
	secret_free(&f->refused);
	free(f);
}

/* On the main thread. */
static void fetch_done(struct job *j)
{
	struct fetch *f = (struct fetch *)j;
	struct gateway *g = f->tokens->g;
	fetch_free(f);
	gateway_stop_check(g);
}

/* ---- asking ---- */

static struct entry *find_or_make(struct tokens *t, const char *name)
{
	for (struct entry *e = t->first; e; e = e->next)
		if (text_same(e->name, name))
			return e;
	struct entry *e = calloc(1, sizeof *e);
	if (e)
		e->name = token_copy(name);
	if (!e || !e->name) {
		free(e);
		return NULL;
	}
	e->next = t->first;
	t->first = e;
	return e;
}

/* Begins to fetch. */
static enum result begin(struct tokens *t, struct entry *e, struct settings *s,
			 const struct conf_oauth *o)
{
	struct fetch *f = calloc(1, sizeof *f);
	if (!f)
		return E_NOMEM;
	f->tokens = t;
	f->entry = e;
	f->settings = settings_ref(s);
	f->conf = o;
	f->refused = token_copy(e->refused);
	f->job.answer_to = loop_inbox(t->g->loop);
	f->job.work = fetch_work;
	f->job.done = fetch_done;
	enum result r = pool_run(t->g->pool, &f->job);
	if (r == OK)
		e->busy = true;
	else
		fetch_free(f);
	return r;
}

static void wait_over(struct task *task)
{
	struct token_wait *w = (struct token_wait *)task;
	w->done(w);
}

static enum result ask(struct tokens *t, struct settings *s, const struct conf_oauth *o,
		       struct token_wait *w)
{
	struct entry *e = find_or_make(t, o->name);
	if (!e)
		return E_NOMEM;
	if (e->token && clock_wall(t->g->clock) < e->fresh_until) {
		w->token = token_copy(e->token);
		return w->token ? OK : E_NOMEM;
	}
	enum result r = e->busy ? OK : begin(t, e, s, o);
	if (r != OK)
		return r;
	w->task.run = wait_over;
	w->next = e->waits;
	e->waits = w;
	return E_STATE;
}

enum result tokens_ask(struct tokens *t, struct settings *s, const struct conf_oauth *o,
		       struct token_wait *w)
{
	w->token = NULL;
	if (atomic_load(&t->stop)) {
		w->result = err_set(&w->err, E_CANCELLED, "the gateway is stopping");
		return w->result;
	}
	pthread_mutex_lock(&t->lock);
	enum result r = ask(t, s, o, w);
	pthread_mutex_unlock(&t->lock);
	if (r == E_STATE)
		return r; /* w is the fetching thread's now, and may have its answer */
	if (r != OK)
		err_set(&w->err, r, "no token of [oauth %s]: %s", o->name, result_sentence(r));
	w->result = r;
	return r;
}

bool tokens_forget(struct tokens *t, struct token_wait *w)
{
	bool found = false;
	pthread_mutex_lock(&t->lock);
	for (struct entry *e = t->first; e && !found; e = e->next) {
		for (struct token_wait **at = &e->waits; *at; at = &(*at)->next) {
			if (*at != w)
				continue;
			*at = w->next;
			found = true;
			break;
		}
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

void tokens_refused(struct tokens *t, const char *oauth, const char *token)
{
	pthread_mutex_lock(&t->lock);
	struct entry *e = find_or_make(t, oauth);
	if (e) {
		secret_free(&e->refused);
		e->refused = token_copy(token);
		if (e->token && strcmp(e->token, token) == 0)
			secret_free(&e->token);
	}
	pthread_mutex_unlock(&t->lock);
}
