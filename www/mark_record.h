/*
 * The public record of a mark, for programs: what /v1/marks/NUMBER and `keurmerk mark show --json` give.
 */
#ifndef KM_WWW_MARK_RECORD_H
#define KM_WWW_MARK_RECORD_H

#include "base/buf.h"
#include "registry/mark.h"

#include <jansson.h>
#include <stdint.h>

/* Adds it as a JSON object; the same as a value is below. */
void km_mark_record_add(struct km_buf *buf, const struct km_mark *mark, const char *url, int64_t as_of, int64_t now);

/* url: of the registry; as_of: the moment for which the mark was read. The caller's (json_decref); NULL without memory.
 */
json_t *km_mark_record(const struct km_mark *mark, const char *url, int64_t as_of, int64_t now);

/* What is public about a company, likewise. */
json_t *km_provider_json(const struct km_provider *provider);

#endif
