/* Texts and failures as JSON: see words.h. */
#include "daemon/words.h"

#include <stdlib.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), 0 when there is none. */
static size_t sequence(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, low, high; /* first byte; bounds of the second */
		size_t length;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (forms[i].length > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

json_t *words_json(const char *text)
{
	size_t n = text ? strlen(text) : 0, at = 0;
	char *clean = malloc(3 * n + 1);
	if (!clean)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t good = sequence((const unsigned char *)text + i);
		memcpy(clean + at, good ? text + i : "\xef\xbf\xbd", good ? good : 3);
		at += good ? good : 3;
		i += good ? good : 1;
	}
	json_t *s = json_stringn(clean, at);
	free(clean);
	return s;
}

json_t *words_of_err(const struct err *err)
{
	return json_pack("{s:s, s:o, s:o}", "result", result_word(err->code), "text",
			 words_json(err->text), "remedy", words_json(err->remedy));
}

static enum result result_of_word(const char *word)
{
	for (int r = 0; r < RESULT_COUNT; r++)
		if (strcmp(result_word((enum result)r), word) == 0)
			return (enum result)r;
	return E_REFUSED;
}

void words_to_err(const json_t *object, struct err *err)
{
	err_set(err, result_of_word(words_text(object, "result")), "%s",
		words_text(object, "text"));
	if (*words_text(object, "remedy"))
		err_remedy(err, "%s", words_text(object, "remedy"));
}

const char *words_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s ? s : "";
}

json_int_t words_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}
