/*
 * The public record of a mark, for programs: what /v1/marks/NUMBER and `keurmerk mark show --json` give.
 */
#ifndef KM_WWW_MARK_RECORD_H
#define KM_WWW_MARK_RECORD_H

#include "registry/mark.h"

#include <jansson.h>
#include <stdint.h>

/* url: of the registry; as_of: the moment for which the mark was read. The caller's (json_decref); NULL without memory.
 */
json_t *km_mark_record(const struct km_mark *mark, const char *url, int64_t as_of, int64_t now);

/* What is public about a company, likewise. */
json_t *km_provider_json(const struct km_provider *provider);

#endif
