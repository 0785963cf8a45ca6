/*
 * Any bytes through a charset, both ways: however they are split, the same text and the same counts come out; what comes out as UTF-8
 * is UTF-8; and what went into a set of ours with nothing changed or lost comes back to the byte.
 * The first byte names the set (its highest bit: into it, not from it), the second the size of the pieces.
 */
#include "base/text.h"
#include "translate/charset.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct converted {
	struct buf text;
	uint64_t changed, lost;
};

/* Sets that are only ever read, with a memory of what came before or with characters of several bytes. */
static const char *const foreign[] = {"UTF-32",       "UTF-16",     "ISO-2022-JP", "ISO-2022-KR",
				      "GB18030",      "BIG5-HKSCS", "CP1258",      "TCVN5712-1",
				      "EUC-JISX0213", "SHIFT_JIS"};

static size_t ours(void)
{
	size_t n = 0;
	while (charset_names()[n])
		n++;
	return n;
}

/* What becomes of the bytes in pieces of `piece`; false: the C library here has no such set. */
static bool convert(const char *set, bool to_utf8, const char *bytes, size_t n, size_t piece,
		    struct converted *out)
{
	struct charset c;
	struct sink to;
	*out = (struct converted){.changed = 0};
	buf_init(&out->text, 0);
	sink_buffer(&to, &out->text);
	if (charset_begin(&c, set, to_utf8, &to) != OK)
		return false;
	for (size_t at = 0; at < n; at += piece) {
		enum result put = charset_put(&c, bytes + at, n - at < piece ? n - at : piece);
		assert(put == OK);
	}
	enum result end = charset_end(&c);
	assert(end == OK && c.changed + c.lost <= n);
	out->changed = c.changed;
	out->lost = c.lost;
	return true;
}

static void is_utf8(const char *text)
{
	size_t len;
	for (; *text; text += len) {
		len = text_utf8(text);
		assert(len);
	}
}

/* glibc leaves out U+E0000 to U+E007F, the tags, without a word. */
static bool has_tags(const char *bytes, size_t n)
{
	return memmem(bytes, n, "\xf3\xa0\x80", 3) || memmem(bytes, n, "\xf3\xa0\x81", 3);
}

static void comes_back(const char *set, const char *bytes, size_t n, const struct converted *into)
{
	struct converted back;
	if (into->changed || into->lost || has_tags(bytes, n))
		return;
	bool can = convert(set, true, buf_head(&into->text), into->text.len, into->text.len + 1,
			   &back);
	assert(can && back.lost == 0 && back.text.len == n);
	assert(!n || memcmp(buf_head(&back.text), bytes, n) == 0);
	buf_free(&back.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct converted whole, pieces;
	if (n < 2)
		return 0;
	size_t own = ours(), which = (data[0] & 0x7fu) % (own + sizeof foreign / sizeof *foreign);
	bool to_utf8 = which >= own || !(data[0] & 0x80);
	const char *set = which < own ? charset_find(charset_names()[which]) : foreign[which - own];
	const char *bytes = (const char *)data + 2;
	if (!convert(set, to_utf8, bytes, n - 2, n, &whole))
		return 0;
	bool can = convert(set, to_utf8, bytes, n - 2, data[1] % 32 + 1, &pieces);
	assert(can && whole.changed == pieces.changed && whole.lost == pieces.lost);
	assert(whole.text.len == pieces.text.len);
	assert(!whole.text.len ||
	       memcmp(buf_head(&whole.text), buf_head(&pieces.text), whole.text.len) == 0);
	if (to_utf8 && whole.text.len && !memchr(buf_head(&whole.text), 0, whole.text.len))
		is_utf8(buf_string(&whole.text));
	if (!to_utf8)
		comes_back(set, bytes, n - 2, &whole);
	buf_free(&whole.text);
	buf_free(&pieces.text);
	return 0;
}
