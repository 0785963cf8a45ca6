/* Syntax of domain names and address literals: see name.h. Owns nothing, cannot fail. */
#include "smtp/name.h"
#include "base/net.h"
#include "base/text.h"

#include <string.h>

#define LABEL_MAX 63

static bool is_label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool is_label(const char *text, size_t n)
{
	if (!n || n > LABEL_MAX || text[0] == '-' || text[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_label_byte(text[i]))
			return false;
	return true;
}

bool smtp_name_is_domain(const char *text, size_t n)
{
	if (n > SMTP_NAME_MAX)
		return false;
	for (;;) {
		const char *dot = memchr(text, '.', n);
		size_t label = dot ? (size_t)(dot - text) : n;
		if (!is_label(text, label))
			return false;
		if (!dot)
			return true;
		text += label + 1;
		n -= label + 1;
	}
}

bool smtp_name_is_literal(const char *text, size_t n)
{
	static const char tag[] = "IPv6:";
	const size_t tagged = sizeof tag - 1;
	if (n < 3 || n > 64 || text[0] != '[' || text[n - 1] != ']')
		return false;
	bool six = n > tagged + 2 && text_same_n(text + 1, tagged, tag);
	const char *inside = text + 1 + (six ? tagged : 0);
	size_t left = n - 2 - (six ? tagged : 0);
	char ip[64];
	memcpy(ip, inside, left);
	ip[left] = '\0';
	/* no brackets within brackets, no NUL */
	if (strspn(ip, six ? "0123456789abcdefABCDEF:." : "0123456789.") != left)
		return false;
	struct net_ip parsed;
	return (!six || memchr(ip, ':', left)) && net_ip_parse(ip, &parsed) == OK;
}
