/* What most commands begin with: the configuration of the call, and the way to its running gateway. */
#ifndef SMTPGATE_DAEMON_CONTEXT_H
#define SMTPGATE_DAEMON_CONTEXT_H

#include "conf/settings.h"
#include "daemon/commands.h"
#include "daemon/link.h"

#include <limits.h>

/* Where the configuration of this call is: --config, else SMTPGATE_CONFIG, else --instance, else the default. Absolute. */
enum result context_file(const struct call *c, char out[PATH_MAX], struct err *err);
/* Reads it. `service`: for the gateway itself under a service manager (see conf_overrides). Prints every error, with
 * `warnings` also those, to standard error. EXIT_DONE (one reference in *out), EXIT_CONFIG or EXIT_USAGE. */
enum exit_status context_load(const struct call *c, bool service, bool warnings,
			      struct settings **out);
/* Prints "FILE:LINE: error: text" lines. */
void context_print_faults(const struct conf_fault *first, bool warnings, FILE *to);
/* The control socket of these settings; for an instance under a service manager, in a folder of its own. */
void context_control(const struct call *c, const struct settings *s, char out[PATH_MAX]);
/* Connects to the gateway of this call, or to the one that a service manager runs with its configuration. As link_open;
 * E_CONFIG (faulty configuration) and E_SYNTAX (wrong usage) were said. With a faulty file the gateway of the default file or of
 * an instance is still found where a service manager has its socket. */
enum result context_connect(const struct call *c, struct link *l, struct err *err);
/* Connects to the gateway of this call, wherever its control socket is: EXIT_DONE, or an exit status after it was said. */
enum exit_status context_link(const struct call *c, struct link *l);
/* One request and its answer over a new connection. E_NOTFOUND becomes EXIT_NO_DAEMON only for the connection itself. */
enum exit_status context_ask(const struct call *c, json_t *request,
			     bool (*line)(void *ctx, const json_t *object), void *ctx,
			     json_t **last);

#endif
