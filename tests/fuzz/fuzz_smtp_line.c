/*
 * smtp/line: any bytes in pieces of any size give the lines that a plain search for LF finds. The
 * first byte is the bound, the second the size of the pieces.
 */
#include "smtp/line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The line that begins at `text` as it should be read; *n: bytes with its end, 0 when it has none. */
struct model {
	size_t n;
	bool over, bare;
	size_t shown;
};

static struct model read_plainly(const char *text, size_t n, size_t max)
{
	const char *lf = memchr(text, '\n', n);
	struct model m = {.n = lf ? (size_t)(lf - text) + 1 : 0};
	m.over = m.n > max;
	m.bare = !m.over && (m.n < 2 || text[m.n - 2] != '\r');
	m.shown = m.over ? max : m.n - (m.bare ? 1 : 2);
	return m;
}

static void compare(const struct smtp_line *l, enum smtp_line_event event, const char *text,
		    const struct model *m)
{
	check(m->n > 0);
	check(event == (m->over ? SMTP_LINE_LONG : SMTP_LINE_WHOLE));
	check(l->n == m->shown && memcmp(l->text, text, l->n) == 0);
	check(l->bare == m->bare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	size_t max = 2u + data[0], piece = 1u + data[1], begun = 0;
	const char *text = (const char *)data + 2;
	struct smtp_line l;
	smtp_line_init(&l, max);
	n -= 2;
	for (size_t at = 0; at < n;) {
		size_t used, size = piece < n - at ? piece : n - at;
		enum smtp_line_event event = smtp_line_take(&l, text + at, size, &used);
		check(event != SMTP_LINE_NOMEM && used > 0 && used <= size);
		at += used;
		check(l.held.len <= max);
		if (event == SMTP_LINE_MORE) {
			check(used == size && text[at - 1] != '\n');
			continue;
		}
		struct model m = read_plainly(text + begun, n - begun, max);
		compare(&l, event, text + begun, &m);
		begun += m.n;
		check(begun == at);
	}
	smtp_line_free(&l);
	return 0;
}
