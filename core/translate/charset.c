/* Charsets: see charset.h. Owns the converter of the C library between begin and end. */
#include "translate/charset.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

/* Name of ours, name of the C library. The ISO 646 sets are those that the original shipped tables for, and their kin. */
static const char *const known[][2] = {
	{"cp437", "CP437"},          {"cp850", "CP850"},         {"cp1252", "CP1252"},
	{"latin-1", "ISO-8859-1"},   {"us-ascii", "US-ASCII"},   {"iso646-de", "ISO646-DE"},
	{"iso646-se", "ISO646-SE2"}, {"iso646-no", "ISO646-NO"}, {"iso646-dk", "DS_2089"},
	{"iso646-fi", "ISO646-SE2"}, {"iso646-fr", "ISO646-FR"}, {"iso646-gb", "ISO646-GB"},
	{"iso646-es", "ISO646-ES"},  {"iso646-it", "ISO646-IT"}, {"iso646-pt", "ISO646-PT"},
	{"utf-8", "UTF-8"},
};
#define KNOWN (sizeof known / sizeof *known)

const char *charset_find(const char *name)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (text_same(known[i][0], name))
			return known[i][1];
	return NULL;
}

const char *const *charset_names(void)
{
	static const char *names[KNOWN + 1];
	for (size_t i = 0; i < KNOWN; i++)
		names[i] = known[i][0];
	return names;
}

bool charset_known(const char *name)
{
	iconv_t cd = iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1)
		return false;
	iconv_close(cd);
	return true;
}

enum result charset_begin(struct charset *c, const char *name, bool to_utf8, struct sink *to)
{
	*c = (struct charset){.to_utf8 = to_utf8, .to = to};
	c->makes_utf8 = to_utf8 || text_same(name, "UTF-8");
	iconv_t cd = to_utf8 ? iconv_open("UTF-8", name) : iconv_open(name, "UTF-8");
	if (cd == (iconv_t)-1)
		return errno == EINVAL ? E_NOTFOUND : E_NOMEM;
	c->cd = cd;
	return OK;
}

/* What is beyond U+10FFFF (RFC 3629) passes the C library; here it does not. A block of whole characters with a NUL at its end. */
static enum result put_utf8(struct charset *c, const char *block, const char *end)
{
	const char *from = block;
	enum result r = OK;
	for (const char *p = block; r == OK && p < end; p++) {
		if ((unsigned char)*p < 0xf4 || text_utf8(p))
			continue;
		c->lost++;
		r = sink_write(c->to, from, (size_t)(p - from));
		if (r == OK)
			r = sink_puts(c->to, "\xef\xbf\xbd");
		while (p + 1 < end && ((unsigned char)p[1] & 0xc0) == 0x80)
			p++;
		from = p + 1;
	}
	return r == OK ? sink_write(c->to, from, (size_t)(end - from)) : r;
}

static enum result convert(struct charset *c, char **in, size_t *in_n)
{
	char block[1025], *out = block;
	size_t room = sizeof block - 1;
	size_t got = iconv(c->cd, in, in_n, &out, &room);
	int cause = got == (size_t)-1 ? errno : 0;
	*out = '\0';
	enum result r = c->makes_utf8 ? put_utf8(c, block, out)
				      : sink_write(c->to, block, (size_t)(out - block));
	errno = cause;
	return r;
}

/* The first character of UTF-8 that iconv refused; its bytes in *len. 0: it is no UTF-8. */
static uint32_t character(const char *s, size_t n, size_t *len)
{
	char whole[8] = "";
	memcpy(whole, s, n < 4 ? n : 4);
	*len = text_utf8(whole);
	if (!*len || *len > n) {
		*len = 1;
		return 0;
	}
	unsigned char first = (unsigned char)whole[0];
	uint32_t value = *len == 1 ? first : first & (0x7fu >> *len);
	for (size_t i = 1; i < *len; i++)
		value = value << 6 | ((unsigned char)whole[i] & 0x3f);
	return value;
}

/* Steps over what cannot be converted and writes something in its place. */
static enum result replace(struct charset *c, char **in, size_t *in_n)
{
	static char mark[] = "?";
	size_t len = 1;
	if (c->to_utf8) {
		c->lost++;
		(*in)++;
		(*in_n)--;
		return sink_puts(c->to, "\xef\xbf\xbd");
	}
	const char *letters = charset_letters(character(*in, *in_n, &len));
	*in += len;
	*in_n -= len;
	if (letters)
		c->changed++;
	else
		c->lost++;
	char text[16];
	text_copy(text, sizeof text, letters ? letters : mark);
	char *at = text;
	size_t n = strlen(text);
	enum result r = OK;
	while (r == OK && n) {
		r = convert(c, &at, &n);
		if (errno == EILSEQ) { /* a set without even this letter */
			at++;
			n--;
		}
	}
	return r;
}

/* Converts what is complete; the rest of it stays at *in. */
static enum result run(struct charset *c, char **in, size_t *in_n)
{
	enum result r = OK;
	while (r == OK && *in_n) {
		r = convert(c, in, in_n);
		if (r != OK || errno == EINVAL)
			break;
		if (errno == EILSEQ)
			r = replace(c, in, in_n);
	}
	return r;
}

enum result charset_put(struct charset *c, const char *bytes, size_t n)
{
	enum result r = OK;
	while (r == OK && n && c->held_n) { /* a character that began in the piece before */
		c->held[c->held_n++] = *bytes++;
		n--;
		char *in = c->held;
		size_t in_n = c->held_n;
		r = run(c, &in, &in_n);
		memmove(c->held, in, in_n);
		c->held_n = in_n;
		assert(c->held_n < sizeof c->held);
	}
	char *in = (char *)bytes;
	if (r == OK)
		r = run(c, &in, &n);
	if (r == OK && n) {
		assert(n < sizeof c->held);
		memcpy(c->held, in, n);
		c->held_n = n;
	}
	return r;
}

enum result charset_end(struct charset *c)
{
	enum result r = convert(c, NULL, NULL); /* a letter kept for an accent to come (cp1258) */
	if (r == OK && c->held_n) {
		c->lost++;
		r = sink_puts(c->to, c->to_utf8 ? "\xef\xbf\xbd" : "?");
	}
	iconv_close(c->cd);
	c->cd = NULL;
	return r;
}

char *charset_string(struct region *region, const char *name, bool to_utf8, const char *text,
		     uint64_t *changed, uint64_t *lost)
{
	struct charset c;
	struct sink to;
	struct buf out;
	char *copy = NULL;
	buf_init(&out, 0);
	sink_buffer(&to, &out);
	if (charset_begin(&c, name, to_utf8, &to) != OK)
		return NULL;
	enum result r = charset_put(&c, text, strlen(text));
	enum result end = charset_end(&c);
	if (r == OK && end == OK && buf_string(&out))
		copy = region_strdup(region, buf_string(&out));
	if (changed)
		*changed += c.changed;
	if (lost)
		*lost += c.lost;
	buf_free(&out);
	return copy;
}
