/* pickup_text: files larger than what is kept of them in memory become the same mail as small ones, byte for byte, and are refused alike. */
#include "deliver/pickup_yard.h"
#include "mail/repair.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)
#define HEAD                                                                           \
	"X-Sender: erp@company.com\nX-Receiver: a@one.example\nSubject: large\nDate: " \
	"d\nMessage-ID: <1@x>\nFrom: a@x.example\n"

static char *text, *mail, envelope[2000];
static size_t len;
static struct conf_profile profile;

static void setup(void)
{
	yard_open();
	yard.conf.max_size = 12 * MIB;
	text = calloc(1, 16 * MIB);
	len = 0;
}

static void done(void)
{
	free(text);
	free(mail);
	text = mail = NULL;
	yard_close();
}

static void add(const char *s)
{
	size_t n = strlen(s);
	memcpy(text + len, s, n);
	len += n;
}

/* Numbered lines with this end until the text has so many bytes. */
static void fill(size_t size, const char *end)
{
	for (unsigned i = 0; len < size; i++) {
		char line[64];
		snprintf(line, sizeof line, "line %u of the body%s", i, end);
		add(line);
	}
}

static void take(void)
{
	yard.told[0] = '\0';
	yard_put("x.eml", text, len);
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
	free(mail);
	mail = yard_count() ? yard_mail(0, envelope, sizeof envelope) : NULL;
}

static const char *refused(void)
{
	take();
	ck_assert_ptr_null(mail);
	ck_assert_msg(strncmp(yard.told, "x.eml ", 6) == 0, "%s", yard.told);
	return yard.told + 6;
}

/* The mail is the text with other line ends behind the fields in front. */
static void is_all_there(void)
{
	const char *body = strstr(mail, "\r\n\r\n"), *from = strstr(text, "\n\n");
	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(envelope, "<erp@company.com> a@one.example");
	body += 4;
	from += 2;
	for (const char *end = text + len; from < end; from++, body++) {
		if (*from == '\r')
			from++;
		if (*from == '\n') {
			ck_assert_int_eq(body[0], '\r');
			body++;
		}
		if (*body != *from)
			ck_abort_msg("the bodies differ at %.60s", body);
	}
	ck_assert_str_eq(body, "");
}

START_TEST(every_end_at_every_place)
{
	static const char *const ends[] = {"\n", "\r\n", "\r\r\n"};
	for (size_t i = 0; i < 2; i++) {
		len = 0;
		memset(text, 0, 16 * MIB);
		add(HEAD "\n");
		fill(3 * MIB + i * 7, ends[i]);
		add("the last line\n");
		take();
		ck_assert_msg(mail != NULL, "%s", yard.told);
		is_all_there();
		ck_assert_ptr_null(strstr(mail, "X-Receiver"));
		done();
		setup();
	}
}
END_TEST

START_TEST(no_end_of_the_last_line)
{
	add(HEAD "\n");
	fill(2 * MIB, "\r");
	add("the last line");
	take();
	ck_assert_ptr_nonnull(mail);
	ck_assert_ptr_nonnull(strstr(mail, "line 7 of the body\r\nline 8 of the body\r\n"));
	ck_assert_str_eq(mail + strlen(mail) - 17, "\r\nthe last line\r\n");
}
END_TEST

START_TEST(late_nul)
{
	add(HEAD "\n");
	fill(2 * MIB, "\r\n");
	text[len++] = '\0';
	add("\n");
	char want[100];
	/* the ends of the header count as two */
	snprintf(want, sizeof want, "it is no mail: byte %zu is a NUL\n", len - 2 + 7);
	ck_assert_str_eq(refused(), want);
}
END_TEST

START_TEST(too_large)
{
	add(HEAD "\n");
	fill(12 * MIB - 100, "\n"); /* the file is not, the mail is */
	ck_assert_str_eq(refused(), "the message is larger than max_size, 12582912 bytes\n");
}
END_TEST

START_TEST(endless_header)
{
	add(HEAD);
	while (len < 5 * MIB)
		add("X-Field: value of a field\n");
	ck_assert_ptr_nonnull(strstr(refused(), "its header has more than "));
}
END_TEST

/* Many recipients make a large header; what is no field ends it. */
START_TEST(large_header)
{
	add("X-Sender: erp@company.com\nX-Receiver: a@one.example\nDate: d\nMessage-ID: "
	    "<1@x>\nFrom: a@x.example\n");
	while (len < 3 * MIB)
		add("X-Field: value of a field\n");
	add("\n");
	fill(6 * MIB, "\n");
	take();
	ck_assert_msg(mail != NULL, "%s", yard.told);
	is_all_there();
}
END_TEST

/* What is put right is the header; the body's charset is seen in its beginning. */
START_TEST(repaired)
{
	profile = (struct conf_profile){.name = "p", .repair = MAIL_REPAIR_CHARSET};
	yard.pickup.profile = &profile;
	add(HEAD "\nB\xe4r\n");
	fill(3 * MIB, "\n");
	take();
	ck_assert_ptr_nonnull(strstr(mail, "charset=windows-1252"));
	is_all_there();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/pickup_text");
	TCase *t = tcase_create("texts");
	tcase_add_checked_fixture(t, setup, done);
	tcase_add_test(t, every_end_at_every_place);
	tcase_add_test(t, no_end_of_the_last_line);
	tcase_add_test(t, late_nul);
	tcase_add_test(t, too_large);
	tcase_add_test(t, endless_header);
	tcase_add_test(t, large_header);
	tcase_add_test(t, repaired);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
