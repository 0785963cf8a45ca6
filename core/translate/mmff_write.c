/* Writing MMFF: see mmff.h. The text goes through twice: its size with the form's line ends stands before it. Owns nothing. */
#include "translate/mmff.h"

#include <stdio.h>
#include <string.h>

struct writer {
	const struct mmff_form *form;
	struct sink *to;
	enum result r; /* the first failure; nothing is written after it */
};

static void put(struct writer *w, const char *bytes, size_t n)
{
	if (w->r == OK)
		w->r = sink_write(w->to, bytes, n);
}

static void puts_to(struct writer *w, const char *text)
{
	put(w, text, strlen(text));
}

static void end_line(struct writer *w)
{
	puts_to(w, ending_text(w->form->ending));
}

/* A value on its line: what would end the line becomes a blank, or, in addresses, an escape. */
static void put_value(struct writer *w, const char *value, bool escape)
{
	for (size_t n; *value; value += n) {
		n = strcspn(value, "\r\n");
		put(w, value, n);
		if (!value[n])
			break;
		puts_to(w, !escape ? " " : value[n] == '\r' ? "^0D" : "^0A");
		n++;
	}
}

static void put_line(struct writer *w, const char *token, const char *value)
{
	puts_to(w, token);
	put_value(w, value, false);
	end_line(w);
}

static void put_address(struct writer *w, const char *token, const struct neutral_address *a)
{
	puts_to(w, token);
	puts_to(w, a->type);
	puts_to(w, ":");
	put_value(w, a->text, true);
	end_line(w);
}

static void put_addresses(struct writer *w, const char *token, const struct neutral_addresses *list)
{
	for (size_t i = 0; i < list->count; i++)
		put_address(w, token, &list->items[i]);
}

static void put_date(struct writer *w, const struct neutral *n)
{
	char text[32];
	if (n->year) {
		snprintf(text, sizeof text, "%04d-%02d-%02d", n->year, n->month, n->day);
		put_line(w, "DATE:", text);
	}
	if (n->hour >= 0) {
		snprintf(text, sizeof text, "%02d:%02d", n->hour, n->minute);
		put_line(w, "TIME:", text);
	}
}

static void put_extended(struct writer *w, const struct neutral *n)
{
	for (size_t i = 0; i < n->fields.count; i++) {
		const struct neutral_field *f = &n->fields.items[i];
		puts_to(w, "EXT:");
		puts_to(w, f->type);
		puts_to(w, ":");
		puts_to(w, f->length);
		puts_to(w, ":");
		put_value(w, f->name, false);
		end_line(w);
		put_line(w, "", f->value);
	}
	for (size_t i = 0; i < n->unknown.count; i++)
		put_line(w, "", n->unknown.items[i]);
}

static void put_parts(struct writer *w, const struct neutral *n)
{
	char size[32];
	for (size_t i = 0; i < n->parts.count; i++) {
		const struct neutral_part *p = &n->parts.items[i];
		puts_to(w, p->external ? "XATTACH:" : "ATTACHMENT:");
		if (p->external) {
			puts_to(w, p->external);
			puts_to(w, " ");
		}
		put_value(w, p->name, false);
		if (!p->external) {
			snprintf(size, sizeof size, " %llu", (unsigned long long)p->content.size);
			puts_to(w, size);
		}
		end_line(w);
	}
}

static void put_text(struct writer *w, const struct neutral *n)
{
	struct sink counted;
	char size[32];
	if (n->text_external) {
		put_line(w, "XTEXT:", n->text_external);
		return;
	}
	sink_counting(&counted);
	if (w->r == OK)
		w->r = ending_content(&counted, w->form->ending, &n->text);
	snprintf(size, sizeof size, "%llu", (unsigned long long)counted.count);
	put_line(w, "TEXT:", size);
	if (w->r == OK)
		w->r = ending_content(w->to, w->form->ending, &n->text);
}

enum result mmff_write(const struct neutral *n, const struct mmff_form *form, struct sink *to)
{
	struct writer w = {.form = form, .to = to, .r = OK};
	put_line(&w, MMFF_VERSION, "");
	put_addresses(&w, "TO:", &n->to);
	put_addresses(&w, form->extended ? "CC:" : "TO:", &n->cc);
	if (n->from.text)
		put_address(&w, "FROM:", &n->from);
	put_date(&w, n);
	if (n->subject)
		put_line(&w, "SUBJECT:", n->subject);
	if (n->priority)
		put_line(&w, "PRIORITY:", n->priority);
	if (form->extended)
		put_extended(&w, n);
	put_parts(&w, n);
	put_text(&w, n);
	for (size_t i = 0; i < n->parts.count && w.r == OK; i++)
		if (!n->parts.items[i].external)
			w.r = sink_content(to, &n->parts.items[i].content);
	return w.r;
}
