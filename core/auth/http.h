/*
 * One POST of a form over HTTPS, by libcurl: over the host's own TCP/IP and its names, whatever vendor mail travels by. No
 * redirect is followed, and no proxy of the environment is used. Blocks: for threads of the pool and commands.
 */
#ifndef SMTPGATE_AUTH_HTTP_H
#define SMTPGATE_AUTH_HTTP_H

#include "base/buf.h"
#include "base/result.h"

#include <stdatomic.h>
#include <stdint.h>

#define HTTP_BODY_MAX 65536 /* bytes of an answer; longer ones are refused */

struct http_request {
	const char *url; /* https */
	const char
		*form;  /* application/x-www-form-urlencoded; holds secrets: it goes nowhere else */
	const char *ca; /* PEM file; NULL: the system's */
	const char *proxy;       /* NULL: none */
	int64_t limit;           /* ms for all of it */
	const atomic_bool *stop; /* may be NULL; when it becomes true it ends */
};

/* OK: an HTTP answer came, whatever its status; body (cleared first, HTTP_BODY_MAX or more) holds it. E_NETWORK, E_TIMEOUT,
 * E_CANCELLED, E_DENIED (its certificate), E_LIMIT, E_NOMEM: err has words with the host's name. */
enum result http_post(const struct http_request *r, long *status, struct buf *body,
		      struct err *err);
/* Appends "NAME=VALUE" with VALUE escaped, behind & when something is there. value NULL: nothing. */
enum result http_form(struct buf *form, const char *name, const char *value);

#endif
