#include "www/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { CLASSES = 5 }; /* 1xx to 5xx */

struct line {
	atomic_uint_fast64_t replies[CLASSES];
	atomic_uint_fast64_t microseconds;
};

struct km_metrics {
	size_t routes;
	struct line lines[]; /* one for each route, and a last one for all that has none */
};

struct km_metrics *km_metrics_new(size_t routes)
{
	struct km_metrics *metrics = calloc(1, sizeof *metrics + (routes + 1) * sizeof metrics->lines[0]);
	if (metrics)
		metrics->routes = routes;
	return metrics;
}

void km_metrics_free(struct km_metrics *metrics)
{
	free(metrics);
}

void km_metrics_count(struct km_metrics *metrics, size_t route, unsigned status, uint64_t microseconds)
{
	struct line *line = &metrics->lines[route < metrics->routes ? route : metrics->routes];
	unsigned class = status / 100 - 1;
	atomic_fetch_add_explicit(&line->replies[class < CLASSES ? class : CLASSES - 1], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&line->microseconds, microseconds, memory_order_relaxed);
}

static const char *method_name(enum km_method method)
{
	return method == KM_POST ? "POST" : "GET";
}

static void add_labels(const struct km_metrics *metrics, const struct km_route *table, size_t i, struct km_buf *buf)
{
	if (i < metrics->routes)
		km_buf_add_format(buf, "{method=\"%s\",route=\"%s\"", method_name(table[i].method), table[i].path);
	else
		km_buf_add_text(buf, "{method=\"\",route=\"\"");
}

void km_metrics_add(const struct km_metrics *metrics, const struct km_route *table, struct km_buf *buf)
{
	km_buf_add_text(buf, "# HELP keurmerk_http_replies_total Replies by address and class of status.\n"
	                     "# TYPE keurmerk_http_replies_total counter\n");
	for (size_t i = 0; i <= metrics->routes; i++)
		for (int class = 0; class < CLASSES; class ++) {
			uint64_t count = atomic_load_explicit(&metrics->lines[i].replies[class], memory_order_relaxed);
			if (!count)
				continue;
			km_buf_add_text(buf, "keurmerk_http_replies_total");
			add_labels(metrics, table, i, buf);
			km_buf_add_format(buf, ",status=\"%dxx\"} %" PRIu64 "\n", class + 1, count);
		}
	km_buf_add_text(buf, "# HELP keurmerk_http_seconds_total Time from the first byte of a request to its reply.\n"
	                     "# TYPE keurmerk_http_seconds_total counter\n");
	for (size_t i = 0; i <= metrics->routes; i++) {
		uint64_t spent = atomic_load_explicit(&metrics->lines[i].microseconds, memory_order_relaxed);
		if (!spent)
			continue;
		km_buf_add_text(buf, "keurmerk_http_seconds_total");
		add_labels(metrics, table, i, buf);
		km_buf_add_format(buf, "} %" PRIu64 ".%06" PRIu64 "\n", spent / 1000000, spent % 1000000);
	}
}
