/* oauth: logs in for the access tokens of an [oauth], and says how it stands with them. No gateway need run. Prints no token. */
#include "auth/assertion.h"
#include "auth/oauth.h"
#include "auth/secret.h"
#include "base/text.h"
#include "daemon/context.h"
#include "daemon/password.h"
#include "daemon/query.h"
#include "daemon/rights.h"
#include "gateway/secure.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a call works on. */
struct work {
	struct call *call;
	const struct settings *settings;
	struct oauth oauth;
	char *secret; /* of the application, or NULL */
	struct tokens_kept kept;
	struct err err;
};

/* Whose folder the tokens go into, where it is there: a service manager starts the gateway as a user that no key names. NULL:
 * root's, or nobody's. */
static const char *owner_of(const char *folder, char *name, size_t n)
{
	char path[PATH_MAX], *slash;
	struct stat st;
	text_copy(path, sizeof path, folder);
	while (stat(path, &st) != 0 && (slash = strrchr(path, '/')) && slash != path)
		*slash = '\0';
	const struct passwd *p =
		stat(path, &st) == 0 && st.st_uid != 0 ? getpwuid(st.st_uid) : NULL;
	return p && text_copy(name, n, p->pw_name) ? name : NULL;
}

/* Reads the secret, and then, as root, becomes whom the gateway runs as: what is written belongs to it. */
static enum result prepare(struct work *w)
{
	const struct conf_gateway *g = &w->settings->gateway;
	const struct conf_oauth *o = w->oauth.conf;
	enum result r = OK;
	if (o->client_secret)
		r = secret_read(o->client_secret, clock_system(), &w->secret, &w->err);
	if (r != OK)
		err_prefix(&w->err, "[oauth %s] client_secret", o->name);
	w->oauth.secret = w->secret;
	secure_guard(w->settings);
	if (r != OK || geteuid() != 0)
		return r;
	struct rights rights;
	char folder[PATH_MAX], owner[64];
	text_copy(folder, sizeof folder, o->token_file);
	char *slash = strrchr(folder, '/');
	*slash = '\0';
	const char *user = g->user ? g->user : owner_of(folder, owner, sizeof owner);
	if (!user)
		return OK;
	r = rights_find(&rights, user, g->group, &w->err);
	if (r == OK && slash != folder)
		r = rights_make_folder(&rights, folder, 0700, &w->err);
	if (r == OK)
		r = rights_drop(&rights, &w->err);
	secure_guard(w->settings);
	return r;
}

static const char *moment(int64_t at, int64_t now, char *out, size_t n)
{
	char when[32], left[40];
	if (!at)
		return "not told";
	snprintf(out, n, "%s (%s)", text_time(at, when, sizeof when),
		 at > now ? query_distance(at, now, left, sizeof left) : "has ended");
	return out;
}

static void print_status(struct work *w)
{
	static const char *const flows[] = {"client credentials", "device code", "refresh token"};
	const struct conf_oauth *o = w->oauth.conf;
	FILE *to = w->call->out;
	int64_t now = clock_wall(clock_system());
	char when[80], taken[32];
	fprintf(to, "oauth %s: %s, %s\n", o->name, flows[o->flow], o->token_url);
	fprintf(to, "  access token:  %s\n",
		w->kept.access ? moment(w->kept.access_ends, now, when, sizeof when) : "none yet");
	if (o->flow != CONF_OAUTH_CLIENT && !w->kept.refresh)
		fprintf(to, "  refresh token: none; do: smtpgate oauth login %s\n", o->name);
	else if (o->flow != CONF_OAUTH_CLIENT)
		fprintf(to, "  refresh token: of %s, ends: %s\n",
			text_time(w->kept.refresh_taken, taken, sizeof taken),
			moment(w->kept.refresh_ends, now, when, sizeof when));
	if (o->client_certificate)
		fprintf(to, "  certificate:   %s ends: %s\n", o->client_certificate,
			moment(assertion_ends(o->client_certificate), now, when, sizeof when));
}

static enum result keep(struct work *w)
{
	enum result r =
		token_file_write(file_system(), w->oauth.conf->token_file, &w->kept, &w->err);
	if (r != OK)
		return r;
	print_status(w);
	fprintf(w->call->err,
		"kept in %s; a running gateway takes it when it needs the next one (what waits "
		"goes "
		"at once by: smtpgate queue flush)\n",
		w->oauth.conf->token_file);
	return OK;
}

/* ---- login ---- */

