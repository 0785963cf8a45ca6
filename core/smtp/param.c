/* ESMTP parameters by table: see param.h. Owns nothing; fails for syntax and for unknown keys. */
#include "smtp/param.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/* esmtp-keyword: a letter or digit, then also hyphens. */
static bool is_key(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
	return n && !key[n] && key[0] != '-';
}

/* esmtp-value: printable ASCII but `=` and blank, and UTF-8 (RFC 6531 3.3). */
static bool is_value(const char *value)
{
	if (!*value)
		return false;
	for (size_t n; *value; value += n) {
		n = text_utf8(value);
		if (!n || text_code(value) <= ' ' || *value == 127 || *value == '=')
			return false;
	}
	return true;
}

static enum result take_one(const struct smtp_param *table, char *word, unsigned *seen, void *to,
			    struct smtp_reply *reply)
{
	char *value = strchr(word, '=');
	if (value)
		*value++ = '\0';
	if (!is_key(word) || (value && !is_value(value))) {
		smtp_reply_set(reply, 501, "5.5.4", "Malformed parameter");
		return E_SYNTAX;
	}
	unsigned i = 0;
	while (table[i].key && !text_same(table[i].key, word))
		i++;
	if (!table[i].key) {
		smtp_reply_set(reply, 555, "5.5.4", "Parameter %.40s is not known here", word);
		return E_UNSUPPORTED;
	}
	bool again = *seen & 1u << i;
	*seen |= 1u << i;
	if (!again && table[i].take(to, value) == OK)
		return OK;
	smtp_reply_set(reply, 501, "5.5.4", again ? "%s is given twice" : "Bad value of %s",
		       table[i].key);
	return E_SYNTAX;
}

enum result smtp_param_take(const struct smtp_param *table, char *text, void *to,
			    struct smtp_reply *reply)
{
	unsigned seen = 0;
	char *place = NULL;
	for (char *word = strtok_r(text, " \t", &place); word;
	     word = strtok_r(NULL, " \t", &place)) {
		enum result r = take_one(table, word, &seen, to, reply);
		if (r != OK)
			return r;
	}
	return OK;
}
