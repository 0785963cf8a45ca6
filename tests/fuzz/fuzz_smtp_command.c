/*
 * smtp/param and smtp/path together: what stands behind MAIL FROM: and RCPT TO:, any bytes. A path
 * that is taken leaves its parameters; each goes to its row once; a refusal says why in one line.
 */
#include "smtp/param.h"
#include "smtp/path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct taken {
	const char *text, *end;
	unsigned size, body, odd;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A value lies within the text; none stands for no `=`. */
static enum result inside(const struct taken *t, const char *value)
{
	if (!value)
		return OK;
	check(value > t->text && value + strlen(value) <= t->end);
	check(!strpbrk(value, " \t="));
	return *value == '!' ? E_SYNTAX : OK;
}
static enum result take_size(void *to, const char *value)
{
	struct taken *t = to;
	check(++t->size == 1);
	return inside(t, value);
}
static enum result take_body(void *to, const char *value)
{
	struct taken *t = to;
	check(++t->body == 1);
	return inside(t, value);
}
static enum result take_odd(void *to, const char *value)
{
	struct taken *t = to;
	check(++t->odd == 1);
	return value ? inside(t, value) : E_RANGE;
}

static void check_reply(enum result r, const struct smtp_reply *reply)
{
	check(r == E_UNSUPPORTED || r == E_SYNTAX);
	check(reply->code == (r == E_UNSUPPORTED ? 555 : 501));
	check(*reply->text && !strpbrk(reply->text, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct smtp_param table[] = {
		{"SIZE", take_size}, {"BODY", take_body}, {"ODD", take_odd}, {NULL, NULL}};
	struct smtp_path path;
	struct smtp_reply reply = {0};
	char *text = malloc(n + 1);
	check(text != NULL);
	memcpy(text, data, n);
	text[n] = '\0';
	size_t length = strlen(text); /* a session never hands a NUL on */
	struct taken t = {.text = text, .end = text + length};
	if (smtp_path_scan(text, length, SMTP_PATH_NULL | SMTP_PATH_LOOSE, &path) == OK) {
		enum result r = smtp_param_take(table, text + (path.rest - text), &t, &reply);
		if (r != OK)
			check_reply(r, &reply);
	}
	free(text);
	return 0;
}
