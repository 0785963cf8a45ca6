/*
 * What leaves a postoffice as mail and comes back, in either form of attachments, has the same text and the same attachments byte for
 * byte; and what comes in as mail, leaves and comes in again has what it had. Over messages that a generator makes: each number
 * makes the same one, and a failure names it.
 */
#include "translating.h"

#include "translate/mime_write.h"

#include <glib.h>

#define MESSAGES 300

static uint64_t state;

static unsigned any(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % below;
}

static void afresh(void)
{
	region_destroy(&region);
	region = region_new(0);
}

/* ---- messages ---- */

/* Lines of code page 437: short ones, empty ones, ones that no mail may have. */
static struct content a_text(void)
{
	static const unsigned longest[] = {0, 8, 70, 1200};
	struct buf b;
	buf_init(&b, 0);
	for (unsigned lines = any(12); lines; lines--) {
		bool eight = any(3) == 0;
		for (unsigned k = any(longest[any(4)] + 1); k; k--) {
			char c = (char)(' ' + any(95));
			c = eight && any(4) == 0 ? (char)(128 + any(128)) : c;
			buf_append(&b, any(30) ? &c : "\t", 1);
		}
		buf_puts(&b, "\r");
	}
	if (any(3) == 0)
		buf_puts(&b, "=no line end=");
	struct content c = content_memory(region_memdup(region, buf_head(&b), b.len), b.len);
	buf_free(&b);
	return c;
}

/* Any bytes, or lines of 7 bits with ends of one kind or another. */
static struct content a_file(void)
{
	static const char *const ends[] = {"\r\n", "\n", "\r", "\r\n"};
	const char *end = ends[any(4)];
	struct buf b;
	bool lines = any(2);
	buf_init(&b, 0);
	for (unsigned size = any(any(4) ? 200 : 20000); size; size--) {
		char c = (char)(lines ? ' ' + any(95) : any(256));
		buf_append(&b, &c, 1);
		if (lines && any(40) == 0)
			buf_puts(&b, end);
	}
	if (lines && any(4))
		buf_puts(&b, end);
	struct content c = content_memory(region_memdup(region, buf_head(&b), b.len), b.len);
	buf_free(&b);
	return c;
}

static const char *a_name(void)
{
	static const char letters[] = "abcXYZ019._-#()'=?%\"; \x81\x84\xe1\xa5";
	char name[64] = "n";
	size_t len = 1;
	for (unsigned k = any(40); k; k--) {
		char c = letters[any(sizeof letters - 1)];
		name[len] = c == ' ' && name[len - 1] == ' ' ? '_' : c;
		len++;
	}
	name[len++] = 'z';
	return region_memdup(region, name, len + 1);
}

static void a_message(struct neutral *m)
{
	neutral_init(m, region);
	m->from = (struct neutral_address){"SMTP", "ann@po.example"};
	neutral_add_address(m, &m->to, "SMTP", "bob@po.example");
	m->subject = a_name();
	m->text = a_text();
	for (unsigned k = any(5); k; k--) {
		struct neutral_part p = {.name = a_name(), .content = a_file()};
		ck_assert_int_eq(neutral_add_part(m, &p), OK);
	}
}

/* ---- ways ---- */

static enum result address(void *ctx, const struct neutral_address *a, struct region *r,
			   const char **text)
{
	(void)ctx;
	(void)r;
	*text = a ? a->text : "postmaster@po.example";
	return OK;
}

/* Through MMFF and out as mail. */
static void leave(const struct neutral *m, bool uuencode, struct buf *mail)
{
	static const enum ending endings[] = {ENDING_CR, ENDING_LF, ENDING_CRLF};
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = "CP437",
				 .uuencode = uuencode,
				 .hostname = "h.example",
				 .unique = 0x9e3779b97f4a7c15,
				 .address = address};
	struct mmff_form file = {.ending = endings[any(3)], .extended = true};
	struct mmff_reader *reader = region_alloc(region, sizeof *reader);
	struct neutral read;
	struct buf b;
	struct sink to;
	struct err err;
	buf_init(&b, 0);
	sink_buffer(&to, &b);
	ck_assert_int_eq(mmff_write(m, &file, &to), OK);
	struct content c = content_memory(buf_head(&b), b.len);
	mmff_reader_init(reader, &c, -1);
	ck_assert_msg(mmff_next(reader, region, &read, &err) == OK, "%s", err.text);
	sink_buffer(&to, mail);
	ck_assert_int_eq(mime_write(&read, &form, &to, NULL), OK);
	buf_free(&b);
}

