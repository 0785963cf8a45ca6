/*
 * setup: asks what a first configuration needs, tries each answer, says what is to be done at the provider, and writes the
 * file. At a terminal or by a pipe, one line for each answer. Nothing is written before the last answer; an answer that is
 * refused is asked for again.
 */
#include "auth/secret.h"
#include "auth/smtp_try.h"
#include "base/file.h"
#include "base/net.h"
#include "base/text.h"
#include "conf/load.h"
#include "daemon/ask.h"
#include "daemon/context.h"
#include "daemon/password.h"
#include "daemon/plan.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct setup {
	struct call *call;
	struct ask ask;
	struct plan plan;
	char file[PATH_MAX], folder[PATH_MAX];
	char secret[1024]; /* cleared at the end */
	struct err err;
};

/* Tries what was answered; false: err says what is wrong. */
typedef bool try_fn(struct setup *s);

static void refuse(struct setup *s)
{
	fprintf(s->ask.out, "  %s\n", s->err.text);
	if (*s->err.remedy)
		fprintf(s->ask.out, "  (%s)\n", s->err.remedy);
}

/* Asks into a text of the plan until it is one that loads, and that `try` takes. */
static enum result question(struct setup *s, const char *words, const char *standard, char *to,
			    size_t n, try_fn *try)
{
	char kept[1024];
	text_copy(kept, sizeof kept, standard ? standard : "");
	for (;;) {
		enum result r = ask_line(&s->ask, words, standard ? kept : NULL, to, n, &s->err);
		if (r != OK)
			return r;
		bool may_be_none = standard && (!*standard || text_same(standard, "none"));
		if (may_be_none && text_same(to, "none"))
			*to = '\0';
		if (plan_is_good(&s->plan, s->file, &s->err) && (!try || try(s)))
			return OK;
		refuse(s);
	}
}

/* What could not be tried with success may be right all the same: the server is not there yet. */
static bool take_anyway(struct setup *s)
{
	bool yes = false;
	refuse(s);
	if (ask_yes(&s->ask, "Take it all the same?", false, &yes, &s->err) != OK || yes)
		return yes;
	err_set(&s->err, E_STATE, "then once more");
	return false;
}

/* ---- listening ---- */

static bool bind_to(struct setup *s, const struct net_ip *ip, bool any, unsigned port)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	const int one = 1;
	if (!any)
		memcpy(&to.sin6_addr, ip->bytes, sizeof to.sin6_addr);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true; /* no IPv6 here: the start says what is wrong */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	bool good = bind(fd, (struct sockaddr *)&to, sizeof to) == 0;
	int cause = errno;
	close(fd);
	if (good)
		return true;
	err_errno(&s->err, cause, "nobody can listen on %s", s->plan.address);
	if (cause == EADDRINUSE)
		err_remedy(&s->err, "another program has it: stop that, or take another port");
	return false;
}

static bool try_address(struct setup *s)
{
	char host[256];
	unsigned port;
	struct net_ip ip = {0};
	if (net_hostport(s->plan.address, host, sizeof host, &port, false) != OK)
		return true;
	bool any = strcmp(host, "*") == 0;
	return (!any && net_ip_parse(host, &ip) != OK) || bind_to(s, &ip, any, port);
}

/* ---- local mail ---- */

/* It is made when all is written; here it is only seen whether it can be. */
static bool try_path(struct setup *s)
{
	char there[PLAN_TEXT];
	text_copy(there, sizeof there, s->plan.path);
	while (access(there, F_OK) != 0 && strrchr(there + 1, '/'))
		*strrchr(there, '/') = '\0';
	if (access(there, F_OK) != 0)
		text_copy(there, sizeof there, "/");
	if (access(there, W_OK | X_OK) == 0)
		return true;
	err_errno(&s->err, errno, "no folder can be made in %s", there);
	return false;
}

static enum result ask_local(struct setup *s)
{
	struct plan *p = &s->plan;
	enum result r = question(s, "Domain whose mail is kept on this machine (none)", "",
				 p->domain, sizeof p->domain, NULL);
	if (r == OK && *p->domain)
		r = question(s, "Folder of its mailboxes", "/srv/mail", p->path, sizeof p->path,
			     try_path);
	return r;
}

/* ---- secrets ---- */

static enum result ask_secret(struct setup *s, const char *words)
{
	for (;;) {
		fprintf(s->ask.out, "%s: ", words);
		fflush(s->ask.out);
		enum result r = password_read(s->ask.in, s->ask.out, "", 0, s->secret,
					      sizeof s->secret, &s->err);
		fputc('\n', s->ask.out);
		if (r == OK && *s->secret)
			return OK;
		if (r != OK && r != E_LIMIT)
			return r;
		fprintf(s->ask.out, "  %s\n", r == OK ? "it is empty" : s->err.text);
	}
}

