/*
 * Mail into a postoffice of Microsoft Mail (format = mmff): translated, written as PATH/smtp/to_nc.api, and taken in by the put program
 * [Q115493]. One message at a time; gateways of one postoffice take turns by the lock PATH/smtp/to_nc.lck.
 *
 *	LOCK --> what an earlier run left is put --> TRANSLATE --> to_nc.api --> PUT --> what was refused is read back
 */
#ifndef SMTPGATE_DELIVER_OFFICE_PUT_H
#define SMTPGATE_DELIVER_OFFICE_PUT_H

#include "conf/settings.h"
#include "deliver/translator.h"

struct office_put {
	struct translator translator;
	const struct conf_postoffice *office;
	const struct spool_message *message;
	bool capsule;       /* the message is one that is encapsulated: what is inside is put */
	struct sheet sheet; /* whom the message goes to, and how */
	bool *refused;      /* out: of each recipient */
	char reason[ERR_TEXT_MAX]; /* out: why the first of them was */
	char words[ERR_TEXT_MAX];  /* out: what became of the characters */
	bool ran;                  /* out: the put program was run on it, */
	int status;                /* and ended so */
};

/*
 * Puts it. OK: it is there for all but those who are `refused`. E_NOTFOUND: the postoffice is not there; E_BUSY: another gateway is at it;
 * E_CORRUPT: the translator died of this mail; else what failed for now: nothing was taken in, or it is not known, and it must be
 * tried again. In a thread of the pool.
 */
enum result office_put(struct office_put *p, struct err *err);

#endif
