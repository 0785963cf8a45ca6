/* Dates of messages: see date.h. The calendar is computed here: strftime would ask the locale for
 * names. */
#include "mail/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define SECONDS_FIRST (-62167219200) /* 0000-01-01 00:00:00 */
#define SECONDS_LAST 253402300799    /* 9999-12-31 23:59:59 */

/* Days since 1970-01-01 to year, month (0..11) and day of the proleptic Gregorian calendar. Years
 * are counted from 1 March, so that the leap day is a year's last. */
static void civil(int64_t day, int *year, int *month, int *mday)
{
	int64_t z = day + 719468; /* since 0000-03-01 */
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t in_era = z - era * 146097;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153; /* 0: March */
	*mday = (int)(in_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 2 : m - 10);
	*year = (int)(y + era * 400 + (m >= 10));
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

const char *mail_date_format(int64_t wall_ms, int offset, char *out, size_t n)
{
	int year, month, mday;
	int64_t s = floor_div(wall_ms, 1000) + (int64_t)offset * 60;
	s = s < SECONDS_FIRST ? SECONDS_FIRST : s > SECONDS_LAST ? SECONDS_LAST : s;
	int64_t day = floor_div(s, 86400);
	int second = (int)(s - day * 86400), zone = abs(offset);
	civil(day, &year, &month, &mday);
	snprintf(out, n, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d", days[((day + 4) % 7 + 7) % 7],
		 mday, months[month], year, second / 3600, second / 60 % 60, second % 60,
		 offset < 0 ? '-' : '+', zone / 60, zone % 60);
	return out;
}

int mail_date_offset(int64_t wall_ms)
{
	time_t t = (time_t)floor_div(wall_ms, 1000);
	struct tm tm;
	if (!localtime_r(&t, &tm))
		return 0;
	return (int)(tm.tm_gmtoff / 60);
}
