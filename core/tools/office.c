/* A postoffice as a folder: see office.h. Owns a region. */
#include "tools/office.h"

#include "base/text.h"
#include "mail/address.h"
#include "translate/mmff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CFG_MAX (1u << 20)

/* Reads smtp/NAME into *bytes; *bytes NULL when there is none. */
static enum result read_cfg(const char *path, const char *name, char **bytes, size_t *n, char *file,
			    struct err *err)
{
	char folder[PATH_MAX];
	*bytes = NULL;
	if (!file_find(path, "smtp", folder, sizeof folder) ||
	    !file_find(folder, name, file, PATH_MAX))
		return OK;
	return file_read(file, CFG_MAX, bytes, n, err);
}

static enum result read_local(struct office *o, struct err *err)
{
	char file[PATH_MAX], *bytes;
	size_t n = 0;
	enum result r = read_cfg(o->path, "LOCAL.CFG", &bytes, &n, file, err);
	if (r == OK && bytes) {
		r = mail_local_cfg_parse(bytes, n, o->region, &o->local, err);
		if (r != OK)
			err_prefix(err, "%s", file);
	}
	free(bytes);
	return r;
}

static enum result read_map(struct office *o, struct err *err)
{
	char file[PATH_MAX], *bytes;
	size_t n = 0;
	enum result r = read_cfg(o->path, "ADDR_MAP.CFG", &bytes, &n, file, err);
	if (r == OK && bytes) {
		r = mail_map_parse(bytes, n, o->region, &o->map, err);
		if (r != OK)
			err_prefix(err, "%s", file);
	}
	free(bytes);
	return r;
}

/* The postoffice that Windows for Workgroups makes is a folder WGPO0000. */
static bool is_workgroup(const char *path)
{
	char inner[PATH_MAX];
	return mail_names_workgroup(path) || file_find(path, "WGPO0000", inner, sizeof inner);
}

enum result office_open(struct office *o, const char *path, const struct file_ops *files,
			struct err *err)
{
	struct stat st;
	*o = (struct office){.path = path, .files = files};
	if (stat(path, &st) != 0)
		return err_errno(err, errno, "the postoffice %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, E_NOTFOUND, "the postoffice %s is no folder", path);
	if (is_workgroup(path))
		return err_set(err, E_UNSUPPORTED,
			       "%s is a workgroup postoffice, and such never had gateways: it "
			       "needs the full Microsoft Mail",
			       path);
	o->region = region_new(0);
	if (!o->region)
		return err_set(err, E_NOMEM, "no memory for the postoffice");
	maildir_namer_init(&o->namer, o->host);
	enum result r = read_local(o, err);
	if (r == OK)
		r = read_map(o, err);
	if (r != OK)
		office_close(o);
	return r;
}

void office_close(struct office *o)
{
	region_destroy(&o->region);
}

/* ---- addresses ---- */

static enum result find_mailbox(const struct office *o, const char *name, char *mailbox,
				struct err *err)
{
	bool bag = text_same(name, OFFICE_BAG) || text_same(name, "smtp") || text_same(name, "log");
	enum result r =
		bag ? E_NOTFOUND : maildir_find(o->path, name, mailbox, MAILDIR_NAME_MAX + 1);
	if (r == E_NOTFOUND && (text_same(name, "postmaster") || text_same(name, OFFICE_ADMIN))) {
		r = maildir_find(o->path, OFFICE_ADMIN, mailbox, MAILDIR_NAME_MAX + 1);
		if (r == E_NOTFOUND) {
			text_copy(mailbox, MAILDIR_NAME_MAX + 1, OFFICE_ADMIN);
			return maildir_make(o->files, o->path, OFFICE_ADMIN, err);
		}
	}
	if (r == E_NOTFOUND)
		return err_set(err, r, "there is no mailbox %s in %s", name, o->path);
	return r == OK ? OK
		       : err_set(err, r, "the mailboxes in %s cannot be read: %s", o->path,
				 strerror(errno));
}

/* The native form of an Internet address of this postoffice; false: it is elsewhere. */
static bool is_ours(const struct office *o, const char *address, char *native, size_t n)
{
	return mail_map_incoming(&o->map, address, native, n, NULL) == OK;
}

enum result office_find(const struct office *o, const struct neutral_address *a,
			enum office_way *way, char *mailbox, struct err *err)
{
	char native[MAIL_NATIVE_MAX + 64] = "";
	bool csi = text_same(a->type, "CSI");
	*way = OFFICE_BAGGED;
	if (csi && !text_copy(native, sizeof native, a->text))
		return err_set(err, E_NOTFOUND, "%.80s is too long for an address", a->text);
	if (!csi && !(text_same(a->type, "SMTP") && is_ours(o, a->text, native, sizeof native)))
		return o->here ? err_set(err, E_NOTFOUND, "%.80s has no mailbox in %s", a->text,
					 o->path)
			       : OK;
	char *slash = strrchr(native, '/');
	if (slash) {
		*slash = '\0';
		if (!o->here && !mail_local_cfg_has(&o->local, native))
			return OK;
	}
	*way = OFFICE_MAILBOX;
	return find_mailbox(o, slash ? slash + 1 : native, mailbox, err);
}

/* A name as a label of a domain. */
static void put_label(char *to, size_t n, const char *name)
{
	size_t i = 0;
	for (; name[i] && i + 1 < n; i++) {
		char c = text_lower(name[i]);
		bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		to[i] = fine ? name[i] : '-';
	}
	to[i] = '\0';
	if (i && to[0] == '-')
		to[0] = 'x';
	if (i && to[i - 1] == '-')
		to[i - 1] = 'x';
}

/* What was made in a region, or could not be. */
static enum result made(const char *text, const char **out)
{
	*out = text;
	return text ? OK : E_NOMEM;
}

static enum result unmapped(const struct office *o, const char *native, struct region *region,
			    const char **out)
{
	char copy[MAIL_NATIVE_MAX + 1], local[MAIL_LOCAL_MAX + 1], network[16] = "",
								   office[16] = "";
	if (!text_copy(copy, sizeof copy, native))
		return E_NOTFOUND;
	char *mailbox = strrchr(copy, '/'), *second = NULL;
	if (mailbox) {
		*mailbox++ = '\0';
		second = strchr(copy, '/');
		if (!second)
			return E_NOTFOUND;
		*second++ = '\0';
		put_label(network, sizeof network, copy);
		put_label(office, sizeof office, second);
	}
	if (mail_local_quote(mailbox ? mailbox : copy, local, sizeof local) != OK)
		return E_NOTFOUND;
	if (!mailbox)
		return made(region_printf(region, "%s@%s", local,
					  o->map.count ? o->map.entries[0].domain : o->host),
			    out);
	return made(region_printf(region, "%s@%s.%s.invalid", local, office, network), out);
}

enum result office_address(void *office, const struct neutral_address *a, struct region *region,
			   const char **out)
{
	const struct office *o = office;
	struct mail_address parsed;
	if (!a)
		return made(region_printf(region, "Postmaster@%s",
					  o->local.gateway ? o->local.gateway : o->host),
			    out);
	*out = a->text;
	if (text_same(a->type, "SMTP"))
		return mail_address_parse(a->text, strlen(a->text), &parsed, NULL, NULL) == OK
			       ? OK
			       : E_NOTFOUND;
	if (!text_same(a->type, "CSI"))
		return E_NOTFOUND;
	enum result r = mail_map_outgoing(&o->map, a->text, region, out, NULL);
	return r == OK || r == E_NOMEM ? r : unmapped(o, a->text, region, out);
}
