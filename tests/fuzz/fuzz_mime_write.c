/*
 * Any MMFF message as mail: the header is of 7 bits and has short lines, no value can end it, and every attachment is there. Charset,
 * counts and encodings run with it.
 */
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum result address(void *ctx, const struct neutral_address *a, struct region *region,
			   const char **out)
{
	(void)ctx;
	(void)a;
	*out = region_strdup(region, "a@b.c");
	return *out ? OK : E_NOMEM;
}

static void check(const char *text, size_t n, const struct neutral *m)
{
	static const char type[] = "\nContent-Disposition: attachment;\n";
	size_t found = 0, line = 0;
	for (size_t i = 0; i < n; i++) {
		assert((unsigned char)text[i] < 0x80 && text[i] != '\r');
		line = text[i] == '\n' ? 0 : line + 1;
		assert(line <= 998);
		found += n - i >= sizeof type - 1 && memcmp(text + i, type, sizeof type - 1) == 0;
	}
	assert(found >= m->parts.count);
}

/* As the original wrote it: a header of 7 bits, and a name for each attachment. */
static void check_classic(const char *text, size_t n, const struct neutral *m)
{
	static const char name[] = "\nX-MS-Attachment: ";
	size_t found = 0;
	for (size_t i = 0; i + 1 < n && !(text[i] == '\n' && text[i + 1] == '\n'); i++) {
		assert((unsigned char)text[i] < 0x80);
		found += n - i >= sizeof name - 1 && memcmp(text + i, name, sizeof name - 1) == 0;
	}
	assert(found >= m->parts.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const charsets[] = {"CP437", "CP1252", "UTF-8", "ISO646-DE"};
	static struct mmff_reader r;
	struct mime_form form = {.ending = ENDING_LF,
				 .charset = charsets[n % 4],
				 .hostname = "h.example",
				 .unique = 0x9e3779b97f4a7c15,
				 .address = address};
	struct content c = content_memory(data, n);
	struct err err;
	struct region *region = region_new(0);
	struct neutral m;
	mmff_reader_init(&r, &c, -1);
	while (mmff_next(&r, region, &m, &err) == OK) {
		struct buf out;
		struct sink s;
		buf_init(&out, 0);
		sink_buffer(&s, &out);
		assert(mime_write(&m, &form, &s, NULL) == OK);
		check(buf_head(&out), out.len, &m);
		buf_clear(&out);
		form.uuencode = true;
		sink_buffer(&s, &out);
		assert(mime_write(&m, &form, &s, NULL) == OK);
		check_classic(buf_head(&out), out.len, &m);
		form.uuencode = false;
		buf_free(&out);
	}
	region_destroy(&region);
	return 0;
}
