/*
 * Does a mail ask for a receipt that may be given? See mime_reader.h. Never to nobody, to a list, or to a program that answers by itself
 * (RFC 3834, RFC 8098 2.1; Q113824). Owns nothing.
 */
#include "translate/mime_reader.h"

#include "base/text.h"

#include <string.h>

static GMimeHeader *find(GMimeMessage *m, const char *name)
{
	return g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(m)), name);
}

/* Does the field begin with this word? */
static bool says(GMimeMessage *m, const char *name, const char *word)
{
	GMimeHeader *h = find(m, name);
	char *value = h ? mime_head_value(h) : NULL;
	size_t n = value ? strcspn(value, " ;,(") : 0;
	bool same = value && text_same_n(value, n, word);
	g_free(value);
	return same;
}

/* Sent by a program, or through a list. */
static bool by_itself(GMimeMessage *m)
{
	static const char *const fields[] = {"List-Id", "List-Post", "List-Unsubscribe",
					     "Mailing-List", "X-Mailing-List"};
	static const char *const precedences[] = {"bulk", "list", "junk", "auto_reply"};
	bool found = find(m, "Auto-Submitted") && !says(m, "Auto-Submitted", "no");
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		found = found || find(m, fields[i]);
	for (size_t i = 0; i < sizeof precedences / sizeof *precedences; i++)
		found = found || says(m, "Precedence", precedences[i]);
	GMimeContentType *type =
		g_mime_message_get_mime_part(m)
			? g_mime_object_get_content_type(g_mime_message_get_mime_part(m))
			: NULL;
	return found || (type && g_mime_content_type_is_type(type, "multipart", "report"));
}

/* Is there an address in the field? An empty one made the original send to nobody. */
static bool has_address(GMimeMessage *m, const char *name)
{
	GMimeHeader *h = find(m, name);
	char *value = h ? mime_head_value(h) : NULL;
	bool found = value && strchr(value, '@') && !strstr(value, "<>");
	g_free(value);
	return found;
}

bool mime_wants_receipt(GMimeMessage *m)
{
	static const char *const fields[] = {"Disposition-Notification-To", "Return-Receipt-To",
					     "Rr"};
	bool asked = false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		asked = asked || has_address(m, fields[i]);
	return asked && !by_itself(m);
}
