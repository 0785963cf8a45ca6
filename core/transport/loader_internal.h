/* Between loader.c and scan.c. */
#ifndef SMTPGATE_TRANSPORT_LOADER_INTERNAL_H
#define SMTPGATE_TRANSPORT_LOADER_INTERNAL_H

#include <stddef.h>

/* The i-th module that is linked in, "mem" or as libtool lists it "lmn.a"; NULL: no more. */
const char *loader_linked_in(size_t i);

#endif
