/* Parameters of the envelope: see asks.h. Owns nothing; fails for syntax only. */
#include "mail/asks.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* xtext: printable ASCII but + and =, or + with two digits (upper case) of any byte. */
static bool is_xtext(const char *text, size_t most)
{
	const char *at = text;
	for (; *at; at++) {
		if (*at <= ' ' || *at > '~' || *at == '=')
			return false;
		if (*at != '+')
			continue;
		if (hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
			return false;
		at += 2;
	}
	return at > text && (size_t)(at - text) <= most;
}

enum result mail_asks_ret(struct mail_asks *a, const char *value)
{
	if (value && text_same(value, "FULL"))
		a->ret = MAIL_RET_FULL;
	else if (value && text_same(value, "HDRS"))
		a->ret = MAIL_RET_HDRS;
	else
		return E_SYNTAX;
	return OK;
}

enum result mail_asks_envid(struct mail_asks *a, const char *value)
{
	if (!value || !is_xtext(value, MAIL_ENVID_MAX))
		return E_SYNTAX;
	text_copy(a->envid, sizeof a->envid, value);
	return OK;
}

static const struct {
	const char *word;
	unsigned bit;
} notifies[] = {{"NEVER", MAIL_NOTIFY_NEVER},
		{"SUCCESS", MAIL_NOTIFY_SUCCESS},
		{"FAILURE", MAIL_NOTIFY_FAILURE},
		{"DELAY", MAIL_NOTIFY_DELAY}};
#define NOTIFIES (sizeof notifies / sizeof *notifies)

/* NEVER alone, or the others in any order. */
enum result mail_asks_notify(struct mail_asks_rcpt *a, const char *value)
{
	a->notify = 0;
	for (const char *at = value; at; at = strchr(at, ',')) {
		at += at > value;
		size_t n = strcspn(at, ","), i = 0;
		while (i < NOTIFIES && !text_same_n(at, n, notifies[i].word))
			i++;
		if (i == NOTIFIES)
			return E_SYNTAX;
		a->notify |= notifies[i].bit;
	}
	bool never = a->notify & MAIL_NOTIFY_NEVER;
	return a->notify && (!never || a->notify == MAIL_NOTIFY_NEVER) ? OK : E_SYNTAX;
}

bool mail_utf8_escape(const char *text, bool all, char *out, size_t n)
{
	size_t len = 0, wide;
	for (; *text; text += wide) {
		wide = text_utf8(text);
		bool plain = wide == 1 && (!all || (*text > ' ' && !strchr("\\+=\x7f", *text)));
		if (!wide || len + 12 > n)
			return false;
		if (plain)
			out[len++] = *text;
		else
			len += (size_t)snprintf(out + len, n - len, "\\x{%X}", text_code(text));
	}
	out[len] = '\0';
	return true;
}

static enum result take_orcpt(struct mail_asks_rcpt *a, const char *value)
{
	size_t type = value ? strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789-")
			    : 0;
	if (!type || value[type] != ';' || strlen(value) > MAIL_ORCPT_MAX ||
	    !is_xtext(value + type + 1, MAIL_ORCPT_MAX))
		return E_SYNTAX;
	text_copy(a->orcpt, sizeof a->orcpt, value);
	return OK;
}

/* addr-type ";" xtext. The type is an atom: "rfc822", "utf-8", "x400". */
enum result mail_asks_orcpt(struct mail_asks_rcpt *a, const char *value)
{
	char ascii[MAIL_ORCPT_MAX + 1];
	if (!value || !text_same_n(value, strcspn(value, ";"), "utf-8"))
		return take_orcpt(a, value);
	return mail_utf8_escape(value, false, ascii, sizeof ascii) ? take_orcpt(a, ascii)
								   : E_SYNTAX;
}

const char *mail_asks_print(const struct mail_asks *a, char out[MAIL_ASKS_TEXT])
{
	static const char *const rets[] = {"", " RET=FULL", " RET=HDRS"};
	char text[MAIL_ASKS_TEXT];
	snprintf(text, sizeof text, "%s%s%s%s%s", rets[a->ret], *a->envid ? " ENVID=" : "",
		 a->envid, a->utf8 ? " SMTPUTF8" : "", a->require_tls ? " REQUIRETLS" : "");
	text_copy(out, MAIL_ASKS_TEXT, *text ? text + 1 : "");
	return out;
}

const char *mail_asks_rcpt_print(const struct mail_asks_rcpt *a, char out[MAIL_ASKS_RCPT_TEXT])
{
	size_t n = 0;
	*out = '\0';
	for (size_t i = 0; i < NOTIFIES; i++)
		if (a->notify & notifies[i].bit)
			n += (size_t)snprintf(out + n, MAIL_ASKS_RCPT_TEXT - n, "%s%s",
					      n ? "," : "NOTIFY=", notifies[i].word);
	if (*a->orcpt)
		snprintf(out + n, MAIL_ASKS_RCPT_TEXT - n, "%sORCPT=%s", n ? " " : "", a->orcpt);
	return out;
}

/* The next word, cut at its `=`; false at the end. *value: NULL when there is none. */
static bool next_word(const char **at, char *word, size_t n, const char **value)
{
	size_t len = strcspn(*at, " ");
	if (!len || len >= n)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len + ((*at)[len] == ' ');
	char *equals = strchr(word, '=');
	*value = equals ? equals + 1 : NULL;
	if (equals)
		*equals = '\0';
	return true;
}

enum result mail_asks_parse(const char *text, struct mail_asks *a)
{
	char word[MAIL_ASKS_TEXT];
	const char *value;
	enum result r = OK;
	*a = (struct mail_asks){.ret = MAIL_RET_UNSAID};
	text = text ? text : "";
	while (r == OK && next_word(&text, word, sizeof word, &value)) {
		if (strcmp(word, "RET") == 0)
			r = mail_asks_ret(a, value);
		else if (strcmp(word, "ENVID") == 0)
			r = mail_asks_envid(a, value);
		else if (strcmp(word, "SMTPUTF8") == 0 && !value)
			a->utf8 = true;
		else if (strcmp(word, "REQUIRETLS") == 0 && !value)
			a->require_tls = true;
		else
			r = E_SYNTAX;
	}
	return r == OK && *text ? E_SYNTAX : r;
}

enum result mail_asks_rcpt_parse(const char *text, struct mail_asks_rcpt *a)
{
	char word[MAIL_ASKS_RCPT_TEXT];
	const char *value;
	enum result r = OK;
	*a = (struct mail_asks_rcpt){.notify = 0};
	text = text ? text : "";
	while (r == OK && next_word(&text, word, sizeof word, &value)) {
		if (strcmp(word, "NOTIFY") == 0)
			r = mail_asks_notify(a, value);
		else if (strcmp(word, "ORCPT") == 0)
			r = mail_asks_orcpt(a, value);
		else
			r = E_SYNTAX;
	}
	return r == OK && *text ? E_SYNTAX : r;
}

const char *mail_xtext_decode(const char *text, char *out, size_t n)
{
	size_t len = 0;
	for (; *text && len + 1 < n; text++) {
		int c = *text;
		if (c == '+' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
			c = hex_digit(text[1]) * 16 + hex_digit(text[2]);
			text += 2;
		}
		out[len++] = c >= ' ' && c <= '~' ? (char)c : '?';
	}
	out[len] = '\0';
	return out;
}

bool mail_xtext_encode(const char *text, char *out, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = 0;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (len + 4 > n)
			return false;
		if (c > ' ' && c <= '~' && c != '+' && c != '=') {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '+';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	out[len] = '\0';
	return true;
}
