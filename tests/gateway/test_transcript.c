/* transcript: the form of each kind of line, what which level takes, and that no peer makes lines of its own. */
#include "gateway/transcript.h"

#include "base/file.h"
#include "support/suite.h"

#include <sys/stat.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct settings settings;
static struct mail_map_entry entries[] = {
	{"TEST/FAR", "far.test"}, {"TEST/HQ", "company.test"}, {"TEST/HQ", "hq.company.test"}};
static const char *names[] = {"TEST/HQ", "TEST/FAR"};
static const char *domains[] = {"a.test", "b.test"};
static struct conf_postoffice office;
static struct clock_fake fake;
static struct classic_log *classic;
static struct transcript t;

static void begin(enum log_level level)
{
	struct err err;
	char mailbox[PATH_MAX];
	snprintf(mailbox, sizeof mailbox, "%s/admin", suite_scratch());
	ck_assert(mkdir(mailbox, 0700) == 0 ||
		  errno == EEXIST); /* a postoffice without any is away */
	setenv("TZ", "UTC", 1);
	tzset();
	clock_fake_init(&fake, 0, 1700000000000); /* 22:13:20 */
	office = (struct conf_postoffice){.name = "TEST/HQ",
					  .path = suite_scratch(),
					  .classic_log = true,
					  .native = {entries, 3}};
	settings = (struct settings){.postoffices = &office, .postoffice_count = 1, .refs = 1};
	settings.log.level = level;
	settings.gateway.hostname = "gw.test";
	classic = classic_log_new(&fake.clock);
	ck_assert_int_eq(classic_log_apply(classic, &settings, &err), OK);
	transcript_begin(&t, classic, NULL);
}

static void ends_with(const char *text)
{
	char path[PATH_MAX], *bytes = NULL;
	size_t n;
	struct err err;
	transcript_flush(&t);
	classic_log_destroy(&classic);
	snprintf(path, sizeof path, "%s/log/SMTPGATE.LOG", suite_scratch());
	ck_assert(file_read(path, 1u << 20, &bytes, &n, &err) == OK || !*text);
	ck_assert_str_eq(bytes ? bytes : "", text);
	free(bytes);
	suite_scratch_remove();
}

START_TEST(lines_have_the_form_of_1993)
{
	begin(LOG_INFO);
	transcript_say(&t, "SMTP_accept(socket=%u, timeout=%u)", 7u, 60u);
	transcript_line(&t, true, "354 Go on", 9);
	transcript_line(&t, false, "QUIT\r\nx\x01", 8);
	transcript_error(&t, "ERROR connect: (121) network error");
	ends_with("22:13:20 - SMTP_accept(socket=7, timeout=60)\n [tx] 354 Go on\n"
		  " [rx] ...message body...\n [rx] QUIT\\x0d\\x0ax\\x01\n"
		  "22:13:20 - ERROR connect: (121) network error\n");
}
END_TEST

START_TEST(long_lines_are_cut_and_say_so)
{
	char line[3000], want[1100];
	memset(line, 'y', sizeof line);
	snprintf(want, sizeof want, " [rx] %.1000s...\n", line);
	begin(LOG_INFO);
	transcript_line(&t, false, line, sizeof line);
	ends_with(want);
	memset(line, 'y', sizeof line);
	snprintf(want, sizeof want, "22:13:20 - %.1000s...\n", line);
	begin(LOG_INFO);
	transcript_say(&t, "%.1500s", line);
	ends_with(want);
}
END_TEST

START_TEST(errors_alone)
{
	begin(LOG_WARN);
	ck_assert(!transcript_on(&t));
	transcript_say(&t, "Connection accepted.");
	transcript_line(&t, true, "220 x", 5);
	transcript_settings(&t, &settings, &office);
	transcript_address(&t, &office, "a@company.test", "a");
	transcript_error(&t, "ERROR network_read: timed out");
	ends_with("22:13:20 - ERROR network_read: timed out\n");
}
END_TEST

START_TEST(off_is_nothing)
{
	struct transcript off = {0};
	begin(LOG_DEBUG);
	transcript_say(&off, "x");
	transcript_error(&off, "x");
	transcript_line(&off, true, "x", 1);
	transcript_flush(&off);
	transcript_begin(&off, NULL, NULL);
	transcript_error(&off, "x");
	transcript_flush(&off);
	ends_with("");
}
END_TEST

