/*
 * Fuzz target: bytes as an ini file, through reader, tables, derivation and validation, without disk. What is valid must
 * be the same again after it was printed and read, and differ in nothing that needs a restart.
 */
#include "conf/fake.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void same_key(const struct conf_key *k, const void *a, const void *b)
{
	struct conf_out x, y;
	conf_out_init(&x);
	conf_out_init(&y);
	conf_key_format(k, a, &x);
	conf_key_format(k, b, &y);
	if (strcmp(conf_out_string(&x), conf_out_string(&y)) != 0)
		abort();
	conf_out_free(&x);
	conf_out_free(&y);
}

static const struct conf_section *counterpart(const struct settings *s,
					      const struct conf_section *of)
{
	for (const struct conf_section *sec = s->sections; sec; sec = sec->next)
		if (sec->kind == of->kind && (!sec->name || strcmp(sec->name, of->name) == 0))
			return sec;
	abort();
}

static void same_settings(const struct settings *a, const struct settings *b)
{
	for (const struct conf_section *sec = a->sections; sec; sec = sec->next)
		for (const struct conf_key *k = sec->kind->keys; k->name; k++)
			if (!(k->flags & KEY_MERGED))
				same_key(k, sec->at, counterpart(b, sec)->at);
	if (a->listen_count != b->listen_count || a->route_count != b->route_count ||
	    a->postoffice_count != b->postoffice_count || a->vendor_count != b->vendor_count)
		abort();
}

static void print_and_read_again(void)
{
	struct settings *before = settings_ref(fake_settings());
	for (int changed_only = 0; changed_only < 2; changed_only++) {
		char *text = strdup(fake_print(NULL, changed_only));
		if (fake_load(text) != OK) {
			fputs(fake_faults(), stderr);
			abort();
		}
		same_settings(before, fake_settings());
		free(text);
	}
	settings_unref(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char list[] = "# patterns\n!a@b.example\n.example\n";
	fake_file("/list", list, sizeof list - 1);
	/* A list of networks is longer printed than written: what is near the bound of a line cannot be read again. */
	if (fake_load_with((const char *)data, n, NULL) == OK && n < 4096)
		print_and_read_again();
	fake_free();
	return 0;
}