/* With the line ends that the postoffice's form has, and without those at its end. */
static const char *plain_text(const char *text)
{
	char *out_text = region_strdup(region, text), *to = out_text;
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && p > text && p[-1] == '\r')
			continue;
		*to++ = *p == '\n' ? '\r' : *p;
	}
	while (to > out_text && to[-1] == '\r')
		to--;
	*to = '\0';
	return out_text;
}

static void same(const struct neutral *was, const char *text, unsigned number)
{
	const char *want = plain_text(text), *got = plain_text(body());
	ck_assert_msg(strcmp(want, got) == 0, "%u: text\n%s\n%s", number, want, got);
	ck_assert_msg(was->parts.count == n.parts.count, "%u: %zu parts, %zu", number,
		      was->parts.count, n.parts.count);
	for (size_t i = 0; i < n.parts.count; i++) {
		const struct neutral_part *a = &was->parts.items[i], *b = &n.parts.items[i];
		ck_assert_msg(strcmp(a->name, b->name) == 0, "%u: %s, %s", number, a->name,
			      b->name);
		ck_assert_msg(a->content.size == b->content.size, "%u: size of %s", number,
			      a->name);
		ck_assert_msg(memcmp(string(&a->content), string(&b->content),
				     (size_t)a->content.size) == 0,
			      "%u: bytes of %s", number, a->name);
	}
}

START_TEST(there_and_back)
{
	for (unsigned number = 1; number <= MESSAGES; number++) {
		struct neutral m;
		struct buf mail;
		state = number * 0x9e3779b97f4a7c15u;
		a_message(&m);
		buf_init(&mail, 0);
		leave(&m, number % 2, &mail);
		translate_n(buf_head(&mail), mail.len, TRANSLATING_SHEET);
		ck_assert_msg(!told.whole && !told.lost, "%u: %s", number,
			      told.whole ? told.whole : "characters lost");
		same(&m, string(&m.text), number);
		ck_assert_str_eq(m.subject, n.subject);
		buf_free(&mail);
		afresh();
	}
}
END_TEST

/* ---- the reverse ---- */

static void base64_part(struct buf *b, const struct content *c)
{
	gchar *text = g_base64_encode((const guchar *)string(c), (gsize)c->size);
	for (size_t at = 0, len = strlen(text); at < len; at += 72)
		buf_printf(b, "%.72s\r\n", text + at);
	g_free(text);
}

/* A mail that another program might have written. */
static void a_mail(struct buf *b)
{
	buf_puts(b, "From: Ann <ann@x.test>\r\nTo: bob@y.test\r\nSubject: s\r\nMIME-Version: "
		    "1.0\r\nX-Own: kept\r\nContent-Type: multipart/mixed; boundary=\"==\"\r\n\r\n"
		    "preamble\r\n--==\r\nContent-Type: text/plain; charset=cp437\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n");
	struct content text = a_text();
	base64_part(b, &text);
	for (unsigned k = any(4); k; k--) {
		struct content file = a_file();
		buf_printf(b,
			   "--==\r\nContent-Type: %s; name=f%u.x\r\nContent-Transfer-Encoding: "
			   "base64\r\nContent-Disposition: attachment\r\n\r\n",
			   any(2) ? "application/x-y" : "text/plain", k);
		base64_part(b, &file);
	}
	buf_puts(b, "--==--\r\n");
}

START_TEST(back_and_there)
{
	for (unsigned number = 1; number <= MESSAGES; number++) {
		struct buf mail, again;
		state = number * 0x9e3779b97f4a7c15u;
		buf_init(&mail, 0);
		buf_init(&again, 0);
		a_mail(&mail);
		translate_n(buf_head(&mail), mail.len, TRANSLATING_SHEET);
		struct neutral first = n;
		const char *text = body();
		int kept = dup(out);
		leave(&first, number % 2, &again);
		for (size_t i = 0; i < first.parts.count; i++)
			first.parts.items[i].content.fd = kept;
		translate_n(buf_head(&again), again.len, TRANSLATING_SHEET);
		same(&first, text, number);
		ck_assert_ptr_nonnull(strstr(string(&n.text), "X-Own: kept\r"));
		close(kept);
		buf_free(&mail);
		buf_free(&again);
		afresh();
	}
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {there_and_back, back_and_there};
	return translating_suite("translate/round_trip", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
