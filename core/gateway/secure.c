/*
 * TLS and secrets of a snapshot: see secure.h. Owns contexts, certificates and passwords until the last holder of the settings lets go of them.
 */
#include "gateway/secure.h"

#include "auth/secret.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct secure {
	size_t listen_count;
	/* For each [listen] one for each lowest version that a client may get there; NULL: none gets it, or tls is off. */
	struct tls_context *(*listens)[TLS_VERSIONS];
	struct users **users; /* likewise; NULL: auth is off */
	size_t route_count;
	struct tls_context **routes; /* one for each [route], NULL: off */
	char **passwords;            /* likewise, NULL: it has none */
	size_t oauth_count;
	char **client_secrets;    /* one for each [oauth], NULL: none */
	struct tls_identity *own; /* of certificate = auto, NULL: none */
	bool unsaved;             /* own was made, not read */
};

static void secure_free(void *what)
{
	struct secure *x = what;
	for (size_t i = 0; x->listens && i < x->listen_count; i++)
		for (int v = 0; v < TLS_VERSIONS; v++)
			tls_context_unref(&x->listens[i][v]);
	for (size_t i = 0; x->users && i < x->listen_count; i++)
		users_destroy(&x->users[i]);
	free(x->listens);
	for (size_t i = 0; x->routes && i < x->route_count; i++)
		tls_context_unref(&x->routes[i]);
	for (size_t i = 0; x->passwords && i < x->route_count; i++)
		secret_free(&x->passwords[i]);
	free(x->passwords);
	for (size_t i = 0; x->client_secrets && i < x->oauth_count; i++)
		secret_free(&x->client_secrets[i]);
	free(x->client_secrets);
	free(x->routes);
	free(x->users);
	tls_identity_free(&x->own);
	free(x);
}

static void own_path(const struct settings *s, char *out, size_t n)
{
	snprintf(out, n, "%s/certificate.pem", s->gateway.spool);
}

/* The certificate of certificate = auto: the one in the spool, while it is good for our name. */
static enum result find_own(struct secure *x, const struct settings *s, int64_t now,
			    struct err *err)
{
	char path[4096];
	struct err why;
	own_path(s, path, sizeof path);
	if (x->own)
		return OK;
	enum result r = tls_identity_load(&x->own, path, path, now, &why);
	if (r == OK && tls_identity_fits(x->own, s->gateway.hostname, now))
		return OK;
	if (r != OK && r != E_NOTFOUND)
		LOG(LOG_WARN, NULL, "certificate", "unusable", F_S("error", why.text));
	tls_identity_free(&x->own);
	x->unsaved = true;
	return tls_identity_make(&x->own, s->gateway.hostname, now, err);
}

/* What a profile wants of TLS stays with its own clients: a context for each floor. */
static enum result make_floor(struct tls_context **contexts, enum conf_tls_version floor,
			      const struct tls_identity *identity, struct err *err)
{
	if (contexts[floor])
		return OK;
	return tls_context_server(&contexts[floor], identity, (enum tls_version)floor, err);
}

static enum result make_listen(struct secure *x, size_t i, const struct settings *s, int64_t now,
			       struct err *err)
{
	const struct conf_listen *l = &s->listens[i];
	struct tls_identity *loaded = NULL;
	enum result r;
	if (l->tls == CONF_TLS_OFF)
		return OK;
	if (strcmp(l->certificate, "auto") == 0)
		r = find_own(x, s, now, err);
	else
		r = tls_identity_load(&loaded, l->certificate, l->key, now, err);
	const struct tls_identity *identity = loaded ? loaded : x->own;
	if (r == OK && *identity->note)
		LOG(LOG_WARN, NULL, "certificate", "noted", F_S("listener", l->name),
		    F_S("what", identity->note));
	for (size_t p = 0; p < s->profile_count && r == OK; p++)
		if (s->profiles[p].clients.count || text_same(s->profiles[p].name, l->profile))
			r = make_floor(x->listens[i], s->profiles[p].tls_min, identity, err);
	if (r != OK)
		err_prefix(err, "[listen %s]", l->name);
	tls_identity_free(&loaded);
	return r;
}

static enum result make_route(struct secure *x, size_t i, const struct settings *s, struct err *err)
{
	const struct conf_route *route = &s->routes[i];
	const struct tls_client_config config = {
		.min = (enum tls_version)route->tls_min, /* in the same order */
		.verify = route->tls == CONF_TLS_VERIFIED || route->tls == CONF_TLS_FIRST,
		.ca = route->tls_ca,
		.pins = &route->tls_pin,
		.pin_count = route->tls_pin != NULL,
	};
	if (route->tls == CONF_TLS_NONE)
		return OK;
	enum result r = tls_context_client(&x->routes[i], &config, err);
	if (r != OK)
		err_prefix(err, "[route %s]", route->name);
	return r;
}

