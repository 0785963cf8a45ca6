/*
 * Letters that stand for a character in ASCII: Latin letters as their own languages spell them without the mark, and the
 * signs of office programs. Data and a search.
 */
#include "translate/charset.h"

#include <stdlib.h>

#define FIRST 0xa0u
/* U+00A0 to U+017F in order. */
static const char latin[][4] = {
	" ",   "!",   "c",   "GBP", "$",  "JPY", "|",  "S.", "\"", "(C)", "a",  "<<", "-",  "",
	"(R)", "-",   "deg", "+/-", "2",  "3",   "'",  "u",  "P",  ".",   ",",  "1",  "o",  ">>",
	"1/4", "1/2", "3/4", "?",   "A",  "A",   "A",  "A",  "Ae", "Aa",  "AE", "C",  "E",  "E",
	"E",   "E",   "I",   "I",   "I",  "I",   "D",  "N",  "O",  "O",   "O",  "O",  "Oe", "x",
	"Oe",  "U",   "U",   "U",   "Ue", "Y",   "Th", "ss", "a",  "a",   "a",  "a",  "ae", "aa",
	"ae",  "c",   "e",   "e",   "e",  "e",   "i",  "i",  "i",  "i",   "d",  "n",  "o",  "o",
	"o",   "o",   "oe",  "/",   "oe", "u",   "u",  "u",  "ue", "y",   "th", "y",  "A",  "a",
	"A",   "a",   "A",   "a",   "C",  "c",   "C",  "c",  "C",  "c",   "C",  "c",  "D",  "d",
	"D",   "d",   "E",   "e",   "E",  "e",   "E",  "e",  "E",  "e",   "E",  "e",  "G",  "g",
	"G",   "g",   "G",   "g",   "G",  "g",   "H",  "h",  "H",  "h",   "I",  "i",  "I",  "i",
	"I",   "i",   "I",   "i",   "I",  "i",   "IJ", "ij", "J",  "j",   "K",  "k",  "k",  "L",
	"l",   "L",   "l",   "L",   "l",  "L",   "l",  "L",  "l",  "N",   "n",  "N",  "n",  "N",
	"n",   "'n",  "N",   "n",   "O",  "o",   "O",  "o",  "O",  "o",   "OE", "oe", "R",  "r",
	"R",   "r",   "R",   "r",   "S",  "s",   "S",  "s",  "S",  "s",   "S",  "s",  "T",  "t",
	"T",   "t",   "T",   "t",   "U",  "u",   "U",  "u",  "U",  "u",   "U",  "u",  "U",  "u",
	"U",   "u",   "W",   "w",   "Y",  "y",   "Y",  "Z",  "z",  "Z",   "z",  "Z",  "z",  "s",
};

/* Others, in order. */
static const struct {
	uint32_t character;
	const char *letters;
} others[] = {
	{0x0192, "f"},     {0x1e9e, "SS"},   {0x2002, " "},    {0x2003, " "},    {0x2009, " "},
	{0x200b, ""},      {0x200c, ""},     {0x200d, ""},     {0x2010, "-"},    {0x2011, "-"},
	{0x2012, "-"},     {0x2013, "-"},    {0x2014, "--"},   {0x2015, "--"},   {0x2018, "'"},
	{0x2019, "'"},     {0x201a, "'"},    {0x201c, "\""},   {0x201d, "\""},   {0x201e, "\""},
	{0x2020, "+"},     {0x2022, "*"},    {0x2026, "..."},  {0x2028, " "},    {0x202f, " "},
	{0x2030, "o/oo"},  {0x2039, "<"},    {0x203a, ">"},    {0x20ac, "EUR"},  {0x2116, "No."},
	{0x2122, "(TM)"},  {0x2190, "<-"},   {0x2192, "->"},   {0x2212, "-"},    {0x2260, "!="},
	{0x2264, "<="},    {0x2265, ">="},   {0x2713, "v"},    {0x3000, " "},    {0xfeff, ""},
	{0x1f44d, "(+1)"}, {0x1f600, ":-)"}, {0x1f609, ";-)"}, {0x1f641, ":-("}, {0x1f642, ":-)"},
};

static int compare(const void *key, const void *row)
{
	uint32_t a = *(const uint32_t *)key, b = *(const uint32_t *)row;
	return a < b ? -1 : a > b;
}

const char *charset_letters(uint32_t character)
{
	if (character >= FIRST && character < FIRST + sizeof latin / sizeof *latin)
		return latin[character - FIRST];
	const char *row = bsearch(&character, others, sizeof others / sizeof *others,
				  sizeof *others, compare);
	return row ? others[(size_t)(row - (const char *)others) / sizeof *others].letters : NULL;
}
