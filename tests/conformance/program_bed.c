/* From a file's name and options to a bed: the module as the gateway would load it, and addresses that its stacks name. */
#include "conformance/program.h"
#include "conformance/rig.h"
#include "transport/loader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void complain(const struct program *p, const char *what, const char *remedy)
{
	fprintf(stderr, "smtpgate-transport-test: %s: %s\n", p->file, what);
	if (remedy && *remedy)
		fprintf(stderr, "  %s\n", remedy);
}

/* The folder of a file, absolute, and its name; false: there is none. The file itself may be a link. */
static bool split_path(const char *file, char folder[PATH_MAX], const char **name)
{
	char given[PATH_MAX];
	const char *slash = strrchr(file, '/');
	*name = slash ? slash + 1 : file;
	size_t n = slash ? (size_t)(slash - file) : 0;
	if (n >= sizeof given)
		return false;
	snprintf(given, sizeof given, "%.*s", (int)n, file);
	return realpath(n ? given : slash ? "/" : ".", folder) != NULL;
}

/* By the gateway's own loader, so that what it would refuse (owner, ABI, a missing library) is refused here. */
bool program_load(struct program *p)
{
	char folder[PATH_MAX];
	const char *name, *dirs[] = {folder, NULL};
	struct err err = {.text = "no memory"};
	if (!split_path(p->file, folder, &name)) {
		complain(p, "there is no such folder", "name the file of a module: CODE.so");
		return false;
	}
	size_t n = strlen(name);
	if (n < 4 || strcmp(name + n - 3, ".so") != 0) {
		complain(p, "no module: its name does not end in .so", "name the file CODE.so");
		return false;
	}
	char *code = strndup(name, n - 3);
	bool good = code && transport_load(dirs, code, &p->bed.module, &err) == LOAD_OK;
	if (!good)
		complain(p, err.text, err.remedy);
	free(code);
	p->bed.name = good ? p->bed.module->code : "";
	return good;
}

/* Where the next own address goes: [0] the first of any kind, [1] the first in brackets. */
struct learn {
	char (*to)[SGT_ADDRESS_MAX];
};

static void see(void *ctx, const char *address)
{
	struct learn *l = ctx;
	char *to = l->to[*address == '['];
	if (!*to)
		snprintf(to, SGT_ADDRESS_MAX, "%s", address);
}

/* Starts a stack with these settings and asks it for its addresses. */
static bool ask(const struct program *p, const struct conformance_setting *settings,
		char (*to)[SGT_ADDRESS_MAX])
{
	struct arena arena = {.count = 0};
	struct learn l = {.to = to};
	struct rig *rig = calloc(1, sizeof *rig);
	bool good = rig && rig_open(rig, &p->bed, &arena, settings);
	if (good)
		rig->module->own_addresses(rig->stack, see, &l);
	else
		complain(p, rig && *rig->failure ? rig->failure : "it does not start",
			 "settings are given by --set KEY=VALUE");
	if (rig)
		rig_close(rig);
	free(rig);
	return good;
}

/* What was given, else what was learnt; "none" and nothing are NULL. */
static const char *address_of(const char *given, const char *learnt)
{
	const char *text = given ? given : learnt;
	return text && *text && strcmp(text, "none") != 0 ? text : NULL;
}

bool program_learn(struct program *p)
{
	struct conformance_bed *b = &p->bed;
	char(*own)[SGT_ADDRESS_MAX] = p->learnt, (*peer)[SGT_ADDRESS_MAX] = p->learnt + 2;
	if ((!b->host || !b->host6) && !ask(p, b->settings, own))
		return false;
	bool twin = b->peer == &conformance_peer_twin;
	if (twin && (!b->peer_host || !b->peer_host6) && !ask(p, b->peer_settings, peer))
		return false;
	b->host = address_of(b->host, own[0]);
	b->host6 = address_of(b->host6, own[1]);
	b->peer_host = address_of(b->peer_host, twin ? peer[0] : b->host);
	b->peer_host6 = address_of(b->peer_host6, twin ? peer[1] : b->host6);
	if (b->host && b->peer_host)
		return true;
	complain(p, "the stack names no address of its own", "--host ADDRESS --peer-host ADDRESS");
	return false;
}
