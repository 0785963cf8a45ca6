/* Reading dates: see date.h. Owns nothing. */
#include "mail/date.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define MONTHS "janfebmaraprmayjunjulaugsepoctnovdec"
#define DAY_NAMES "sunmontuewedthufrisat"

/* The place of three letters in a list of such, or -1. */
static int place_of(const char *word, const char *list)
{
	char low[4] = "";
	if (strlen(word) != 3)
		return -1;
	text_copy(low, sizeof low, word);
	const char *at = strstr(list, text_lower_all(low));
	return at && (at - list) % 3 == 0 ? (int)(at - list) / 3 : -1;
}

/* Days since 1970-01-01; month 0..11. Years are counted from March, so that the leap day is the last. */
static int64_t days_since_1970(int year, int month, int mday)
{
	int64_t y = month < 2 ? year - 1 : year;
	int64_t era = y / 400, in_era = y - era * 400;
	int64_t in_year = (153 * (month < 2 ? month + 10 : month - 2) + 2) / 5 + mday - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static bool is_mday(int year, int month, int mday)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return mday >= 1 && mday <= lengths[month] + (month == 1 && leap);
}

/* Minutes east of UTC of "+0530" or a name (RFC 5322 4.3: those that are not known are UTC). */
static bool zone_of(const char *text, int *minutes)
{
	static const struct {
		char name[4];
		int hours;
	} names[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
		     {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	int hours;
	if (*text == '+' || *text == '-') {
		if (strlen(text) != 5 || strspn(text + 1, "0123456789") != 4)
			return false;
		sscanf(text + 1, "%2d%2d", &hours, minutes);
		*minutes = (*text == '-' ? -1 : 1) * (hours * 60 + *minutes);
		return hours < 24;
	}
	*minutes = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (text_same(text, names[i].name))
			*minutes = names[i].hours * 60;
	return *text &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* RFC 5322 4.3: two digits are 2000 to 2049 and 1950 to 1999, three are 1900 and more. */
static int whole_year(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	int year = 0;
	if (text[digits] || digits < 2 || digits > 4)
		return -1;
	sscanf(text, "%4d", &year);
	if (digits == 2)
		return year + (year < 50 ? 2000 : 1900);
	return digits == 3 ? year + 1900 : year;
}

enum result mail_date_parse(const char *text, int64_t *wall_ms)
{
	char day[16] = "", month_name[16] = "", year_text[16] = "", clock[16] = "", zone[16] = "";
	int mday = 0, hour = 0, minute = 0, second = 0, used = 0, offset = 0;
	const char *comma = strchr(text, ',');
	if (comma && (size_t)(comma - text) < strcspn(text, "0123456789")) { /* else in a comment */
		if (sscanf(text, " %15[^, ] ,%n", day, &used) != 1 || place_of(day, DAY_NAMES) < 0)
			return E_SYNTAX;
		text += used ? used : comma + 1 - text;
	}
	if (sscanf(text, " %2d %15s %15s %15s %15s", &mday, month_name, year_text, clock, zone) !=
	    5)
		return E_SYNTAX;
	int month = place_of(month_name, MONTHS), year = whole_year(year_text);
	if (month < 0 || year < 0 || !is_mday(year, month, mday) || !zone_of(zone, &offset))
		return E_SYNTAX;
	used = 0;
	if (sscanf(clock, "%2d:%2d%n:%2d%n", &hour, &minute, &used, &second, &used) < 2 ||
	    clock[used] || hour > 23 || minute > 59 || second > 60 || hour < 0 || minute < 0 ||
	    second < 0)
		return E_SYNTAX;
	*wall_ms = 1000 * (days_since_1970(year, month, mday) * 86400 + hour * 3600 + minute * 60 +
			   second - (int64_t)offset * 60);
	return OK;
}
