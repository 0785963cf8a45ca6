/* Posting one message: see post.h. Owns a file of a Maildir at a time. */
#include "tools/post.h"

#include "base/text.h"
#include "mail/date.h"
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct posting {
	struct post *p;
	struct neutral bagged; /* the message for elsewhere */
	const char **boxes;    /* mailboxes that have it: each gets it once */
	size_t box_count;
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
	const char *path = from ? office_address(p->office, from, p->shown->region) : "";
	enum result r = sink_puts(to, "Return-Path: <");
	if (r == OK)
		r = sink_puts(to, path ? path : "");
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

/* Into the Maildir PATH/name. */
static enum result put_file(struct posting *g, const char *name, bool bag, struct err *err)
{
	struct office *o = g->p->office;
	struct maildir_file f;
	struct sink s;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", o->path, name);
	enum result r = maildir_file_begin(&f, &o->namer, o->files, path, err);
	if (r != OK)
		return r;
	sink_file(&s, o->files, f.fd);
	r = bag ? write_bag(g, &s) : write_mail(g->p, &s);
	if (r == OK)
		r = sink_flush(&s);
	if (r == OK)
		return maildir_file_commit(&f, err);
	err_set(err, r, "the message cannot be written to %s: %s", path,
		r == E_NOMEM ? "no memory" : strerror(errno));
	maildir_file_abort(&f);
	return r;
}

/* ---- recipients ---- */

static enum result to_mailbox(struct posting *g, const char *mailbox, struct err *err)
{
	for (size_t i = 0; i < g->box_count; i++)
		if (strcmp(g->boxes[i], mailbox) == 0)
			return OK;
	enum result r = put_file(g, mailbox, false, err);
	if (r != OK)
		return r;
	g->p->delivered++;
	g->boxes[g->box_count] = region_strdup(g->p->sealed->region, mailbox);
	return g->boxes[g->box_count++] ? OK : err_set(err, E_NOMEM, "no memory for the mailboxes");
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

enum result post(struct post *p, struct err *err)
{
	const struct neutral *n = p->sealed;
	struct posting g = {.p = p, .bagged = *n};
	size_t count = n->to.count + n->cc.count;
	enum result r = OK;
	g.bagged.to = g.bagged.cc = (struct neutral_addresses){0};
	g.boxes = region_alloc(n->region, (count + 1) * sizeof *g.boxes);
	if (!g.boxes)
		return err_set(err, E_NOMEM, "no memory for the mailboxes");
	for (size_t i = 0; r == OK && i < count; i++)
		r = i < n->to.count ? to_one(&g, &n->to.items[i], &g.bagged.to, err)
				    : to_one(&g, &n->cc.items[i - n->to.count], &g.bagged.cc, err);
	if (r != OK || !(g.bagged.to.count + g.bagged.cc.count))
		return r;
	r = maildir_make(p->office->files, p->office->path, OFFICE_BAG, err);
	if (r == OK)
		r = put_file(&g, OFFICE_BAG, true, err);
	p->delivered += r == OK;
	return r;
}
