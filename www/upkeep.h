/*
 * What time asks for, beside the requests: a thread that lets the issuer write down the lapses that have come, and what
 * an operator's commands have changed, now and then, and sign credentials anew when their key has changed.
 */
#ifndef KM_WWW_UPKEEP_H
#define KM_WWW_UPKEEP_H

#include "base/error.h"
#include "www/site.h"

enum { KM_UPKEEP_STUCK_S = 180 };
enum { KM_UPKEEP_MS = 30000 }; /* at the latest after so long, by the machine's clock */

struct km_upkeep;

/* Begins at once. The site is borrowed. Free with km_upkeep_stop, which lets it finish what it is at. */
enum km_error km_upkeep_start(struct km_site *site, struct km_upkeep **ret_upkeep, struct km_problem *problem);
void km_upkeep_stop(struct km_upkeep *upkeep); /* NULL is allowed */

/* Has it look at once. */
void km_upkeep_wake(struct km_upkeep *upkeep);

/* False where it has been at one thing, or has waited for its turn at the register, for longer than can be. */
bool km_upkeep_well(struct km_upkeep *upkeep);

#endif
