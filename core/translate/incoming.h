/*
 * What the translator does with one mail: sheet and mail in, one message of MMFF out. All in files, so that no mail is ever in memory as a
 * whole.
 */
#ifndef SMTPGATE_TRANSLATE_INCOMING_H
#define SMTPGATE_TRANSLATE_INCOMING_H

#include "translate/mime_read.h"

struct incoming {
	int mail;    /* the mail, from its first byte */
	int out;     /* an empty file for the message */
	int sheet;   /* see sheet.h */
	int scratch; /* an empty file */
};
/* Translates; told says what was lost. err has what could not be done. */
enum result incoming_translate(const struct incoming *i, struct mime_told *told, struct err *err);

#endif
