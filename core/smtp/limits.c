/* The limits of a server: see limits.h. */
#include "smtp/limits.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS_MOST 6 /* RFC 9422 4 */

/* 1*6DIGIT from 1 on; 0: it is none. */
static unsigned number(const char *text, size_t n)
{
	unsigned value = 0;
	if (n > DIGITS_MOST || strspn(text, "0123456789") < n)
		return 0;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	return value;
}

static void take_one(struct smtp_limits *limits, const char *item, size_t n)
{
	const struct {
		const char *name;
		unsigned *to;
	} rows[] = {
		{"MAILMAX=", &limits->mail},
		{"RCPTMAX=", &limits->rcpt},
		{"RCPTDOMAINMAX=", &limits->rcpt_domains},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t name = strlen(rows[i].name);
		if (n <= name || !text_same_n(item, name, rows[i].name))
			continue;
		unsigned value = number(item + name, n - name);
		if (value)
			*rows[i].to = value;
	}
}

void smtp_limits_take(struct smtp_limits *limits, const char *value)
{
	for (const char *at = value; *at;) {
		at += strspn(at, " \t");
		size_t n = strcspn(at, " \t");
		take_one(limits, at, n);
		at += n;
	}
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');
	return at ? at + 1 : "";
}

/* Is recipient i the first one of its domain? */
static bool is_new(const char *const *recipients, size_t i)
{
	for (size_t j = i; j > 0; j--)
		if (text_same(domain_of(recipients[j - 1]), domain_of(recipients[i])))
			return false;
	return true;
}

size_t smtp_limits_portion(const struct smtp_limits *limits, const char *const *recipients,
			   size_t count)
{
	size_t most = limits->rcpt && limits->rcpt < count ? limits->rcpt : count, domains = 0;
	if (!limits->rcpt_domains)
		return most;
	most = most < SMTP_LIMITS_PORTION ? most : SMTP_LIMITS_PORTION;
	for (size_t i = 0; i < most; i++)
		if (is_new(recipients, i) && ++domains > limits->rcpt_domains)
			return i;
	return most;
}
