#include "www/metrics.h"
#include "www/connections.h"
#include "www/endpoints.h"
#include "www/site.h"

#include <inttypes.h>

/* /metrics, for the operator's monitoring. */
KM_HANDLER(km_get_metrics)
{
	(void)problem;
	struct km_site *site = request->site;
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	reply->max_age_s = KM_CACHE_NOT;
	km_metrics_add(site->metrics, km_routes, &reply->body);
	km_buf_add_format(&reply->body,
	                  "# HELP keurmerk_http_in_progress Requests that have begun and are not yet answered.\n"
	                  "# TYPE keurmerk_http_in_progress gauge\nkeurmerk_http_in_progress %d\n",
	                  atomic_load(&site->in_progress));
	const struct km_connections_count connections = km_connections_count(site->connections);
	km_buf_add_format(
		&reply->body,
		"# HELP keurmerk_http_connections Connections that are open.\n"
		"# TYPE keurmerk_http_connections gauge\nkeurmerk_http_connections %zu\n"
		"# HELP keurmerk_http_connections_cut_total Connections cut off: too slow, or displaced by new ones.\n"
		"# TYPE keurmerk_http_connections_cut_total counter\n"
		"keurmerk_http_connections_cut_total{why=\"slow\"} %" PRIu64 "\n"
		"keurmerk_http_connections_cut_total{why=\"displaced\"} %" PRIu64 "\n",
		connections.open, connections.slow, connections.displaced);
	return KM_OK;
}
