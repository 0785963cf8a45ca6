/* Domain names and address literals as RFC 5321 4.1.2 and 4.1.3 spell them: syntax only, nothing is
 * looked up. */
#ifndef SMTPGATE_SMTP_NAME_H
#define SMTPGATE_SMTP_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define SMTP_NAME_MAX 255 /* RFC 5321 4.5.3.1.2 */

/* Labels of letters, digits and hyphens (underscores are tolerated, machines have them), 63 bytes
 * each, no dot at the end. One label is enough. */
bool smtp_name_is_domain(const char *text, size_t n);
/* "[192.0.2.1]" or "[IPv6:2001:db8::1]". */
bool smtp_name_is_literal(const char *text, size_t n);

#endif
