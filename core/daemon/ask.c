/* Asking: see ask.h. Owns nothing. */
#include "daemon/ask.h"

#include "base/text.h"

#include <errno.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 1024

/* A line without blanks at its ends; one that is too long is read to its end and refused. */
static enum result read_line(const struct ask *a, const char *question, char *out, size_t n,
			     struct err *err)
{
	char line[ANSWER_MAX];
	if (!fgets(line, sizeof line, a->in))
		return ferror(a->in) ? err_errno(err, EIO, "the answer cannot be read")
				     : err_set(err, E_CLOSED, "no answer came to: %s", question);
	size_t len = strcspn(line, "\n");
	bool whole = line[len] == '\n' || feof(a->in);
	while (!whole) {
		int c = fgetc(a->in);
		whole = c == '\n' || c == EOF;
		len = sizeof line;
	}
	if (len < sizeof line)
		line[len] = '\0';
	if (len >= sizeof line || !text_copy(out, n, text_trim(line)))
		return err_set(err, E_LIMIT, "that is too long");
	return OK;
}

enum result ask_line(const struct ask *a, const char *question, const char *standard, char *out,
		     size_t n, struct err *err)
{
	for (;;) {
		fprintf(a->out, standard && *standard ? "%s [%s]: " : "%s: ", question, standard);
		fflush(a->out);
		enum result r = read_line(a, question, out, n, err);
		if (!isatty(fileno(a->in))) /* a terminal has shown the end of the line */
			fputc('\n', a->out);
		if (r == E_LIMIT) {
			fprintf(a->out, "  %s\n", err->text);
			continue;
		}
		if (r != OK || *out)
			return r;
		if (standard)
			return text_copy(out, n, standard) ? OK : err_set(err, E_LIMIT, "too long");
	}
}

enum result ask_yes(const struct ask *a, const char *question, bool standard, bool *yes,
		    struct err *err)
{
	char answer[ANSWER_MAX]; /* whatever is said instead, it is asked for a yes or no */
	for (;;) {
		enum result r =
			ask_line(a, question, standard ? "yes" : "no", answer, sizeof answer, err);
		if (r != OK)
			return r;
		*yes = text_same(answer, "yes") || text_same(answer, "y");
		if (*yes || text_same(answer, "no") || text_same(answer, "n"))
			return OK;
		fprintf(a->out, "  yes or no\n");
	}
}

static size_t find_choice(const char *answer, const char *const *choices)
{
	size_t count = 0, number = (size_t)strtoul(answer, NULL, 10);
	for (; choices[count]; count++) {
		size_t n = strcspn(choices[count], ",: ");
		if (text_same_n(choices[count], n, answer))
			return count;
	}
	return number && number <= count ? number - 1 : count;
}

enum result ask_choice(const struct ask *a, const char *question, const char *const *choices,
		       size_t *chosen, struct err *err)
{
	char answer[64];
	for (size_t i = 0; choices[i]; i++)
		fprintf(a->out, "  %zu  %s\n", i + 1, choices[i]);
	for (;;) {
		enum result r = ask_line(a, question, NULL, answer, sizeof answer, err);
		if (r != OK)
			return r;
		*chosen = find_choice(answer, choices);
		if (choices[*chosen])
			return OK;
		fprintf(a->out, "  one of the numbers above\n");
	}
}
