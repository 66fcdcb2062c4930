#include "www/limit.h"

#include "base/digest.h"
#include "keys/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	SALT_BYTES = 32,
	SETS = 2048,
	SET_PLACES = 8, /* a visitor's bucket is in one of these, or nowhere */
	MINUTE_S = 60,
};

struct bucket {
	uint64_t who;      /* 0: nobody */
	int64_t credit;    /* in sixtieths, so that a second brings each_minute of them */
	int64_t filled_at; /* seconds */
};

struct km_limit {
	unsigned each_minute;
	uint8_t salt[SALT_BYTES];
	pthread_mutex_t lock;
	struct bucket buckets[SETS][SET_PLACES];
};

enum km_error km_limit_new(unsigned each_minute, struct km_limit **ret_limit, struct km_problem *problem)
{
	struct km_limit *limit = calloc(1, sizeof *limit);
	if (!limit)
		return km_fail_memory(problem);
	limit->each_minute = each_minute < 1 ? 1 : each_minute > KM_LIMIT_MAX ? KM_LIMIT_MAX : each_minute;
	enum km_error error = km_random(limit->salt, sizeof limit->salt, problem);
	if (!error && pthread_mutex_init(&limit->lock, NULL) != 0)
		error = km_fail_memory(problem);
	if (error) {
		free(limit);
		return error;
	}
	*ret_limit = limit;
	return KM_OK;
}

void km_limit_free(struct km_limit *limit)
{
	if (!limit)
		return;
	pthread_mutex_destroy(&limit->lock);
	km_wipe(limit, sizeof *limit);
	free(limit);
}

static uint64_t digest_of(const struct km_limit *limit, const struct km_visitor *visitor)
{
	const struct km_visitor network = km_visitor_network(visitor);
	uint8_t digest[KM_SHA256_BYTES];
	uint64_t who;
	/* Both are of one length, so that no other salt and address make the same bytes. */
	km_sha256_two(limit->salt, sizeof limit->salt, network.address, sizeof network.address, digest);
	memcpy(&who, digest, sizeof who);
	return who ? who : 1;
}

static void fill(const struct km_limit *limit, struct bucket *bucket, int64_t now)
{
	int64_t full = (int64_t)limit->each_minute * MINUTE_S, passed = now - bucket->filled_at;
	if (bucket->who == 0 || passed >= MINUTE_S)
		bucket->credit = full;
	else if (passed > 0)
		bucket->credit += passed * limit->each_minute;
	if (bucket->credit > full)
		bucket->credit = full;
	bucket->filled_at = now;
}

/* The visitor's own or, where there is none, the fullest, made theirs. */
static struct bucket *find(struct km_limit *limit, uint64_t who, int64_t now)
{
	struct bucket *set = limit->buckets[who % SETS], *fullest = &set[0];
	for (size_t i = 0; i < SET_PLACES; i++) {
		fill(limit, &set[i], now);
		if (set[i].who == who)
			return &set[i];
		if (set[i].credit > fullest->credit)
			fullest = &set[i];
	}
	*fullest = (struct bucket){.who = who, .credit = (int64_t)limit->each_minute * MINUTE_S, .filled_at = now};
	return fullest;
}

int km_limit_take(struct km_limit *limit, const struct km_visitor *visitor, unsigned cost, int64_t now)
{
	int64_t price = (int64_t)(cost > limit->each_minute ? limit->each_minute : cost) * MINUTE_S, missing;
	uint64_t who = digest_of(limit, visitor);
	pthread_mutex_lock(&limit->lock);
	struct bucket *bucket = find(limit, who, now);
	missing = price - bucket->credit;
	if (missing <= 0)
		bucket->credit -= price;
	pthread_mutex_unlock(&limit->lock);
	return missing <= 0 ? 0 : (int)((missing + limit->each_minute - 1) / limit->each_minute);
}
