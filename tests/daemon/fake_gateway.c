/* The gateway that core/daemon's tests talk to: see fake_gateway.h. */
#include "daemon/fake_gateway.h"

struct fake_gateway fake_gateway;

struct gateway *fake_gateway_handle(void)
{
	return (struct gateway *)&fake_gateway;
}

struct settings *gateway_settings(struct gateway *g)
{
	(void)g;
	return &fake_gateway.settings;
}

struct spool *gateway_spool(struct gateway *g)
{
	(void)g;
	return fake_gateway.spool;
}

void gateway_kick(struct gateway *g, bool flush)
{
	(void)g;
	fake_gateway.kicks++;
	fake_gateway.flushes += flush;
}

void gateway_look(struct gateway *g)
{
	(void)g;
	fake_gateway.looks++;
}

enum result gateway_status(struct gateway *g, struct region *region, struct gateway_status *out)
{
	(void)g;
	*out = (struct gateway_status){.started = 1600000000000, .disk_free = 1u << 30};
	out->stacks = region_alloc(region, sizeof *out->stacks);
	out->stack_count = 1;
	*out->stacks = (struct gateway_stack_status){.name = "lmn",
						     .code = "lmn",
						     .vendor = "LAN Manager",
						     .provider = "epoll",
						     .state = "down",
						     .error = "broken \xff cable",
						     .required = true};
	out->listeners = region_alloc(region, sizeof *out->listeners);
	out->listener_count = 1;
	*out->listeners = (struct gateway_listener_status){
		.name = "lan", .vendor = "lmn", .address = "127.0.0.1:2525", .state = "listening"};
	out->destinations = region_alloc(region, sizeof *out->destinations);
	out->destination_count = 1;
	*out->destinations = (struct gateway_destination_status){.id = "route default", .last = ""};
	return OK;
}
