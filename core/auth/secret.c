/* Reading secrets: see secret.h. What held one on the way is cleared. Fails with words that name where it should have come from. */
#include "auth/secret.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define COMMAND_MS 10000

void secret_guard(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void secret_free(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

/* Takes n bytes as the secret, without the end of their line. */
static enum result take(const char *bytes, size_t n, const char *from, char **secret,
			struct err *err)
{
	if (n && bytes[n - 1] == '\n')
		n--;
	if (n && bytes[n - 1] == '\r')
		n--;
	if (!n)
		return err_set(err, E_SYNTAX, "%s is empty", from);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f)
			return err_set(err, E_SYNTAX, "%s is not one line of text: a secret is one",
				       from);
	*secret = malloc(n + 1);
	if (!*secret)
		return err_set(err, E_NOMEM, "no memory for a secret");
	memcpy(*secret, bytes, n);
	(*secret)[n] = '\0';
	return OK;
}

static enum result from_file(const char *path, char **secret, struct err *err)
{
	char *bytes = NULL;
	size_t n = 0;
	enum result r = file_check_secret(path, err);
	if (r == OK)
		r = file_read(path, SECRET_MAX, &bytes, &n, err);
	if (r == OK)
		r = take(bytes, n, path, secret, err);
	if (bytes)
		explicit_bzero(bytes, n);
	free(bytes);
	return r;
}

static enum result from_credential(const char *name, char **secret, struct err *err)
{
	char path[4096];
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (!folder) {
		err_set(err, E_NOTFOUND,
			"the credential %s was not handed over: CREDENTIALS_DIRECTORY is not set",
			name);
		err_remedy(err, "set LoadCredential=%s:/path in the unit of systemd", name);
		return E_NOTFOUND;
	}
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return from_file(path, secret, err);
}

static enum result from_command(const char *command, const struct clock *clock, char **secret,
				struct err *err)
{
	struct spawn_command c;
	struct buf said;
	enum result r = spawn_split(&c, command, err);
	if (r != OK)
		return r;
	buf_init(&said, SECRET_MAX);
	struct spawn s = {.argv = c.argv, .limit = COMMAND_MS, .said = &said};
	r = buf_reserve(&said, SECRET_MAX) ? spawn_run(&s, clock, err)
					   : err_set(err, E_NOMEM, "no memory");
	if (r == OK && s.status)
		r = spawn_failed(&s, E_REFUSED, err);
	if (r == OK)
		r = take(buf_head(&said), said.len, c.argv[0], secret, err);
	buf_wipe(&said);
	buf_free(&said);
	return r;
}

enum result secret_read(const char *reference, const struct clock *clock, char **secret,
			struct err *err)
{
	*secret = NULL;
	if (text_starts(reference, "file:"))
		return from_file(reference + 5, secret, err);
	if (text_starts(reference, "credential:"))
		return from_credential(reference + 11, secret, err);
	if (text_starts(reference, "command:"))
		return from_command(reference + 8, clock, secret, err);
	return err_set(err, E_CONFIG,
		       "a secret is written as file:/PATH, credential:NAME or command:PROGRAM");
}
