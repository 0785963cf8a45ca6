/* smtpget: see get.h. Owns the lock of the message file, and of one message of the mailbag at a time. */
#include "tools/get.h"

#include "base/text.h"
#include "deliver/apifile.h"
#include "tools/external.h"
#include "tools/office.h"
#include "tools/wrap.h"
#include "translate/mmff.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 60000 /* for who has the message file */

struct get {
	const struct ffapi_options *o;
	const struct file_ops *files;
	const struct clock *clock;
	struct story *story;
	struct office office;
	struct apifile out;
	char folder[PATH_MAX]; /* of the message file */
	unsigned taken;
	int status;
};

static void fail(struct get *g, const struct err *err, int status)
{
	story_error(g->story, err);
	if (g->status != EX_TEMPFAIL)
		g->status = status;
}

/* ---- one message ---- */

static enum result append(struct get *g, struct neutral *n, struct err *err)
{
	const struct ffapi_options *o = g->o;
	struct mmff_form form = {.ending = o->ending < 0 ? ENDING_CR : (enum ending)o->ending,
				 .extended = o->extended};
	struct neutral outer = *n;
	struct sink s;
	int fd = -1;
	enum result r = OK;
	if (o->encapsulate && wrap_wanted(n))
		r = wrap(n, g->files, g->folder, &outer, &fd, err);
	if (r == OK)
		r = external_put(g->files, o->file, &outer, form.ending, o->external_text,
				 o->external_parts, err);
	if (r == OK) {
		sink_file(&s, g->files, g->out.fd);
		r = mmff_write(&outer, &form, &s);
		if (r == OK)
			r = sink_flush(&s);
		if (r != OK)
			err_errno(err, errno, "%s cannot be written", o->file);
	}
	if (fd >= 0)
		g->files->close(fd);
	if (r == OK)
		g->taken++;
	return r;
}

/* A broken one leaves the mailbag visibly. */
static enum result set_aside(struct get *g, const char *name, const struct mmff_reader *r,
			     const struct err *reason, struct err *err)
{
	char base[PATH_MAX];
	struct err told = *reason;
	struct content c = content_part(&r->file, r->start, r->end - r->start);
	err_set(&told, reason->code,
		g->o->keep ? "%s; in %s of the mailbag"
			   : "%s; %s of the mailbag is set aside in " OFFICE_BAG "/bad",
		reason->text, name);
	fail(g, &told, EXIT_FAILURE);
	if (g->o->keep)
		return OK;
	snprintf(base, sizeof base, "%s/" OFFICE_BAG "/bad", g->office.path);
	enum result made = file_make_dirs(g->files, base, 0700, err);
	if (made != OK)
		return made;
	snprintf(base, sizeof base, "%s/" OFFICE_BAG "/bad/%s", g->office.path, name);
	return apifile_set_aside(g->files, base, apifile_write_content, &c, reason->text, err);
}

/* ---- one file of the mailbag ---- */

struct bagged {
	struct apifile file;
	const char *name;
	struct apifile_range *left; /* what stays in the mailbag */
	size_t left_count, taken;
};

static enum result stays(struct bagged *b, uint64_t start, uint64_t end)
{
	struct apifile_range *more = realloc(b->left, (b->left_count + 1) * sizeof *more);
	if (!more)
		return E_NOMEM;
	b->left = more;
	b->left[b->left_count++] = (struct apifile_range){start, end};
	return OK;
}

static enum result take_next(struct get *g, struct bagged *b, struct mmff_reader *r,
			     struct err *err)
{
	struct neutral n;
	struct err reason;
	struct region *region = region_new(0);
	if (!region)
		return err_set(err, E_NOMEM, "no memory for a message");
	enum result got = mmff_next(r, region, &n, &reason);
	if (got == E_CORRUPT)
		got = set_aside(g, b->name, r, &reason, err);
	else if (got == OK && (g->taken >= (g->o->most ? g->o->most : FFAPI_MOST) ||
			       !ffapi_priority_fits(n.priority, g->o->priority)))
		got = stays(b, r->start, r->end);
	else if (got == OK) {
		got = append(g, &n, err);
		b->taken += got == OK;
		if (got == OK && g->o->sent)
			story_mail(g->story, g->office.path, "SENT.LOG", &n);
	} else if (got != E_NOTFOUND)
		*err = reason;
	region_destroy(&region);
	return got;
}

static enum result take_all(struct get *g, struct bagged *b, struct err *err)
{
	struct mmff_reader *r = malloc(sizeof *r);
	struct content c = content_file(b->file.fd, 0, b->file.size);
	enum result got;
	if (!r)
		return err_set(err, E_NOMEM, "no memory for a message");
	mmff_reader_init(r, &c, -1);
	while ((got = take_next(g, b, r, err)) == OK)
		;
	free(r);
	if (got != E_NOTFOUND) {
		apifile_drop(&g->out);
		return got;
	}
	got = b->taken ? apifile_commit(&g->out, err) : OK;
	if (got == OK && !g->o->keep && (b->taken || !b->left_count))
		got = apifile_keep(&b->file, b->left, b->left_count, err);
	return got;
}

