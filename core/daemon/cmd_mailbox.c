/* mailbox: lists and makes the mailboxes of postoffices, without a running gateway. Owns nothing beyond a call. */
#include "base/text.h"
#include "daemon/context.h"
#include "deliver/maildir.h"
#include "mail/address.h"
#include "route/route.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NATIVE_MOST \
	10 /* bytes of a mailbox's name where Microsoft Mail's programs read the postoffice */

static bool is_folder(const char *format, const char *path, const char *name)
{
	char whole[PATH_MAX];
	struct stat st;
	int n = snprintf(whole, sizeof whole, format, path, name);
	return n > 0 && (size_t)n < sizeof whole && stat(whole, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A postoffice of Microsoft Mail does where smtpput is its put program; with another one the folders may be others. */
static bool keeps_mailboxes(const struct conf_postoffice *p)
{
	return p->format == CONF_OFFICE_MAILDIR || p->format == CONF_OFFICE_MMFF;
}

/* ---- list ---- */

static size_t count_new(const char *path, const char *name)
{
	char whole[PATH_MAX];
	size_t count = 0;
	snprintf(whole, sizeof whole, "%s/%s/new", path, name);
	DIR *dir = opendir(whole);
	for (struct dirent *d; dir && (d = readdir(dir));)
		count += d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

static int no_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static enum exit_status list_one(const struct call *c, const struct conf_postoffice *p)
{
	struct dirent **names;
	struct err err;
	int count = scandir(p->path, &names, no_hidden, alphasort);
	if (count < 0) {
		err_errno(&err, errno, "the postoffice %s, %s, cannot be read", p->name, p->path);
		return call_fail(c, EXIT_FAILED, &err);
	}
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		char local[MAIL_LOCAL_MAX + 1];
		if (!route_own_folder(p, name) && is_folder("%s/%s/new", p->path, name) &&
		    mail_local_quote(name, local, sizeof local) == OK)
			fprintf(c->out, "%s@%s  %s/%s  %zu new\n", local, p->domains.items[0],
				p->path, name, count_new(p->path, name));
		free(names[i]);
	}
	free(names);
	return EXIT_DONE;
}

static enum exit_status list_all(const struct call *c, const struct settings *s)
{
	enum exit_status status = EXIT_DONE;
	if (c->options.arg_count > 1)
		return call_usage(c, "mailbox list takes no further argument");
	for (size_t i = 0; i < s->postoffice_count; i++)
		if (keeps_mailboxes(&s->postoffices[i]) &&
		    list_one(c, &s->postoffices[i]) != EXIT_DONE)
			status = EXIT_FAILED;
	return status;
}

/* ---- add ---- */

/* The postoffice of an address; a name alone is of the only one there is. */
static enum result find_office(const struct settings *s, const char *address,
			       const struct conf_postoffice **p, char *name, size_t n,
			       struct err *err)
{
	char local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1];
	if (mail_address_split(address, local, sizeof local, domain, sizeof domain) != OK ||
	    mail_local_unquote(local, name, n) != OK)
		return err_set(err, E_SYNTAX, "%s is no address", address);
	*p = !*domain && s->postoffice_count == 1 ? &s->postoffices[0] : NULL;
	for (size_t i = 0; *domain && !*p && i < s->postoffice_count; i++)
		for (size_t k = 0; k < s->postoffices[i].domains.count; k++)
			if (text_same(s->postoffices[i].domains.items[k], domain))
				*p = &s->postoffices[i];
	if (*p)
		return OK;
	err_set(err, E_NOTFOUND,
		*domain ? "no postoffice has the domain of %s" : "%s: which postoffice?", address);
	err_remedy(err, "name the mailbox as an address of a domain of a [postoffice]");
	return E_NOTFOUND;
}

static enum result check_name(const struct conf_postoffice *p, const char *name, struct err *err)
{
	char there[PATH_MAX];
	if (!maildir_name_ok(name))
		return err_set(err, E_SYNTAX, "a mailbox cannot be named \"%s\"", name);
	if (!keeps_mailboxes(p))
		return err_set(err, E_UNSUPPORTED,
			       "the postoffice %s keeps no mailboxes here: its format is neither "
			       "maildir nor mmff",
			       p->name);
	if (route_own_folder(p, name))
		return err_set(err, E_SYNTAX, "%s is a folder of the mailbag's, and no mailbox",
			       name);
	if (p->get && strlen(name) > NATIVE_MOST)
		return err_set(err, E_RANGE,
			       "\"%s\" is too long: in a postoffice of Microsoft Mail a mailbox "
			       "has %d characters at most",
			       name, NATIVE_MOST);
	if (maildir_find(p->path, name, there, sizeof there) == OK)
		return err_set(err, E_EXISTS, "there is the mailbox %s/%s already", p->path, there);
	return OK;
}

/* What root has made belongs to whom the gateway runs as. */
static enum result give_away(const struct settings *s, const char *path, const char *name,
			     struct err *err)
{
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
	char whole[PATH_MAX];
	if (geteuid() != 0 || !s->gateway.user)
		return OK;
	const struct passwd *user = getpwnam(s->gateway.user);
	if (!user)
		return err_set(err, E_NOTFOUND, "there is no user %s", s->gateway.user);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		snprintf(whole, sizeof whole, "%s/%s%s", path, name, parts[i]);
		if (lchown(whole, user->pw_uid, user->pw_gid) != 0)
			return err_errno(err, errno, "%s cannot be given to %s", whole,
					 s->gateway.user);
	}
	return OK;
}

static enum result add_one(const struct call *c, const struct settings *s, const char *address,
			   struct err *err)
{
	const struct conf_postoffice *p = NULL;
	char name[MAIL_LOCAL_MAX + 1];
	enum result r = find_office(s, address, &p, name, sizeof name, err);
	if (r == OK)
		r = check_name(p, name, err);
	if (r == OK)
		r = maildir_make(file_system(), p->path, name, err);
	if (r == OK)
		r = give_away(s, p->path, name, err);
	if (r == OK)
		fprintf(c->out, "%s/%s\n", p->path, name);
	return r;
}

static enum exit_status add_all(const struct call *c, const struct settings *s)
{
	enum exit_status status = EXIT_DONE;
	if (c->options.arg_count < 2)
		return call_usage(c, "mailbox add needs an address");
	for (int i = 1; i < c->options.arg_count; i++) {
		struct err err = {.code = OK};
		enum result r = add_one(c, s, c->options.args[i], &err);
		if (r != OK)
			status = call_fail(c, exit_of_result(r), &err);
	}
	return status;
}

enum exit_status cmd_mailbox(struct call *c)
{
	const char *action = c->options.args[0];
	struct settings *s = NULL;
	bool add = strcmp(action, "add") == 0;
	if (!add && strcmp(action, "list") != 0)
		return call_usage(c, "mailbox: there is no %s: add and list are", action);
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	status = add ? add_all(c, s) : list_all(c, s);
	settings_unref(&s);
	return status;
}
