/*
 * How fast mail is translated: MB of mail a second, mail to MMFF and back by MIME and by uuencode, next to GMime that does nothing but
 * parse. Runs in one process, as the translator does a mail, without its start: translate [SECONDS A LINE]. Not a test.
 */
#include "translate/incoming.h"
#include "translate/mime_write.h"
#include "translate/mmff.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MB (1024.0 * 1024.0)

struct bench {
	const char *name;
	struct buf mail;
	int files[4]; /* mail, message, sheet, scratch */
	struct mmff_reader reader;
	struct neutral message; /* what came of the mail */
	struct region *region;
	struct buf out;
};

static double seconds = 1;

static void must(enum result r, const char *what)
{
	if (r == OK)
		return;
	fprintf(stderr, "%s: %s\n", what, result_sentence(r));
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- mails ---- */

static void words(struct buf *b, size_t bytes)
{
	static const char line[] = "The quick brown fox jumps over 12 lazy dogs, again.\r\n";
	for (size_t n = 0; n < bytes; n += sizeof line - 1)
		must(buf_puts(b, line), "a mail");
}

static void base64(struct buf *b, size_t bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned state = 1;
	for (size_t n = 0; n < bytes; n += 57) {
		char line[79];
		for (int i = 0; i < 76; i++)
			line[i] = digits[(state = state * 1103515245u + 12345u) >> 26];
		strcpy(line + 76, "\r\n");
		must(buf_puts(b, line), "a mail");
	}
}

static void uuencoded(struct buf *b, size_t bytes)
{
	must(buf_puts(b, "begin 644 a.bin\r\n"), "a mail");
	for (size_t n = 0; n < bytes; n += 45)
		must(buf_puts(b,
			      "M>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX>'AX\r\n"),
		     "a mail");
	must(buf_puts(b, "`\r\nend\r\n"), "a mail");
}

static const char head[] = "From: Ann <ann@x.test>\r\nTo: bob@y.test\r\nSubject: s\r\n"
			   "Date: Thu, 26 Nov 2026 02:00:00 +0000\r\nMIME-Version: 1.0\r\n";

static void make(struct bench *b, int kind)
{
	static const char *const names[] = {"4 KiB of text", "1 MiB of text",
					    "8 MiB attachment, base64",
					    "8 MiB in the text, uuencode"};
	b->name = names[kind];
	buf_init(&b->mail, 0);
	must(buf_puts(&b->mail, head), "a mail");
	if (kind == 2) {
		must(buf_puts(&b->mail,
			      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
			      "text\r\n--b\r\nContent-Type: x/y; name=a.bin\r\n"
			      "Content-Transfer-Encoding: base64\r\n\r\n"),
		     "a mail");
		base64(&b->mail, 8u << 20);
		must(buf_puts(&b->mail, "--b--\r\n"), "a mail");
		return;
	}
	must(buf_puts(&b->mail, "\r\n"), "a mail");
	if (kind == 3)
		uuencoded(&b->mail, 8u << 20);
	else
		words(&b->mail, kind ? 1u << 20 : 4096);
}

/* ---- what is measured ---- */

static void fill(int fd, const void *bytes, size_t n)
{
	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
	    write(fd, bytes, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0) {
		perror("memfd");
		exit(EXIT_FAILURE);
	}
}

static void gmime_alone(struct bench *b)
{
	lseek(b->files[0], 0, SEEK_SET);
	GMimeStream *in = g_mime_stream_fs_new(b->files[0]);
	g_mime_stream_fs_set_owner(GMIME_STREAM_FS(in), FALSE);
	GMimeParser *parser = g_mime_parser_new_with_stream(in);
	GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(m);
	g_object_unref(parser);
	g_object_unref(in);
}

static void to_mmff(struct bench *b)
{
	struct mime_told told;
	struct err err;
	fill(b->files[1], "", 0);
	fill(b->files[3], "", 0);
	lseek(b->files[2], 0, SEEK_SET);
	struct incoming i = {.mail = b->files[0],
			     .out = b->files[1],
			     .sheet = b->files[2],
			     .scratch = b->files[3]};
	if (incoming_translate(&i, &told, &err) == OK)
		return;
	fprintf(stderr, "%s\n", err.text);
	exit(EXIT_FAILURE);
}

static enum result address(void *ctx, const struct neutral_address *a, struct region *region,
			   const char **out)
{
	(void)ctx;
	(void)region;
	*out = a && strchr(a->text, '@') ? a->text : "bob@y.test";
	return OK;
}

static void to_mail(struct bench *b, bool uuencode)
{
	struct sink to;
	struct region *region = region_new(0);
	struct neutral m = b->message;
	struct mime_form form = {.ending = ENDING_CRLF,
				 .charset = "CP437",
				 .uuencode = uuencode,
				 .hostname = "h.example",
				 .unique = 1,
				 .address = address};
	m.region = region;
	buf_clear(&b->out);
	sink_buffer(&to, &b->out);
	must(region ? mime_write(&m, &form, &to, NULL) : E_NOMEM, "mime_write");
	region_destroy(&region);
}

static void to_mime(struct bench *b)
{
	to_mail(b, false);
}

static void to_uuencode(struct bench *b)
{
	to_mail(b, true);
}

/* MB of mail a second. */
static double measure(struct bench *b, void (*fn)(struct bench *b))
{
	double begin = now(), took;
	unsigned turns = 0;
	fn(b); /* warm */
	begin = now();
	do {
		fn(b);
		turns++;
		took = now() - begin;
	} while (took < seconds);
	return (double)b->mail.len * turns / took / MB;
}

static void run(int kind)
{
	static const char sheet[] = "charset CP437\nto CSI A/B/c\n";
	static struct bench b;
	struct err err;
	make(&b, kind);
	buf_init(&b.out, 0);
	for (int i = 0; i < 4; i++)
		b.files[i] = memfd_create("bench", MFD_CLOEXEC);
	fill(b.files[0], buf_head(&b.mail), b.mail.len);
	fill(b.files[2], sheet, sizeof sheet - 1);
	double gmime = measure(&b, gmime_alone), in = measure(&b, to_mmff);
	struct content c = content_file(b.files[1], 0, (uint64_t)lseek(b.files[1], 0, SEEK_END));
	b.region = region_new(0);
	mmff_reader_init(&b.reader, &c, 0);
	must(mmff_next(&b.reader, b.region, &b.message, &err), "the message");
	printf("%-28s %10.1f %12.1f %12.1f %14.1f\n", b.name, gmime, in, measure(&b, to_mime),
	       measure(&b, to_uuencode));
	fflush(stdout);
	region_destroy(&b.region);
	buf_free(&b.mail);
	buf_free(&b.out);
	for (int i = 0; i < 4; i++)
		close(b.files[i]);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atof(argv[1]);
	mime_begin();
	printf("%-28s %10s %12s %12s %14s\n", "MB of mail a second", "GMime alone", "mail to MMFF",
	       "MMFF to MIME", "MMFF to uuencode");
	for (int kind = 0; kind < 4; kind++)
		run(kind);
	mime_end();
	return EXIT_SUCCESS;
}
