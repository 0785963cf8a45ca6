/* Line ends: see ending.h. Owns nothing. */
#include "translate/ending.h"

const char *ending_text(enum ending e)
{
	static const char *const texts[] = {"\r", "\n", "\r\n"};
	return texts[e];
}

void ending_start(struct ending_writer *w, struct sink *to, enum ending ending)
{
	*w = (struct ending_writer){.to = to, .ending = ending};
}

enum result ending_put(struct ending_writer *w, const char *bytes, size_t n)
{
	enum result r = OK;
	size_t from = 0;
	for (size_t i = 0; r == OK && i < n; i++) {
		bool cr = bytes[i] == '\r', lf = bytes[i] == '\n';
		if (cr || lf) {
			r = sink_write(w->to, bytes + from, i - from);
			from = i + 1;
			if (r == OK && !(lf && w->cr))
				r = sink_puts(w->to, ending_text(w->ending));
		}
		w->cr = cr;
	}
	return r == OK ? sink_write(w->to, bytes + from, n - from) : r;
}

enum result ending_content(struct sink *to, enum ending ending, const struct content *c)
{
	struct ending_writer w;
	char block[8192];
	size_t got;
	enum result r = OK;
	ending_start(&w, to, ending);
	for (uint64_t at = 0; r == OK && at < c->size; at += got) {
		r = content_read(c, at, block, sizeof block, &got);
		if (r == OK)
			r = ending_put(&w, block, got);
	}
	return r;
}