static void pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static enum result login_device(struct work *w)
{
	struct oauth_device d;
	char left[24];
	enum result r = oauth_device_begin(&w->oauth, &d, &w->err);
	if (r != OK)
		return r;
	fprintf(w->call->out, "Open  %s\nand enter the code  %s\nas %s, within %s. Waiting ...\n",
		d.url, d.code,
		w->oauth.conf->user ? w->oauth.conf->user : "the user whose mailbox sends",
		text_duration(d.ends - clock_wall(clock_system()), left, sizeof left));
	fflush(w->call->out);
	do {
		pause_ms(d.wait);
		r = oauth_device_ask(&w->oauth, &d, &w->kept, &w->err);
	} while (r == E_BUSY || r == E_NETWORK || r == E_TIMEOUT);
	oauth_device_clear(&d);
	if (r == OK && !w->kept.refresh) {
		err_set(&w->err, E_REFUSED, "the provider gave no refresh token");
		err_remedy(&w->err, "add offline_access to scope");
		return E_REFUSED;
	}
	return r;
}

/* The refresh token is brought by the operator, and tried. */
static enum result login_refresh(struct work *w)
{
	char token[TOKEN_MAX + 2];
	enum result r = password_read(w->call->in, w->call->err, "refresh token: ", 0, token,
				      sizeof token, &w->err);
	if (r == OK && !*token)
		r = err_set(&w->err, E_CLOSED, "no refresh token came: the line is empty");
	if (r == OK) {
		tokens_kept_clear(&w->kept);
		w->kept.refresh = token_copy(token);
		w->kept.refresh_taken = clock_wall(clock_system());
		r = w->kept.refresh ? oauth_fetch(&w->oauth, &w->kept, &w->err)
				    : err_set(&w->err, E_NOMEM, "no memory for a token");
	}
	explicit_bzero(token, sizeof token);
	return r;
}

static enum result login(struct work *w)
{
	enum result r;
	switch (w->oauth.conf->flow) {
	case CONF_OAUTH_DEVICE:
		r = login_device(w);
		break;
	case CONF_OAUTH_REFRESH:
		r = login_refresh(w);
		break;
	default:
		r = oauth_fetch(&w->oauth, &w->kept, &w->err);
		break;
	}
	return r == OK ? keep(w) : r;
}

/* ---- status, test ---- */

static enum result test(struct work *w)
{
	enum result r = oauth_fetch(&w->oauth, &w->kept, &w->err);
	if (r == OK)
		fprintf(w->call->out, "oauth %s: the provider gives tokens\n", w->oauth.conf->name);
	return r == OK ? keep(w) : r;
}

static enum result status(struct work *w)
{
	print_status(w);
	return OK;
}

static const struct {
	const char *name;
	enum result (*run)(struct work *w);
	bool prepares; /* fetches and writes, so it needs the secret */
} actions[] = {{"login", login, true}, {"status", status, false}, {"test", test, true}};

#define ACTIONS (sizeof actions / sizeof *actions)

static enum exit_status act(struct call *c, const struct settings *s, const struct conf_oauth *o,
			    size_t action)
{
	struct work w = {.call = c,
			 .settings = s,
			 .oauth = {.conf = o, .clock = clock_system(), .files = file_system()}};
	enum result r = actions[action].prepares ? prepare(&w) : OK;
	if (r == OK) {
		r = token_file_read(o->token_file, &w.kept, &w.err);
		if (r == E_NOTFOUND || (r != OK && actions[action].run == login))
			r = OK; /* none yet, or replaced now */
	}
	if (r == OK)
		r = actions[action].run(&w);
	tokens_kept_clear(&w.kept);
	secret_free(&w.secret);
	return r == OK ? EXIT_DONE : call_fail(c, exit_of_result(r), &w.err);
}

enum exit_status cmd_oauth(struct call *c)
{
	const char *name = c->options.arg_count > 1 ? c->options.args[1] : NULL;
	struct settings *s = NULL;
	struct err err;
	size_t i = 0;
	secret_guard();
	while (i < ACTIONS && strcmp(actions[i].name, c->options.args[0]) != 0)
		i++;
	if (i == ACTIONS)
		return call_usage(c, "oauth: there is no %s: login, status and test are",
				  c->options.args[0]);
	enum exit_status exit = context_load(c, false, false, &s);
	if (exit != EXIT_DONE)
		return exit;
	if (!name && (s->oauth_count == 1 || !actions[i].prepares)) {
		for (size_t k = 0; k < s->oauth_count && exit == EXIT_DONE; k++)
			exit = act(c, s, &s->oauths[k], i);
	} else if (!name || !settings_oauth(s, name)) {
		if (name)
			err_set(&err, E_NOTFOUND, "there is no [oauth %s] in %s", name, s->file);
		else
			err_set(&err, E_NOTFOUND, "name one of the %zu [oauth] in %s",
				s->oauth_count, s->file);
		exit = call_fail(c, EXIT_USAGE, &err);
	} else {
		exit = act(c, s, settings_oauth(s, name), i);
	}
	settings_unref(&s);
	return exit;
}
