/* Collecting, ordering and printing faults: see fault.h and settings.h. Owns nothing. */
#include "conf/fault.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fault_entry {
	struct conf_fault fault;
	struct fault_entry *next;
	unsigned place;
	size_t order; /* as found */
};

void conf_faults_init(struct conf_faults *f, struct region *region)
{
	memset(f, 0, sizeof *f);
	f->region = region;
	f->last = &f->entries;
}

void conf_faults_add(struct conf_faults *f, bool warning, unsigned place, const char *file,
		     unsigned line, const char *remedy, const char *text)
{
	f->errors += !warning;
	struct fault_entry *e = region_alloc(f->region, sizeof *e);
	if (!e) {
		f->no_memory = true;
		return;
	}
	e->fault.warning = warning;
	e->fault.file = region_strdup(f->region, file);
	e->fault.line = line;
	e->fault.remedy = region_strdup(f->region, remedy);
	e->fault.text = region_strdup(f->region, text);
	if (!e->fault.file || !e->fault.text || (remedy && !e->fault.remedy)) {
		f->no_memory = true;
		return;
	}
	e->place = place;
	e->order = f->count++;
	*f->last = e;
	f->last = &e->next;
}

static int compare(const void *left, const void *right)
{
	const struct fault_entry *a = *(struct fault_entry *const *)left;
	const struct fault_entry *b = *(struct fault_entry *const *)right;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	if (a->fault.line != b->fault.line)
		return a->fault.line < b->fault.line ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

struct conf_fault *conf_faults_list(struct conf_faults *f)
{
	if (!f->count)
		return NULL;
	struct fault_entry **all = malloc(f->count * sizeof *all);
	if (!all) {
		f->no_memory = true;
		return NULL;
	}
	size_t n = 0;
	for (struct fault_entry *e = f->entries; e; e = e->next)
		all[n++] = e;
	qsort(all, n, sizeof *all, compare);
	for (size_t i = 0; i < n; i++)
		all[i]->fault.next = i + 1 < n ? &all[i + 1]->fault : NULL;
	struct conf_fault *first = &all[0]->fault;
	free(all);
	return first;
}

const char *conf_fault_meant(struct conf_faults *f, const char *word, const char *const *words)
{
	const char *near = text_nearest(word, words);
	const char *remedy = near ? region_printf(f->region, "did you mean \"%s\"?", near) : NULL;
	f->no_memory |= near && !remedy;
	return remedy;
}

const char *conf_fault_shown(const char *text, char out[68])
{
	size_t n = strlen(text);
	if (n <= 60) {
		memcpy(out, text, n + 1);
		return out;
	}
	for (n = 60; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	memcpy(out, text, n);
	memcpy(out + n, "...", 4);
	return out;
}

size_t conf_faults_print(const struct conf_fault *faults, FILE *out)
{
	size_t errors = 0, warnings = 0;
	for (const struct conf_fault *f = faults; f; f = f->next) {
		fputs(f->file, out);
		if (f->line)
			fprintf(out, ":%u", f->line);
		fprintf(out, ": %s: %s", f->warning ? "warning" : "error", f->text);
		if (f->remedy)
			fprintf(out, " (%s)", f->remedy);
		fputc('\n', out);
		errors += !f->warning;
		warnings += f->warning;
	}
	if (faults)
		fprintf(out, "%zu error%s, %zu warning%s\n", errors, errors == 1 ? "" : "s",
			warnings, warnings == 1 ? "" : "s");
	return errors;
}
