/*
 * A report from hostile words: it keeps the form that every report has. Input: 8 bytes of `unique`,
 * a byte of kind and operator, then strings that end with NUL (hostname, to, id, sender, address,
 * status, diagnostic, peer), then the original.
 */
#include "mail/report.h"
#include "mail/report_form.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The next string of the input, malloc'd; empty when the input is used up. */
static char *take(const uint8_t **data, size_t *n)
{
	const uint8_t *nul = *n ? memchr(*data, 0, *n) : NULL;
	size_t len = nul ? (size_t)(nul - *data) : *n;
	char *string = malloc(len + 1);
	if (!string)
		abort();
	if (len)
		memcpy(string, *data, len);
	string[len] = '\0';
	*data += len + (nul != NULL);
	*n -= len + (nul != NULL);
	return string;
}

static void check(const struct mail_report *r)
{
	struct buf out;
	buf_init(&out, 0);
	assert(mail_report_format(&out, r) == OK);
	const char *fault = report_form_fault(buf_string(&out), out.len);
	if (fault) {
		fprintf(stderr, "%s:\n%s", fault, buf_string(&out));
		abort();
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mail_report_rcpt rcpts[2] = {{.kind = MAIL_REPORT_FAILED}};
	struct mail_report r = {.rcpts = rcpts, .count = 2, .now = 1795428000000, .arrived = 1};
	char *strings[8];
	if (n < 9)
		return 0;
	memcpy(&r.unique, data, 8);
	r.to_operator = data[8] & 1;
	rcpts[0].kind = (enum mail_report_kind)(data[8] / 2 % 3);
	rcpts[0].retry_until = data[8] & 8 ? (int64_t)r.unique : 0;
	data += 9;
	n -= 9;
	for (size_t i = 0; i < 8; i++)
		strings[i] = take(&data, &n);
	r.hostname = strings[0];
	r.to = strings[1];
	r.id = strings[2];
	r.sender = strings[3];
	rcpts[0].address = strings[4];
	rcpts[0].status = strings[5];
	rcpts[0].diagnostic = strings[6];
	rcpts[0].peer = strings[7];
	rcpts[1] = rcpts[0];
	rcpts[1].kind = MAIL_REPORT_DELAYED;
	r.original = (const char *)data;
	r.original_n = r.original_size = n;
	check(&r);
	r.count = 1;
	r.original_size++;
	check(&r);
	for (size_t i = 0; i < 8; i++)
		free(strings[i]);
	return 0;
}