static bool name_secret(struct setup *s, const char *name)
{
	char *to = s->plan.secret;
	return (size_t)snprintf(to, PLAN_TEXT, "%s/%s", s->folder, name) < PLAN_TEXT;
}

/* ---- ways out ---- */

static enum result ask_microsoft(struct setup *s)
{
	struct plan *p = &s->plan;
	bool secret;
	enum result r = ask_yes(&s->ask,
				"May the application have a secret of its own (no: a person logs "
				"in once)?",
				true, &secret, &s->err);
	if (r != OK)
		return r;
	p->device = !secret;
	plan_print_before(p, s->ask.out);
	r = question(s, "The organisation (company.com)", NULL, p->tenant, sizeof p->tenant, NULL);
	if (r == OK)
		r = question(s, "The mailbox that sends", NULL, p->user, sizeof p->user, NULL);
	if (r == OK)
		r = question(s, "Application (client) ID", NULL, p->client_id, sizeof p->client_id,
			     NULL);
	return r == OK && secret ? ask_secret(s, "The secret's Value (it is not shown)") : r;
}

static bool try_host(struct setup *s)
{
	const struct plan *p = &s->plan;
	const struct smtp_try t = {.host = p->smart_host, .ca = *p->ca ? p->ca : NULL};
	fprintf(s->ask.out, "  looking at it ...\n");
	return smtp_try(&t, &s->err) == OK || take_anyway(s);
}

static bool try_login(struct setup *s)
{
	const struct plan *p = &s->plan;
	const struct smtp_try t = {.host = p->smart_host,
				   .ca = *p->ca ? p->ca : NULL,
				   .user = p->user,
				   .password = s->secret};
	fprintf(s->ask.out, "  logging in ...\n");
	return smtp_try(&t, &s->err) == OK || take_anyway(s);
}

static enum result ask_login(struct setup *s, const char *whose, const char *what)
{
	struct plan *p = &s->plan;
	for (;;) {
		enum result r = question(s, whose, p->way == PLAN_SERVER ? "none" : NULL, p->user,
					 sizeof p->user, NULL);
		if (r == OK && *p->user)
			r = ask_secret(s, what);
		if (!*p->user) /* one that was refused before is nobody's */
			explicit_bzero(s->secret, sizeof s->secret);
		if (r != OK || !*p->user || try_login(s))
			return r;
		if (s->err.code != E_STATE)
			return s->err.code; /* no further answer came */
	}
}

static enum result ask_server(struct setup *s)
{
	struct plan *p = &s->plan;
	enum result r = question(s, "CA of its certificate (a file; none: those of this machine)",
				 "none", p->ca, sizeof p->ca, NULL);
	if (r == OK)
		r = question(s, "The server (smtp.example.net:587)", NULL, p->smart_host,
			     sizeof p->smart_host, try_host);
	return r == OK ? ask_login(s, "User to log in as (none: nobody)",
				   "Password (it is not shown)")
		       : r;
}

static enum result ask_gmail(struct setup *s)
{
	plan_print_before(&s->plan, s->ask.out);
	text_copy(s->plan.smart_host, PLAN_TEXT, "smtp.gmail.com:587");
	return ask_login(s, "The mailbox that sends", "The app password (it is not shown)");
}

static enum result ask_way(struct setup *s)
{
	static const char *const ways[] = {"microsoft, Microsoft 365 (Exchange Online), by OAuth",
					   "gmail, Gmail or Google Workspace, by an app password",
					   "server, another provider's or one's own mail server",
					   "direct, straight to each recipient's server (MX)",
					   "nowhere, only local mail; the rest is held",
					   NULL};
	size_t chosen;
	enum result r = ask_choice(&s->ask, "How does mail leave", ways, &chosen, &s->err);
	if (r != OK)
		return r;
	if (!name_secret(s, chosen == PLAN_MICROSOFT ? "client-secret" : "password"))
		return err_set(&s->err, E_LIMIT, "the path of %s is too long", s->file);
	s->plan.way = (enum plan_way)chosen;
	switch (s->plan.way) {
	case PLAN_MICROSOFT:
		return ask_microsoft(s);
	case PLAN_GMAIL:
		return ask_gmail(s);
	case PLAN_SERVER:
		return ask_server(s);
	case PLAN_DIRECT:
	case PLAN_NOWHERE:
		break;
	}
	return OK;
}

