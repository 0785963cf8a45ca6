/*
 * HTML as readable text, in pieces: UTF-8 in, UTF-8 with LF line ends out. Blocks become lines, list items get a dash, links their
 * address, pictures their words; scripts and styles go. It forgives everything and holds a few hundred bytes, whatever the page is.
 */
#ifndef SMTPGATE_TRANSLATE_HTML_TEXT_H
#define SMTPGATE_TRANSLATE_HTML_TEXT_H

#include "translate/sink.h"

#include <stdbool.h>

#define HTML_VALUE_MAX \
	1024 /* bytes of an address or of a picture's words; a longer one is left out */

struct html_text {
	struct sink in; /* write the page into this */
	struct sink *to;
	int state;
	bool closing;  /* the tag is an end tag */
	char quote;    /* round an attribute's value; 0: none */
	char name[16]; /* of the tag, or of the entity; a longer one is none of ours */
	size_t name_n;
	char attribute[16];
	size_t attribute_n;
	char value[HTML_VALUE_MAX];
	size_t value_n;
	char link[HTML_VALUE_MAX]; /* of the <a> that is open; empty: none worth writing */
	const char *skip;          /* the element whose content goes; NULL: none */
	size_t skip_n;             /* bytes of its end tag that were seen */
	unsigned quotes, pre;      /* open blockquotes and pre */
	unsigned breaks;           /* line ends to write before what comes next */
	bool blank;                /* a blank likewise */
	char out[512];             /* not yet in `to` */
	size_t out_n;
	bool any, line; /* something was written at all; on this line */
};
void html_text_begin(struct html_text *h, struct sink *to);
/* Ends the page, and the last line. */
enum result html_text_end(struct html_text *h);

/* The character of an entity's name ("amp", "#8364", "#x20ac"); 0: there is none of this name. Case counts. */
unsigned html_entity(const char *name);

#endif
