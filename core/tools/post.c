/*
 * Posting one message: see post.h. All mailboxes have the same mail: the first gets a file, the others links to it where the disk has them, or
 * 10,000 recipients would be written 10,000 times, each with all of them in its header. Owns a file of a Maildir at a time, and the names of
 * who has it.
 */
#include "tools/post.h"

#include "base/text.h"
#include "mail/date.h"
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

struct posting {
	struct post *p;
	struct neutral bagged; /* the message for elsewhere */
	void *boxes;           /* mailboxes that have it, a tree of tsearch: each gets it once */
	char whole[PATH_MAX + NAME_MAX]; /* the file that was written last; "" before any */
};

/* ---- writing ---- */

static enum result write_mail(struct post *p, struct sink *to)
{
	const struct office *o = p->office;
	int64_t now = clock_wall(p->clock);
	struct mime_counts counts;
	struct mime_form form = {.ending = ENDING_LF,
				 .charset = p->charset,
				 .hostname = o->local.gateway ? o->local.gateway : o->host,
				 .unique = clock_random(p->clock),
				 .now = now,
				 .offset = mail_date_offset(now),
				 .address = office_address,
				 .ctx = p->office};
	const struct neutral_address *from = p->shown->from.text ? &p->shown->from : NULL;
	const char *path = "";
	enum result known = from ? office_address(p->office, from, p->shown->region, &path) : OK;
	if (known != OK && known != E_NOTFOUND)
		return known;
	enum result r = sink_puts(to, "Return-Path: <");
	if (r == OK && known == OK)
		r = sink_puts(to, path);
	if (r == OK)
		r = sink_puts(to, ">\n");
	if (r == OK)
		r = mime_write(p->shown, &form, to, &counts);
	if (r == OK)
		p->lost = counts.lost;
	return r;
}

static enum result write_bag(struct posting *g, struct sink *to)
{
	static const struct mmff_form form = {.ending = ENDING_CR, .extended = true};
	return mmff_write(&g->bagged, &form, to);
}

/* Into the Maildir `path`. */
static enum result write_file(struct posting *g, const char *path, bool bag, struct err *err)
{
	struct office *o = g->p->office;
	struct maildir_file f;
	struct sink s;
	enum result r = maildir_file_begin(&f, &o->namer, o->files, path, err);
	if (r != OK)
		return r;
	sink_file(&s, o->files, f.fd);
	r = bag ? write_bag(g, &s) : write_mail(g->p, &s);
	if (r == OK)
		r = sink_flush(&s);
	if (r == OK) {
		r = maildir_file_commit(&f, err);
		snprintf(g->whole, sizeof g->whole, "%s/%s", path, r == OK ? f.final : "");
		return r;
	}
	err_set(err, r, "the message cannot be written to %s: %s", path,
		r == E_NOMEM ? "no memory" : strerror(errno));
	maildir_file_abort(&f);
	return r;
}

/* ---- recipients ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A reader may have moved the file away meanwhile: then there is another. */
static enum result deliver(struct posting *g, const char *mailbox, struct err *err)
{
	struct office *o = g->p->office;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", o->path, mailbox);
	enum result r = *g->whole ? maildir_file_link(&o->namer, o->files, path, g->whole, err)
				  : E_UNSUPPORTED;
	return r == E_UNSUPPORTED ? write_file(g, path, false, err) : r;
}

static enum result to_mailbox(struct posting *g, const char *mailbox, struct err *err)
{
	if (tfind(mailbox, &g->boxes, compare))
		return OK;
	char *name = region_strdup(g->p->sealed->region, mailbox);
	if (!name || !tsearch(name, &g->boxes, compare))
		return err_set(err, E_NOMEM, "no memory for the mailboxes");
	enum result r = deliver(g, mailbox, err);
	g->p->delivered += r == OK;
	return r;
}

/* list: of the message for elsewhere, where it stands when its mailbox is not here */
static enum result to_one(struct posting *g, const struct neutral_address *a,
			  struct neutral_addresses *list, struct err *err)
{
	struct post *p = g->p;
	struct neutral refused = {.region = p->sealed->region};
	enum office_way way;
	char mailbox[MAILDIR_NAME_MAX + 1];
	enum result r = office_find(p->office, a, &way, mailbox, err);
	if (r == OK)
		return way == OFFICE_MAILBOX
			       ? to_mailbox(g, mailbox, err)
			       : neutral_add_address(&g->bagged, list, a->type, a->text);
	if (r != E_NOTFOUND)
		return r;
	if (!p->refused.count)
		text_copy(p->reason, sizeof p->reason, err->text);
	refused.to = p->refused;
	r = neutral_add_address(&refused, &refused.to, a->type, a->text);
	p->refused = refused.to;
	return r == OK ? OK : err_set(err, r, "no memory for the recipients");
}

static enum result to_mailbag(struct posting *g, struct err *err)
{
	struct office *o = g->p->office;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", o->path, OFFICE_BAG);
	enum result r = maildir_make(o->files, o->path, OFFICE_BAG, err);
	if (r == OK)
		r = write_file(g, path, true, err);
	g->p->delivered += r == OK;
	return r;
}

static void keep_name(void *name)
{
	(void)name; /* it is the region's */
}

enum result post(struct post *p, struct err *err)
{
	const struct neutral *n = p->sealed;
	struct posting g = {.p = p, .bagged = *n};
	size_t count = n->to.count + n->cc.count;
	enum result r = OK;
	g.bagged.to = g.bagged.cc = (struct neutral_addresses){0};
	for (size_t i = 0; r == OK && i < count; i++)
		r = i < n->to.count ? to_one(&g, &n->to.items[i], &g.bagged.to, err)
				    : to_one(&g, &n->cc.items[i - n->to.count], &g.bagged.cc, err);
	tdestroy(g.boxes, keep_name);
	return r == OK && g.bagged.to.count + g.bagged.cc.count ? to_mailbag(&g, err) : r;
}
