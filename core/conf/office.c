/*
 * A postoffice of Microsoft Mail as its own files describe it: see load.h. PATH/smtp/ADDR_MAP.CFG has domains, PATH/smtp/LOCAL.CFG says which
 * postoffices are here; both by names in any case. Owns nothing.
 */
#include "conf/load.h"

#include "base/text.h"
#include "mail/local_cfg.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CFG_MAX (1u << 20)

/* Appends text to a pattern of glob: as it is, or in either case. */
static void add_pattern(char *to, size_t n, const char *text, bool any_case)
{
	size_t len = strlen(to);
	for (; *text && len + 5 < n; text++) {
		char small = text_lower(*text);
		bool letter = small >= 'a' && small <= 'z';
		if (any_case && letter)
			len += (size_t)snprintf(to + len, n - len, "[%c%c]", small,
						small - 'a' + 'A');
		else if (strchr("\\*?[]{}", *text))
			len += (size_t)snprintf(to + len, n - len, "\\%c", *text);
		else
			to[len++] = *text;
		to[len] = '\0';
	}
}

/* PATH/FOLDER/NAME in any case; NULL: it is not there. */
static const char *find(struct conf_load *l, const struct conf_postoffice *p, const char *folder,
			const char *name)
{
	char pattern[2 * PATH_MAX] = "";
	glob_t found;
	const char *path = NULL;
	add_pattern(pattern, sizeof pattern, p->path, false);
	add_pattern(pattern, sizeof pattern, *folder ? "/" : "", false);
	add_pattern(pattern, sizeof pattern, folder, true);
	add_pattern(pattern, sizeof pattern, "/", false);
	add_pattern(pattern, sizeof pattern, name, true);
	if (l->world->expand(pattern, 0, &found) != 0)
		return NULL;
	if (found.gl_pathc)
		path = conf_load_strdup(l, found.gl_pathv[0]);
	globfree(&found);
	return path;
}

static bool read_file(struct conf_load *l, const char *path, char **bytes, size_t *n)
{
	struct err err;
	if (!path)
		return false;
	enum result r = l->world->read(path, CFG_MAX, bytes, n, &err);
	if (r != OK)
		conf_load_error(l, NULL, "%s", err.text);
	return r == OK;
}

static void read_map(struct conf_load *l, struct conf_postoffice *p, const char *path)
{
	char *bytes;
	size_t n;
	struct err err;
	if (!read_file(l, path, &bytes, &n))
		return;
	p->map_file = path;
	if (mail_map_parse(bytes, n, l->region, &p->native, &err) != OK) {
		p->native.count = 0;
		conf_load_error(l, NULL, "%s: %s", path, err.text);
	}
	free(bytes);
}

static void read_local(struct conf_load *l, struct conf_postoffice *p, const char *path)
{
	char *bytes;
	size_t n;
	struct err err;
	if (!read_file(l, path, &bytes, &n))
		return;
	p->local_file = path;
	if (mail_local_cfg_parse(bytes, n, l->region, &p->here, &err) != OK) {
		p->here = (struct mail_local_cfg){0};
		conf_load_error(l, NULL, "%s: %s", path, err.text);
	}
	free(bytes);
}

static bool listed(const struct conf_texts *t, const char *domain)
{
	for (size_t i = 0; i < t->count; i++)
		if (text_same(t->items[i], domain))
			return true;
	return false;
}

/* Domains of the map that lead here: first lines of their domains, of postoffices that are here. A suffix never stands first. */
static void add_domains(struct conf_load *l, struct conf_postoffice *p, bool suffixes)
{
	for (size_t i = 0; i < p->native.count; i++) {
		const struct mail_map_entry *e = &p->native.entries[i];
		if ((*e->domain == '.') != suffixes || !mail_local_cfg_has(&p->here, e->office) ||
		    (!suffixes && mail_map_office(&p->native, e->domain) != e))
			continue;
		char *domain = conf_load_strdup(l, e->domain);
		if (domain && !listed(&p->domains, domain))
			conf_texts_add(l, &p->domains, text_lower_all(domain));
	}
}

/* Only our own put program keeps mailboxes as folders, so that it can be seen which there are. */
static bool has_folders(const char *put)
{
	size_t n = strcspn(put, " \t");
	const char *name = put + n;
	while (name > put && name[-1] != '/')
		name--;
	return (size_t)(put + n - name) == 7 && strncmp(name, "smtpput", 7) == 0;
}

/* That of Windows for Workgroups is a folder WGPO0000 [Q94178]. */
static void refuse_workgroup(struct conf_load *l, struct conf_section *sec,
			     const struct conf_postoffice *p)
{
	if (!mail_names_workgroup(p->path) && !find(l, p, "", "WGPO0000"))
		return;
	conf_load_place(l, sec, "path");
	conf_load_error(l, "name the postoffice of a Microsoft Mail for PC Networks",
			"path: %s is a workgroup postoffice, and such never had gateways", p->path);
}

void conf_office_derive(struct conf_load *l, struct conf_section *sec)
{
	struct conf_postoffice *p = sec->at;
	struct conf_origin *o = conf_load_origin(sec, "domain");
	if (p->format != CONF_OFFICE_MMFF || !p->path)
		return;
	refuse_workgroup(l, sec, p);
	conf_load_derive(l, sec, "get", "smtpget", "format is mmff");
	if (p->put && !has_folders(p->put))
		conf_load_derive(l, sec, "mailboxes", "any", "put is not smtpput");
	conf_load_place(l, sec, p->map ? "map" : "path");
	read_map(l, p, p->map ? p->map : find(l, p, "smtp", "ADDR_MAP.CFG"));
	conf_load_place(l, sec, p->local ? "local" : "path");
	read_local(l, p, p->local ? p->local : find(l, p, "smtp", "LOCAL.CFG"));
	add_domains(l, p, false);
	add_domains(l, p, true);
	if (o->file || !p->domains.count)
		return;
	o->words = "ADDR_MAP.CFG";
	o->standard = conf_load_text(l, conf_key_find(sec->kind, "domain"), p);
}
