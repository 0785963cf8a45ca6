/* Loading from memory for tests: see fake.h. */
#include "conf/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *path, *text;
	size_t n;
} files[8];
static const char *host = "host.example";
static struct settings *settings;
static struct region *region;
static char *faults_text;
static struct buf printed;

void fake_file(const char *path, const char *text, size_t n)
{
	size_t i = 0;
	while (files[i].path && strcmp(files[i].path, path) != 0)
		if (++i == sizeof files / sizeof *files)
			abort();
	files[i].path = path;
	files[i].text = text;
	files[i].n = n;
}

void fake_hostname(const char *name)
{
	host = name;
}

static enum result fake_read(const char *path, size_t max, char **bytes, size_t *n, struct err *err)
{
	for (size_t i = 0; i < sizeof files / sizeof *files && files[i].path; i++) {
		if (strcmp(files[i].path, path) != 0)
			continue;
		if (files[i].n > max)
			return err_set(err, E_LIMIT, "%s is too large", path);
		*bytes = malloc(files[i].n + 1);
		if (!*bytes)
			return E_NOMEM;
		memcpy(*bytes, files[i].text, files[i].n);
		(*bytes)[files[i].n] = '\0';
		*n = files[i].n;
		return OK;
	}
	return err_set(err, E_NOTFOUND, "%s cannot be read: no such file", path);
}

static int fake_expand(const char *pattern, int flags, glob_t *found)
{
	(void)pattern;
	(void)flags;
	(void)found;
	return GLOB_ABORTED;
}

static bool is_mail(const char *name)
{
	return strcmp(name, "mail") == 0;
}

static void fake_host(char *name, size_t n)
{
	snprintf(name, n, "%s", host);
}

const struct conf_world *fake_world(void)
{
	static const struct conf_world world = {fake_read, fake_expand, is_mail, is_mail,
						fake_host};
	return &world;
}

void fake_free(void)
{
	settings_unref(&settings);
	region_destroy(&region);
	free(faults_text);
	faults_text = NULL;
	buf_free(&printed);
}

enum result fake_load_with(const char *text, size_t n, const struct conf_overrides *o)
{
	struct conf_fault *faults;
	size_t len;
	fake_free();
	fake_file(FAKE_FILE, text, n);
	enum result r = conf_load_by(fake_world(), FAKE_FILE, o, &settings, &region, &faults);
	FILE *out = open_memstream(&faults_text, &len);
	conf_faults_print(faults, out);
	fclose(out);
	return r;
}

enum result fake_load(const char *text)
{
	return fake_load_with(text, strlen(text), NULL);
}

struct settings *fake_settings(void)
{
	return settings;
}

const char *fake_faults(void)
{
	return faults_text;
}

const char *fake_print(const char *section, bool changed_only)
{
	buf_free(&printed);
	buf_init(&printed, 0);
	if (settings_print(settings, section, changed_only, NULL, &printed) != OK)
		return NULL;
	return buf_string(&printed);
}

const char *fake_fault(const char *text, unsigned line, const char *fault)
{
	static char words[4096];
	char place[256];
	enum result r = fake_load(text);
	snprintf(place, sizeof place, FAKE_FILE ":%u: %s", line, fault ? fault : "");
	bool told = fault ? strncmp(fake_faults(), place, strlen(place)) == 0 : !*fake_faults();
	bool loads = !fault || strncmp(fault, "error", 5) != 0;
	bool right = told && loads == (r == OK && fake_settings());
	snprintf(words, sizeof words, "%s\n-- said: %s\n-- wanted: %s", text, fake_faults(),
		 fault ? place : "");
	fake_free();
	return right ? NULL : words;
}
