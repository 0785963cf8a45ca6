/*
 * The TLS, the users and the passwords of a settings snapshot: certificates, contexts, names and secrets, made once when the settings are taken, attached to them, and
 * used from every thread that holds them. A reload reads certificates and users again, because it makes a new snapshot.
 */
#ifndef SMTPGATE_GATEWAY_SECURE_H
#define SMTPGATE_GATEWAY_SECURE_H

#include "auth/users.h"
#include "conf/settings.h"
#include "tls/context.h"

struct gateway;

/* Reads what the settings name and attaches it. A certificate that cannot be used: E_CONFIG and the like, err names section and
 * file. What may be used but is not right (expired) is logged. Writes nothing. */
enum result secure_new(struct settings *s, int64_t now, struct err *err);
/* Keeps a certificate of our own making (certificate = auto) in the spool, when it is not there yet. Without success
 * that is logged, and the next start makes another. */
void secure_keep(const struct settings *s);
/* Those who may log in at a listener; NULL: its auth is off. Borrowed from the settings. */
const struct users *secure_users(const struct settings *s, const struct conf_listen *l);
/* What a route logs in with; NULL: it does not, or by a token. Borrowed from the settings; cleared with them. */
const char *secure_password(const struct settings *s, const struct conf_route *r);
/* The secret of an application; NULL: it has none. Likewise. */
const char *secure_client_secret(const struct settings *s, const struct conf_oauth *o);
/* When the settings hold secrets, no memory of this process is written into a core file any more, whoever asks. To be called
 * once rights were dropped, which undoes it. */
void secure_guard(const struct settings *s);
/* For clients of a listener that get this profile; NULL: its tls is off. Borrowed from the settings. */
struct tls_context *secure_listen(const struct settings *s, const struct conf_listen *l,
				  const struct conf_profile *p);
/* For the servers of a route; NULL: its tls is off. Borrowed from the settings. */
struct tls_context *secure_route(const struct settings *s, const struct conf_route *r);

#endif
