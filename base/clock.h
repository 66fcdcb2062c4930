/*
 * Time. Everything that asks for the time is handed a clock, so that tests can set it.
 *
 * A moment is an int64_t of seconds since 1970-01-01T00:00:00Z. Months, days and "end of the day" are those of the
 * calendar in Europe/Amsterdam, computed here from the rule of Directive 2000/84/EC (summer time from the last Sunday of
 * March 01:00 UTC to the last Sunday of October 01:00 UTC), so that no result depends on the machine's time zone.
 */
#ifndef KM_BASE_CLOCK_H
#define KM_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct km_clock {
	int64_t (*now)(const void *context);
	const void *context; /* borrowed; lives as long as the clock */
};

/* The machine's own clock. */
struct km_clock km_clock_system(void);

/* A clock that stands still at *moment, which the caller may change while it is used. */
struct km_clock km_clock_fixed(const int64_t *moment);

int64_t km_clock_now(const struct km_clock *clock);

enum { KM_TIME_TEXT = 21, KM_DATE_TEXT = 11 }; /* with the closing NUL */

/* "2026-11-24T17:02:37Z" (RFC 3339, always UTC). Moments outside the years 0001 to 9999 are clamped. */
void km_time_format(int64_t moment, char ret_text[static KM_TIME_TEXT]);

/* Reads exactly that form. False if it is another, or no real date. */
bool km_time_parse(const char *text, int64_t *ret_moment);

/* "2026-11-24": the day in Amsterdam on which the moment falls. */
void km_date_format(int64_t moment, char ret_text[static KM_DATE_TEXT]);

/* Reads "2026-11-24" as the first second of that day in Amsterdam. False if there is no such day. */
bool km_date_parse(const char *text, int64_t *ret_moment);

/* The moment `months` (may be negative) calendar months later at the same local time of day in Amsterdam; the 31st
 * becomes the month's last day. A local time that summer time skips becomes the moment just after the gap; one that
 * comes twice, the first of them. */
int64_t km_time_add_months(int64_t moment, int months);

/* The same for calendar days. */
int64_t km_time_add_days(int64_t moment, int days);

/* The last second of the Amsterdam day on which the moment falls: what "valid until 30 November" means. */
int64_t km_time_end_of_day(int64_t moment);

/* Hours and minutes of the clock on the wall in Amsterdam at this moment, as "10:42" (6 bytes with NUL). */
void km_time_of_day_format(int64_t moment, char ret_text[static 6]);

#endif
