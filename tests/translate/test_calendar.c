/* calendar: an invitation in words, its times, escapes, folds and persons; what is within an event is not the event's; bounds. */
#include "translate/calendar.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const char *words_n(const char *bytes, size_t n, size_t most)
{
	static char text[65536];
	struct content c = content_memory(bytes, n);
	struct buf out;
	c.most = most;
	buf_init(&out, 0);
	ck_assert_int_eq(calendar_words(&c, &out), OK);
	ck_assert_uint_lt(out.len, sizeof text);
	if (out.len)
		memcpy(text, buf_head(&out), out.len);
	text[out.len] = '\0';
	buf_free(&out);
	return text;
}

static const char *words(const char *text)
{
	return words_n(text, strlen(text), 0);
}

START_TEST(invitation)
{
	static const char text[] =
		"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:"
		"19700101T000000\r\n"
		"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20261126T100000\r\n"
		"DTEND:20261126T110000Z\r\nSUMMARY;LANGUAGE=en:Plan\\, and\r\n  more\r\n"
		"ORGANIZER;CN=\"Doe: Ann\":mailto:ann@x.test\r\nATTENDEE:MAILTO:bob@x.test\r\n"
		"LOCATION:Room\\; 7\\\\8\r\nDESCRIPTION:one\\ntwo\r\nBEGIN:VALARM\r\n"
		"DESCRIPTION:alarm\r\nEND:VALARM\r\nSTATUS:CONFIRMED\r\nX-OWN:no\r\nEND:VEVENT\r\n"
		"SUMMARY:no\r\nEND:VCALENDAR\r\n";
	static const char want[] =
		"---- calendar: Invitation ----\nWhen: 2026-11-26 10:00 (Europe/Berlin)\n"
		"Until: 2026-11-26 11:00 UTC\nWhat: Plan, and more\n"
		"Organizer: Doe: Ann, ann@x.test\nAttendee: bob@x.test\nWhere: Room; 7\\8\n"
		"Notes: one\n  two\nStatus: CONFIRMED\n";
	for (size_t most = 0; most < 9; most++)
		ck_assert_str_eq(words_n(text, strlen(text), most), want);
	for (size_t n = 0; n < strlen(text); n++) { /* cut anywhere: only what there was is told */
		const char *got = words_n(text, n, 0);
		ck_assert_uint_le(strlen(got), strlen(want));
		if (*got)
			ck_assert_int_eq(strncmp(got, want, 31), 0);
	}
}
END_TEST

START_TEST(times)
{
	static const char *const rows[][2] = {
		{"DTSTART;VALUE=DATE:20261126", "When: 2026-11-26\n"},
		{"dtstart:20261126T100000", "When: 2026-11-26 10:00\n"},
		{"DUE:2026", "Due: 2026\n"},
		{"DTSTART:20261126X", "When: 20261126X\n"},
		{"DTSTART;TZID=\"A;B\":20261126T1000", "When: 20261126T1000\n"},
		{"DTSTART;TZID=A;X=B:20261126T100000", "When: 2026-11-26 10:00 (A)\n"},
		{"DURATION:PT1H", "For: PT1H\n"},
		{"SUMMARY:", "What: \n"},
		{"SUMMARY", ""},
		{"SUMMARY:x\\", "What: x\\\n"},
	};
	char text[128], want[128];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, "BEGIN:VTODO\n%s\nEND:VTODO", rows[i][0]);
		snprintf(want, sizeof want, "---- calendar ----\n%s", rows[i][1]);
		ck_assert_str_eq(words(text), want);
	}
	ck_assert_str_eq(words("nothing of the kind"), "");
	ck_assert_str_eq(words(""), "");
}
END_TEST

START_TEST(bounds)
{
	struct buf b;
	buf_init(&b, 0);
	for (int i = 0; i < CALENDAR_EVENTS_MAX + 3; i++)
		buf_puts(&b, "BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n");
	const char *text = words(buf_string(&b));
	size_t found = 0;
	for (const char *p = text; (p = strstr(p, "What: x\n")); p++)
		found++;
	ck_assert_uint_eq(found, CALENDAR_EVENTS_MAX);
	ck_assert_ptr_nonnull(strstr(text, "\n(and 3 more)\n"));
	buf_clear(&b);
	buf_puts(&b, "BEGIN:VEVENT\nSUMMARY:x\n");
	while (b.len < 2 * CALENDAR_VALUE_MAX)
		buf_puts(&b, " more of it\n");
	text = words(buf_string(&b));
	ck_assert_uint_lt(strlen(text), CALENDAR_VALUE_MAX + 100);
	ck_assert_str_eq(text + strlen(text) - 4, "...\n");
	buf_free(&b);
}
END_TEST

START_TEST(failures)
{
	struct content bad = content_file(-1, 0, 10);
	struct buf out;
	buf_init(&out, 5);
	ck_assert_int_eq(calendar_words(&bad, &out), E_IO);
	struct content c = content_memory("BEGIN:VEVENT\n", 13);
	ck_assert_int_eq(calendar_words(&c, &out), E_LIMIT);
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/calendar");
	SUITE_CASE(s, "calendar", invitation, times, bounds, failures);
	return s;
}
SUITE_MAIN(suite)
