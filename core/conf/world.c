/* The machine as loading sees it: files, users, its name. See load.h. Owns nothing. */
#include "conf/load.h"
#include "base/file.h"
#include "base/text.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int expand(const char *pattern, int flags, glob_t *found)
{
	return glob(pattern, flags, NULL, found);
}

static bool has_user(const char *name)
{
	return getpwnam(name) != NULL;
}

static bool has_group(const char *name)
{
	return getgrnam(name) != NULL;
}

/* Does the word stand in the blank-separated line? *full: the first name with a dot behind the address, or NULL. */
static bool line_has(char *line, const char *host, char **full)
{
	char *save, *word;
	bool found = false;
	*full = NULL;
	line[strcspn(line, "#")] = '\0';
	strtok_r(line, " \t", &save); /* the address */
	while ((word = strtok_r(NULL, " \t", &save))) {
		found |= text_same(word, host);
		if (!*full && strchr(word, '.'))
			*full = word;
	}
	return found && *full;
}

const char *conf_world_full_name(const char *host, const char *hosts, char *out, size_t n)
{
	text_copy(out, n, host);
	while (*hosts && !strchr(host, '.')) {
		char line[1024], *full;
		size_t len = strcspn(hosts, "\r\n");
		size_t take = len < sizeof line ? len : sizeof line - 1;
		memcpy(line, hosts, take);
		line[take] = '\0';
		if (line_has(line, host, &full)) {
			text_copy(out, n, full);
			break;
		}
		hosts += len;
		hosts += strspn(hosts, "\r\n");
	}
	return out;
}

/* The resolver is not asked: it may wait for a network that is not there yet. */
static void host_name(char *name, size_t n)
{
	char host[256] = "", *hosts;
	size_t len;
	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	if (file_read("/etc/hosts", CONF_FILE_MAX, &hosts, &len, NULL) != OK) {
		text_copy(name, n, host);
		return;
	}
	conf_world_full_name(host, hosts, name, n);
	free(hosts);
}

const struct conf_world *conf_world_host(void)
{
	static const struct conf_world world = {
		.read = file_read,
		.expand = expand,
		.has_user = has_user,
		.has_group = has_group,
		.hostname = host_name,
	};
	return &world;
}
