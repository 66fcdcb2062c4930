#include "keys/rate.h"

struct km_rate km_rate_new(int64_t each_second, int64_t at_once, int64_t now)
{
	return (struct km_rate){.each_second = each_second, .at_once = at_once, .tokens = at_once, .filled_at = now};
}

bool km_rate_take(struct km_rate *rate, int64_t now)
{
	int64_t passed = now - rate->filled_at;
	if (passed > 0) {
		int64_t missing = rate->at_once - rate->tokens;
		/* Not passed * each_second, which could overflow. */
		rate->tokens = passed > missing / rate->each_second ? rate->at_once : rate->tokens + passed * rate->each_second;
	}
	rate->filled_at = now;
	if (rate->tokens == 0)
		return false;
	rate->tokens--;
	return true;
}
