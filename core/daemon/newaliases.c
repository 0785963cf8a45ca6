/* newaliases: see newaliases.h. */
#include "daemon/newaliases.h"

#include "base/file.h"
#include "daemon/context.h"
#include "mail/aliases.h"

#include <stdlib.h>

struct checking {
	FILE *to;
	const char *path;
	size_t faults;
};

static void tell(void *ctx, unsigned line, const char *fault)
{
	struct checking *k = ctx;
	fprintf(k->to, "%s:%u: %s\n", k->path, line, fault);
	k->faults++;
}

static enum exit_status check(struct call *c, const char *path)
{
	struct checking k = {.to = c->err, .path = path};
	struct mail_aliases *a = NULL;
	struct err err;
	char *text = NULL;
	size_t n;
	enum result r = file_read(path, MAIL_ALIASES_MAX, &text, &n, &err);
	if (r == OK)
		r = mail_aliases_read(text, n, tell, &k, &a, &err);
	free(text);
	if (r == E_NOTFOUND) {
		fprintf(c->out, "no aliases: %s is not there\n", path);
		return EXIT_DONE;
	}
	if (r != OK)
		return call_fail(c, exit_of_result(r), &err);
	fprintf(c->out, "%s: %zu aliases; a gateway that runs has them within a second\n", path,
		mail_aliases_count(a));
	mail_aliases_unref(&a);
	return k.faults ? EXIT_FAILED : EXIT_DONE;
}

enum exit_status newaliases(struct call *c)
{
	struct settings *s = NULL;
	enum exit_status status = context_load(c, false, false, &s);
	if (status == EXIT_DONE && !s->gateway.aliases)
		fprintf(c->out, "no aliases: [gateway] aliases = none\n");
	else if (status == EXIT_DONE)
		status = check(c, s->gateway.aliases);
	settings_unref(&s);
	return status;
}
