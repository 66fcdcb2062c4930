/*
 * Counting what is served, by address of the table and class of status: never who asked, nor for what.
 */
#ifndef KM_WWW_METRICS_H
#define KM_WWW_METRICS_H

#include "base/buf.h"
#include "www/route.h"

#include <stddef.h>
#include <stdint.h>

struct km_metrics;

/* For a table of this length; NULL without memory. Free with km_metrics_free (NULL is allowed). */
struct km_metrics *km_metrics_new(size_t routes);
void km_metrics_free(struct km_metrics *metrics);

/* Counts one reply. `route` is its place in the table, or the table's length where it had none. Any thread. */
void km_metrics_count(struct km_metrics *metrics, size_t route, unsigned status, uint64_t microseconds);

/* Adds the counts in the text format of Prometheus, version 0.0.4; what was never asked for is left out. */
void km_metrics_add(const struct km_metrics *metrics, const struct km_route *table, struct km_buf *buf);

#endif
