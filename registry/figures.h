/*
 * The register in numbers, for a yearly letter: marks as they are now, what changed month by month, how much it is
 * used.
 */
#ifndef KM_REGISTRY_FIGURES_H
#define KM_REGISTRY_FIGURES_H

#include "base/error.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdint.h>

enum { KM_FIGURES_MONTHS = 12, KM_FIGURES_CITIES_MAX = 20, KM_FIGURES_REGIONS_MAX = 40 };

/* As it is at `now`; the caller's (json_decref):
 *     { "as_of": moment,
 *       "states":   { "active": n, … },                                     all four
 *       "schemes":  [ { "id", "name": words, "active", "all" } ],
 *       "services": [ { "scheme", "id", "name": words, "active" } ],        of active marks
 *       "cities":   [ { "city", "active" } ],                               the first KM_FIGURES_CITIES_MAX
 *       "regions":  [ { "region", "name": words, "active" } ],              the first KM_FIGURES_REGIONS_MAX
 *       "months":   [ { "month": "2026-11", "granted", "suspended", "withdrawn", "expired",
 *                       "lookups", "scans", "checks" } ] }                  the last KM_FIGURES_MONTHS, oldest first
 * A company without a city or a region counts in none. */
enum km_error km_figures(struct km_store *store, int64_t now, json_t **ret_figures, struct km_problem *problem);

#endif
