/* The command line of the FFAPI programs: see options.h. Owns nothing; strings are argv's. */
#include "tools/options.h"

#include "base/text.h"
#include "translate/charset.h"

#include <stdlib.h>
#include <string.h>

struct parse {
	int argc, at;
	char **argv;
	struct ffapi_options *o;
	struct err *err;
};

/* The value attached to an option of one letter, else the next word; NULL: there is none. */
static const char *value_of(struct parse *p)
{
	const char *arg = p->argv[p->at];
	if (arg[2])
		return arg + 2;
	return p->at + 1 < p->argc && p->argv[p->at + 1][0] != '-' ? p->argv[++p->at] : NULL;
}

static enum result read_text(struct parse *p, const char **to)
{
	const char *option = p->argv[p->at];
	*to = value_of(p);
	return *to ? OK
		   : err_set(p->err, E_RANGE, "%s needs a value, attached or as the next word",
			     option);
}

static enum result read_number(struct parse *p, long min, long max, long *to)
{
	const char *option = p->argv[p->at], *value = value_of(p);
	char *end;
	*to = value ? strtol(value, &end, 10) : 0;
	if (!value || *end || end == value || *to < min || *to > max)
		return err_set(p->err, E_RANGE, "%s: -%c takes a number from %ld to %ld", option,
			       option[1], min, max);
	return OK;
}

static enum result read_external(struct parse *p)
{
	const char *option = p->argv[p->at], *value = value_of(p);
	for (int text = 0; value && text < 2; text++)
		for (int parts = 0; parts < 2; parts++)
			if (text_same(value, (char[]){text ? 'y' : 'n', parts ? 'y' : 'n', '\0'})) {
				p->o->external_text = text;
				p->o->external_parts = parts;
				return OK;
			}
	return err_set(
		p->err, E_RANGE,
		"%s: -y takes yy, yn, ny or nn: text, then attachments, in files of their own",
		option);
}

static enum result read_mail(struct parse *p)
{
	const char *option = p->argv[p->at];
	switch (option[2] && !option[3] ? text_lower(option[2]) : 0) {
	case 'd':
		p->o->keep = true;
		return OK;
	case 'r':
		p->o->received = true;
		return OK;
	case 's':
		p->o->sent = true;
		return OK;
	default:
		return err_set(p->err, E_RANGE, "%s: -md, -mr and -ms are", option);
	}
}

static enum result read_flag(struct parse *p, bool *to)
{
	*to = true;
	return p->argv[p->at][2] ? err_set(p->err, E_RANGE, "%s: -%c takes no value",
					   p->argv[p->at], p->argv[p->at][1])
				 : OK;
}

static enum result read_letter(struct parse *p)
{
	struct ffapi_options *o = p->o;
	long number = 0;
	enum result r;
	switch (text_lower(p->argv[p->at][1])) {
	case 'd':
		return read_text(p, &o->postoffice);
	case 'f':
		r = read_number(p, ENDING_CR, ENDING_CRLF, &number);
		o->ending = (int)number;
		return r;
	case 'h':
		return read_flag(p, &o->extended);
	case 'j':
		return read_flag(p, &o->encapsulate);
	case 'k':
		return read_flag(p, &o->keep);
	case 'l':
		return read_text(p, &o->log);
	case 'm':
		return read_mail(p);
	case 'n':
		r = read_number(p, 1, FFAPI_MOST, &number);
		o->most = (unsigned)number;
		return r;
	case 'p':
		r = read_number(p, 1, 5, &number);
		o->priority = (int)number;
		return r;
	case 'y':
		return read_external(p);
	default:
		return err_set(p->err, E_RANGE, "there is no option %s", p->argv[p->at]);
	}
}

static enum result read_charset(struct parse *p, const char *name)
{
	p->o->charset = charset_find(name);
	if (p->o->charset)
		return OK;
	const char *near = text_nearest(name, charset_names());
	return err_set(p->err, E_RANGE, "there is no charset %s%s%s%s", name,
		       near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

static enum result read_option(struct parse *p)
{
	const char *arg = p->argv[p->at];
	if (text_same(arg, "-ver") || text_same(arg, "--version"))
		p->o->version = true;
	else if (text_same(arg, "--help"))
		p->o->help = true;
	else if (text_same(arg, "--here"))
		p->o->here = true;
	else if (text_same(arg, "--leave"))
		p->o->leave = true;
	else if (text_starts(arg, "--charset="))
		return read_charset(p, arg + strlen("--charset="));
	else if (arg[1] == '-' || !arg[1])
		return err_set(p->err, E_RANGE, "there is no option %s", arg);
	else
		return read_letter(p);
	return OK;
}

enum result ffapi_options_parse(int argc, char **argv, struct ffapi_options *o, struct err *err)
{
	struct parse p = {.argc = argc, .at = 1, .argv = argv, .o = o, .err = err};
	*o = (struct ffapi_options){.postoffice = ".", .ending = -1};
	for (; p.at < argc; p.at++) {
		enum result r = OK;
		if (argv[p.at][0] == '-')
			r = read_option(&p);
		else if (!o->file)
			o->file = argv[p.at];
		else
			r = err_set(err, E_RANGE, "one file too many: %s", argv[p.at]);
		if (r != OK)
			return r;
	}
	return OK;
}

bool ffapi_priority_fits(const char *priority, int least)
{
	int have = priority && *priority >= '1' && *priority <= '5' && !priority[1]
			   ? *priority - '0'
			   : 1;
	return have >= least;
}
