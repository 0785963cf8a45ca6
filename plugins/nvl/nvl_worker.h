/*
 * A worker: one private network, from its making to its loss.
 *
 *	BUILDING --all of it stands--> SERVING          says NVL_BUILT
 *	BUILDING --a step fails--> ended                says NVL_REFUSED, why, and what to do
 *	SERVING: frames pass once the module said GO (nvl_talk.h)
 *	SERVING --the switch or the device is lost--> ended   says NVL_LOST and why
 *	SERVING --the module closed its end--> ended    says nothing
 *
 * What it owns, a namespace, its TAP device, the cable to the Ethernet, ends with its process; sockets that were passed
 * on keep the namespace alive until they are closed.
 */
#ifndef SMTPGATE_NVL_WORKER_H
#define SMTPGATE_NVL_WORKER_H

#include "nvl/nvl_talk.h"

/* Runs until one of the ends above; returns the process' exit status. plugin: the module's socket. */
int nvl_worker(const struct nvl_spec *spec, int plugin);

#endif
