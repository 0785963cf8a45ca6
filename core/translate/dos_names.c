/* Names of eight and three: see dos_names.h. Owns nothing; what it makes lives in the message's region. */
#include "translate/dos_names.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define STEM 8
#define ENDING 3
#define COUNTED 9 /* so many tries with small numbers, then with the place in the message */

static char sign(unsigned char c, bool high)
{
	if (c >= 0x80)
		return high ? (char)c : '_';
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c && strchr("!#$%&'()-@^_`{}~", c)))
		return (char)c;
	return '_';
}

/* The signs from a to b, at most `most`, into out. Returns how many. */
static size_t signs(const char *a, const char *b, size_t most, bool high, char *out)
{
	size_t n = 0;
	for (; a < b && n < most; a++)
		if (*a != ' ')
			out[n++] = sign((unsigned char)*a, high);
	out[n] = '\0';
	return n;
}

/* DOS opens the device, whatever ending the name has. */
static bool is_device(const char *stem)
{
	static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CLOCK$"};
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (strcmp(stem, devices[i]) == 0)
			return true;
	return strlen(stem) == 4 && (!strncmp(stem, "COM", 3) || !strncmp(stem, "LPT", 3)) &&
	       stem[3] >= '1' && stem[3] <= '9';
}

void dos_name(const char *name, bool high, char out[DOS_NAME_MAX])
{
	char stem[STEM + 1], ending[ENDING + 1] = "";
	while (*name == '.' || *name == ' ')
		name++;
	const char *dot = strrchr(name, '.'), *end = name + strlen(name);
	size_t n = signs(name, dot ? dot : end, STEM, high, stem);
	if (dot)
		signs(dot + 1, end, ENDING, high, ending);
	if (is_device(stem) && n < STEM)
		strcat(stem, "_");
	snprintf(out, DOS_NAME_MAX, "%s%s%s", n ? stem : "ATT", *ending ? "." : "", ending);
}

static bool taken(const struct neutral *n, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++)
		if (strcmp(n->parts.items[i].name, name) == 0)
			return true;
	return false;
}

/* NAME.EXT with ~number behind as much of the stem as has room. */
static void add_number(const char *name, size_t number, char out[DOS_NAME_MAX])
{
	char tail[STEM];
	const char *dot = strchr(name, '.');
	size_t stem = dot ? (size_t)(dot - name) : strlen(name);
	size_t n = (size_t)snprintf(tail, sizeof tail, "~%zu", number % 100000);
	if (stem > STEM - n)
		stem = STEM - n;
	snprintf(out, DOS_NAME_MAX, "%.*s%s%.4s", (int)stem, name, tail, dot ? dot : "");
}

enum result dos_names(struct neutral *n, bool high)
{
	for (size_t i = 0; i < n->parts.count; i++) {
		struct neutral_part *p = &n->parts.items[i];
		char plain[DOS_NAME_MAX], name[DOS_NAME_MAX];
		dos_name(p->name, high, plain);
		text_copy(name, sizeof name, plain);
		for (size_t k = 1; taken(n, i, name); k++)
			add_number(plain, k <= COUNTED ? k : i + k, name);
		p->name = region_strdup(n->region, name);
		if (!p->name)
			return E_NOMEM;
	}
	return OK;
}
