/* smtpput: see put.h. Owns the lock of the message file and of FILE.left, and a message's external files while it is posted. */
#include "tools/put.h"

#include "deliver/apifile.h"
#include "tools/external.h"
#include "tools/post.h"
#include "tools/wrap.h"
#include "translate/charset.h"
#include "translate/mmff.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 60000 /* for who has the message file */

struct put {
	const struct ffapi_options *o;
	const struct file_ops *files;
	const struct clock *clock;
	struct story *story;
	struct office office;
	struct apifile file;
	struct apifile queue; /* --leave: FILE.left */
	char queue_path[PATH_MAX];
	struct mmff_reader reader;
	struct apifile_range *left; /* what stays in the file */
	size_t left_count;
	unsigned taken;
	bool over; /* the file was read to its end */
	int status;
};

static void fail(struct put *p, const struct err *err, int status)
{
	story_error(p->story, err);
	if (p->status != EX_TEMPFAIL)
		p->status = status;
}

/* The message that was read last stays; false: memory is short, and the whole file does. */
static bool stays(struct put *p)
{
	struct apifile_range *more = realloc(p->left, (p->left_count + 1) * sizeof *more);
	if (!more)
		return false;
	p->left = more;
	p->left[p->left_count++] = (struct apifile_range){p->reader.start, p->reader.end};
	return true;
}

/* It failed for now: told, and tried again another time. */
static bool defer(struct put *p, const struct err *why)
{
	struct err err;
	mmff_err(&err, why->code, MMFF_SUBMIT, p->reader.message, p->reader.line, "%s", why->text);
	fail(p, &err, EX_TEMPFAIL);
	return stays(p);
}

/* ---- set aside ---- */

static bool set_aside(struct put *p, enum result (*write)(void *ctx, struct sink *to), void *ctx,
		      const struct err *reason)
{
	struct err err;
	fail(p, reason, EXIT_FAILURE);
	if (p->o->keep)
		return true;
	if (apifile_set_aside(p->files, p->o->file, write, ctx, reason->text, &err) == OK)
		return true;
	fail(p, &err, EX_TEMPFAIL);
	return stays(p);
}

static bool set_aside_whole(struct put *p, const struct err *reason)
{
	struct content c =
		content_part(&p->reader.file, p->reader.start, p->reader.end - p->reader.start);
	return set_aside(p, apifile_write_content, &c, reason);
}

static enum result write_neutral(void *n, struct sink *to)
{
	static const struct mmff_form form = {.ending = ENDING_CR, .extended = true};
	return mmff_write(n, &form, to);
}

/* Only who did not get it stands in what is set aside. */
static bool set_aside_refused(struct put *p, const struct neutral *n, const struct post *posted)
{
	struct neutral rest = *n;
	struct err err;
	rest.to = posted->refused;
	rest.cc = (struct neutral_addresses){0};
	mmff_err(&err, E_NOTFOUND, MMFF_SUBMIT, p->reader.message, p->reader.line, "%s%s",
		 posted->reason, posted->refused.count > 1 ? ", and others" : "");
	return set_aside(p, write_neutral, &rest, &err);
}

/* ---- one message ---- */

/* As a whole, for another program; what it would unwrap is unwrapped. Synced before it leaves FILE. */
static enum result append(struct put *p, const struct neutral *n, struct err *err)
{
	static const struct mmff_form form = {.ending = ENDING_CR, .extended = true};
	const struct mmff_reader *from = &p->reader;
	struct content whole = content_part(&from->file, from->start, from->end - from->start);
	struct neutral inner;
	struct sink s;
	bool sealed = p->o->encapsulate && unwrap(n, &inner) == OK;
	sink_file(&s, p->files, p->queue.fd);
	if (sealed) {
		inner.to = n->to;
		inner.cc = n->cc;
	}
	enum result r = sealed ? mmff_write(&inner, &form, &s) : sink_content(&s, &whole);
	if (r == OK)
		r = sink_flush(&s);
	if (r == OK)
		return apifile_commit(&p->queue, err);
	apifile_drop(&p->queue);
	return err_set(err, r, "%s cannot be written", p->queue_path);
}

static bool leave_it(struct put *p, const struct neutral *n, bool *done)
{
	struct err err;
	if (append(p, n, &err) != OK)
		return defer(p, &err);
	*done = true;
	story_event(p->story, "message %u: left in %s", p->reader.message, p->queue_path);
	if (p->o->received)
		story_mail(p->story, p->office.path, "RECV.LOG", n);
	return true;
}

static bool post_it(struct put *p, const struct neutral *n, bool *done)
{
	struct neutral inner;
	struct post posted = {.office = &p->office,
			      .clock = p->clock,
			      .charset = p->o->charset ? p->o->charset : charset_find("cp437"),
			      .shown = n,
			      .sealed = n};
	struct err err;
	if (p->o->encapsulate && unwrap(n, &inner) == OK)
		posted.shown = &inner;
	if (post(&posted, &err) != OK)
		return defer(p, &err);
	*done = true;
	if (posted.lost)
		story_event(p->story, "message %u: %llu bytes have no meaning in the charset",
			    p->reader.message, (unsigned long long)posted.lost);
	story_event(p->story, "message %u: %zu delivered, %zu refused", p->reader.message,
		    posted.delivered, posted.refused.count);
	if (p->o->received)
		story_mail(p->story, p->office.path, "RECV.LOG", posted.shown);
	return posted.refused.count ? set_aside_refused(p, n, &posted) : true;
}

