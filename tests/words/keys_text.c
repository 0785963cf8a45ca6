/* What the manual must say of a key: see keys_text.h. Owns nothing. */
#include "words/keys_text.h"
#include "conf/number.h"

#include <string.h>

void keys_text_kind(const struct conf_kind *kind, struct conf_out *out)
{
	conf_out_printf(out, "[%s%s%s]", kind->word, kind->named ? " " : "",
			kind->named ? kind->named : "");
}

/* A default with the folders of this build in place of which those of a package are printed. */
static void put_standard(const char *text, struct conf_out *out)
{
	static const struct {
		const char *built, *packaged;
	} folders[] = {{PKGLIBDIR "/", "/usr/lib/smtpgate/"},
		       {LOCALSTATEDIR "/", "/var/"},
		       {SYSCONFDIR "/", "/etc/"}};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		size_t n = strlen(folders[i].built);
		if (strncmp(text, folders[i].built, n) != 0)
			continue;
		conf_out_printf(out, "%s%s", folders[i].packaged, text + n);
		return;
	}
	conf_out_puts(out, text);
}

static void put_words(const struct conf_key *k, struct conf_out *out)
{
	for (size_t i = 0; k->words[i]; i++)
		conf_out_printf(out, "%s%s", i ? "|" : "", k->words[i]);
}

void keys_text_key(const struct conf_key *k, struct conf_out *out)
{
	conf_out_puts(out, "(");
	if (k->type == &conf_type_word || k->type == &conf_type_switch)
		put_words(k, out);
	else
		conf_out_puts(out, k->type->name);
	if (k->min || k->max) {
		conf_out_puts(out, ", ");
		conf_number_format(k, k->min, out);
		conf_out_puts(out, " to ");
		conf_number_format(k, k->max, out);
	}
	if (k->flags & KEY_MANY)
		conf_out_puts(out, ", may be repeated");
	if (k->flags & KEY_NEEDED)
		conf_out_puts(out, "; needed");
	else
		conf_out_puts(out, "; default: ");
	if (k->standard)
		put_standard(k->standard, out);
	else if (k->derived)
		conf_out_puts(out, k->derived);
	conf_out_puts(out, k->flags & KEY_RELOAD ? "; reload)" : ")");
}