/* False: it is of no use to go on. */
static bool take_file(struct get *g, const char *part, const char *name)
{
	char path[PATH_MAX];
	struct bagged b = {.name = name};
	struct err err;
	snprintf(path, sizeof path, "%s/" OFFICE_BAG "/%s/%s", g->office.path, part, name);
	enum result r = apifile_open(&b.file, g->files, g->clock, path, false, 0, &err);
	if (r == E_NOTFOUND || r == E_BUSY) /* another run has it */
		return true;
	if (r != OK) {
		fail(g, &err, EX_TEMPFAIL);
		return true;
	}
	r = take_all(g, &b, &err);
	apifile_close(&b.file);
	free(b.left);
	if (r != OK)
		fail(g, &err, EX_TEMPFAIL);
	else
		story_event(g->story, "%s: %zu messages taken", name, b.taken);
	return r == OK;
}

static int no_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Names of Maildir begin with the time: in their order is oldest first. */
static bool take_folder(struct get *g, const char *part)
{
	char path[PATH_MAX];
	struct dirent **names;
	bool go_on = true;
	snprintf(path, sizeof path, "%s/" OFFICE_BAG "/%s", g->office.path, part);
	int count = scandir(path, &names, no_hidden, alphasort);
	if (count < 0 && errno != ENOENT) {
		struct err err;
		err_errno(&err, errno, "the mailbag %s cannot be read", path);
		fail(g, &err, EX_TEMPFAIL);
	}
	for (int i = 0; i < count; i++) {
		if (go_on && g->taken < (g->o->most ? g->o->most : FFAPI_MOST))
			go_on = take_file(g, part, names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return go_on;
}

static bool bag_is_empty(const struct get *g)
{
	static const char *const parts[] = {"cur", "new"};
	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX];
		struct dirent **names;
		snprintf(path, sizeof path, "%s/" OFFICE_BAG "/%s", g->office.path, parts[i]);
		int count = scandir(path, &names, no_hidden, NULL);
		for (int k = 0; k < count; k++)
			free(names[k]);
		if (count >= 0)
			free(names);
		if (count)
			return count < 0 && errno == ENOENT ? i == 1 : false;
	}
	return true;
}

static void run(struct get *g)
{
	struct err err;
	if (bag_is_empty(g))
		return; /* no file comes of nothing */
	const char *slash = strrchr(g->o->file, '/');
	snprintf(g->folder, sizeof g->folder, "%.*s", slash ? (int)(slash - g->o->file) : 1,
		 slash ? g->o->file : ".");
	if (apifile_open(&g->out, g->files, g->clock, g->o->file, true, WAIT_MS, &err) != OK) {
		fail(g, &err, EX_TEMPFAIL);
		return;
	}
	if (take_folder(g, "cur"))
		take_folder(g, "new");
	if (!g->out.size && apifile_keep(&g->out, NULL, 0, &err) != OK)
		fail(g, &err, EX_TEMPFAIL);
	apifile_close(&g->out);
}

int get_run(const struct ffapi_options *o, const struct file_ops *files, const struct clock *clock,
	    struct story *story)
{
	struct get g = {
		.o = o, .files = files, .clock = clock, .story = story, .status = EXIT_SUCCESS};
	struct err err, words;
	if (o->received || o->charset || o->here || o->leave) {
		mmff_err(&err, E_RANGE, MMFF_UNSUPPORTED, 0, 0, "%s is an option of smtpput",
			 o->received  ? "-mr"
			 : o->charset ? "--charset"
			 : o->here    ? "--here"
				      : "--leave");
		fail(&g, &err, EX_USAGE);
		return EX_USAGE;
	}
	if (!o->file) {
		mmff_err(&err, E_RANGE, MMFF_NO_OUTPUT, 0, 0,
			 "name the file that the messages go to");
		fail(&g, &err, EX_USAGE);
		return EX_USAGE;
	}
	if (office_open(&g.office, o->postoffice, files, &words) != OK) {
		mmff_err(&err, words.code,
			 words.code == E_UNSUPPORTED ? MMFF_UNSUPPORTED : MMFF_OPEN, 0, 0, "%s",
			 words.text);
		fail(&g, &err,
		     words.code == E_SYNTAX || words.code == E_UNSUPPORTED ? EX_CONFIG
									   : EX_TEMPFAIL);
		return g.status;
	}
	run(&g);
	office_close(&g.office);
	return g.status;
}
