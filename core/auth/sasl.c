/* The mechanisms by name, and which of those offered is taken: see sasl.h. Pure. */
#include "auth/sasl.h"

#include "base/text.h"

#include <string.h>

static const char *const names[] = {
#define SASL_NAME(id, name) name,
	SASL_LIST(SASL_NAME)
#undef SASL_NAME
};

const char *sasl_name(enum sasl_mechanism m)
{
	return m < SASL_MECHANISMS ? names[m] : "";
}

static enum sasl_mechanism find_n(const char *name, size_t n)
{
	enum sasl_mechanism m = 0;
	while (m < SASL_MECHANISMS && !text_same_n(name, n, names[m]))
		m++;
	return m;
}

enum sasl_mechanism sasl_find(const char *name)
{
	return find_n(name, strlen(name));
}

enum sasl_mechanism sasl_choose(const char *offered, bool token, bool clear_ok)
{
	static const enum sasl_mechanism tokens[] = {SASL_XOAUTH2, SASL_OAUTHBEARER},
					 passwords[] = {SASL_SCRAM, SASL_PLAIN, SASL_LOGIN};
	bool has[SASL_MECHANISMS + 1] = {false};
	for (const char *at = offered; *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		has[find_n(at, strcspn(at, " "))] = true;
	}
	if (token) { /* a token in the clear is a password in the clear */
		for (size_t i = 0; clear_ok && i < sizeof tokens / sizeof *tokens; i++)
			if (has[tokens[i]])
				return tokens[i];
		return SASL_MECHANISMS;
	}
	for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++)
		if (has[passwords[i]] && (clear_ok || passwords[i] == SASL_SCRAM))
			return passwords[i];
	return SASL_MECHANISMS;
}
