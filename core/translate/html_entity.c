/* Names of characters in HTML: those of ISO 8859-1 and of office programs (HTML 4.01, 24). Data and a search. */
#include "translate/html_text.h"

#include <stdlib.h>
#include <string.h>

/* U+00A0 to U+00FF in order. */
static const char latin[][8] = {
	"nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
	"copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
	"sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
	"raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
	"Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
	"Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
	"Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
	"szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
	"egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
	"ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
	"uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

static const struct {
	const char *name;
	unsigned character;
} others[] = {
	{"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},
	{"apos", '\''},     {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},
	{"scaron", 0x161},  {"Yuml", 0x178},    {"fnof", 0x192},    {"ensp", 0x2002},
	{"emsp", 0x2003},   {"thinsp", 0x2009}, {"zwnj", 0x200c},   {"zwj", 0x200d},
	{"ndash", 0x2013},  {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019},
	{"sbquo", 0x201a},  {"ldquo", 0x201c},  {"rdquo", 0x201d},  {"bdquo", 0x201e},
	{"dagger", 0x2020}, {"bull", 0x2022},   {"hellip", 0x2026}, {"permil", 0x2030},
	{"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"euro", 0x20ac},   {"trade", 0x2122},
	{"larr", 0x2190},   {"rarr", 0x2192},   {"minus", 0x2212},  {"ne", 0x2260},
	{"le", 0x2264},     {"ge", 0x2265},
};

static unsigned numeric(const char *digits)
{
	bool hex = *digits == 'x' || *digits == 'X';
	char *end;
	digits += hex;
	if (!(*digits >= '0' && *digits <= '9') && !hex)
		return 0;
	unsigned long value = strtoul(digits, &end, hex ? 16 : 10);
	bool none =
		*end || end == digits || value > 0x10ffff || (value >= 0xd800 && value < 0xe000);
	return none ? 0 : (unsigned)value;
}

unsigned html_entity(const char *name)
{
	if (*name == '#')
		return numeric(name + 1);
	for (size_t i = 0; i < sizeof latin / sizeof *latin; i++)
		if (strcmp(latin[i], name) == 0)
			return 0xa0 + (unsigned)i;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].character;
	return 0;
}
