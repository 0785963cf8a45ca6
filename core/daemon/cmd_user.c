/* user: who may log in at a listener: the file that its key `users` names. No gateway need run. */
#include "auth/secret.h"
#include "auth/users.h"
#include "daemon/context.h"
#include "daemon/password.h"

#include <string.h>

/* The file that the listeners have where one may log in, or all of them where none is such; NULL: they differ. */
static const char *common_file(const struct settings *s, bool logins, const char **first)
{
	const char *file = NULL;
	for (size_t i = 0; i < s->listen_count; i++) {
		const struct conf_listen *l = &s->listens[i];
		if (logins && l->auth == CONF_AUTH_OFF)
			continue;
		if (file && strcmp(file, l->users) != 0)
			return NULL;
		if (!file)
			*first = l->name;
		file = l->users;
	}
	return file;
}

/* The file: of --listener, or the one that counts. */
static enum exit_status find_file(const struct call *c, const struct settings *s, const char **file)
{
	struct err err;
	const char *name = call_option(c, OPT_LISTENER), *first = NULL;
	for (size_t i = 0; name && i < s->listen_count; i++) {
		*file = s->listens[i].users;
		if (strcmp(s->listens[i].name, name) == 0)
			return EXIT_DONE;
	}
	if (name) {
		err_set(&err, E_NOTFOUND, "there is no [listen %s] in %s", name, s->file);
		return call_fail(c, EXIT_USAGE, &err);
	}
	*file = common_file(s, true, &first);
	if (!*file && !first)
		*file = common_file(s, false, &first);
	if (*file)
		return EXIT_DONE;
	err_set(&err, E_CONFIG, "the listeners have different files of users");
	err_remedy(&err, "name one: --listener %s", first);
	return call_fail(c, EXIT_USAGE, &err);
}

static enum exit_status add(struct call *c, const char *file, const char *name)
{
	struct err err;
	bool added;
	char password[USERS_PASSWORD_MAX + 3]; /* newline and NUL */
	enum result r =
		password_read(c->in, c->err, "password: ", 1, password, sizeof password, &err);
	if (r == OK)
		r = users_put(file_system(), clock_system(), file, name, password, &added, &err);
	explicit_bzero(password, sizeof password);
	if (r != OK)
		return call_fail(c, exit_of_result(r), &err);
	fprintf(c->out, "%s: %s %s\n", file, name, added ? "added" : "has a new password");
	fprintf(c->err, "A running gateway takes it with: smtpgate reload\n");
	return EXIT_DONE;
}

static enum exit_status delete (struct call *c, const char *file, const char *name) {
	struct err err; enum result r = users_remove(file_system(), file, name, &err);
	if (r != OK) return call_fail(c, exit_of_result(r), &err);
	fprintf(c->out, "%s: %s removed\n", file, name);
	fprintf(c->err, "A running gateway takes it with: smtpgate reload\n");
	return EXIT_DONE;
}

static enum exit_status list(struct call *c, const char *file, const char *name)
{
	struct err err;
	struct users *u;
	(void)name;
	enum result r = users_read(file, &u, &err);
	if (r != OK)
		return call_fail(c, exit_of_result(r), &err);
	for (size_t i = 0; i < users_count(u); i++)
		fprintf(c->out, "%s\n", users_at(u, i)->name);
	users_destroy(&u);
	return EXIT_DONE;
}

static enum exit_status test(struct call *c, const char *file, const char *name)
{
	struct err err;
	struct users *u;
	char password[USERS_PASSWORD_MAX + 3];
	enum result r = users_read(file, &u, &err);
	if (r == OK && !users_find(u, name))
		r = err_set(&err, E_NOTFOUND, "%s: there is no user %s", file, name);
	if (r == OK)
		r = password_read(c->in, c->err, "password: ", 0, password, sizeof password, &err);
	bool right = r == OK && user_verify(users_find(u, name), password);
	explicit_bzero(password, sizeof password);
	users_destroy(&u);
	if (r != OK)
		return call_fail(c, exit_of_result(r), &err);
	fprintf(c->out, "%s: %s\n", name,
		right ? "the password is right" : "the password is wrong");
	return right ? EXIT_DONE : EXIT_FAILED;
}

static const struct {
	const char *word;
	bool named;
	enum exit_status (*run)(struct call *c, const char *file, const char *name);
} actions[] = {
	{"add", true, add},
	{"remove", true, delete},
	{"list", false, list},
	{"test", true, test},
};

enum exit_status cmd_user(struct call *c)
{
	const char *word = c->options.args[0];
	size_t i = 0, count = sizeof actions / sizeof *actions;
	secret_guard();
	while (i < count && strcmp(actions[i].word, word) != 0)
		i++;
	if (i == count)
		return call_usage(c, "user %s: there is add, remove, list and test", word);
	if (c->options.arg_count != 1 + actions[i].named)
		return call_usage(c, "user %s takes %s", word,
				  actions[i].named ? "one name" : "no name");
	struct settings *s;
	const char *file;
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	status = find_file(c, s, &file);
	if (status == EXIT_DONE)
		status = actions[i].run(c, file, actions[i].named ? c->options.args[1] : NULL);
	settings_unref(&s);
	return status;
}
