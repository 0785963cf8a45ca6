/* The letters of 1993: see classic.h. A table says what each is; owns nothing. */
#include "daemon/classic.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LIFETIME_MOST_S (UINT64_C(365) * 86400) /* as [queue] lifetime has it */

/* One word of the command line: what stands behind its letters. */
struct word {
	const char *whole, *value;
	struct classic *c;
	struct err *err;
};
typedef enum result take_fn(struct word *w);

static enum result number(const struct word *w, int base, unsigned long most, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(w->value, &end, base);
	if (!*w->value || *end || strchr("+- \t", *w->value) || n < 1 || n > most)
		return err_set(w->err, E_RANGE,
			       base == 16 ? "%s: 1 to %lX stand there" : "%s: 1 to %lu stand there",
			       w->whole, most);
	*out = (uint32_t)n;
	return OK;
}

static enum result take_path(struct word *w)
{
	const char *v = w->value;
	if (*v && (!v[1] || (v[1] == ':' && !v[2])))
		return err_set(w->err, E_RANGE,
			       "%s: there are no drives here: name the folder of the postoffice, "
			       "as in -d/srv/maildata",
			       w->whole);
	if (*v != '/')
		return err_set(w->err, E_RANGE, "%s: a path begins with /, as in -d/srv/maildata",
			       w->whole);
	w->c->path = v;
	return OK;
}

static enum result take_wait(struct word *w)
{
	return number(w, 10, 86400, &w->c->wait);
}

static enum result take_attempts(struct word *w)
{
	return number(w, 10, 1000000, &w->c->attempts);
}

static enum result take_process(struct word *w)
{
	return number(w, 16, 0xFF, &w->c->process);
}

/* Every letter must be one of the letters there; returns a letter that is not, or 0. */
static char stranger(const char *value, const char *letters)
{
	for (; *value; value++)
		if (!strchr(letters, text_lower(*value)))
			return *value;
	return 0;
}

static enum result letters(const struct word *w, const char *known)
{
	char odd = stranger(w->value, known);
	if (!odd && *w->value)
		return OK;
	if (!odd)
		return err_set(w->err, E_SYNTAX, "%s: letters of %s stand there", w->whole, known);
	return err_set(w->err, E_SYNTAX, "%s: unknown letter %c: those of %s stand there", w->whole,
		       odd, known);
}

static bool has(const char *value, char letter)
{
	for (; *value; value++)
		if (text_lower(*value) == letter)
			return true;
	return false;
}

/* The class that says most counts. */
static enum result take_class(struct word *w)
{
	enum result r = letters(w, "newid");
	w->c->level = has(w->value, 'd')   ? "debug"
		      : has(w->value, 'i') ? "info"
		      : has(w->value, 'w') ? "warn"
					   : "error";
	return r;
}

static enum result take_file(struct word *w)
{
	enum result r = letters(w, "acnsy");
	w->c->file = !has(w->value, 'n');
	return r;
}

static enum result take_screen(struct word *w)
{
	enum result r = letters(w, "acnsy");
	w->c->screen = !has(w->value, 'n');
	return r;
}

static enum result take_received(struct word *w)
{
	w->c->received = true;
	return OK;
}

static enum result take_log_in(struct word *w)
{
	w->c->log_in = true;
	return OK;
}

static enum result take_log_out(struct word *w)
{
	w->c->log_out = true;
	return OK;
}

static enum result take_leave(struct word *w)
{
	w->c->leave = true;
	return OK;
}

static enum result take_plain(struct word *w)
{
	w->c->plain = true;
	return OK;
}

/* ---- when it stops ---- */

static bool read_two(const char *text, const char *format, int *a, int *b)
{
	int n = 0;
	return sscanf(text, format, a, b, &n) == 2 && !text[n] && *a >= 0 && *b >= 0;
}

static enum result take_run(struct word *w)
{
	int hours, minutes;
	if (!read_two(w->value, "%3d:%2d%n", &hours, &minutes) || minutes > 59 ||
	    hours + minutes == 0)
		return err_set(w->err, E_RANGE, "%s %s: -BR hh:mm is how long it runs", w->whole,
			       w->value);
	w->c->stop_after = (hours * 60 + minutes) * (int64_t)60000;
	return OK;
}

static enum result take_hour(struct word *w)
{
	w->c->hour = w->value;
	return OK;
}

static enum result take_day(struct word *w)
{
	w->c->day = w->value;
	return OK;
}

static bool read_day(const char *text, struct tm *tm)
{
	int month, day, year, n = 0;
	if (sscanf(text, "%2d-%2d-%2d%n", &month, &day, &year, &n) != 3 || text[n] || month < 1 ||
	    month > 12 || day < 1 || day > 31 || year < 0)
		return false;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	tm->tm_year = year < 80 ? 100 + year : year;
	return true;
}

