/*
 * probe: one TCP/IP layer by layer, from the module's file to the greeting of the smart hosts that are reached over it. Stops at
 * the layer that fails. It starts the stack in this process, without a listener, and ends it again: a running gateway is not
 * touched. (A network that takes one station of an address only: stop the gateway before.)
 */
#include "base/log.h"
#include "daemon/context.h"
#include "daemon/greet.h"
#include "daemon/probe.h"
#include "daemon/table.h"
#include "gateway/trouble.h"
#include "transport/registry.h"

#include <string.h>

#define BLOCK_MAX 4096
#define PROBE_MS 10000 /* for what the module looks at */

static enum exit_status print_block(const struct probe *p, struct transport_report *trouble)
{
	char block[BLOCK_MAX];
	fflush(p->call->out);
	trouble_block(trouble, p->settings, block, sizeof block);
	fputs(block, p->call->err);
	return EXIT_SOCKET;
}

/* Module, settings, provider: as far as a look can go. */
static enum exit_status climb(struct probe *p, const struct conf_vendor *v)
{
	FILE *to = p->call->out;
	enum result r = look_open(&p->look, p->settings, v, p->call->err);
	const struct sgt_module *m = p->look.module;
	if (p->look.layer > LOOK_MODULE)
		fprintf(to, PROBE_LAYER "%s, %s (%s)\n", "module", m->code, m->vendor, m->version);
	if (p->look.layer > LOOK_CREATE)
		fprintf(to, PROBE_LAYER "good\n", "settings");
	if (p->look.layer == LOOK_PROVIDER)
		fprintf(to, PROBE_LAYER "%s: %s%s%s\n", "provider", m->provider,
			look_state_word(p->look.report.state), *p->look.report.detail ? ", " : "",
			p->look.report.detail);
	return r == OK ? EXIT_DONE : print_block(p, &p->look.trouble);
}

static void print_finding(void *ctx, const struct sgt_finding *f)
{
	const struct probe *p = ctx;
	fprintf(p->call->out, PROBE_LAYER "", f->layer);
	table_put(p->call->out, "", f->text, "\n");
	if (f->result != SGT_OK && *f->remedy)
		table_put(p->call->out, "  remedy:  ", f->remedy, "\n");
}

/* The module's own layers, as far as it has a look at them. What does not keep the stack from starting ends with 1. */
static enum exit_status climb_module(struct probe *p, struct sgt_error *error)
{
	enum sgt_result r = stack_probe(p->look.stack, PROBE_MS, print_finding, p, error);
	if (r == SGT_OK)
		return EXIT_DONE;
	return r == SGT_SOCKET || r == SGT_DENIED ? EXIT_SOCKET : EXIT_FAILED;
}

static enum exit_status start(struct probe *p)
{
	struct sgt_error error = {0}, layer;
	struct transport_report trouble;
	enum exit_status status;
	/* what keeps prepare from its work may be what the module says of a layer, in its place */
	bool ready = stack_prepare(p->look.stack, &error) == SGT_OK;
	status = climb_module(p, ready ? &error : &layer);
	if (status == EXIT_FAILED)
		return status;
	if (ready && status == EXIT_DONE && stack_start_here(p->look.stack, &error) == SGT_OK) {
		fprintf(p->call->out, PROBE_LAYER "it starts\n", "start");
		return EXIT_DONE;
	}
	report_error(&trouble, p->look.vendor->name, p->look.module, &p->look.report, &error);
	return print_block(p, &trouble);
}

static void print_own(void *ctx, const char *address)
{
	fprintf(ctx, " %s", address);
}

static enum exit_status probe_vendor(struct probe *p, const struct conf_vendor *v)
{
	log_open("file:/dev/null", NULL); /* what the stack logs is said here in words */
	enum exit_status status = climb(p, v);
	if (status == EXIT_DONE)
		status = start(p);
	if (status == EXIT_DONE) {
		fprintf(p->call->out, "%-10s", "addresses");
		stack_own_addresses(p->look.stack, print_own, p->call->out);
		fputc('\n', p->call->out);
		status = probe_names(p);
	}
	if (status == EXIT_DONE)
		status = probe_hosts(p);
	if (p->look.stack)
		stack_stop(p->look.stack, GREET_LIMIT_MS);
	look_close(&p->look);
	return status;
}

enum exit_status cmd_probe(struct call *c)
{
	struct probe p = {.call = c};
	enum exit_status status = context_load(c, false, false, &p.settings);
	if (status != EXIT_DONE)
		return status;
	const char *name = c->options.arg_count ? c->options.args[0] : p.settings->gateway.vendor;
	const struct conf_vendor *v = settings_vendor(p.settings, name);
	/* A transport that the configuration does not name is probed with its defaults. */
	struct conf_vendor unnamed = {.name = name, .plugin = name};
	status = probe_vendor(&p, v ? v : &unnamed);
	settings_unref(&p.settings);
	return status;
}
