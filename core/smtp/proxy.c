/* The PROXY header: see proxy.h. Owns nothing; fails in words. */
#include "smtp/proxy.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 16u  /* signature, version and command, family and protocol, length */
#define SHOWN 36u /* bytes of an address that are looked at: two of IPv6 and two ports */

static const char word[] = "PROXY ";
static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

#define SIGNATURE (sizeof signature - 1)

/* ---- version 1 ---- */

/* A port as it must be written: no sign, no blank, no zero before it. */
static bool is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	return n && n <= 5 && !text[n] && (n == 1 || *text != '0') && atoi(text) <= 65535;
}

static bool is_address(const char *text, bool six, struct net_ip *ip)
{
	return *text != '[' && !strchr(text, ':') == !six && net_ip_parse(text, ip) == OK;
}

/* Cuts the next word off, which ends with one blank, or with the line. */
static char *next_word(char **rest)
{
	char *word_at = *rest;
	if (!word_at)
		return "";
	char *blank = strchr(word_at, ' ');
	if (blank)
		*blank++ = '\0';
	*rest = blank;
	return word_at;
}

static const char *read_addresses(struct smtp_proxy *p, bool six, char *rest)
{
	struct net_ip server;
	const char *from = next_word(&rest), *to = next_word(&rest);
	const char *from_port = next_word(&rest), *to_port = next_word(&rest);
	if (rest)
		return "it has more words than two addresses and two ports";
	if (!is_address(from, six, &p->client) || !is_address(to, six, &server))
		return "an address in it is none of the family that it names";
	if (!is_port(from_port) || !is_port(to_port))
		return "a port in it is none";
	p->known = true;
	return NULL;
}

/* The line without CR LF: what is wrong with it, or NULL. */
static const char *read_line(struct smtp_proxy *p, char *line)
{
	char *rest = line + sizeof word - 1;
	const char *family = next_word(&rest);
	if (strcmp(family, "UNKNOWN") == 0)
		return NULL; /* whatever follows */
	if (strcmp(family, "TCP4") != 0 && strcmp(family, "TCP6") != 0)
		return "it is of none of TCP4, TCP6 and UNKNOWN";
	return read_addresses(p, family[3] == '6', rest);
}

static void settle(struct smtp_proxy *p, const char *why)
{
	p->why = why;
	p->state = why ? SMTP_PROXY_FAILED : SMTP_PROXY_DONE;
}

static void take_line(struct smtp_proxy *p, char c)
{
	p->held[p->have++] = c;
	if (p->have < sizeof word) {
		if (c != word[p->have - 1])
			settle(p, "it begins with other bytes");
	} else if (c == '\n' && p->held[p->have - 2] == '\r') {
		p->held[p->have - 2] = '\0';
		settle(p, read_line(p, p->held));
	} else if (!c || c == '\n' || p->held[p->have - 2] == '\r') {
		settle(p, "its line has a control character");
	} else if (p->have == SMTP_PROXY_LINE) {
		settle(p, "its line is longer than 107 bytes");
	}
}

/* ---- version 2 ---- */

static unsigned two_bytes(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

/* Bytes of the addresses of a family and protocol over a stream; 0: none are told. */
static const char *family_size(unsigned char family, unsigned *size)
{
	switch (family) {
	case 0x00: /* not told */
		*size = 0;
		return NULL;
	case 0x11:
		*size = 12;
		return NULL;
	case 0x21:
		*size = SHOWN;
		return NULL;
	case 0x31: /* two names of UNIX sockets */
		*size = 216;
		return NULL;
	default:
		return "its family or protocol is none that mail can come by";
	}
}

static const char *read_head(struct smtp_proxy *p)
{
	unsigned char command = (unsigned char)p->held[12];
	unsigned size = 0;
	p->left = two_bytes(p->held + 14);
	if (command >> 4 != 2)
		return "its version is not 2";
	if ((command & 15) > 1)
		return "its command is neither LOCAL nor PROXY";
	if ((command & 15) == 0) {
		p->skip = p->left; /* LOCAL: whatever follows */
		return NULL;
	}
	const char *why = family_size((unsigned char)p->held[13], &size);
	if (!why && size > p->left)
		why = "it is too short for its addresses";
	p->skip = size ? size : p->left;
	return why;
}

static void take_head(struct smtp_proxy *p, char c)
{
	p->held[p->have++] = c;
	if (p->have <= SIGNATURE) {
		if (c != signature[p->have - 1])
			settle(p, "it begins with other bytes");
	} else if (p->have == HEAD) {
		const char *why = read_head(p);
		if (why || !p->left)
			settle(p, why);
		else
			p->state = SMTP_PROXY_IN_ADDRESS;
	}
}

/* The client's address of an IP family, when all of both is held. */
static void read_client(struct smtp_proxy *p)
{
	static const struct net_ip mapped = {{[10] = 0xff, [11] = 0xff}};
	const char *at = p->held + HEAD;
	if (p->held[12] == 0x20)
		return;
	if (p->held[13] == 0x11) {
		p->client = mapped;
		memcpy(p->client.bytes + 12, at, 4);
	} else if (p->held[13] == 0x21) {
		memcpy(p->client.bytes, at, 16);
	}
	p->known = p->held[13] == 0x11 || p->held[13] == 0x21;
}

static void take_address(struct smtp_proxy *p, char c)
{
	if (p->have < HEAD + SHOWN)
		p->held[p->have++] = c;
	p->left--;
	if (--p->skip)
		return;
	read_client(p);
	p->state = SMTP_PROXY_IN_TLV;
	if (!p->left)
		settle(p, NULL);
}

/* A field is a type, a length of two bytes, and so many bytes. */
static void take_tlv(struct smtp_proxy *p, char c)
{
	p->left--;
	if (p->skip) {
		p->skip--;
	} else {
		p->size = (p->size << 8 | (unsigned char)c) & 0xffff;
		if (++p->tlv == 3) {
			p->skip = p->size;
			p->tlv = 0;
		}
	}
	if (p->skip > p->left || (!p->left && p->tlv))
		settle(p, "a field in it is longer than it is");
	else if (!p->left)
		settle(p, NULL);
}

/* ---- both ---- */

static void take(struct smtp_proxy *p, char c)
{
	if (p->state == SMTP_PROXY_START)
		p->state = c == signature[0] ? SMTP_PROXY_IN_HEAD : SMTP_PROXY_IN_LINE;
	switch (p->state) {
	case SMTP_PROXY_IN_LINE:
		take_line(p, c);
		break;
	case SMTP_PROXY_IN_HEAD:
		take_head(p, c);
		break;
	case SMTP_PROXY_IN_ADDRESS:
		take_address(p, c);
		break;
	default:
		take_tlv(p, c);
		break;
	}
}

size_t smtp_proxy_feed(struct smtp_proxy *p, const char *bytes, size_t n)
{
	size_t used = 0;
	while (used < n && p->state < SMTP_PROXY_DONE)
		take(p, bytes[used++]);
	return used;
}

bool smtp_proxy_claimed(struct smtp_proxy_look *look, const char *bytes, size_t n)
{
	bool claimed = false;
	for (size_t i = 0; i < n && !look->over; i++) {
		if (!look->matched)
			look->binary = bytes[i] == signature[0];
		const char *whole = look->binary ? signature : word;
		size_t size = look->binary ? SIGNATURE : sizeof word - 1;
		if (bytes[i] != whole[look->matched])
			look->over = true;
		else if (++look->matched == size)
			look->over = claimed = true;
	}
	return claimed;
}
