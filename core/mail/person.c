/* The first mailbox of a field: see person.h. Owns nothing, cannot fail. */
#include "mail/person.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The end of what begins with this quote or parenthesis: behind its other half, or the end of the text. */
static size_t enclosed(const char *at)
{
	char open = *at, close = open == '(' ? ')' : open;
	size_t n = 1, depth = 1;
	for (; at[n] && depth; n++) {
		if (at[n] == '\\' && at[n + 1])
			n++;
		else if (at[n] == close)
			depth--;
		else if (at[n] == open)
			depth++;
	}
	return n;
}

/* Up to one of these characters, those in quotes and comments not counted. */
static size_t span_to(const char *at, const char *stops)
{
	size_t n = 0;
	while (at[n] && !strchr(stops, at[n]))
		n += at[n] == '"' || at[n] == '(' ? enclosed(at + n) : 1;
	return n;
}

static void copy_trimmed(char *to, size_t max, const char *from, size_t n)
{
	char text[512];
	snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text - 1 ? n : sizeof text - 1), from);
	if (n >= sizeof text || strlen(text_trim(text)) >= max)
		*to = '\0'; /* a name that is so long is none */
	else
		text_copy(to, max, text_trim(text));
}

static void read_address(const char *at, size_t n, struct mail_person *p)
{
	char text[MAIL_ADDRESS_MAX + 1];
	copy_trimmed(text, sizeof text, at, n);
	if (mail_address_parse(text, strlen(text), &p->address, NULL, NULL) != OK)
		p->address.local[0] = '\0';
}

/* "jdoe@x (John Doe)", or an address alone. */
static void read_bare(const char *at, size_t n, struct mail_person *p)
{
	const char *comment = memchr(at, '(', n);
	if (comment) {
		size_t len = enclosed(comment);
		copy_trimmed(p->name, sizeof p->name, comment + 1, len > 2 ? len - 2 : 0);
		n = (size_t)(comment - at);
	}
	read_address(at, n, p);
}

bool mail_person_parse(const char *value, struct mail_person *p)
{
	*p = (struct mail_person){.name = ""};
	size_t n = span_to(value, "<,;:");
	if (value[n] == ':' && !memchr(value, '@', n)) { /* a group: its first member */
		value += n + 1;
		n = span_to(value, "<,;");
	}
	if (value[n] == '<') {
		const char *inside = value + n + 1;
		copy_trimmed(p->name, sizeof p->name, value, n);
		read_address(inside, strcspn(inside, ">"), p);
	} else {
		read_bare(value, n, p);
	}
	return p->address.local[0] && p->address.domain[0];
}
