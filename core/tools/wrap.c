/* Encapsulation: see wrap.h. Owns nothing; the file without a name goes with its descriptor. */
#include "tools/wrap.h"

#include "base/text.h"
#include "translate/mmff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

bool wrap_wanted(const struct neutral *n)
{
	for (size_t i = 0; i < n->to.count + n->cc.count; i++)
		if (text_same((i < n->to.count ? &n->to.items[i] : &n->cc.items[i - n->to.count])
				      ->type,
			      "CSI"))
			return true;
	return false;
}

enum result wrap(const struct neutral *n, const struct file_ops *files, const char *folder,
		 struct neutral *outer, int *fd, struct err *err)
{
	static const struct mmff_form form = {.ending = ENDING_CR, .extended = true};
	struct sink s;
	*fd = files->openat(AT_FDCWD, folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (*fd < 0)
		return err_errno(err, errno, "a file to wrap a message in cannot be made in %s",
				 folder);
	sink_file(&s, files, *fd);
	enum result r = mmff_write(n, &form, &s);
	if (r == OK)
		r = sink_flush(&s);
	if (r != OK)
		err_set(err, r, "a message cannot be wrapped in %s: %s", folder, strerror(errno));
	struct neutral_part part = {.name = WRAP_NAME, .content = content_file(*fd, 0, s.count)};
	*outer = *n;
	outer->text = content_memory("", 0);
	outer->parts = (struct neutral_parts){0};
	outer->fields = (struct neutral_fields){0};
	outer->unknown = (struct neutral_lines){0};
	if (r == OK && neutral_add_part(outer, &part) != OK)
		r = err_set(err, E_NOMEM, "no memory to wrap a message");
	if (r != OK)
		files->close(*fd);
	return r;
}

enum result unwrap(const struct neutral *n, struct neutral *inner)
{
	if (n->parts.count != 1 || n->text.size || !text_same(n->parts.items[0].name, WRAP_NAME))
		return E_NOTFOUND;
	struct mmff_reader *r = malloc(sizeof *r);
	if (!r)
		return E_NOMEM;
	mmff_reader_init(r, &n->parts.items[0].content, -1);
	enum result got = mmff_next(r, n->region, inner, NULL);
	free(r);
	bool external = inner->text_external;
	for (size_t i = 0; got == OK && i < inner->parts.count; i++)
		external = external || inner->parts.items[i].external;
	return got == E_NOMEM ? got : got == OK && !external ? OK : E_NOTFOUND;
}
