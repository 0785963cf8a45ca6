/*
 * Any bytes as a mail for a postoffice, or as one that holds a message: what comes out is one message of MMFF that our reader takes, with the recipient that was given,
 * and as mail again it can be written; that one comes in with the same attachments, byte for byte.
 */
#include "translate/incoming.h"
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Made once: mail, message, sheet, scratch; and the same of the mail that comes of it. */
static int files[8] = {-1, -1, -1, -1, -1, -1, -1, -1};

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

static uint64_t unique_of(const uint8_t *data, size_t n)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a: no input holds its own boundary */
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	return hash;
}

static bool same(const struct content *a, const struct content *b)
{
	char x[4096], y[4096];
	size_t got = 0, same_got = 0;
	if (a->size != b->size)
		return false;
	for (uint64_t at = 0; at < a->size; at += got) {
		assert(content_read(a, at, x, sizeof x, &got) == OK);
		for (size_t k = 0; k < got; k += same_got)
			assert(content_read(b, at + k, y + k, got - k, &same_got) == OK);
		if (memcmp(x, y, got) != 0)
			return false;
	}
	return true;
}

/* In again: files in the text, found there by themselves, may stand before the attachments that it had. */
static void comes_back(const struct neutral *m, const struct buf *mail, const char *charset)
{
	static struct mmff_reader reader;
	struct mime_told told;
	struct neutral back;
	struct err err;
	char sheet[80];
	struct region *region = region_new(0);
	snprintf(sheet, sizeof sheet, "charset %s\nto CSI A/B/c\n", charset);
	fill(4, buf_head(mail), mail->len);
	fill(5, "", 0);
	fill(6, sheet, strlen(sheet));
	fill(7, "", 0);
	struct incoming i = {
		.mail = files[4], .out = files[5], .sheet = files[6], .scratch = files[7]};
	assert(incoming_translate(&i, &told, &err) == OK);
	struct content c = content_file(files[5], 0, (uint64_t)lseek(files[5], 0, SEEK_END));
	mmff_reader_init(&reader, &c, 0);
	assert(mmff_next(&reader, region, &back, &err) == OK);
	assert(told.whole || back.parts.count >= m->parts.count);
	for (size_t k = 1; !told.whole && k <= m->parts.count; k++)
		assert(same(&m->parts.items[m->parts.count - k].content,
			    &back.parts.items[back.parts.count - k].content));
	region_destroy(&region);
}

/* A part of this name is unpacked by another program. */
static bool has_tnef(const struct neutral *m)
{
	for (size_t i = 0; i < m->parts.count; i++)
		if (strcasecmp(m->parts.items[i].name, "winmail.dat") == 0)
			return true;
	return false;
}

static void as_mail(const struct neutral *m, const char *charset, uint64_t unique)
{
	struct buf mail;
	struct sink to;
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = charset,
				 .hostname = "h.example",
				 .unique = unique,
				 .address = address};
	buf_init(&mail, 0);
	sink_buffer(&to, &mail);
	assert(mime_write(m, &form, &to, NULL) == OK);
	if (!has_tnef(m))
		comes_back(m, &mail, charset);
	buf_free(&mail);
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
	as_mail(&m, which == 1 ? "UTF-8" : "CP437", unique_of(data, n));
	assert(mmff_next(&reader, region, &m, &err) == E_NOTFOUND);
	region_destroy(&region);
	return 0;
}
