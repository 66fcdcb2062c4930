/*
 * What time alone does to a mark: expiry, surveillance overdue, suspension too long. Pure arithmetic, no database, so
 * that every reader comes to the same answer in the second in which it becomes true, whether or not a job has run.
 */
#ifndef KM_REGISTRY_LAPSE_H
#define KM_REGISTRY_LAPSE_H

#include <stddef.h>
#include <stdint.h>

enum km_state { KM_ACTIVE, KM_SUSPENDED, KM_WITHDRAWN, KM_EXPIRED, KM_STATES };

/* "active", "suspended", "withdrawn", "expired". */
const char *km_state_name(enum km_state state);

/* The state of that name, as the register holds it. What cannot be read must not look valid: KM_WITHDRAWN then. */
enum km_state km_state_named(const char *name);

/* One decided stretch of a mark's life. Every limit is the last second at which it is still kept. */
struct km_period {
	enum km_state state;             /* as decided: active, suspended or withdrawn */
	int64_t holds_from;              /* seconds */
	int64_t recorded_at;             /* seconds; not after holds_from but for a correction */
	int64_t valid_from, valid_until; /* last second of validity */
	int64_t surveillance_due;        /* an audit must have been decided on by then; 0 where none is asked */
	int64_t surveillance_limit;      /* … and when the grace period after it is over; 0 likewise */
	int64_t suspension_limit; /* a suspension ends in withdrawal after this: the decided one or, while active, the
	                           * one that would begin after surveillance_limit; 0 where neither */
};

/* One change that comes by itself. */
struct km_lapse {
	int64_t at; /* the first second of the new state */
	enum km_state state;
	const char *action; /* "expire", "suspend-lapse", "withdraw-lapse" */
	const char *reason; /* "expired", "surveillance-overdue", "suspension-too-long" */
};
enum { KM_LAPSES_MAX = 2 };

/* Every lapse that this period comes to if no other decision follows, in order of time; returns how many. A withdrawn
 * mark stays so. Where two fall on one second, expiry wins. None is before period->holds_from. */
size_t km_lapses(const struct km_period *period, struct km_lapse ret_lapses[static KM_LAPSES_MAX]);

/* The last second of a suspension that lasts from `since`: `max_days` calendar days, to the end of the day. */
int64_t km_suspension_limit(int64_t since, int max_days);

/* The state at `at` (not before period->holds_from), since when, and the next moment at which it will change by itself
 * (INT64_MAX: never). */
void km_mark_lapse(const struct km_period *period, int64_t at, enum km_state *ret_state, int64_t *ret_since,
                   int64_t *ret_next_change);

#endif
