/* Calendars in words: see calendar.h. Owns the line that is put together, during a call. */
#include "translate/calendar.h"

#include "base/text.h"
#include "translate/lines.h"

#include <string.h>

struct telling {
	struct buf *out;
	struct buf line; /* unfolded (3.1) */
	bool cut;        /* it was longer */
	bool event;      /* in an event or a task, */
	unsigned inner;  /* and how deep in what that has within, as an alarm */
	unsigned events;
	const char *method; /* in words */
	enum result r;
};

static void say(struct telling *t, const char *text)
{
	if (t->r == OK)
		t->r = buf_puts(t->out, text);
}

/* ---- values ---- */

/* `20261126T100000Z` as `2026-11-26 10:00 UTC`; what looks otherwise as it is. */
static void say_time(struct telling *t, const char *value, const char *zone, size_t zone_n)
{
	size_t digits = strspn(value, "0123456789");
	bool timed = digits == 8 && value[8] == 'T' && strspn(value + 9, "0123456789") == 6;
	if (digits != 8 || (value[8] && !timed)) {
		say(t, value);
		return;
	}
	if (t->r == OK)
		t->r = buf_printf(t->out, "%.4s-%.2s-%.2s", value, value + 4, value + 6);
	if (t->r == OK && timed)
		t->r = buf_printf(t->out, " %.2s:%.2s%s", value + 9, value + 11,
				  value[15] == 'Z' ? " UTC" : "");
	if (t->r == OK && timed && zone)
		t->r = buf_printf(t->out, " (%.*s)", (int)zone_n, zone);
}

/* Escapes are undone (3.3.11); further lines stand under the first. */
static void say_text(struct telling *t, const char *value)
{
	for (const char *p = value; *p && t->r == OK; p++) {
		if (*p == '\\' && (p[1] == 'n' || p[1] == 'N')) {
			say(t, "\n  ");
			p++;
			continue;
		}
		p += *p == '\\' && p[1];
		t->r = buf_append(t->out, p, 1);
	}
}

/* A person: the address, and the name where there is one. */
static void say_person(struct telling *t, const char *value, const char *name, size_t name_n)
{
	if (name && t->r == OK)
		t->r = buf_printf(t->out, "%.*s, ", (int)name_n, name);
	say(t, text_same_n(value, strlen(value) < 7 ? strlen(value) : 7, "mailto:") ? value + 7
										    : value);
}

/* ---- lines ---- */

/* The value of a parameter between name and colon, without its quotes. */
static const char *parameter(const char *line, const char *colon, const char *name, size_t *n)
{
	for (const char *p = line; p < colon; p++) {
		if (*p != ';' || !text_same_n(p + 1, strlen(name), name) ||
		    p[1 + strlen(name)] != '=')
			continue;
		p += 2 + strlen(name);
		bool quoted = *p == '"';
		p += quoted;
		*n = strcspn(p, quoted ? "\"" : ";:");
		return p + *n <= colon ? p : NULL;
	}
	return NULL;
}

/* The colon that ends name and parameters: one in quotes does not. */
static char *value_colon(char *line)
{
	bool quoted = false;
	for (char *p = line; *p; p++) {
		quoted = quoted != (*p == '"');
		if (*p == ':' && !quoted)
			return p;
	}
	return NULL;
}

static const char *method_words(const char *method)
{
	static const char *const rows[][2] = {
		{"REQUEST", "Invitation"}, {"CANCEL", "Cancelled"}, {"REPLY", "Answer"},
		{"COUNTER", "Proposal"},   {"ADD", "Addition"},     {"PUBLISH", "Announcement"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_same(rows[i][0], method))
			return rows[i][1];
	return NULL;
}

static void event_begins(struct telling *t)
{
	t->event = true;
	t->inner = 0;
	if (++t->events > CALENDAR_EVENTS_MAX)
		return;
	say(t, "---- calendar");
	say(t, t->method ? ": " : "");
	say(t, t->method ? t->method : "");
	say(t, " ----\n");
}

/* Returns whether the line was one of begin and end. */
static bool structure(struct telling *t, const char *name, size_t n, const char *value)
{
	bool begin = text_same_n(name, n, "BEGIN"), end = text_same_n(name, n, "END");
	bool event = text_same(value, "VEVENT") || text_same(value, "VTODO");
	if (begin && t->event)
		t->inner++;
	else if (begin && event)
		event_begins(t);
	else if (end && t->event && t->inner)
		t->inner--;
	else if (end && event)
		t->event = false;
	return begin || end;
}

enum kind { TEXT, TIME, PERSON };
static const struct {
	const char *name, *label;
	enum kind kind;
} told[] = {
	{"SUMMARY", "What", TEXT},        {"DTSTART", "When", TIME},
	{"DTEND", "Until", TIME},         {"DUE", "Due", TIME},
	{"DURATION", "For", TEXT},        {"RRULE", "Repeats", TEXT},
	{"LOCATION", "Where", TEXT},      {"ORGANIZER", "Organizer", PERSON},
	{"ATTENDEE", "Attendee", PERSON}, {"STATUS", "Status", TEXT},
	{"DESCRIPTION", "Notes", TEXT},
};

static void property(struct telling *t, const char *line, size_t n, const char *value)
{
	size_t i = 0, len = 0;
	while (i < sizeof told / sizeof *told && !text_same_n(line, n, told[i].name))
		i++;
	if (i == sizeof told / sizeof *told)
		return;
	const char *more = parameter(line, value - 1, told[i].kind == TIME ? "TZID" : "CN", &len);
	say(t, told[i].label);
	say(t, ": ");
	if (told[i].kind == TIME)
		say_time(t, value, more, len);
	else if (told[i].kind == PERSON)
		say_person(t, value, more, len);
	else
		say_text(t, value);
	say(t, t->cut ? "...\n" : "\n");
}

static void take_line(struct telling *t)
{
	char *line = (char *)(t->line.len ? buf_string(&t->line) : "");
	if (!line)
		t->r = E_NOMEM;
	char *colon = line && t->r == OK ? value_colon(line) : NULL;
	size_t n = colon ? strcspn(line, ";:") : 0;
	if (colon && !structure(t, line, n, colon + 1)) {
		if (!t->event && text_same_n(line, n, "METHOD"))
			t->method = method_words(colon + 1);
		else if (t->event && !t->inner && t->events <= CALENDAR_EVENTS_MAX)
			property(t, line, n, colon + 1);
	}
	buf_clear(&t->line);
	t->cut = false;
}

/* A line of the file: with a blank in front it belongs to the one before. */
static void add_line(struct telling *t, const struct lines *l)
{
	bool more = l->n && (l->text[0] == ' ' || l->text[0] == '\t');
	if (!more)
		take_line(t);
	size_t n = strlen(l->text + more), room = CALENDAR_VALUE_MAX - t->line.len;
	t->cut = t->cut || n > room || l->size > l->n;
	if (t->r == OK && n)
		t->r = buf_append(&t->line, l->text + more, n > room ? room : n);
}

enum result calendar_words(const struct content *part, struct buf *out)
{
	struct telling t = {.out = out};
	struct lines l;
	buf_init(&t.line, 0);
	lines_begin(&l, part, 0);
	while (t.r == OK && lines_next(&l))
		add_line(&t, &l);
	if (t.r == OK)
		take_line(&t);
	if (t.r == OK && t.events > CALENDAR_EVENTS_MAX)
		t.r = buf_printf(out, "(and %u more)\n", t.events - CALENDAR_EVENTS_MAX);
	buf_free(&t.line);
	return t.r == OK ? l.r : t.r;
}
