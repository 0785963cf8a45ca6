/* All modules that are linked in or lie in the folders: see loader.h. Owns the list that it fills. */
#include "transport/loader.h"
#include "transport/loader_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void transport_list_free(struct transport_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->found[i].code);
		free(list->found[i].file);
	}
	free(list->found);
	*list = (struct transport_list){0};
}

/* Adds a code once; file NULL: linked in. Its first file is the one that is shown. */
static enum result add(struct transport_list *list, const char *code, size_t n, const char *dir)
{
	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->found[i].code) == n && memcmp(list->found[i].code, code, n) == 0)
			return OK;
	struct transport_found *more =
		realloc(list->found, (list->count + 1) * sizeof *list->found);
	if (!more)
		return E_NOMEM;
	list->found = more;
	struct transport_found *f = &more[list->count];
	*f = (struct transport_found){.code = strndup(code, n)};
	if (!f->code)
		return E_NOMEM;
	list->count++;
	if (dir && asprintf(&f->file, "%s/%s.so", dir, f->code) < 0) {
		f->file = NULL;
		return E_NOMEM;
	}
	return OK;
}

static enum result scan_dir(struct transport_list *list, const char *dir)
{
	enum result r = OK;
	DIR *d = *dir == '/' ? opendir(dir) : NULL;
	for (struct dirent *e; d && r == OK && (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (n > 3 && strcmp(e->d_name + n - 3, ".so") == 0)
			r = add(list, e->d_name, n - 3, dir);
	}
	if (d)
		closedir(d);
	return r;
}

static int by_code(const void *a, const void *b)
{
	const struct transport_found *x = a, *y = b;
	return strcmp(x->code, y->code);
}

enum result transport_scan(const char *const *dirs, struct transport_list *list)
{
	enum result r = OK;
	const char *code;
	*list = (struct transport_list){0};
	for (size_t i = 0; r == OK && (code = loader_linked_in(i)); i++)
		r = add(list, code, strcspn(code, "."), NULL);
	for (const char *const *d = dirs; r == OK && d && *d; d++)
		r = scan_dir(list, *d);
	if (r != OK) {
		transport_list_free(list);
		return r;
	}
	if (list->count)
		qsort(list->found, list->count, sizeof *list->found, by_code);
	for (size_t i = 0; i < list->count; i++) {
		struct transport_found *f = &list->found[i];
		f->result = transport_load(dirs, f->code, &f->module, &f->err);
	}
	return OK;
}