/* Local time. What is over already is said: the original stopped at once without a word [Q96203]. */
static enum result find_stop(struct classic *c, int64_t now, struct err *err)
{
	time_t t = (time_t)(now / 1000);
	struct tm tm;
	if (!c->hour)
		return c->day ? err_set(err, E_SYNTAX, "-BD goes with -BT hh:mm") : OK;
	localtime_r(&t, &tm);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (!read_two(c->hour, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min) || tm.tm_hour > 23 ||
	    tm.tm_min > 59)
		return err_set(err, E_RANGE, "-BT %s: hh:mm stands there, 00:00 to 23:59", c->hour);
	if (c->day && !read_day(c->day, &tm))
		return err_set(err, E_RANGE, "-BD %s: mm-dd-yy stands there", c->day);
	c->stop_after = (int64_t)mktime(&tm) * 1000 - now;
	if (c->stop_after > 0)
		return OK;
	err_set(err, E_RANGE, "-BT %s%s%s is over: the gateway would stop at once", c->hour,
		c->day ? " -BD " : "", c->day ? c->day : "");
	err_remedy(err, "name the day too, as in -BT %s -BD 12-31-%02d", c->hour, tm.tm_year % 100);
	return E_RANGE;
}

/* ---- the table ---- */

enum what { VALUE, NEXT, ALONE, NOTED, REFUSED };

static const struct letter {
	const char *name;
	enum what what;
	take_fn *take;
	const char *words; /* what is said of it */
} table[] = {
	{"br", NEXT, take_run, NULL},
	{"bt", NEXT, take_hour, NULL},
	{"bd", NEXT, take_day, NULL},
	{"md", ALONE, take_leave, NULL},
	{"mr", ALONE, take_log_in, NULL},
	{"ms", ALONE, take_log_out, NULL},
	{"ha", NOTED, NULL, "WINMAIL.DAT is unpacked where tnef can, and else kept"},
	{"re", ALONE, take_plain, NULL},
	{"rr", REFUSED, NULL, "its meaning was never published"},
	{"d", VALUE, take_path, NULL},
	{"w", VALUE, take_wait, NULL},
	{"q", VALUE, take_attempts, NULL},
	{"c", VALUE, take_class, NULL},
	{"l", VALUE, take_file, NULL},
	{"g", VALUE, take_screen, NULL},
	{"p", VALUE, take_process, NULL},
	{"t", ALONE, take_received, NULL},
	{"f", NOTED, NULL, "the From of the header is always taken"},
	{"v20", NOTED, NULL, "there are always locks"},
	{"z", NOTED, NULL, "the time zone is that of the machine"},
	{"h", REFUSED, NULL, "its meaning was never published"},
	{"i", REFUSED, NULL, "its meaning was never published"},
	{"x", REFUSED, NULL, "its meaning was never published"},
};

static const struct letter *find_letter(const char *word)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct letter *l = &table[i];
		size_t n = strlen(l->name);
		if (strncasecmp(word, l->name, n) != 0 || (l->what != VALUE && word[n]))
			continue;
		return l;
	}
	return NULL;
}

/* Names all letters that may stand there, also those that mean nothing here. */
static enum result no_letter(const struct word *w)
{
	char known[256];
	size_t n = 0;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].what != REFUSED)
			n += (size_t)snprintf(known + n, sizeof known - n, " -%s", table[i].name);
	for (char *p = known; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return err_set(w->err, E_SYNTAX, "%s: no such letter on a command line of 1993; it has%s",
		       w->whole, known);
}

/* One word, and the next one where it belongs to it. */
static enum result take_word(struct word *w, int argc, char **argv, int *i, FILE *notes)
{
	w->whole = argv[*i];
	const struct letter *l = *w->whole == '-' ? find_letter(w->whole + 1) : NULL;
	if (!l)
		return no_letter(w);
	w->value = w->whole + 1 + strlen(l->name);
	if (l->what == REFUSED)
		return err_set(w->err, E_UNSUPPORTED, "%s: %s", w->whole, l->words);
	if (l->what == NOTED) {
		fprintf(notes, "smtpgate: %s means nothing here: %s\n", w->whole, l->words);
		return OK;
	}
	if (l->what == NEXT && ++*i >= argc)
		return err_set(w->err, E_SYNTAX, "%s: a word is missing behind it", w->whole);
	if (l->what == NEXT)
		w->value = argv[*i];
	return l->take(w);
}

bool classic_is(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	char letter = *word == '-' ? text_lower(word[1]) : 0;
	if (argc == 2 && letter && !word[2] && (letter == 'h' || letter == 'v'))
		return false; /* who asks for help in the way of today */
	return letter >= 'a' && letter <= 'z';
}

enum result classic_parse(int argc, char **argv, int64_t now, struct classic *c, FILE *notes,
			  struct err *err)
{
	struct word w = {.c = c, .err = err};
	enum result r = OK;
	*c = (struct classic){.wait = 120,
			      .attempts = 180,
			      .process = 1,
			      .level = "info",
			      .file = true,
			      .screen = true};
	for (int i = 1; r == OK && i < argc; i++)
		r = take_word(&w, argc, argv, &i, notes);
	if (r == OK && !c->path)
		r = err_set(err, E_SYNTAX, "name the postoffice, as in -d/srv/maildata");
	if (r == OK && (uint64_t)c->wait * c->attempts > LIFETIME_MOST_S)
		r = err_set(err, E_RANGE, "-Q%u attempts of -W%u seconds are more than 365 days",
			    c->attempts, c->wait);
	return r == OK ? find_stop(c, now, err) : r;
}
