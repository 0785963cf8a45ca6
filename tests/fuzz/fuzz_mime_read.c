/*
 * Any bytes as a mail for a postoffice, or as one that holds a message: what comes out is one message of MMFF that our reader takes, with the recipient that was given,
 * and as mail again it can be written.
 */
#include "translate/incoming.h"
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int files[4] = {-1, -1, -1, -1}; /* made once: mail, message, sheet, scratch */

static void fill(int i, const void *bytes, size_t n)
{
	if (files[i] < 0)
		files[i] = memfd_create("fuzz", MFD_CLOEXEC);
	assert(ftruncate(files[i], 0) == 0 && lseek(files[i], 0, SEEK_SET) == 0);
	assert(write(files[i], bytes, n) == (ssize_t)n);
	lseek(files[i], 0, SEEK_SET);
}

static enum result address(void *ctx, const struct neutral_address *a, struct region *region,
			   const char **out)
{
	(void)ctx;
	(void)a;
	*out = region_strdup(region, "a@b.c");
	return *out ? OK : E_NOMEM;
}

static void as_mail(const struct neutral *m, const char *charset)
{
	struct sink to;
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = charset,
				 .hostname = "h.example",
				 .unique = 0x9e3779b97f4a7c15,
				 .address = address};
	sink_counting(&to);
	assert(mime_write(m, &form, &to, NULL) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const sheets[] = {"charset CP437\nto CSI A/B/c\n",
					     "charset UTF-8\nreceived keep\nto CSI A/B/c\n",
					     "charset CP437\nmake open\nto CSI A/B/c\n",
					     "charset CP437\nmake sealed\nto CSI A/B/c\n",
					     "charset CP437\nmake inside\nto CSI A/B/c\n"};
	const size_t which = n % (sizeof sheets / sizeof *sheets);
	static struct mmff_reader reader;
	static bool begun;
	struct mime_told told;
	struct neutral m;
	struct err err;
	if (!begun)
		mime_begin();
	begun = true;
	fill(0, data, n);
	fill(1, "", 0);
	fill(2, sheets[which], strlen(sheets[which]));
	fill(3, "", 0);
	struct incoming i = {
		.mail = files[0], .out = files[1], .sheet = files[2], .scratch = files[3]};
	assert(incoming_translate(&i, &told, &err) == OK);
	struct region *region = region_new(0);
	struct content c = content_file(files[1], 0, (uint64_t)lseek(files[1], 0, SEEK_END));
	mmff_reader_init(&reader, &c, 0);
	assert(mmff_next(&reader, region, &m, &err) == OK);
	assert(which == 2 || (m.to.count == 1 && strcmp(m.to.items[0].text, "A/B/c") == 0));
	as_mail(&m, which == 1 ? "UTF-8" : "CP437");
	assert(mmff_next(&reader, region, &m, &err) == E_NOTFOUND);
	region_destroy(&region);
	return 0;
}
