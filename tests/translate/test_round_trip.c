/*
 * What leaves a postoffice as mail and comes back, in either form of attachments or in a capsule, has the same text and the same attachments
 * byte for byte, its priority and what it asks for; and what comes in as mail, of today or of the original's form, leaves and comes in
 * again has what it had. Over messages that a generator makes, each time others: the seed is printed, and ROUND_TRIP_SEED=N makes those
 * of N again.
 */
#include "translating.h"

#include "base/clock.h"
#include "translate/capsule.h"
#include "translate/mime_write.h"
#include "translate/uuencode.h"

#include <glib.h>
#include <stdio.h>

#define MESSAGES 300

static uint64_t seed, state;

/* Begins with one message. */
static void begin(unsigned number)
{
	state = (seed + number) * 0x9e3779b97f4a7c15u;
	state = state ? state : 1;
}

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

/* A mail as a file: it may go as message/rfc822. */
static struct content an_eml(void)
{
	struct buf b;
	buf_init(&b, 0);
	buf_puts(&b, "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (unsigned k = any(200); k; k--) {
		char c = (char)(' ' + any(95));
		buf_append(&b, &c, 1);
		if (any(20) == 0)
			buf_puts(&b, any(3) ? "\r\n" : "\r\n--b\r\n\r\n");
	}
	if (any(2))
		buf_puts(&b, "\r\n");
	struct content c = content_memory(region_memdup(region, buf_head(&b), b.len), b.len);
	buf_free(&b);
	return c;
}

static void add_part(struct neutral *m, const char *name, struct content content)
{
	struct neutral_part p = {.name = name, .content = content};
	ck_assert_int_eq(neutral_add_part(m, &p), OK);
}

static void a_message(struct neutral *m)
{
	static const char *const priorities[] = {NULL, "1", "2", "3", "4", "5", "R", "C", "F", "T"};
	neutral_init(m, region);
	m->from = (struct neutral_address){"SMTP", "ann@po.example"};
	neutral_add_address(m, &m->to, "SMTP", "bob@po.example");
	m->subject = a_name();
	m->priority = priorities[any(10)];
	m->text = a_text();
	for (unsigned k = any(5); k; k--) {
		if (any(5))
			add_part(m, a_name(), a_file());
		else
			add_part(m, "Mail.EML", an_eml());
	}
}

/* ---- ways ---- */

static enum result address(void *ctx, const struct neutral_address *a, struct region *r,
			   const char **text)
{
	const char *slash = a ? strrchr(a->text, '/') : NULL;
	(void)ctx;
	*text = !a      ? "postmaster@po.example"
		: slash ? region_printf(r, "%s@po.example", slash + 1)
			: a->text;
	return *text ? OK : E_NOMEM;
}

static void as_mail(const struct neutral *m, bool uuencode, struct buf *mail)
{
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = "CP437",
				 .uuencode = uuencode,
				 .hostname = "h.example",
				 .unique = state,
				 .address = address};
	struct sink to;
	sink_buffer(&to, mail);
	ck_assert_int_eq(mime_write(m, &form, &to, NULL), OK);
}

/* Its bytes in MMFF, in one of the forms that there are, and read from them. */
static void as_file(const struct neutral *m, struct buf *b, struct neutral *read)
{
	static const enum ending endings[] = {ENDING_CR, ENDING_LF, ENDING_CRLF};
	struct mmff_form file = {.ending = endings[any(3)], .extended = true};
	struct mmff_reader *reader = region_alloc(region, sizeof *reader);
	struct sink to;
	struct err err;
	sink_buffer(&to, b);
	ck_assert_int_eq(mmff_write(m, &file, &to), OK);
	struct content c = content_memory(buf_head(b), b->len);
	mmff_reader_init(reader, &c, -1);
	ck_assert_msg(mmff_next(reader, region, read, &err) == OK, "%s", err.text);
}

