/*
 * The paths of MAIL and RCPT (RFC 5321 4.1.2): syntax only. Source routes are read over (RFC
 * 5321 3.3 and appendix C), quoted local parts and address literals are taken as spelled.
 */
#ifndef SMTPGATE_SMTP_PATH_H
#define SMTPGATE_SMTP_PATH_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define SMTP_PATH_MAX 1024 /* bytes of an address that may be sent */

#define SMTP_PATH_NULL 1u       /* <> is allowed: reverse-paths */
#define SMTP_PATH_POSTMASTER 2u /* <Postmaster> without domain is allowed: forward-paths */
#define SMTP_PATH_LOOSE 4u      /* brackets and domain may be missing: jdoe */

struct smtp_path {
	const char *address; /* within the text scanned: "user@domain", or the local part alone */
	size_t n;            /* 0: the null reverse-path */
	const char *rest;    /* what follows after blanks: ESMTP parameters, or the text's end */
	bool bare;           /* there were no brackets */
	bool routed;         /* a source route was read over */
	bool local;          /* there is no domain */
	bool wide;           /* it is not ASCII, but UTF-8: the peer must have said SMTPUTF8 */
};

/*
 * Scans a path at the front of n bytes of text; blanks before it are skipped. Unquoted local parts
 * may have dots at any place (some providers give such addresses out). Both parts may be UTF-8 (RFC
 * 6531 3.3). OK; E_SYNTAX; E_UNSUPPORTED when a byte of what is no path is not ASCII.
 */
enum result smtp_path_scan(const char *text, size_t n, unsigned flags, struct smtp_path *path);
/* May this go between < and > in a command? False for control characters, for blanks and angle
 * brackets outside quotes, for what is not UTF-8 or longer than SMTP_PATH_MAX: none of these may
 * reach the wire from an envelope. */
bool smtp_path_sendable(const char *address);

#endif
