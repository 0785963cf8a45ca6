/* Whose an address of the envelope is: for `sender_login`. */
#ifndef SMTPGATE_ROUTE_SENDER_H
#define SMTPGATE_ROUTE_SENDER_H

#include "conf/settings.h"

#include <stdbool.h>

/*
 * May the user who is logged in send as this reverse-path? A user named as an address has that address; any other NAME@ every domain
 * that is ours: [gateway] origin and hostname, and those of postoffices. Case is ignored. The null reverse-path is everybody's.
 */
bool route_sender_owned(const struct settings *s, const char *user, const char *reverse_path);

#endif
