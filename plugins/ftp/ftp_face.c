/*
 * Hosts that we are: faces. See ftp.h. The list of them is the process's; a face belongs to the stacks that have it, and its
 * wire and interface to those of them that are started.
 *
 * Fails at join when the network is not there, or another host has our IPv4 address. The network of a face that is lost stays
 * lost until all who have it have left.
 */
#include "ftp/ftp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static LIST_HEAD(, ftp_face) faces = LIST_HEAD_INITIALIZER(faces);

static struct ftp_face *find(const struct ftp_settings *set)
{
	struct ftp_face *f;
	LIST_FOREACH(f, &faces, all)
	if (memcmp(&f->set, set, sizeof *set) == 0)
		return f;
	return NULL;
}

static enum sgt_result make(const struct ftp_settings *set, struct ftp_face **face,
			    struct sgt_error *error)
{
	struct ftp_face *f = calloc(1, sizeof *f); /* of no stack's memory: any may be the last */
	if (!f)
		return error_set(error, SGT_NOMEM, "memory is short for the settings of ftp");
	f->set = *set;
	enum sgt_result r = wire_init(&f->wire, set->url, error);
	if (r != SGT_OK) {
		free(f);
		return r;
	}
	memcpy(f->wire.name, set->name, sizeof f->wire.name);
	pthread_mutex_init(&f->door, NULL);
	LIST_INSERT_HEAD(&faces, f, all);
	*face = f;
	return SGT_OK;
}

enum sgt_result ftp_face_get(const struct ftp_settings *set, struct ftp_face **face,
			     struct sgt_error *error)
{
	ftp_lock(NULL);
	*face = find(set);
	enum sgt_result r = *face ? SGT_OK : make(set, face, error);
	if (r == SGT_OK)
		(*face)->stacks++;
	ftp_unlock();
	return r;
}

void ftp_face_put(struct ftp_face **face)
{
	struct ftp_face *f = *face;
	*face = NULL;
	if (!f)
		return;
	ftp_lock(NULL);
	bool last = !--f->stacks;
	if (last)
		LIST_REMOVE(f, all);
	ftp_unlock();
	if (!last)
		return;
	wire_free(&f->wire);
	pthread_mutex_destroy(&f->door);
	free(f);
}

/* ---- prepare ---- */

/* Has another host our address? */
static enum sgt_result look_for_owner(struct ftp_face *f, struct sgt_error *error)
{
	uint8_t owner[6];
	char mac[18], ip[16];
	if (!f->set.has_ip4 || !ftp_arp_ask(&f->wire, f->set.mac, &f->set.ip4, FTP_PROBE_MS, owner))
		return SGT_OK;
	ftp_mac_format(owner, mac);
	ip4addr_ntoa_r(&f->set.ip4, ip, sizeof ip);
	error_set(error, SGT_SOCKET, "%s on %s is the address of another host, %s", ip, f->wire.url,
		  mac);
	error_remedy(error, "address = in the vendor's section: one that nobody has there");
	return SGT_SOCKET;
}

static enum sgt_result prepare(struct ftp_face *f, struct sgt_error *error)
{
	enum sgt_result r = wire_prepare(&f->wire, error);
	if (r != SGT_OK || f->wire.kind == WIRE_SWITCH) /* where nobody can be yet */
		return r;
	r = wire_open(&f->wire, error);
	if (r == SGT_OK)
		r = look_for_owner(f, error);
	wire_close(&f->wire);
	f->asked = r == SGT_OK;
	return r;
}

enum sgt_result ftp_face_prepare(struct ftp_face *f, struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	pthread_mutex_lock(&f->door);
	if (!f->prepared && LIST_EMPTY(&f->started))
		r = prepare(f, error);
	f->prepared = r == SGT_OK;
	pthread_mutex_unlock(&f->door);
	return r;
}

/* ---- start and stop ---- */

static bool somebody_started(void)
{
	const struct ftp_face *f;
	LIST_FOREACH(f, &faces, all)
	if (!LIST_EMPTY(&f->started))
		return true;
	return false;
}

static enum sgt_result bring_up(struct ftp_face *f, const struct sgt_host *host,
				struct sgt_error *error)
{
	if (!somebody_started())
		ftp_begin(host);
	f->lost = f->looped = false;
	f->conflict_ms = f->defended_ms = 0;
	LIST_INIT(&f->ports);
	STAILQ_INIT(&f->frames);
	return ftp_netif_up(f, error);
}

/* The wire, before anybody else knows of it. */
static enum sgt_result open_wire(struct ftp_face *f, struct sgt_error *error)
{
	enum sgt_result r = wire_open(&f->wire, error);
	if (r == SGT_OK && !f->asked)
		r = look_for_owner(f, error);
	f->asked = false;
	return r;
}

enum sgt_result ftp_face_join(struct sgt_stack *s, struct sgt_error *error)
{
	struct ftp_face *f = s->face;
	pthread_mutex_lock(&f->door);
	bool first = LIST_EMPTY(&f->started), lost = false;
	enum sgt_result r = first ? open_wire(f, error) : SGT_OK;
	ftp_lock(s);
	if (first && r == SGT_OK)
		r = bring_up(f, s->host, error);
	lost = !first && f->lost;
	struct wire was = f->wire;
	if (r == SGT_OK && !lost)
		LIST_INSERT_HEAD(&f->started, s, of_face);
	ftp_unlock();
	if (lost) {
		wire_lost(&was, error);
		r = error->result;
	}
	if (first && r != SGT_OK)
		wire_close(&f->wire);
	pthread_mutex_unlock(&f->door);
	return r;
}

void ftp_face_leave(struct sgt_stack *s)
{
	struct ftp_face *f = s->face;
	LIST_REMOVE(s, of_face);
	if (!LIST_EMPTY(&f->started))
		return;
	ftp_trim_all(f);
	while (f->looped) /* lwIP would keep what is on its way from us to us */
		ftp_face_loop();
	ftp_netif_flush(f);
	ftp_netif_down(f);
	wire_close(&f->wire);
}

void ftp_face_loop(void)
{
	struct ftp_face *f;
	LIST_FOREACH(f, &faces, all)
	if (f->looped) {
		f->looped = false;
		netif_poll(&f->netif);
	}
}
