/* Listeners of a lane: see inbound.h. */
#include "gateway/inbound.h"

#include "gateway/session.h"
#include "transport/listener.h"

#include <stdlib.h>
#include <string.h>

/* One listening address on one lane. */
struct lane_listener {
	struct lane_listener *next;
	struct lane *lane;
	struct inbound *in;
	const char *address;
	struct listener *handle; /* NULL: not open */
};

/* ---- main thread ---- */

enum result inbound_new(struct gateway *g, struct err *err)
{
	struct inbound **last = &g->inbound;
	for (size_t i = 0; i < g->settings->listen_count; i++) {
		struct inbound *in = calloc(1, sizeof *in);
		if (in)
			in->clients = clients_new();
		if (in && in->clients)
			in->guesses = guesses_new(g->session_seed);
		if (!in || !in->guesses) {
			if (in)
				clients_destroy(&in->clients);
			free(in);
			return err_set(err, E_NOMEM, "no memory for the listener %s",
				       g->settings->listens[i].name);
		}
		in->settings = settings_ref(g->settings);
		in->conf = &g->settings->listens[i];
		in->name = in->conf->name;
		in->vendor = in->conf->vendor;
		*last = in;
		last = &in->next;
	}
	return OK;
}

void inbound_destroy(struct gateway *g)
{
	for (struct inbound *in = g->inbound, *next; in; in = next) {
		next = in->next;
		clients_destroy(&in->clients);
		guesses_destroy(&in->guesses);
		settings_unref(&in->settings);
		free(in);
	}
	g->inbound = NULL;
}

unsigned inbound_sessions(const struct gateway *g)
{
	unsigned n = 0;
	for (struct inbound *in = g->inbound; in; in = in->next)
		n += atomic_load(&in->sessions);
	return n;
}

enum result inbound_status(struct gateway *g, struct region *region, struct gateway_status *out)
{
	size_t n = 0;
	for (struct inbound *in = g->inbound; in; in = in->next)
		n += in->conf->addresses.count;
	struct gateway_listener_status *list = region_alloc(region, n * sizeof *list + 1);
	if (!list)
		return E_NOMEM;
	out->listeners = list;
	for (struct inbound *in = g->inbound; in; in = in->next) {
		for (size_t a = 0; a < in->conf->addresses.count; a++) {
			struct gateway_listener_status *s = &list[out->listener_count++];
			*s = (struct gateway_listener_status){
				.name = in->name,
				.vendor = in->vendor,
				.address = in->conf->addresses.items[a],
				.state = atomic_load(&in->open) ? "listening" : "down",
				.accepted = atomic_load(&in->accepted),
				.refused = atomic_load(&in->refused),
			};
			clients_counts(in->clients, &s->sessions, &s->sessions_total);
		}
	}
	return OK;
}

const struct conf_listen *inbound_conf(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->listen_count; i++)
		if (strcmp(s->listens[i].name, name) == 0)
			return &s->listens[i];
	return NULL;
}

/* ---- the lane's thread ---- */

static void accepted(void *ctx, struct listener *handle, struct conn *c)
{
	struct lane_listener *ll = ctx;
	(void)handle;
	session_new(ll->lane, ll->in, c);
}

static struct lane_listener *find(struct lane *l, const struct inbound *in, const char *address)
{
	for (struct lane_listener *ll = l->listeners; ll; ll = ll->next)
		if (ll->in == in && strcmp(ll->address, address) == 0)
			return ll;
	return NULL;
}

static enum sgt_result open_one(struct lane *l, struct inbound *in, const char *address,
				struct sgt_error *error)
{
	struct lane_listener *ll = find(l, in, address);
	if (ll)
		return SGT_OK;
	ll = calloc(1, sizeof *ll);
	if (!ll) {
		*error =
			(struct sgt_error){.result = SGT_NOMEM, .text = "no memory for a listener"};
		return SGT_NOMEM;
	}
	ll->lane = l;
	ll->in = in;
	ll->address = address;
	struct sgt_plan plan = {in->name, address, in->conf->threads > 1};
	enum sgt_result r = listener_open(&ll->handle, l->stack, &plan, accepted, ll, error);
	if (r != SGT_OK) {
		free(ll);
		return r;
	}
	ll->next = l->listeners;
	l->listeners = ll;
	atomic_fetch_add(&in->open, 1);
	LOG(LOG_INFO, NULL, "listener", "open", F_S("name", in->name),
	    F_S("vendor", l->vendor->name), F_S("address", listener_address(ll->handle)));
	return SGT_OK;
}

enum sgt_result inbound_open(struct lane *l, struct sgt_error *error)
{
	for (struct inbound *in = l->vendor->g->inbound; in; in = in->next) {
		if (strcmp(in->vendor, l->vendor->name) != 0 || l->index >= in->conf->threads)
			continue;
		for (size_t a = 0; a < in->conf->addresses.count; a++) {
			enum sgt_result r = open_one(l, in, in->conf->addresses.items[a], error);
			if (r != SGT_OK)
				return r;
		}
	}
	return SGT_OK;
}

void inbound_close(struct lane *l, bool lost)
{
	while (l->listeners) {
		struct lane_listener *ll = l->listeners;
		l->listeners = ll->next;
		if (!lost)
			listener_close(&ll->handle);
		atomic_fetch_sub(&ll->in->open, 1);
		free(ll);
	}
}
