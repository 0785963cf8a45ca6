/* Text being formatted: see out.h. */
#include "conf/out.h"

#include <stdarg.h>
#include <string.h>

void conf_out_init(struct conf_out *out)
{
	buf_init(&out->text, 0);
	out->result = OK;
}

void conf_out_free(struct conf_out *out)
{
	buf_free(&out->text);
}

void conf_out_append(struct conf_out *out, const void *bytes, size_t n)
{
	if (out->result == OK)
		out->result = buf_append(&out->text, bytes, n);
}

void conf_out_puts(struct conf_out *out, const char *string)
{
	conf_out_append(out, string, strlen(string));
}

void conf_out_printf(struct conf_out *out, const char *format, ...)
{
	va_list ap;
	if (out->result != OK)
		return;
	va_start(ap, format);
	out->result = buf_vprintf(&out->text, format, ap);
	va_end(ap);
}

const char *conf_out_string(struct conf_out *out)
{
	return out->result == OK ? buf_string(&out->text) : NULL;
}
