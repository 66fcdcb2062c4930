#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY_S = 86400, WINTER_S = 3600, SUMMER_S = 7200 };

#define FIRST_MOMENT INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_MOMENT  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct date {
	int year, month, day; /* of the proleptic Gregorian calendar; January is 1 */
};

static int64_t system_now(const void *context)
{
	(void)context;
	return (int64_t)time(NULL);
}

struct km_clock km_clock_system(void)
{
	return (struct km_clock){.now = system_now};
}

static int64_t fixed_now(const void *context)
{
	return *(const int64_t *)context;
}

struct km_clock km_clock_fixed(const int64_t *moment)
{
	return (struct km_clock){.now = fixed_now, .context = moment};
}

int64_t km_clock_now(const struct km_clock *clock)
{
	return clock->now(clock->context);
}

static int64_t clamp(int64_t moment)
{
	return moment < FIRST_MOMENT ? FIRST_MOMENT : moment > LAST_MOMENT ? LAST_MOMENT : moment;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01, by counting years that begin in March, so that the leap day comes last. */
static int64_t day_number(struct date date)
{
	int64_t year = date.month > 2 ? date.year : date.year - 1;
	int64_t days_since_march = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
	/* Day 719468 of that count, which begins on 0000-03-01, is 1970-01-01. Year 0 is the first that comes here. */
	return year * 365 + year / 4 - year / 100 + year / 400 + days_since_march - 719468;
}

/* The inverse, for days of the years 0001 to 9999. */
static struct date date_of_day(int64_t day_from_1970)
{
	int64_t days = day_from_1970 + 719468;
	int64_t era = days / 146097, day_of_era = days % 146097; /* 400 years */
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	return (struct date){
		.year = (int)(era * 400 + year_of_era + (month <= 2 ? 1 : 0)),
		.month = month,
		.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
	};
}

static int64_t floor_day(int64_t seconds)
{
	return (seconds - (seconds % DAY_S + DAY_S) % DAY_S) / DAY_S;
}

/* 01:00 UTC on the last Sunday of a month of 31 days. */
static int64_t last_sunday_change(int year, int month)
{
	int64_t last = day_number((struct date){year, month, 31});
	int64_t days_after_sunday = ((last + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	return (last - days_after_sunday) * DAY_S + 3600;
}

/* Seconds by which the clock in Amsterdam is ahead of UTC. */
static int64_t offset_at(int64_t moment)
{
	int year = date_of_day(floor_day(moment)).year;
	bool summer = moment >= last_sunday_change(year, 3) && moment < last_sunday_change(year, 10);
	return summer ? SUMMER_S : WINTER_S;
}

/* "Local" is the time on the wall in Amsterdam, as seconds since 1970-01-01T00:00:00 on that wall. */
static int64_t local_of(int64_t moment)
{
	moment = clamp(moment);
	return clamp(moment + offset_at(moment));
}

static int64_t moment_of(int64_t local)
{
	if (offset_at(local - SUMMER_S) == SUMMER_S)
		return local - SUMMER_S;
	if (offset_at(local - WINTER_S) == WINTER_S)
		return local - WINTER_S;
	return last_sunday_change(date_of_day(floor_day(local)).year, 3); /* in the gap */
}

void km_time_format(int64_t moment, char ret_text[static KM_TIME_TEXT])
{
	moment = clamp(moment);
	int64_t day = floor_day(moment);
	struct date date = date_of_day(day);
	unsigned second = (unsigned)(moment - day * DAY_S);
	char text[64];
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02u:%02u:%02uZ", date.year, date.month, date.day, second / 3600,
	         second / 60 % 60, second % 60);
	memcpy(ret_text, text, KM_TIME_TEXT);
}

/* Reads two or four digits; -1 where they are none. */
static int number_at(const char *text, size_t digits)
{
	int number = 0;
	for (size_t i = 0; i < digits; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + text[i] - '0';
	}
	return number;
}

/* Reads "YYYY-MM-DD" at the start of a text of at least that length. */
static bool read_date(const char *text, struct date *ret_date)
{
	struct date date = {number_at(text, 4), number_at(text + 5, 2), number_at(text + 8, 2)};
	if (text[4] != '-' || text[7] != '-' || date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
	    date.day > days_in_month(date.year, date.month))
		return false;
	*ret_date = date;
	return true;
}

bool km_time_parse(const char *text, int64_t *ret_moment)
{
	struct date date;
	if (strnlen(text, KM_TIME_TEXT) != KM_TIME_TEXT - 1 || !read_date(text, &date) || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[19] != 'Z')
		return false;
	int hour = number_at(text + 11, 2), minute = number_at(text + 14, 2), second = number_at(text + 17, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	*ret_moment = day_number(date) * DAY_S + hour * 3600 + minute * 60 + second;
	return true;
}

void km_date_format(int64_t moment, char ret_text[static KM_DATE_TEXT])
{
	char text[KM_TIME_TEXT];
	km_time_format(local_of(moment), text);
	memcpy(ret_text, text, KM_DATE_TEXT - 1);
	ret_text[KM_DATE_TEXT - 1] = '\0';
}

bool km_date_parse(const char *text, int64_t *ret_moment)
{
	struct date date;
	if (strnlen(text, KM_DATE_TEXT) != KM_DATE_TEXT - 1 || !read_date(text, &date))
		return false;
	*ret_moment = moment_of(day_number(date) * DAY_S);
	return true;
}

int64_t km_time_add_months(int64_t moment, int months)
{
	int64_t local = local_of(moment), day = floor_day(local);
	struct date date = date_of_day(day);
	int64_t count = (int64_t)date.year * 12 + date.month - 1 + months;
	if (count < 12)
		return FIRST_MOMENT;
	if (count >= 10000 * 12)
		return LAST_MOMENT;
	date.year = (int)(count / 12);
	date.month = (int)(count % 12) + 1;
	int last = days_in_month(date.year, date.month);
	date.day = date.day < last ? date.day : last;
	return clamp(moment_of(day_number(date) * DAY_S + local - day * DAY_S));
}

int64_t km_time_add_days(int64_t moment, int days)
{
	return clamp(moment_of(clamp(local_of(moment) + (int64_t)days * DAY_S)));
}

int64_t km_time_end_of_day(int64_t moment)
{
	return moment_of(floor_day(local_of(moment)) * DAY_S + DAY_S - 1);
}

void km_time_of_day_format(int64_t moment, char ret_text[static 6])
{
	char text[KM_TIME_TEXT];
	km_time_format(local_of(moment), text);
	memcpy(ret_text, text + 11, 5);
	ret_text[5] = '\0';
}
