/* The header of a mail, as the postoffice shows it: see mime_reader.h. Owns strings of GLib within a call. */
#include "translate/mime_reader.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUBJECT_MOST 1000 /* bytes of SUBJECT; the field in the text is whole */

/* Fields whose values are addresses: names in them are decoded one by one. */
static bool of_addresses(const char *name)
{
	static const char *const names[] = {"From",
					    "To",
					    "Cc",
					    "Reply-To",
					    "Sender",
					    "Resent-From",
					    "Resent-To",
					    "Resent-Cc",
					    "Disposition-Notification-To",
					    "Return-Receipt-To"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (text_same(names[i], name))
			return true;
	return false;
}

/* How the mail was packed and signed is over when it is unpacked. */
static bool shown(const struct reader *r, const char *name)
{
	static const char *const hidden[] = {
		"Return-Path",  "MIME-Version", "DKIM-Signature",  "DomainKey-Signature", "Bcc",
		"Delivered-To", "Encoding",     "X-MS-Attachment", "X-NC-Attachment"};
	if (text_same(name, "Received"))
		return r->source->received;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (text_same(hidden[i], name))
			return false;
	return !text_same_n(name, 8, "Content-") && !text_same_n(name, 4, "ARC-");
}

/* One line: folds are undone, other control characters are blanks, those at its ends go. */
static char *flat(const char *raw)
{
	size_t n = strlen(raw), len = 0;
	char *out = g_malloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		bool blank = (unsigned char)raw[i] <= ' ' || raw[i] == 0x7f;
		if (raw[i] != '\r' && raw[i] != '\n' && (!blank || len))
			out[len++] = blank ? ' ' : raw[i];
	}
	while (len && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return out;
}

/* Where an encoded word of base64 begins at s: its text, the bytes of it, and the word's length; 0: none does. */
static size_t base64_word(const char *s, const char **text, size_t *n)
{
	const char *mark = strncmp(s, "=?", 2) == 0 ? strchr(s + 2, '?') : NULL;
	if (!mark || text_lower(mark[1]) != 'b' || mark[2] != '?')
		return 0;
	*text = mark + 3;
	const char *end = strstr(*text, "?=");
	*n = end ? (size_t)(end - *text) : 0;
	return end && !memchr(s, ' ', (size_t)(end - s)) ? (size_t)(end + 2 - s) : 0;
}

static void add_base64(GByteArray *bytes, const char *text, size_t n)
{
	gsize len;
	char *copy = g_strndup(text, n);
	guchar *raw = g_base64_decode(copy, &len);
	g_byte_array_append(bytes, raw, (guint)len);
	g_free(raw);
	g_free(copy);
}

/* Copies the run of words that begins at s as one word; returns the bytes it had. */
static size_t join_run(const char *s, GString *out)
{
	const char *text;
	size_t n, at = base64_word(s, &text, &n), prefix = (size_t)(text - s);
	GByteArray *bytes = g_byte_array_new();
	add_base64(bytes, text, n);
	for (size_t next, len; s[at] == ' '; at = next + len) {
		next = at + strspn(s + at, " ");
		len = base64_word(s + next, &text, &n);
		if (!len || strncasecmp(s, s + next, prefix) != 0)
			break;
		add_base64(bytes, text, n);
	}
	char *joined = g_base64_encode(bytes->data, bytes->len);
	g_string_append_len(out, s, (gssize)prefix);
	g_string_append(out, joined);
	g_string_append(out, "?=");
	g_free(joined);
	g_byte_array_unref(bytes);
	return at;
}

/* GMime decodes neighbouring words of base64 as if they were one, and ends at the padding of the first: now they are one. Takes line. */
static char *join_words(char *line)
{
	const char *text;
	size_t n;
	GString *out = g_string_new(NULL);
	for (const char *p = line; *p;) {
		if (base64_word(p, &text, &n))
			p += join_run(p, out);
		else
			g_string_append_c(out, *p++);
	}
	g_free(line);
	return g_string_free(out, FALSE);
}

char *mime_head_value(GMimeHeader *h)
{
	const char *raw = g_mime_header_get_raw_value(h);
	char *line = join_words(flat(raw ? raw : "")), *text = NULL;
	if (of_addresses(g_mime_header_get_name(h))) {
		InternetAddressList *list = internet_address_list_parse(NULL, line);
		if (list && internet_address_list_length(list) > 0)
			text = internet_address_list_to_string(list, NULL, FALSE);
		if (list)
			g_object_unref(list);
	}
	if (!text)
		text = g_mime_utils_header_decode_text(NULL, line);
	g_free(line);
	line = flat(text ? text : "");
	g_free(text);
	return line;
}

static GMimeHeader *find(GMimeMessage *m, const char *name)
{
	return g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(m)), name);
}

