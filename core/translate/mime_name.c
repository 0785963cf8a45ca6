/* Names of attachments: see mime_reader.h. Owns nothing. */
#include "translate/mime_reader.h"

#include "translate/charset.h"

#include <string.h>

#define NAME_MOST 200 /* bytes */

static const char *const endings[][2] = {
	{"text/plain", "TXT"},
	{"text/html", "HTM"},
	{"text/calendar", "ICS"},
	{"text/csv", "CSV"},
	{"text/rtf", "RTF"},
	{"text/vcard", "VCF"},
	{"image/jpeg", "JPG"},
	{"image/png", "PNG"},
	{"image/gif", "GIF"},
	{"image/tiff", "TIF"},
	{"image/bmp", "BMP"},
	{"application/pdf", "PDF"},
	{"application/zip", "ZIP"},
	{"application/msword", "DOC"},
	{"message/rfc822", "EML"},
	{"application/rtf", "RTF"},
	{"message/delivery-status", "TXT"},
	{"text/rfc822-headers", "TXT"},
	{"application/pgp-signature", "ASC"},
	{"application/pkcs7-signature", "P7S"},
	{"application/ms-tnef", "DAT"},
};

static const char *ending(GMimeObject *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(part);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		const char *slash = strchr(endings[i][0], '/');
		char main[16] = "";
		memcpy(main, endings[i][0], (size_t)(slash - endings[i][0]));
		if (type && g_mime_content_type_is_type(type, main, slash + 1))
			return endings[i][1];
	}
	return "DAT";
}

static const char *given(GMimeObject *part)
{
	const char *name = GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part)) : NULL;
	if (!name)
		name = g_mime_object_get_content_disposition_parameter(part, "filename");
	return name ? name : g_mime_object_get_content_type_parameter(part, "name");
}

/* Behind the last sign that divides folders, of any system. */
static const char *last(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == '\\' || (*p == ':' && p == name + 1))
			name = p + 1;
	return name;
}

/* The part of a path that is a name, in the charset of the postoffice; NULL: nothing is left of it. */
static const char *shown(struct reader *r, const char *name)
{
	name = last(name);
	while (*name == ' ')
		name++;
	if (*name)
		name = mime_string(r, name, NAME_MOST, r->told);
	while (name && *name == ' ') /* control characters have become blanks */
		name++;
	return name && *name ? name : NULL;
}

const char *mime_name_given(struct reader *r, GMimeObject *part)
{
	const char *name = given(part);
	return name ? shown(r, name) : NULL;
}

const char *mime_name(struct reader *r, GMimeObject *part)
{
	const char *name = mime_name_given(r, part);
	return name ? name : region_printf(r->region, "ATT%u.%s", ++r->attachments, ending(part));
}

const char *mime_name_of(struct reader *r, const char *bytes, const char *charset)
{
	char *utf8 = charset_string(r->region, charset, true, bytes, NULL, NULL);
	if (!utf8 && r->r == OK)
		r->r = E_NOMEM;
	const char *name = utf8 ? shown(r, utf8) : NULL;
	return name ? name : region_printf(r->region, "ATT%u.DAT", ++r->attachments);
}
