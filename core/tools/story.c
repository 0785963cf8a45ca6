/* What the FFAPI programs tell: see story.h. Owns the log between begin and end. */
#include "tools/story.h"

#include "base/file.h"
#include "base/text.h"
#include "translate/mmff.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

enum result story_begin(struct story *s, const char *program, FILE *err_to, const char *log,
			struct err *err)
{
	*s = (struct story){.program = program, .err = err_to};
	if (!log)
		return OK;
	s->log = fopen(log, "ae");
	return s->log ? OK
		      : mmff_err(err, result_of_errno(errno), MMFF_OPEN, 0, 0, "the log %s: %s",
				 log, strerror(errno));
}

void story_end(struct story *s)
{
	if (s->log)
		fclose(s->log);
	s->log = NULL;
}

static void stamp(char *out, size_t n, const char *format)
{
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(out, n, format, &tm);
}

/* A message's words must not make a second line. */
static void put_words(FILE *to, const char *words)
{
	for (; *words; words++)
		fputc((unsigned char)*words < ' ' ? '?' : *words, to);
}

static void put_line(FILE *to, const char *words)
{
	char text[32];
	stamp(text, sizeof text, "%H:%M:%S - ");
	fputs(text, to);
	put_words(to, words);
	fputc('\n', to);
	fflush(to);
}

/* xxx-yyy-zzz */
static bool has_number(const char *text)
{
	for (int i = 0; i < 11; i++)
		if (i % 4 == 3 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* Every error has a number: one that came from further down is of memory or of files. */
void story_error(struct story *s, const struct err *err)
{
	struct err told = *err;
	if (!has_number(err->text)) {
		mmff_err(&told, err->code, err->code == E_NOMEM ? MMFF_MEMORY : MMFF_OPEN, 0, 0,
			 "%s", err->text);
		text_copy(told.remedy, sizeof told.remedy, err->remedy);
		err = &told;
	}
	s->failed++;
	put_words(s->err, err->text);
	fputc('\n', s->err);
	if (*err->remedy)
		fprintf(s->err, "  remedy: %s\n", err->remedy);
	if (s->log)
		put_line(s->log, err->text);
}

void story_event(struct story *s, const char *format, ...)
{
	char text[1024];
	va_list ap;
	if (!s->log)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	put_line(s->log, text);
}

void story_mail(struct story *s, const char *postoffice, const char *name, const struct neutral *n)
{
	char path[PATH_MAX], text[32];
	struct err err;
	snprintf(path, sizeof path, "%s/log", postoffice);
	if (file_make_dirs(file_system(), path, 0755, &err) != OK) {
		story_error(s, &err);
		return;
	}
	snprintf(path, sizeof path, "%s/log/%s", postoffice, name);
	FILE *f = fopen(path, "ae");
	if (!f) {
		mmff_err(&err, E_IO, MMFF_OPEN, 0, 0, "the mail log %s: %s", path, strerror(errno));
		story_error(s, &err);
		return;
	}
	stamp(text, sizeof text, "%Y-%m-%d %H:%M:%S ");
	fputs(text, f);
	put_words(f, n->from.text ? n->from.text : "-");
	fputs(" >", f);
	for (size_t i = 0; i < n->to.count + n->cc.count; i++) {
		fputc(' ', f);
		put_words(
			f,
			(i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count])->text);
	}
	fputs(": ", f);
	put_words(f, n->subject ? n->subject : "");
	fputc('\n', f);
	if (fclose(f) != 0) {
		mmff_err(&err, E_IO, MMFF_OPEN, 0, 0, "the mail log %s: %s", path, strerror(errno));
		story_error(s, &err);
	}
}
