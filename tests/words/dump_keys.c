/* Prints the tables of keys, one key a line: section, key, what the manual must say, help. For people and scripts. */
#include "words/keys_text.h"

#include <stdio.h>

static void dump(const struct conf_kind *kind)
{
	for (const struct conf_key *k = kind->keys; k->name; k++) {
		struct conf_out b;
		conf_out_init(&b);
		keys_text_kind(kind, &b);
		conf_out_printf(&b, "\t%s\t", k->name);
		keys_text_key(k, &b);
		conf_out_printf(&b, "\t%s", k->help);
		puts(conf_out_string(&b));
		conf_out_free(&b);
	}
}

int main(void)
{
	for (size_t i = 0; i < CONF_KINDS; i++)
		dump(&conf_kinds[i]);
	return 0;
}