/* ---- what MMFF has fields for ---- */

static void sender(struct reader *r, GMimeMessage *m)
{
	InternetAddressList *list = g_mime_message_get_from(m);
	InternetAddress *first = list && internet_address_list_length(list)
					 ? internet_address_list_get_address(list, 0)
					 : NULL;
	if (!first || !INTERNET_ADDRESS_IS_MAILBOX(first))
		return;
	const char *address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
	if (!address || !strchr(address, '@'))
		return;
	for (const char *p = address; *p; p++)
		if (*p <= ' ' || *p > '~')
			return;
	r->n->from =
		(struct neutral_address){.type = "SMTP", .text = region_strdup(r->region, address)};
	if (!r->n->from.text && r->r == OK)
		r->r = E_NOMEM;
}

static void date(struct reader *r, GMimeMessage *m)
{
	GDateTime *when = g_mime_message_get_date(m);
	GDateTime *here = when ? g_date_time_to_local(when) : NULL;
	if (!here)
		return;
	r->n->year = g_date_time_get_year(here);
	r->n->month = g_date_time_get_month(here);
	r->n->day = g_date_time_get_day_of_month(here);
	r->n->hour = g_date_time_get_hour(here);
	r->n->minute = g_date_time_get_minute(here);
	g_date_time_unref(here);
}

/* 5 is the highest of MMFF, 1 of X-Priority. */
static void priority(struct reader *r, GMimeMessage *m)
{
	static const struct {
		const char *field, *value, *priority;
	} rows[] = {
		{"X-Priority", "1", "5"},           {"X-Priority", "2", "4"},
		{"X-Priority", "4", "2"},           {"X-Priority", "5", "1"},
		{"Importance", "high", "5"},        {"Importance", "low", "1"},
		{"X-MSMail-Priority", "high", "5"}, {"X-MSMail-Priority", "low", "1"},
		{"Priority", "urgent", "5"},        {"Priority", "non-urgent", "1"},
	};
	GMimeHeader *own = find(m, "X-MMFF-Priority");
	char *value = own ? mime_head_value(own) : NULL;
	if (value && *value && !text_same(value, "R")) /* that one asks for a receipt: see below */
		r->n->priority = mime_string(r, value, 16, NULL);
	g_free(value);
	if (!r->n->priority && mime_wants_receipt(m))
		r->n->priority = "R"; /* registered; how urgent it is stands in the text */
	for (size_t i = 0; i < sizeof rows / sizeof *rows && !r->n->priority; i++) {
		GMimeHeader *h = find(m, rows[i].field);
		value = h ? mime_head_value(h) : NULL;
		size_t n = strlen(rows[i].value);
		if (value &&
		    text_same_n(value, strlen(value) < n ? strlen(value) : n, rows[i].value))
			r->n->priority = rows[i].priority;
		g_free(value);
	}
}

static void subject(struct reader *r, GMimeMessage *m)
{
	GMimeHeader *h = find(m, "Subject");
	char *value = h ? mime_head_value(h) : NULL;
	const char *text = value ? mime_string(r, value, SUBJECT_MOST, NULL) : NULL;
	char *copy = text ? region_strdup(r->region, text) : NULL;
	if (copy && r->source->table)
		table_apply(r->source->table, copy, strlen(copy));
	r->n->subject = copy;
	r->r = text && !copy && r->r == OK ? E_NOMEM : r->r;
	g_free(value);
}

unsigned mime_head(struct reader *r, GMimeMessage *m, struct buf *head)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(m));
	unsigned lines = 0;
	sender(r, m);
	date(r, m);
	priority(r, m);
	subject(r, m);
	for (int i = 0; i < g_mime_header_list_get_count(list) && r->r == OK; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *name = g_mime_header_get_name(h);
		if (!shown(r, name))
			continue;
		char *value = mime_head_value(h);
		r->r = buf_printf(head, "%s: ", name);
		if (r->r == OK)
			r->r = buf_puts(head, value);
		if (r->r == OK)
			r->r = buf_puts(head, "\n");
		g_free(value);
		lines++;
	}
	return lines;
}

void mime_head_short(struct reader *r, GMimeMessage *m)
{
	static const char *const names[] = {"From", "To", "Cc", "Date", "Subject"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		GMimeHeader *h = find(m, names[i]);
		char *value = h ? mime_head_value(h) : NULL;
		if (value)
			mime_add_words(r, "%s: %s\n", names[i], value);
		g_free(value);
	}
}