static enum result ask_all(struct setup *s)
{
	struct plan *p = &s->plan;
	char name[PLAN_TEXT], admin[PLAN_TEXT + 12];
	conf_world_host()->hostname(name, sizeof name);
	enum result r = question(s, "Full name of this machine", name, p->hostname,
				 sizeof p->hostname, NULL);
	if (r == OK)
		r = question(s, "Address and port to listen on (*:25 is every address)",
			     "127.0.0.1:2525", p->address, sizeof p->address, try_address);
	if (r == OK)
		r = question(s, "Networks that may send to anywhere", "127.0.0.0/8, ::1",
			     p->relay_from, sizeof p->relay_from, NULL);
	if (r == OK)
		r = ask_yes(&s->ask, "Are there devices or programs older than ten years?", true,
			    &p->old, &s->err);
	if (r == OK)
		r = ask_local(s);
	if (r == OK)
		r = ask_way(s);
	snprintf(admin, sizeof admin, "postmaster@%s", *p->domain ? p->domain : p->hostname);
	return r == OK ? question(s, "Who is told of trouble", *p->user ? p->user : admin, p->admin,
				  sizeof p->admin, NULL)
		       : r;
}

/* ---- writing ---- */

/* What is there is kept beside what comes. */
static enum result keep_old(struct setup *s, const char *path)
{
	char old[PATH_MAX + 8];
	snprintf(old, sizeof old, "%s.old", path);
	if (rename(path, old) != 0 && errno != ENOENT)
		return err_errno(&s->err, errno, "%s cannot be renamed", path);
	return OK;
}

static enum result write_secret(struct setup *s)
{
	size_t n = strlen(s->secret);
	enum result r = n ? keep_old(s, s->plan.secret) : OK;
	if (r == OK && n) {
		s->secret[n] = '\n';
		r = file_replace(file_system(), s->plan.secret, s->secret, n + 1, 0600, &s->err);
	}
	explicit_bzero(s->secret, sizeof s->secret);
	return r;
}

static enum result write_all(struct setup *s)
{
	struct buf text;
	buf_init(&text, 0);
	enum result r = plan_format(&s->plan, &text);
	if (r != OK)
		err_set(&s->err, r, "no memory for the settings");
	if (r == OK)
		r = file_make_dirs(file_system(), s->folder, 0755, &s->err);
	if (r == OK && *s->plan.domain)
		r = file_make_dirs(file_system(), s->plan.path, 0755, &s->err);
	if (r == OK)
		r = write_secret(s);
	if (r == OK)
		r = keep_old(s, s->file);
	if (r == OK)
		r = file_replace(file_system(), s->file, buf_head(&text), text.len, 0644, &s->err);
	buf_free(&text);
	return r;
}

/* Shows what would be written, and writes it. */
static enum result confirm(struct setup *s, bool *yes)
{
	struct buf text;
	struct stat st;
	buf_init(&text, 0);
	if (plan_format(&s->plan, &text) != OK || !buf_string(&text)) {
		buf_free(&text);
		return err_set(&s->err, E_NOMEM, "no memory for the settings");
	}
	fprintf(s->ask.out, "\n%s\n", buf_string(&text));
	buf_free(&text);
	if (stat(s->file, &st) == 0)
		fprintf(s->ask.out, "%s is there: it is kept as %s.old.\n", s->file, s->file);
	char words[PATH_MAX + 32];
	snprintf(words, sizeof words, "Write this to %s?", s->file);
	return ask_yes(&s->ask, words, true, yes, &s->err);
}

static enum result run(struct setup *s)
{
	bool yes = false;
	enum result r = ask_all(s);
	if (r == OK)
		r = confirm(s, &yes);
	if (r == OK && !yes)
		return err_set(&s->err, E_CANCELLED, "nothing was written");
	if (r == OK)
		r = write_all(s);
	if (r == OK)
		fprintf(s->ask.out, "%s is written.\n", s->file);
	if (r == OK)
		plan_print_after(&s->plan, s->file, s->ask.out);
	return r;
}

enum exit_status cmd_setup(struct call *c)
{
	struct setup s = {.call = c, .ask = {.in = c->in, .out = c->out}};
	s.plan.way = PLAN_NOWHERE;
	secret_guard(); /* a pipe's passwords are in memory before they are asked for */
	if (context_file(c, s.file, &s.err) != OK)
		return call_fail(c, EXIT_USAGE, &s.err);
	text_copy(s.folder, sizeof s.folder, s.file);
	char *slash = strrchr(s.folder, '/');
	slash[slash == s.folder] = '\0';
	enum result r = run(&s);
	explicit_bzero(s.secret, sizeof s.secret);
	return r == OK ? EXIT_DONE : call_fail(c, EXIT_FAILED, &s.err);
}