START_TEST(addresses_by_the_map)
{
	begin(LOG_DEBUG);
	transcript_address(&t, &office, "jdoe@company.test", "JDoe");
	transcript_address(&t, &office, "who@hq.company.test", "");
	transcript_address(&t, NULL, "joe@far.test", NULL);
	ends_with("22:13:20 - Translating remote address: \"jdoe@company.test\"\n"
		  "22:13:20 - Comparing: far.test to company.test\n"
		  "22:13:20 - Comparing: company.test to company.test\n"
		  "22:13:20 - Mapped company.test to TEST/HQ\n"
		  "22:13:20 - Mapped to \"CSI:TEST/HQ/JDoe\"\n"
		  "22:13:20 - Translating remote address: \"who@hq.company.test\"\n"
		  "22:13:20 - Comparing: far.test to hq.company.test\n"
		  "22:13:20 - Comparing: company.test to hq.company.test\n"
		  "22:13:20 - Comparing: hq.company.test to hq.company.test\n"
		  "22:13:20 - Mapped hq.company.test to TEST/HQ\n"
		  "22:13:20 - Addressee unknown: \"who@hq.company.test\"\n"
		  "22:13:20 - Translating remote address: \"joe@far.test\"\n"
		  "22:13:20 - Non-local address left unmapped\n");
}
END_TEST

START_TEST(addresses_without_a_map)
{
	begin(LOG_INFO);
	office.native.count = 0;
	office.domains.items = domains;
	office.domains.count = 2;
	transcript_address(&t, &office, "jdoe@b.test", "jdoe");
	t.level = CLASSIC_LOG_DEBUG;
	transcript_address(&t, &office, "jdoe@b.test", "jdoe");
	ends_with("22:13:20 - Translating remote address: \"jdoe@b.test\"\n"
		  "22:13:20 - Mapped b.test to TEST/HQ\n"
		  "22:13:20 - Mapped to \"CSI:TEST/HQ/jdoe\"\n"
		  "22:13:20 - Translating remote address: \"jdoe@b.test\"\n"
		  "22:13:20 - Comparing: a.test to b.test\n"
		  "22:13:20 - Comparing: b.test to b.test\n"
		  "22:13:20 - Mapped b.test to TEST/HQ\n"
		  "22:13:20 - Mapped to \"CSI:TEST/HQ/jdoe\"\n");
}
END_TEST

START_TEST(start_says_what_it_goes_by)
{
	begin(LOG_INFO);
	struct conf_postoffice told = office; /* the log's thread reads the other */
	told.path = "/srv/maildata";
	told.local_file = "/srv/maildata/smtp/LOCAL.CFG";
	told.map_file = "/srv/maildata/smtp/ADDR_MAP.CFG";
	told.here =
		(struct mail_local_cfg){".company.test", "gw.company.test", "10.1.0.2", names, 2};
	transcript_settings(&t, &settings, &told);
	ends_with("22:13:20 - Running from /srv/maildata\n"
		  "22:13:20 - Reading local configuration from /srv/maildata/smtp/LOCAL.CFG\n"
		  "22:13:20 -   Local Domain = \".company.test\"\n"
		  "22:13:20 -   SMTP Gateway Host Name = \"gw.company.test\"\n"
		  "22:13:20 -   SMTP Smart-Host IP = \"10.1.0.2\"\n"
		  "22:13:20 -   Local Post-Office: \"TEST/HQ\"\n"
		  "22:13:20 -   Local Post-Office: \"TEST/FAR\"\n"
		  "22:13:20 - Reading address map from /srv/maildata/smtp/ADDR_MAP.CFG\n"
		  "22:13:20 -   Mapping \"TEST/FAR\" to \"far.test\"\n"
		  "22:13:20 -   Mapping \"TEST/HQ\" to \"company.test\"\n"
		  "22:13:20 -   Mapping \"TEST/HQ\" to \"hq.company.test\"\n"
		  "22:13:20 - Gateway initialized\n");
}
END_TEST

START_TEST(a_long_conversation_goes_on_in_pieces)
{
	begin(LOG_INFO);
	for (int i = 0; i < 10000; i++) {
		transcript_line(&t, true, "250 Ok", 6);
		ck_assert_uint_le(t.text.len, 40000);
	}
	char *want = malloc(10000 * 13 + 1);
	for (int i = 0; i < 10000; i++)
		strcpy(want + (size_t)i * 13, " [tx] 250 Ok\n");
	ends_with(want);
	free(want);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transcript");
	SUITE_CASE(s, "form", lines_have_the_form_of_1993, long_lines_are_cut_and_say_so,
		   a_long_conversation_goes_on_in_pieces);
	SUITE_CASE(s, "levels", errors_alone, off_is_nothing);
	SUITE_CASE(s, "addresses", addresses_by_the_map, addresses_without_a_map);
	SUITE_CASE(s, "start", start_says_what_it_goes_by);
	return s;
}
SUITE_MAIN(suite)
