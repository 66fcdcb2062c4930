/*
 * How many signatures in how much time: a bucket of tokens that fills by the second.
 */
#ifndef KM_KEYS_RATE_H
#define KM_KEYS_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct km_rate {
	int64_t each_second; /* tokens that come in a second */
	int64_t at_once;     /* and that the bucket holds */
	int64_t tokens;
	int64_t filled_at; /* seconds */
};

/* A full bucket. */
struct km_rate km_rate_new(int64_t each_second, int64_t at_once, int64_t now);

/* Takes a token; false where there is none. A clock that is set back brings none. */
bool km_rate_take(struct km_rate *rate, int64_t now);

#endif
