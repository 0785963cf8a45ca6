/*
 * What tests do to the in-memory network: pull its cable, silence an address, fail a call. Never used by the daemon.
 * Callable from any thread. A network is known by its name (the key `network` of the stacks on it, "mem" when unset);
 * one that no stack has joined yet is made. Faults stay until they are taken back.
 */
#ifndef SMTPGATE_PLUGINS_MEM_H
#define SMTPGATE_PLUGINS_MEM_H

#include "smtpgate/transport.h"

#include <stddef.h>
#include <stdint.h>

SGT_EXPORT const struct sgt_module SGT_MODULE(mem);

/* What detect says of every stack on it. Anything but SGT_RUNNING pulls the cable: started stacks get DOWN, start fails. */
void mem_state(const char *network, enum sgt_state state);

enum mem_fault {
	MEM_FINE,
	MEM_REFUSE,      /* connect: SGT_REFUSED */
	MEM_SILENT,      /* connect is never answered, datagrams vanish */
	MEM_UNREACHABLE, /* connect: SGT_UNREACHABLE, as for a host that nobody has */
};
/* address: "HOST" (all its ports) or "HOST:PORT". */
void mem_fault(const char *network, const char *address, enum mem_fault fault);

/* Resets every open connection with an end at this "HOST" or "HOST:PORT"; returns how many. */
size_t mem_reset(const char *network, const char *address);

enum mem_call {
	MEM_PREPARE,
	MEM_START,
	MEM_RUN,
	MEM_LISTEN,
	MEM_CONNECT,
	MEM_SEND,
	MEM_DGRAM_OPEN,
	MEM_DGRAM_SEND,
	MEM_CALLS
};
/* The nth call from now on (1: the next), of any stack on the network, fails with this result; 0 takes it back. */
void mem_fail(const char *network, enum mem_call call, unsigned long nth, enum sgt_result result);
/* start and run sleep so long first, to play a stack that hangs. 0: none. */
void mem_hang(const char *network, enum mem_call call, int ms);

#endif
