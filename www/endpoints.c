#include "www/endpoints.h"

const struct km_route km_routes[] = {
	{KM_GET, "/static/{file}", km_get_static, 0, 0, NULL},
	{KM_GET, "/.well-known/jwks.json", km_get_jwks, KM_ROUTE_PUBLIC, 0, NULL},
	{KM_GET, "/.well-known/did.json", km_get_did, KM_ROUTE_PUBLIC, 0, NULL},
	{KM_GET, "/did.json", km_get_did, KM_ROUTE_PUBLIC, 0, NULL},
	{KM_GET, "/keys/{thumbprint}.jwk", km_get_key, KM_ROUTE_PUBLIC, 0, NULL},
	{KM_GET, "/healthz", km_get_healthz, 0, 0, NULL},
	{KM_GET, "/readyz", km_get_readyz, KM_ROUTE_READS, 0, NULL},
};
const size_t km_routes_len = sizeof km_routes / sizeof *km_routes;
