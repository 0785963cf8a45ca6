/*
 * SPOOL/maildrop: mail that local programs left there (`smtpgate send`). Looked into at the start, every second, and when
 * a program says so. Each file becomes a message by spool_submit and is removed after its commit.
 */
#ifndef SMTPGATE_GATEWAY_MAILDROP_H
#define SMTPGATE_GATEWAY_MAILDROP_H

#include "gateway/internal.h"

struct maildrop;

struct maildrop *maildrop_new(struct gateway *g); /* NULL: no memory */
void maildrop_destroy(struct maildrop **m);       /* when not busy */
/* Looks now. [main] */
void maildrop_look(struct maildrop *m);
/* A file is on its way into the spool. */
bool maildrop_busy(const struct maildrop *m);

#endif
