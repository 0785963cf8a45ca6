/*
 * The Received line of this hop (RFC 5321 4.4, with-types of RFC 3848): mail_trace_format of
 * envelope.h. What the client said of itself is made one harmless word, so that it can neither
 * close the parenthesis that holds what we saw nor add a field.
 */
#include "mail/address.h"
#include "mail/date.h"
#include "mail/envelope.h"
#include "mail/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256

/* The peer's address as a literal; one of a network without IP as one word. */
static const char *client_literal(const char *client, char *out, size_t n)
{
	struct net_ip ip;
	if (net_ip_parse(client, &ip) == OK)
		return mail_literal_format(&ip, out, n);
	return mail_fold_name(client, out, n);
}

/* What came over no network, from a user or a postoffice (NETWORK/POSTOFFICE), whose name is no domain: as a comment (RFC 5322 3.6.7). */
static void put_local(struct mail_fold *f, const char *name)
{
	char clean[NAME_MAX_BYTES], word[NAME_MAX_BYTES + 2];
	mail_fold_name(name, clean, sizeof clean);
	for (size_t i = 0; clean[i]; i++)
		if (name[i] == '/')
			clean[i] = '/';
	snprintf(word, sizeof word, "%s)", clean);
	mail_fold_word(f, "(from");
	mail_fold_word(f, word);
}

/* "from HELO ([client])"; a client that gave no name is named by its address, and a local program
 * by its user in a comment, or by nothing. */
static void put_from(struct mail_fold *f, const struct mail_envelope *e)
{
	char literal[64], helo[NAME_MAX_BYTES], word[NAME_MAX_BYTES];
	if (!e->helo[0] && !e->client[0])
		return;
	if (!e->client[0]) {
		put_local(f, e->helo);
		return;
	}
	client_literal(e->client, literal, sizeof literal);
	mail_fold_name(e->helo[0] ? e->helo : literal, helo, sizeof helo);
	mail_fold_word(f, "from");
	mail_fold_word(f, helo);
	snprintf(word, sizeof word, "(%s)", literal);
	mail_fold_word(f, word);
	mail_fold_break(f);
}

/* "by hostname" and the like; `tail` follows the value at once. */
static void put_clause(struct mail_fold *f, const char *name, const char *value, const char *tail)
{
	char clean[NAME_MAX_BYTES], word[NAME_MAX_BYTES + 1];
	if (!value[0])
		return;
	snprintf(word, sizeof word, "%s%s", mail_fold_name(value, clean, sizeof clean), tail);
	mail_fold_word(f, name);
	mail_fold_word(f, word);
}

/* "with ESMTPS (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)": the protocol, and what TLS it went over. */
static void put_with(struct mail_fold *f, const char *protocol)
{
	char word[NAME_MAX_BYTES], tls[NAME_MAX_BYTES], clean[NAME_MAX_BYTES];
	size_t n = strcspn(protocol, " ");
	snprintf(word, sizeof word, "%.*s", n < 64 ? (int)n : 64, protocol);
	put_clause(f, "with", word, "");
	if (!protocol[n])
		return;
	const char *version = protocol + n + 1, *cipher = version + strcspn(version, " ");
	snprintf(word, sizeof word, "%.*s", cipher - version < 64 ? (int)(cipher - version) : 64,
		 version);
	snprintf(tls, sizeof tls, "(using %.64s", mail_fold_name(word, clean, sizeof clean));
	mail_fold_text(f, tls);
	if (*cipher)
		snprintf(tls, sizeof tls, "with cipher %.128s)",
			 mail_fold_name(cipher + 1, clean, sizeof clean));
	mail_fold_text(f, *cipher ? tls : ")");
}

/* "for <recipient>;" */
static void put_for(struct mail_fold *f, const struct mail_address *a)
{
	char word[MAIL_ADDRESS_MAX + 4];
	snprintf(word, sizeof word, "<%s%s%s>;", a->local, a->domain[0] ? "@" : "", a->domain);
	mail_fold_break(f);
	mail_fold_word(f, "for");
	mail_fold_word(f, word);
}

enum result mail_trace_format(const struct mail_envelope *e, const char *hostname, const char *id,
			      const char *recipient, char **out)
{
	struct buf line;
	struct mail_fold f;
	struct mail_address a;
	char date[MAIL_DATE_MAX];
	/* one in UTF-8 is left out: the line may go where only ASCII may */
	bool named = recipient && mail_address_is_ascii(recipient) &&
		     mail_address_parse(recipient, strlen(recipient), &a, NULL, NULL) == OK;
	buf_init(&line, 0);
	mail_fold_start(&f, &line, "\t", 78);
	mail_fold_word(&f, "Received:");
	put_from(&f, e);
	put_clause(&f, "by", hostname, "");
	put_with(&f, e->protocol);
	put_clause(&f, "id", id, named ? "" : ";");
	if (named)
		put_for(&f, &a);
	mail_fold_word(
		&f, mail_date_format(e->arrived, mail_date_offset(e->arrived), date, sizeof date));
	enum result r = mail_fold_end(&f);
	if (r == OK && !buf_string(&line))
		r = E_NOMEM;
	*out = r == OK ? line.data
		       : NULL; /* nothing was consumed: the text begins where the memory does */
	if (r != OK)
		buf_free(&line);
	return r;
}
