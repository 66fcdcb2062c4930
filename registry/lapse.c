#include "registry/lapse.h"

#include <string.h>

#include "base/clock.h"

const char *km_state_name(enum km_state state)
{
	static const char *const names[KM_STATES] = {"active", "suspended", "withdrawn", "expired"};
	return state < KM_STATES ? names[state] : "unknown";
}

enum km_state km_state_named(const char *name)
{
	for (enum km_state state = KM_ACTIVE; name && state < KM_STATES; state++)
		if (strcmp(km_state_name(state), name) == 0)
			return state;
	return KM_WITHDRAWN;
}

int64_t km_suspension_limit(int64_t since, int max_days)
{
	return km_time_end_of_day(km_time_add_days(since, max_days));
}

/* A limit that was over before the decision itself held has its effect when the decision does. */
static int64_t after(int64_t limit, const struct km_period *period)
{
	return limit < period->holds_from ? period->holds_from : limit + 1;
}

/* A suspension ends in withdrawal or, where that comes no later, in expiry. */
static struct km_lapse end_of_suspension(const struct km_period *period)
{
	int64_t expires = after(period->valid_until, period), withdrawn = after(period->suspension_limit, period);
	if (period->suspension_limit && withdrawn < expires)
		return (struct km_lapse){withdrawn, KM_WITHDRAWN, "withdraw-lapse", "suspension-too-long"};
	return (struct km_lapse){expires, KM_EXPIRED, "expire", "expired"};
}

size_t km_lapses(const struct km_period *period, struct km_lapse ret_lapses[static KM_LAPSES_MAX])
{
	switch (period->state) {
	case KM_ACTIVE:
		break;
	case KM_SUSPENDED:
		ret_lapses[0] = end_of_suspension(period);
		return 1;
	default:
		return 0;
	}
	int64_t expires = after(period->valid_until, period);
	int64_t overdue = period->surveillance_limit ? after(period->surveillance_limit, period) : INT64_MAX;
	if (expires <= overdue) {
		ret_lapses[0] = (struct km_lapse){expires, KM_EXPIRED, "expire", "expired"};
		return 1;
	}
	ret_lapses[0] = (struct km_lapse){overdue, KM_SUSPENDED, "suspend-lapse", "surveillance-overdue"};
	ret_lapses[1] = end_of_suspension(period);
	return 2;
}

void km_mark_lapse(const struct km_period *period, int64_t at, enum km_state *ret_state, int64_t *ret_since,
                   int64_t *ret_next_change)
{
	struct km_lapse lapses[KM_LAPSES_MAX];
	size_t len = km_lapses(period, lapses), past = 0;
	while (past < len && lapses[past].at <= at)
		past++;
	*ret_state = past ? lapses[past - 1].state : period->state;
	*ret_since = past ? lapses[past - 1].at : period->holds_from;
	*ret_next_change = past < len ? lapses[past].at : INT64_MAX;
}
