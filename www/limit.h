/*
 * So that one visitor does not keep the others waiting: how much each may ask that is costly. A bucket for each address
 * (for IPv6, each network of a household: /64), in memory only, under a digest that means nothing once the process
 * ends.
 */
#ifndef KM_WWW_LIMIT_H
#define KM_WWW_LIMIT_H

#include "base/error.h"
#include "www/visitor.h"

#include <stdint.h>

struct km_limit;

enum { KM_LIMIT_USUAL = 600, KM_LIMIT_MAX = 1000000 };

/* Each may ask `each_minute` at once, and as much again in each minute that follows. Free with km_limit_free (NULL is
 * allowed). */
enum km_error km_limit_new(unsigned each_minute, struct km_limit **ret_limit, struct km_problem *problem);
void km_limit_free(struct km_limit *limit);

/* Takes what a request costs from what this visitor still has: 0 where there is enough, else in how many seconds there
 * will be. What costs more than a full bucket takes all of it. A clock that is set back brings nothing. Any thread.
 *
 * Where more visitors come than there is room for, those who asked least are forgotten first, which costs them nothing.
 */
int km_limit_take(struct km_limit *limit, const struct km_visitor *visitor, unsigned cost, int64_t now);

#endif
