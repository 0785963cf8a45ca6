/*
 * A stack of nvl in its network: detect, prepare, start, run, stop.
 *
 * The network is built by prepare, let go by the first start, and kept over stop and start. When it is lost (the switch, the
 * device, the helper) run says so once, as the contract has it, and the next start builds another: the sockets of the old
 * one, planned ports among them, are then worth nothing and are bound anew.
 */
#include "nvl/nvl.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* ---- sockets ---- */

static int open_socket(void *ctx, int family, int type)
{
	const struct sgt_stack *s = ctx;
	return nvl_net_socket(s->net, s->build, family, type);
}

static void ended(void *ctx, int fd)
{
	ports_ended(&((struct sgt_stack *)ctx)->ports, fd);
}

const struct sock_ways nvl_ways = {.open = open_socket, .ended = ended};

static void explain(void *ctx, const struct sock_port *port, struct sgt_error *error)
{
	const struct sgt_stack *s = ctx;
	switch (error->result) {
	case SGT_IN_USE:
		error_set(error, SGT_IN_USE,
			  "%s is in use: another listener of [vendor %.40s] has it", port->text,
			  s->name);
		error_remedy(error, "give [listen %.40s] another address", port->name);
		break;
	case SGT_DENIED:
		error_set(error, SGT_DENIED, "rights forbid to listen at %s in the private network",
			  port->text);
		error_remedy(error, "give [listen %.40s] a port above 1023, or start as root",
			     port->name);
		break;
	case SGT_BAD_ADDRESS:
		error_set(error, SGT_BAD_ADDRESS, "%s is not an address of [vendor %.40s]",
			  port->text, s->name);
		error_remedy(error, "smtpgate config vendor %.40s", s->name);
		break;
	default:
		break;
	}
}

const struct sock_port_ways nvl_port_ways = {.explain = explain};

/* ---- life ---- */

void nvl_detect(struct sgt_stack *s, struct sgt_report *report)
{
	memset(report, 0, sizeof *report);
	memcpy(report->detail, s->spec.network, sizeof report->detail);
	nvl_net_try(s->net, report);
}

static enum sgt_result up(struct sgt_stack *s, int *link, struct sgt_error *error)
{
	unsigned long build;
	enum sgt_result r = nvl_net_up(s->net, &build, link, error);
	if (r != SGT_OK || build == s->build)
		return r;
	ports_unbind(&s->ports);
	s->build = build;
	return ports_bind(&s->ports, error);
}

enum sgt_result nvl_prepare(struct sgt_stack *s, struct sgt_error *error)
{
	int link;
	enum sgt_result r = up(s, &link, error);
	if (link >= 0)
		close(link);
	return r;
}

static void link_event(struct watch *w, uint32_t events)
{
	struct sgt_stack *s = (struct sgt_stack *)((char *)w - offsetof(struct sgt_stack, watch));
	(void)events;
	s->lost = true;
	poller_remove(&s->sock.poller, w);
}

enum sgt_result nvl_start(struct sgt_stack *s, struct sgt_error *error)
{
	enum sgt_result r = up(s, &s->link, error);
	if (r == SGT_OK)
		r = sock_start(&s->sock, error);
	if (r == SGT_OK) {
		s->lost = false;
		s->watch = (struct watch){.fn = link_event, .fd = s->link};
		int e = poller_add(&s->sock.poller, &s->watch, EPOLLRDHUP);
		if (!e) {
			nvl_net_go(s->net, s->build);
			return SGT_OK;
		}
		r = error_errno(error, ERROR_SOCKET, e, "private network");
		sock_stop(&s->sock);
	}
	if (s->link >= 0)
		close(s->link);
	s->link = -1;
	return r;
}

enum sgt_result nvl_run(struct sgt_stack *s, int timeout_ms, struct sgt_error *error)
{
	enum sgt_result r = sock_run(&s->sock, timeout_ms, error);
	return r == SGT_OK && s->lost ? nvl_net_why(s->link, error) : r;
}

void nvl_stop(struct sgt_stack *s)
{
	poller_remove(&s->sock.poller, &s->watch);
	sock_stop(&s->sock);
	if (s->link >= 0)
		close(s->link);
	s->link = -1;
}
