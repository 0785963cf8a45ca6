/* The beds of a module over the host's TCP/IP: against kernel sockets on loopback, and against another stack of it. */
#ifndef SMTPGATE_CONFORMANCE_HOST_BED_H
#define SMTPGATE_CONFORMANCE_HOST_BED_H

#include "conformance/conformance.h"

void host_bed_kernel(struct conformance_bed *bed, const struct sgt_module *module);
void host_bed_twin(struct conformance_bed *bed, const struct sgt_module *module, const char *name);

#endif
