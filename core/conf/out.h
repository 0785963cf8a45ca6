/* Text being formatted: a buffer that remembers that memory was short, so that writers need not ask each time. */
#ifndef SMTPGATE_CONF_OUT_H
#define SMTPGATE_CONF_OUT_H

#include "base/buf.h"

struct conf_out {
	struct buf text;
	enum result result; /* OK, or that of the first call that failed; later ones do nothing */
};

/* Empty text without bound. Holds no memory until written to. */
void conf_out_init(struct conf_out *out);
void conf_out_free(struct conf_out *out);
void conf_out_append(struct conf_out *out, const void *bytes, size_t n);
void conf_out_puts(struct conf_out *out, const char *string);
void conf_out_printf(struct conf_out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The text, or NULL when memory was short at any time. */
const char *conf_out_string(struct conf_out *out);

#endif