static bool take(struct put *p, struct neutral *n)
{
	struct external e;
	struct err err, why;
	bool text, done = false, go_on;
	if (p->taken == p->o->most && p->o->most)
		return stays(p);
	if (!ffapi_priority_fits(n->priority, p->o->priority))
		return stays(p);
	p->taken++;
	if (!n->to.count && !n->cc.count) {
		mmff_err(&err, E_CORRUPT, MMFF_ADDRESS, p->reader.message, p->reader.line,
			 "it has no recipient");
		return set_aside_whole(p, &err);
	}
	enum result r = external_take(&e, p->files, p->o->file, n, &text, &why);
	if (r == OK) {
		go_on = p->o->leave ? leave_it(p, n, &done) : post_it(p, n, &done);
	} else if (r == E_NOTFOUND) {
		mmff_err(&err, r, text ? MMFF_XTEXT : MMFF_OPEN, p->reader.message, p->reader.line,
			 "%s", why.text);
		go_on = set_aside_whole(p, &err);
	} else {
		go_on = defer(p, &why);
	}
	external_close(&e, done && !p->o->keep && !p->o->leave);
	return go_on;
}

/* The next message; false: there is none, or it is of no use to go on. */
static bool next(struct put *p)
{
	struct neutral n;
	struct err err;
	struct region *region = region_new(0);
	bool go_on = false;
	enum result r = region ? mmff_next(&p->reader, region, &n, &err)
			       : err_set(&err, E_NOMEM, "no memory");
	if (r == OK) {
		go_on = take(p, &n);
	} else if (r == E_CORRUPT) {
		go_on = set_aside_whole(p, &err);
	} else {
		p->over = r == E_NOTFOUND;
		if (!p->over)
			fail(p, &err, EX_TEMPFAIL);
	}
	region_destroy(&region);
	return go_on;
}

static void run(struct put *p)
{
	struct content c = content_file(p->file.fd, 0, p->file.size);
	struct err err;
	mmff_reader_init(&p->reader, &c, p->o->ending);
	while (next(p))
		;
	/* one that cannot be read to its end stays as it is: twice is better than never */
	if (p->over && !p->o->keep && apifile_keep(&p->file, p->left, p->left_count, &err) != OK)
		fail(p, &err, EX_TEMPFAIL);
}

/* Who takes what was left holds its lock meanwhile. */
static enum result open_queue(struct put *p, struct err *err)
{
	if ((size_t)snprintf(p->queue_path, sizeof p->queue_path, "%s.left", p->o->file) >=
	    sizeof p->queue_path)
		return err_set(err, E_LIMIT, "%s is too long a name", p->o->file);
	return apifile_open(&p->queue, p->files, p->clock, p->queue_path, true, WAIT_MS, err);
}

/* None that is empty stays. */
static void close_queue(struct put *p)
{
	struct err err;
	if (!p->o->leave)
		return;
	if (!p->queue.size && apifile_keep(&p->queue, NULL, 0, &err) != OK)
		fail(p, &err, EX_TEMPFAIL);
	apifile_close(&p->queue);
}

static int begin(struct put *p)
{
	struct err err, words;
	if (p->o->sent || p->o->external_text || p->o->external_parts) {
		mmff_err(&err, E_RANGE, MMFF_UNSUPPORTED, 0, 0, "%s is an option of smtpget",
			 p->o->sent ? "-ms" : "-y");
		fail(p, &err, EX_USAGE);
		return EX_USAGE;
	}
	if (!p->o->file) {
		mmff_err(&err, E_RANGE, MMFF_OPEN, 0, 0, "name the file that the messages are in");
		fail(p, &err, EX_USAGE);
		return EX_USAGE;
	}
	if (office_open(&p->office, p->o->postoffice, p->files, &words) != OK) {
		mmff_err(&err, words.code,
			 words.code == E_UNSUPPORTED ? MMFF_UNSUPPORTED : MMFF_OPEN, 0, 0, "%s",
			 words.text);
		fail(p, &err,
		     words.code == E_SYNTAX || words.code == E_UNSUPPORTED ? EX_CONFIG
									   : EX_TEMPFAIL);
		return p->status;
	}
	p->office.here = p->o->here;
	enum result r =
		apifile_open(&p->file, p->files, p->clock, p->o->file, false, WAIT_MS, &words);
	if (r == OK && p->o->leave && (r = open_queue(p, &words)) != OK)
		apifile_close(&p->file);
	if (r == OK)
		return EXIT_SUCCESS;
	mmff_err(&err, words.code, MMFF_OPEN, 0, 0, "%s", words.text);
	fail(p, &err, words.code == E_NOTFOUND ? EX_NOINPUT : EX_TEMPFAIL);
	office_close(&p->office);
	return p->status;
}

int put_run(const struct ffapi_options *o, const struct file_ops *files, const struct clock *clock,
	    struct story *story)
{
	struct put *p = calloc(1, sizeof *p);
	if (!p)
		return EX_TEMPFAIL;
	p->o = o;
	p->files = files;
	p->clock = clock;
	p->story = story;
	int status = begin(p);
	if (status == EXIT_SUCCESS) {
		run(p);
		close_queue(p);
		status = p->status;
		apifile_close(&p->file);
		office_close(&p->office);
	}
	free(p->left);
	free(p);
	return status;
}
