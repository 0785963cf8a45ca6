/* Options of the commands, by getopt_long of libc: see options.h. Owns nothing. */
#include "daemon/options.h"

#include "base/text.h"

#include <getopt.h>
#include <string.h>

struct option_row {
	const char *name;
	char letter;
	const char *value, *help;
};
static const struct option_row rows[OPTION_COUNT] = {
#define OPTION_ROW(id, name_, letter_, value_, help_) \
	[id] = {.name = (name_), .letter = (letter_), .value = (value_), .help = (help_)},
	OPTION_LIST(OPTION_ROW)
#undef OPTION_ROW
};
#define LONG_BASE 0x100 /* values of getopt_long above every letter */

const unsigned char options_common[] = {OPT_CONFIG, OPT_INSTANCE, OPT_HELP, OPT_VERSION,
					OPTION_END};

/* The tables that getopt_long wants, made from a command's list. */
struct tables {
	struct option longs[OPTION_COUNT + 1];
	const char *names[OPTION_COUNT + 1]; /* for "did you mean" */
	char letters[2 * OPTION_COUNT + 3];
	size_t count, letter_len;
};

static void tables_add(struct tables *t, const unsigned char *ids)
{
	for (; ids && *ids != OPTION_END; ids++) {
		const struct option_row *r = &rows[*ids];
		if (r->name) {
			t->names[t->count] = r->name;
			t->longs[t->count++] = (struct option){
				.name = r->name,
				.has_arg = r->value ? required_argument : no_argument,
				.val = LONG_BASE + *ids};
		}
		if (r->letter)
			t->letters[t->letter_len++] = r->letter;
		if (r->letter && r->value)
			t->letters[t->letter_len++] = ':';
	}
}

static void tables_make(struct tables *t, const unsigned char *accepted, int stop)
{
	memset(t, 0, sizeof *t);
	if (stop)
		t->letters[t->letter_len++] = '+';
	t->letters[t->letter_len++] = ':';
	tables_add(t, options_common);
	tables_add(t, accepted);
}

static enum option_id id_of(int value)
{
	if (value >= LONG_BASE)
		return (enum option_id)(value - LONG_BASE);
	for (int id = 0; id < OPTION_COUNT; id++)
		if (rows[id].letter == value)
			return (enum option_id)id;
	return OPTION_COUNT;
}

static enum result refuse_unknown(const struct tables *t, char **argv, struct err *err)
{
	const char *word = argv[optind - 1];
	if (optopt && optopt < LONG_BASE)
		return err_set(err, E_SYNTAX, "unknown option -%c", optopt);
	if (optopt)
		return err_set(err, E_SYNTAX, "%s takes no value", option_spelled(id_of(optopt)));
	err_set(err, E_SYNTAX, "unknown option %s", word);
	const char *near = strlen(word) > 2 ? text_nearest(word + 2, t->names) : NULL;
	if (near)
		err_remedy(err, "did you mean --%s?", near);
	return E_SYNTAX;
}

enum result options_parse(const unsigned char *accepted, int argc, char **argv, int stop,
			  struct options *o, struct err *err)
{
	struct tables t;
	tables_make(&t, accepted, stop);
	optind = 0; /* begins anew, also for glibc's own state */
	opterr = 0;
	for (int got; (got = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1;) {
		if (got == '?')
			return refuse_unknown(&t, argv, err);
		if (got == ':')
			return err_set(err, E_SYNTAX, "%s needs a value: %s",
				       option_spelled(id_of(optopt)), rows[id_of(optopt)].value);
		o->value[id_of(got)] = optarg ? optarg : "";
	}
	o->args = argv + optind;
	o->arg_count = argc - optind;
	return OK;
}

const char *option_spelled(enum option_id id)
{
	static char spelled[OPTION_COUNT][24];
	if (id >= OPTION_COUNT)
		return "an option";
	if (rows[id].name)
		snprintf(spelled[id], sizeof spelled[id], "--%s", rows[id].name);
	else
		snprintf(spelled[id], sizeof spelled[id], "-%c", rows[id].letter);
	return spelled[id];
}

void options_print(const unsigned char *accepted, FILE *to)
{
	for (; accepted && *accepted != OPTION_END; accepted++) {
		const struct option_row *r = &rows[*accepted];
		char left[48];
		int n = 0;
		if (r->letter)
			n = snprintf(left, sizeof left, "-%c%s", r->letter, r->name ? ", " : "");
		if (r->name)
			n += snprintf(left + n, sizeof left - (size_t)n, "--%s", r->name);
		if (r->value)
			snprintf(left + n, sizeof left - (size_t)n, " %s", r->value);
		fprintf(to, "  %-18s %s\n", left, r->help);
	}
}