static enum result read_password(struct secure *x, size_t i, const struct settings *s,
				 struct err *err)
{
	const struct conf_route *route = &s->routes[i];
	if (route->auth == CONF_LOGIN_OFF || !route->password)
		return OK;
	enum result r = secret_read(route->password, clock_system(), &x->passwords[i], err);
	if (r != OK)
		err_prefix(err, "[route %s] password", route->name);
	return r;
}

static enum result read_client_secret(struct secure *x, size_t i, const struct settings *s,
				      struct err *err)
{
	const struct conf_oauth *o = &s->oauths[i];
	if (!o->client_secret)
		return OK;
	enum result r = secret_read(o->client_secret, clock_system(), &x->client_secrets[i], err);
	if (r != OK)
		err_prefix(err, "[oauth %s] client_secret", o->name);
	return r;
}

static enum result read_users(struct secure *x, size_t i, const struct settings *s, struct err *err)
{
	const struct conf_listen *l = &s->listens[i];
	if (l->auth == CONF_AUTH_OFF)
		return OK;
	enum result r = users_read(l->users, &x->users[i], err);
	if (r == E_NOTFOUND)
		err_remedy(err, "smtpgate user add NAME --listener %s", l->name);
	if (r != OK)
		err_prefix(err, "[listen %s]", l->name);
	return r;
}

enum result secure_new(struct settings *s, int64_t now, struct err *err)
{
	struct secure *x = calloc(1, sizeof *x);
	if (x) {
		x->listens = calloc(s->listen_count + 1, sizeof *x->listens);
		x->users = calloc(s->listen_count + 1, sizeof(struct users *));
		x->passwords = calloc(s->route_count + 1, sizeof(char *));
		x->client_secrets = calloc(s->oauth_count + 1, sizeof(char *));
		x->routes = calloc(s->route_count + 1, sizeof(struct tls_context *));
	}
	if (!x || !x->listens || !x->routes || !x->users || !x->passwords || !x->client_secrets) {
		if (x)
			secure_free(x);
		return err_set(err, E_NOMEM, "no memory for TLS");
	}
	x->listen_count = s->listen_count;
	x->route_count = s->route_count;
	x->oauth_count = s->oauth_count;
	enum result r = OK;
	for (size_t i = 0; i < s->listen_count && r == OK; i++)
		r = make_listen(x, i, s, now, err);
	for (size_t i = 0; i < s->route_count && r == OK; i++)
		r = make_route(x, i, s, err);
	for (size_t i = 0; i < s->route_count && r == OK; i++)
		r = read_password(x, i, s, err);
	for (size_t i = 0; i < s->oauth_count && r == OK; i++)
		r = read_client_secret(x, i, s, err);
	for (size_t i = 0; i < s->listen_count && r == OK; i++)
		r = read_users(x, i, s, err);
	if (r == OK)
		settings_attach(s, x, secure_free);
	else
		secure_free(x);
	return r;
}

void secure_keep(const struct settings *s)
{
	struct secure *x = s->attached;
	char path[4096];
	struct err err;
	if (!x->unsaved)
		return;
	own_path(s, path, sizeof path);
	if (tls_identity_save(x->own, file_system(), path, &err) != OK) {
		LOG(LOG_WARN, NULL, "certificate", "unsaved", F_S("error", err.text));
		return;
	}
	x->unsaved = false;
	LOG(LOG_INFO, NULL, "certificate", "made", F_S("name", s->gateway.hostname),
	    F_S("file", path));
}

struct tls_context *secure_listen(const struct settings *s, const struct conf_listen *l,
				  const struct conf_profile *p)
{
	const struct secure *x = s->attached;
	return x->listens[l - s->listens][p->tls_min];
}

struct tls_context *secure_route(const struct settings *s, const struct conf_route *r)
{
	const struct secure *x = s->attached;
	return x->routes[r - s->routes];
}

const struct users *secure_users(const struct settings *s, const struct conf_listen *l)
{
	const struct secure *x = s->attached;
	return x->users[l - s->listens];
}

const char *secure_password(const struct settings *s, const struct conf_route *r)
{
	const struct secure *x = s->attached;
	return x->passwords[r - s->routes];
}

const char *secure_client_secret(const struct settings *s, const struct conf_oauth *o)
{
	const struct secure *x = s->attached;
	return x->client_secrets[o - s->oauths];
}

void secure_guard(const struct settings *s)
{
	bool secrets = s->oauth_count > 0;
	for (size_t i = 0; i < s->listen_count; i++)
		secrets = secrets || s->listens[i].auth != CONF_AUTH_OFF;
	for (size_t i = 0; i < s->route_count; i++)
		secrets = secrets || s->routes[i].auth != CONF_LOGIN_OFF;
	if (secrets)
		secret_guard();
}
