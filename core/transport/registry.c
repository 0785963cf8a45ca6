/* The five vendors, and what runs here: see registry.h. The table follows Q101461. */
#include "transport/registry.h"
#include "base/text.h"
#include "transport/error.h"
#include "transport/instance.h"
#include "transport/loader.h"
#include "transport/stack.h"

#include <stdio.h>
#include <string.h>

#define SWAPPED "Q96244 prints the rows of win and xln swapped; this table follows Q101461"

static const struct registry_vendor vendors[] = {
	{"lmn", "Microsoft LAN Manager for MS-DOS", "the host's own TCP/IP", "smtplmn", NULL},
	{"ftp", "PC/TCP Kernel, FTP Software, Inc.", "lwIP over a packet driver", "smtpftp", NULL},
	{"nvl", "Novell LAN WorkPlace for DOS 4.0",
	 "a private Linux stack in its own network namespace", "smtpnvl", NULL},
	{"win", "WIN/TCP for DOS RunTime 4.1, The Wollongong Group, Inc.",
	 "the 4.4BSD TCP of libslirp on a virtual Ethernet", "smtpwin", SWAPPED},
	{"xln", "Excelan EXOS 205T Intelligent Ethernet Controller", "io_uring", "smtpxln",
	 SWAPPED},
	{NULL, NULL, NULL, NULL, NULL},
};

const struct registry_vendor *registry_vendors(void)
{
	return vendors;
}

const struct registry_vendor *registry_vendor(const char *code)
{
	for (const struct registry_vendor *v = vendors; v->code; v++)
		if (strcmp(v->code, code) == 0)
			return v;
	return NULL;
}

const char *registry_vendor_of_program(const char *argv0)
{
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;
	for (const struct registry_vendor *v = vendors; v->code; v++)
		if (strcmp(v->program, name) == 0)
			return v->code;
	return NULL;
}

static void absent(struct sgt_report *report, const char *cause, const char *remedy)
{
	*report = (struct sgt_report){.state = SGT_ABSENT};
	text_copy(report->cause, sizeof report->cause, cause);
	text_copy(report->remedy, sizeof report->remedy, remedy);
}

static void detect(const struct sgt_module *module, const struct instance_config *with,
		   struct sgt_report *report)
{
	struct instance *instance = NULL;
	struct stack *stack = NULL;
	struct err err = {.code = OK};
	struct sgt_error error = {.result = SGT_OK};
	static const struct stack_ops none;
	const struct stack_config config = {.ops = &none};
	if (instance_new(&instance, module, with, &err) != OK)
		absent(report, err.text, err.remedy);
	else if (stack_create(&stack, instance, &config, &error) != SGT_OK)
		absent(report, error.text, error.remedy);
	else
		stack_detect(stack, report);
	stack_destroy(&stack);
	instance_destroy(&instance);
}

void registry_detect(const struct sgt_module *module, struct sgt_report *report)
{
	const struct instance_config defaults = {.name = module->code};
	detect(module, &defaults, report);
}

/* Place in the list of an answer: the five first. */
static size_t rank(const char *code)
{
	const struct registry_vendor *v = registry_vendor(code);
	return v ? (size_t)(v - vendors) : sizeof vendors / sizeof *vendors;
}

/* Whom to ask, and what for. */
struct question {
	const struct registry_section *sections;
	size_t count;
	const char *except;
	struct buf *out;
	const char *first; /* of the answer */
};

static void ask(struct question *q, const struct sgt_module *module,
		const struct instance_config *with, const char *name)
{
	struct sgt_report report;
	if (q->except && strcmp(name, q->except) == 0)
		return;
	detect(module, with, &report);
	if (report.state != SGT_RUNNING)
		return;
	buf_printf(q->out, "%s%s", q->first ? ", " : "", name);
	if (!q->first)
		q->first = name;
}

/* By the sections that it has, else by its defaults. */
static void ask_module(struct question *q, const struct sgt_module *module)
{
	bool configured = false;
	for (size_t i = 0; i < q->count; i++) {
		const struct registry_section *s = &q->sections[i];
		if (strcmp(s->code, module->code) != 0)
			continue;
		configured = true;
		ask(q, module,
		    &(struct instance_config){
			    .name = s->name, .settings = s->settings, .count = s->count},
		    s->name);
	}
	if (!configured)
		ask(q, module, &(struct instance_config){.name = module->code}, module->code);
}

const char *registry_running(const char *const *dirs, const struct registry_section *sections,
			     size_t count, const char *except, struct buf *out)
{
	struct transport_list list;
	struct question q = {sections, count, except, out, NULL};
	if (transport_scan(dirs, &list) != OK)
		return NULL;
	for (size_t r = 0; r <= sizeof vendors / sizeof *vendors; r++)
		for (size_t i = 0; i < list.count; i++)
			if (list.found[i].module && rank(list.found[i].code) == r)
				ask_module(&q, list.found[i].module);
	transport_list_free(&list);
	return q.first;
}
