#include "keys/random.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/rand.h>

enum km_error km_random(void *ret_bytes, size_t len, struct km_problem *problem)
{
	if (len > INT_MAX || RAND_bytes(ret_bytes, (int)len) != 1) {
		ERR_clear_error();
		return km_fail(problem, KM_BUG, "random", "the random generator gave no bytes");
	}
	return KM_OK;
}
