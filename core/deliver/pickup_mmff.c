/*
 * A file of Microsoft Mail (MMFF) out of a pickup folder: all of its messages, or none. It is read twice: once to see that every
 * message can be sent, once to send them, so that a file that is set aside has sent nothing.
 */
#include "deliver/native.h"
#include "deliver/pickup_int.h"
#include "translate/mmff.h"

#include <stdlib.h>

struct bag {
	struct pickup_work *w;
	struct native native;
	struct mmff_reader reader;
	bool sending;
	struct parcel parcel;
};

static enum result make_envelope(struct bag *b, const struct neutral *n, struct mail_envelope *e,
				 struct err *err)
{
	const struct conf_pickup *conf = b->w->p->conf;
	struct neutral refused;
	neutral_init(&refused, b->w->region);
	pickup_envelope(b->w, e);
	e->region = n->region;
	enum result r = native_envelope(&b->native, n, e, &refused, err);
	if (r == OK && !n->from.text && conf->sender)
		e->reverse_path = conf->sender;
	if (e->priority == MAIL_NORMAL)
		e->priority = conf->priority;
	if (r == OK && !n->to.count && !n->cc.count && conf->recipient)
		r = mail_envelope_add(e, conf->recipient);
	if (r == OK && refused.to.count)
		return err_set(err, E_SYNTAX, "%s:%s has no address", refused.to.items[0].type,
			       refused.to.items[0].text);
	if (r == OK && !e->count)
		return err_set(err, E_SYNTAX, "it names no recipient");
	return r == OK ? pickup_may_send(b->w->p, e->reverse_path, err) : r;
}

/* Can it be sent? */
static enum result try_one(struct bag *b, const struct neutral *n, struct err *err)
{
	struct sink counted;
	sink_counting(&counted);
	enum result r = native_names_files(n) ? err_set(err, E_SYNTAX,
							"texts and attachments in files of their "
							"own are not taken here")
					      : native_write(&b->native, n, &counted, err);
	return pickup_fault(b->w, r);
}

static enum result send_one(struct bag *b, const struct neutral *n, const struct mail_envelope *e,
			    struct err *err)
{
	struct parcel *p = &b->parcel;
	enum result r = pickup_begin(b->w, b->reader.message, e, p, err);
	if (r == OK)
		r = native_write(&b->native, n, &p->to, err);
	if (r == OK)
		r = pickup_end(b->w, p, err);
	parcel_end(p);
	return r;
}

static enum result one(struct bag *b, const struct neutral *n, struct err *err)
{
	struct mail_envelope e;
	enum result r = make_envelope(b, n, &e, err);
	if (r != OK && !b->sending)
		pickup_fault(b->w, r);
	if (r == OK)
		r = b->sending ? send_one(b, n, &e, err) : try_one(b, n, err);
	if (r != OK)
		err_prefix(err, "message %u", b->reader.message);
	return r;
}

/* All messages once. */
static enum result pass(struct bag *b, bool sending, struct err *err)
{
	struct content c = content_file(b->w->fd, 0, (uint64_t)b->w->stat.st_size);
	enum result r;
	b->sending = sending;
	mmff_reader_init(&b->reader, &c, -1);
	do {
		struct neutral n;
		struct region *region = region_new(0);
		if (!region)
			return err_set(err, E_NOMEM, "no memory for a message");
		r = mmff_next(&b->reader, region, &n, err);
		if (r == OK)
			r = one(b, &n, err);
		else if (r == E_CORRUPT && !sending)
			pickup_fault(b->w, r);
		region_destroy(&region);
	} while (r == OK);
	if (r == E_NOTFOUND && !b->reader.message)
		return pickup_fault(b->w, err_set(err, E_SYNTAX, "it has no message"));
	return r == E_NOTFOUND ? OK : r;
}

enum result pickup_take_mmff(struct pickup_work *w, struct err *err)
{
	const struct pickup *p = w->p;
	struct bag *b = calloc(1, sizeof *b);
	if (!b)
		return err_set(err, E_NOMEM, "no memory for the file");
	b->w = w;
	b->native = (struct native){.clock = p->clock,
				    .charset = p->charset,
				    .hostname = p->hostname,
				    .max_size = p->conf->max_size,
				    .address = p->address,
				    .ctx = p->ctx};
	enum result r = pass(b, false, err);
	if (r == OK)
		r = pass(b, true, err);
	free(b);
	return r;
}