/* Through MMFF and out as mail. */
static void leave(const struct neutral *m, bool uuencode, struct buf *mail)
{
	struct neutral read;
	struct buf b;
	buf_init(&b, 0);
	as_file(m, &b, &read);
	as_mail(&read, uuencode, mail);
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

static void same_frame(const struct neutral *was, unsigned number)
{
	const char *want = was->priority ? was->priority : "none";
	const char *got = n.priority ? n.priority : "none";
	ck_assert_str_eq(was->subject, n.subject);
	ck_assert_msg(strcmp(want, got) == 0, "%u: priority %s, %s", number, want, got);
}

START_TEST(there_and_back)
{
	for (unsigned number = 1; number <= MESSAGES; number++) {
		struct neutral m;
		struct buf mail;
		begin(number);
		a_message(&m);
		buf_init(&mail, 0);
		leave(&m, number % 2, &mail);
		translate_n(buf_head(&mail), mail.len, TRANSLATING_SHEET);
		ck_assert_msg(!told.whole && !told.lost, "%u: %s", number,
			      told.whole ? told.whole : "characters lost");
		same(&m, string(&m.text), number);
		same_frame(&m, number);
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
		begin(number);
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

/* ---- as the original sent it (RFC 1154) ---- */

/* Lines of 7 bits with CR LF; *lines gets how many. */
static struct content lines_of(unsigned *lines, unsigned most)
{
	struct buf b;
	buf_init(&b, 0);
	*lines = any(most);
	for (unsigned k = *lines; k; k--) {
		for (unsigned i = any(70); i; i--) {
			char c = (char)(' ' + any(95));
			buf_append(&b, &c, 1);
		}
		buf_puts(&b, "\r\n");
	}
	struct content c = content_memory(region_memdup(region, buf_head(&b), b.len), b.len);
	buf_free(&b);
	return c;
}

/* A mail of the original with what is in m, which it makes: files in uuencode, and some as text. */
static void a_classic_mail(struct buf *b, struct neutral *m)
{
	struct buf fields, body;
	struct sink to;
	unsigned lines;
	neutral_init(m, region);
	buf_init(&fields, 0);
	buf_init(&body, 0);
	sink_buffer(&to, &body);
	m->text = lines_of(&lines, 12);
	sink_content(&to, &m->text);
	buf_printf(b, "From: Ann <ann@x.test>\r\nSubject: s\r\nX-Own: kept\r\nEncoding: %u TEXT",
		   lines);
	for (unsigned k = any(4); k; k--) {
		bool plain = any(3) == 0;
		struct content file = plain ? lines_of(&lines, 20) : a_file();
		char *name = region_printf(region, "File %u of the original.dat", k);
		if (plain && !lines)
			continue;
		add_part(m, name, file);
		buf_printf(&fields, "X-MS-Attachment: %s %llu 07-13-1993 13:20\r\n", name,
			   (unsigned long long)file.size);
		buf_printf(b, ",\r\n %llu %s",
			   plain ? (unsigned long long)lines
				 : (unsigned long long)uuencode_lines(file.size),
			   plain ? "TEXT" : "UUENCODE");
		sink_puts(&to, "\r\n");
		if (plain)
			sink_content(&to, &file);
		else
			uuencode_write(&to, ENDING_CRLF, "f", &file);
	}
	buf_puts(b, "\r\n");
	buf_append(b, buf_head(&fields), fields.len);
	buf_puts(b, "\r\n");
	buf_append(b, buf_head(&body), body.len);
	buf_free(&fields);
	buf_free(&body);
}

START_TEST(back_and_there_as_the_original)
{
	for (unsigned number = 1; number <= MESSAGES; number++) {
		struct neutral m;
		struct buf mail, again;
		begin(number);
		buf_init(&mail, 0);
		buf_init(&again, 0);
		a_classic_mail(&mail, &m);
		translate_n(buf_head(&mail), mail.len, TRANSLATING_SHEET);
		same(&m, string(&m.text), number);
		int kept = dup(out);
		struct neutral first = n;
		first.text.fd = kept;
		for (size_t i = 0; i < first.parts.count; i++)
			first.parts.items[i].content.fd = kept;
		leave(&first, number % 2, &again);
		translate_n(buf_head(&again), again.len, TRANSLATING_SHEET);
		same(&m, string(&m.text), number);
		ck_assert_ptr_nonnull(strstr(string(&n.text), "X-Own: kept\r"));
		close(kept);
		buf_free(&mail);
		buf_free(&again);
		afresh();
	}
}
END_TEST

/* ---- in a capsule ---- */

#define SHEET_OF(make) "charset CP437\nmake " make "\nsender SMTP env@x.test\nto CSI A/B/c\n"

/* The one attachment is the message, to the byte. */
static void is_message(const struct buf *message, unsigned number)
{
	ck_assert_msg(n.parts.count == 1, "%u: %zu parts", number, n.parts.count);
	const struct content *c = &n.parts.items[0].content;
	ck_assert_msg(c->size == message->len &&
			      memcmp(string(c), buf_head(message), message->len) == 0,
		      "%u: the message is another", number);
}

static void a_native_message(struct neutral *m)
{
	a_message(m);
	m->from = (struct neutral_address){"CSI", "ONE/HQ/ann"};
	m->to = m->cc = (struct neutral_addresses){0};
	for (unsigned k = 1 + any(4); k; k--)
		neutral_add_address(m, any(2) ? &m->to : &m->cc, "CSI",
				    region_printf(region, "TWO/HQ/u%u", any(1000)));
}

START_TEST(in_a_capsule)
{
	for (unsigned number = 1; number <= MESSAGES; number++) {
		static const char *const to[] = {"u1@two.test", "\"u 2\"@two.test"};
		struct neutral m, read, outer;
		struct buf message, list, mail;
		begin(number);
		buf_init(&message, 0);
		buf_init(&list, 0);
		buf_init(&mail, 0);
		a_native_message(&m);
		as_file(&m, &message, &read);
		const struct content whole = content_memory(buf_head(&message), message.len);
		ck_assert_int_eq(capsule_list("CP437", to, 2, &list), OK);
		ck_assert_int_eq(capsule_wrap(&read, &list, &whole, &outer), OK);
		as_mail(&outer, number % 2, &mail);
		translate_n(buf_head(&mail), mail.len, SHEET_OF("open"));
		is_message(&message, number);
		ck_assert_uint_eq(n.to.count, 2);
		ck_assert_str_eq(n.to.items[1].text, to[1]);
		translate_n(buf_head(&mail), mail.len, SHEET_OF("sealed"));
		is_message(&message, number);
		translate_n(buf_head(&mail), mail.len, SHEET_OF("inside"));
		same(&m, string(&m.text), number);
		same_frame(&m, number);
		buf_free(&message);
		buf_free(&list);
		buf_free(&mail);
		afresh();
	}
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {there_and_back, back_and_there, back_and_there_as_the_original,
				    in_a_capsule};
	const char *given = getenv("ROUND_TRIP_SEED");
	seed = given ? strtoull(given, NULL, 10) : clock_random(clock_system());
	printf("ROUND_TRIP_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout); /* before the tests' processes have a copy of it */
	return translating_suite("translate/round_trip", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
