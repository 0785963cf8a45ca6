/*
 * Header fields that stood as lines in the text of a postoffice's message (SMTPHEAD, mime_read.h), as fields again: folded, encoded where
 * they are not ASCII, names in lists of addresses one by one. Pure.
 */
#ifndef SMTPGATE_TRANSLATE_MIME_FIELDS_H
#define SMTPGATE_TRANSLATE_MIME_FIELDS_H

#include "translate/ending.h"

/* Is there a line `name: ...` (case ignored)? head: lines of UTF-8, each ended by LF. */
bool mime_fields_has(const char *head, const char *name);
/* Writes them. Lines that are no field, and fields that say how a mail is packed (MIME-Version, Content-...) or
 * that are never sent (Bcc, Return-Path) are left out. OK or the sink's failure. */
enum result mime_fields_write(struct sink *to, enum ending ending, const char *head);

#endif
